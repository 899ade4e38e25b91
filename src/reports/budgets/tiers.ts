/** Unit economics of user tiers: `llmcost tiers`. */
import { picos, usdOf } from '../../domain/costs/amount.js'
import { localDate } from '../../domain/time/periods.js'
import type { Scope } from '../../domain/scope.js'
import { monthsIn, revenueIn } from '../../domain/budgets/user-tier.js'
import { counted } from '../../domain/words/plurals.js'
import { number } from '../../domain/words/wording.js'
import type { TierRow } from '../../metrics/budgets/tiers.js'
import { column } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Column, Report, Row, Section } from '../report.js'

interface TiersAnswer {
  readonly scope: Scope
  readonly rows: readonly TierRow[]
  readonly doubts: Doubts
}

/** What stands for calls that name no user; users without a tier are (none). */
const noUser = '(no user)'

export function tiersReport({ scope, rows, doubts }: TiersAnswer): Report {
  const section = tiersSection({ scope, rows })
  const { columns, id, title } = section
  const empty = emptyText(doubts)
  const nothing = Number(doubts.calls ?? 0) === 0
  return {
    kind: 'tiers',
    title: 'Cost by user tier',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [nothing ? { id, title, columns, rows: [], empty } : section],
    warnings: [...warningsOf(doubts), ...(nothing ? [] : partWarnings({ scope, rows, doubts }))],
    footer: footerOf(doubts.history),
  }
}

export function tiersSection({ scope, rows }: Pick<TiersAnswer, 'scope' | 'rows'>): Section {
  const total = rows.find((row) => row.is_total)
  const tiers = rows.filter((row) => !row.is_total)
  const totalCost = total?.cost_usd ?? null
  return {
    id: 'tiers',
    title: 'Cost by user tier',
    columns: columnsFor(rows),
    rows: tiers.map((row) => ({
      tier: row.is_anonymous ? noUser : row.tier,
      ...figuresOf(row, scope, totalCost),
    })),
    ...(total === undefined ? {} : { totals: figuresOf(total, scope, totalCost) }),
    notes: notesOn(rows, scope),
  }
}

function columnsFor(rows: readonly TierRow[]): Column[] {
  const known = rows.some((row) => Number(row.revenue_users) > 0)
  const withRevenue = (one: Column): Column => (known ? one : { ...one, dataOnly: true })
  const priced = rows.every((row) => Number(row.unpriced_calls) === 0)
  return [
    { ...column('tier', 'tier', 'text'), dimension: true },
    column('tier_users', 'users', 'count'),
    column('active_users', 'active', 'count', 3),
    column('calls', 'calls', 'count', 4),
    { ...column('unpriced_calls', 'unpriced', 'count', 2), ...(priced ? { dataOnly: true as const } : {}) },
    column('cost_usd', 'cost', 'usd'),
    column('cost_share', 'share', 'share', 2),
    column('mean_user_cost_usd', 'mean a user', 'usd'),
    column('p95_user_cost_usd', 'p95 a user', 'usd', 1),
    column('max_user_cost_usd', 'max a user', 'usd', 5),
    withRevenue(column('revenue_users', 'revenue known', 'count', 6)),
    withRevenue(column('revenue_usd', 'revenue', 'usd')),
    { ...column('revenue_users_cost_usd', 'their cost', 'usd'), dataOnly: true },
    withRevenue(column('margin_usd', 'margin', 'usd')),
    withRevenue(column('margin_rate', 'margin rate', 'rate')),
  ]
}

function figuresOf(row: TierRow, scope: Scope, totalCost: string | null): Row {
  const revenue =
    row.monthly_revenue_usd === null ? null : revenueIn(row.monthly_revenue_usd, scope, scope.tz)
  const margin = revenue === null ? null : usdOf(picos(revenue) - picos(row.revenue_users_cost_usd ?? '0'))
  const share =
    row.cost_usd === null || totalCost === null || Number(totalCost) === 0
      ? null
      : Number(row.cost_usd) / Number(totalCost)
  return {
    tier_users: row.is_anonymous ? null : row.users,
    active_users: row.is_anonymous ? null : row.active_users,
    calls: row.calls,
    unpriced_calls: row.unpriced_calls,
    cost_usd: row.cost_usd,
    cost_share: share,
    mean_user_cost_usd: row.mean_user_cost_usd,
    p95_user_cost_usd: row.p95_user_cost_usd,
    max_user_cost_usd: row.max_user_cost_usd,
    revenue_users: row.is_anonymous ? null : row.revenue_users,
    revenue_usd: revenue,
    revenue_users_cost_usd: row.revenue_users_cost_usd,
    margin_usd: margin,
    margin_rate: rateOf(margin, revenue),
  }
}

function rateOf(part: string | null, whole: string | null): Cell {
  return part === null || whole === null || Number(whole) === 0 ? null : Number(part) / Number(whole)
}

function notesOn(rows: readonly TierRow[], scope: Scope): string[] {
  const total = rows.find((row) => row.is_total)
  const none = rows.find((row) => !row.is_total && !row.is_anonymous && row.tier === null)
  const months = monthsIn(scope, scope.tz)
  const notes: string[] = []
  if (none !== undefined) {
    notes.push(`${counted(none.users, 'user is', 'users are')} in no tier of the file: (none)`)
  }
  if (total === undefined || Number(total.revenue_users) === 0 || months === null) return notes
  notes.push(
    `revenue: monthly revenue × ${number(months.toFixed(4))}, the window's share of its calendar months; margin: revenue − the cost of the same users`,
  )
  const unknown = Number(total.users) - Number(total.revenue_users)
  if (unknown > 0)
    notes.push(`no revenue is known of ${counted(unknown, 'user', 'users')}: they are in no margin`)
  return notes
}

/** Cost of a part against all of the revenue would make a margin too good. */
function partWarnings({ scope, rows, doubts }: TiersAnswer): string[] {
  const { first_ts: first, last_ts: last } = doubts.history
  if (!rows.some((row) => Number(row.revenue_users) > 0)) return []
  const warnings: string[] = []
  const filters = scope.filters.map(({ dimension, operator, value }) => dimension + operator + value)
  if (filters.length > 0) {
    warnings.push(`margin counts all revenue, but only the cost of calls with ${filters.join(', ')}`)
  }
  const before = (a: string, b: string): boolean => localDate(a, scope.tz) < localDate(b, scope.tz)
  if (first !== null && scope.since !== null && before(scope.since, first)) {
    warnings.push(
      `the calls begin on ${localDate(first, scope.tz)}, within this window: its margin is too good`,
    )
  }
  if (last !== null && scope.until !== null) {
    const end = new Date(Date.parse(scope.until) - 1).toISOString()
    if (before(last, end)) {
      warnings.push(
        `the newest call is of ${localDate(last, scope.tz)}, within this window: its margin is too good`,
      )
    }
  }
  return warnings
}

/** What stands in the place of an answer when no file says who is in which tier. */
export function noTiersReport(tz: string): Report {
  return {
    kind: 'tiers',
    title: 'Cost by user tier',
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'tiers',
        title: 'Cost by user tier',
        columns: columnsFor([]),
        rows: [],
        empty: 'No file says which tier a user is in.',
        notes: [
          'write users.csv: a first line user_id,tier,monthly_revenue, then one line a user, such as u-17,pro,29.90',
          'for one answer: llmcost tiers --tiers users.csv; for good, in llmcost.config.json: "user_tiers": "users.csv"',
        ],
      },
    ],
    warnings: [],
  }
}
