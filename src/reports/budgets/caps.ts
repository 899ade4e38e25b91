/** Who went over a cap, when and by how much, as tables. */
import { capsSet, type CapLimits } from '../../domain/budgets/cap-limits.js'
import { capPlaces, isTokens, type CapName } from '../../domain/budgets/user-caps.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { instantOf, localAt } from '../../domain/time/zones.js'
import type { CappedCallsRow, OverCapRow } from '../../metrics/budgets/caps.js'
import { column } from '../columns.js'
import type { Cell, Column, Row, Section } from '../report.js'

export interface CapsAnswer {
  readonly limits: CapLimits
  readonly scope: Scope
  readonly rows: readonly OverCapRow[]
  readonly measured: CappedCallsRow
}

/** Each cap and how many went over it. */
export function capsSection({ limits, rows, measured }: Omit<CapsAnswer, 'scope'>): Section {
  const set = capsSet(limits)
  return {
    id: 'caps',
    title: 'Caps',
    columns: [
      column('cap', 'cap', 'text'),
      ...(set.every(isTokens) ? [] : [column('cap_usd', 'USD', 'usd')]),
      ...(set.some(isTokens) ? [column('cap_tokens', 'tokens', 'count')] : []),
      column('users_over', 'users over', 'count'),
      column('users', 'of users', 'count'),
      column('times_over', 'times over', 'count'),
    ],
    rows: set.map((name): Row => {
      const first = rows.find(({ cap }) => cap === name)
      return {
        cap: name,
        cap_usd: isTokens(name) ? null : (amountOf(limits, name)?.toString() ?? null),
        cap_tokens: isTokens(name) ? (amountOf(limits, name) ?? null) : null,
        users_over: first?.cap_users ?? 0,
        users: measured.users,
        times_over: first?.cap_times ?? 0,
      }
    }),
    ...(limits.own.length === 0
      ? {}
      : {
          notes: [`${counted(limits.own.length, 'user has', 'users have')} caps of a tier or of their own`],
        }),
  }
}

const amountOf = ({ all }: CapLimits, name: CapName): string | number | undefined => all[name]

/** The requests and buckets over a cap, the most excess first; tokens and USD apart. */
export function capsSections({ rows, scope }: Pick<CapsAnswer, 'rows' | 'scope'>): Section[] {
  return [false, true].flatMap((tokens) => {
    const mine = rows.filter(({ cap }) => isTokens(cap) === tokens)
    if (mine.length === 0) return []
    return [
      {
        id: tokens ? 'over_token_caps' : 'over_usd_caps',
        title: tokens ? 'Most tokens over the cap' : 'Most USD over the cap',
        columns: overColumns(tokens, mine),
        rows: mine.map((row) => overRow(row, scope.tz)),
        shownRows: mine.map((row) => ({
          ...overRow(row, scope.tz),
          cap: capPlaces[row.cap],
          bucket: whenWords(row, scope.tz),
        })),
        notes: leftOut(mine),
      },
    ]
  })
}

/** All of a unit, or the first so many of it. */
function leftOut(rows: readonly OverCapRow[]): string[] {
  const times = new Map(rows.map(({ cap, cap_times: all }) => [cap, Number(all)]))
  const all = [...times.values()].reduce((sum, one) => sum + one, 0)
  return all > rows.length ? [`${count(rows.length)} of ${count(all)}; --top shows more`] : []
}

function overColumns(tokens: boolean, rows: readonly OverCapRow[]): Column[] {
  const kind = tokens ? 'count' : 'usd'
  const unit = tokens ? 'tokens' : 'usd'
  const single = rows.every(({ calls }) => Number(calls) === 1)
  return [
    { ...column('user_id', 'user', 'text'), dimension: true },
    column('cap', 'in', 'text'),
    column('bucket', 'when', 'text'),
    { ...column('since', 'since', 'time'), dataOnly: true },
    { ...column('call_id', 'call', 'text', 4), ...(single ? {} : { dataOnly: true as const }) },
    column(`used_${unit}`, 'used', kind),
    column(`cap_${unit}`, 'cap', kind),
    column(`excess_${unit}`, 'excess', kind),
    column('cap_ratio', '× cap', 'number', 2),
    { ...column('calls', 'calls', 'count', 3), ...(single ? { dataOnly: true as const } : {}) },
    column('times_over', 'times over', 'count', 1),
  ]
}

function overRow(row: OverCapRow, tz: string): Row {
  const tokens = isTokens(row.cap)
  const unit = tokens ? 'tokens' : 'usd'
  const amount = (value: string): Cell => (tokens ? Number(value) : value)
  return {
    user_id: row.user_id,
    cap: row.cap,
    bucket: row.bucket,
    since: sinceOf(row, tz),
    call_id: row.call_id,
    [`used_${unit}`]: amount(row.used),
    [`cap_${unit}`]: amount(row.limit_value),
    [`excess_${unit}`]: amount(row.excess),
    cap_ratio: Number(row.used) / Number(row.limit_value),
    calls: row.calls,
    times_over: row.user_times,
  }
}

/** The instant at which a bucket begins, or of the request, ISO 8601 UTC. */
export function sinceOf({ ts, bucket, cap }: OverCapRow, tz: string): string | null {
  if (bucket === null) return ts
  if (cap === 'hourly_usd') return new Date(bucket).toISOString()
  const day = bucket.length === 7 ? `${bucket}-01` : bucket
  return new Date(instantOf(Date.parse(`${day}T00:00:00Z`), tz)).toISOString()
}

/** `2026-10`, `2026-10-02`, `2026-10-02 14:00`, or a request's time, on the wall clock. */
export function whenWords({ ts, bucket }: OverCapRow, tz: string): string {
  if (ts !== null) return new Date(localAt(Date.parse(ts), tz)).toISOString().slice(0, 19).replace('T', ' ')
  return (bucket ?? '').slice(0, 16).replace('T', ' ')
}
