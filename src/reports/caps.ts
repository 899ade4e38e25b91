/** Who went over a cap, when and by how much: `llmcost caps`, and findings for the report. */
import type { UserCaps } from '../domain/budget.js'
import { capNames, capWords, type CapName } from '../domain/user-caps.js'
import type { Scope } from '../domain/scope.js'
import { count, percent, usd } from '../domain/wording.js'
import { instantOf, localAt } from '../domain/zones.js'
import type { CappedCallsRow, OverCapRow } from '../metrics/caps.js'
import { column } from './columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Cell, Column, Finding, Report, Row, Section } from './report.js'

interface CapsAnswer {
  readonly caps: UserCaps
  readonly scope: Scope
  readonly rows: readonly OverCapRow[]
  readonly measured: CappedCallsRow
}

export function capsReport(answer: CapsAnswer, doubts: Doubts): Report {
  const { scope } = answer
  const nothing = Number(answer.measured.calls) === 0
  const summary = summarySection(answer)
  const { columns, id, title } = summary
  const empty = emptyText(doubts.history, scope, '--as-of latest', doubts.fromInput)
  return {
    kind: 'caps',
    title: 'Users over their caps',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: nothing ? [{ id, title, columns, rows: [], empty }] : [summary, ...capsSections(answer)],
    findings: nothing ? [] : capsFindings(answer),
    warnings: [...warningsOf(doubts), ...userWarnings(answer)],
    footer: footerOf(doubts.history),
  }
}

function userWarnings({ measured, caps }: CapsAnswer): string[] {
  const without = Number(measured.calls_without_user)
  if (without === 0 || Object.keys(caps).length === 0) return []
  return [`${count(without)} of ${count(measured.calls)} calls name no user: no cap was held against them`]
}

const isTokens = (cap: CapName): boolean => cap === 'request_tokens'

/** Each cap and how many went over it. */
function summarySection({ caps, rows, measured }: Omit<CapsAnswer, 'scope'>): Section {
  const set = capNames.filter((name) => caps[name] !== undefined)
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
        cap_usd: isTokens(name) ? null : String(caps[name]),
        cap_tokens: isTokens(name) ? Number(caps[name]) : null,
        users_over: first?.cap_users ?? 0,
        users: measured.users,
        times_over: first?.cap_times ?? 0,
      }
    }),
  }
}

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
          cap: capWords[row.cap],
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
function sinceOf({ ts, bucket, cap }: OverCapRow, tz: string): string | null {
  if (bucket === null) return ts
  if (cap === 'hourly_usd') return new Date(bucket).toISOString()
  const day = bucket.length === 7 ? `${bucket}-01` : bucket
  return new Date(instantOf(Date.parse(`${day}T00:00:00Z`), tz)).toISOString()
}

/** `2026-10`, `2026-10-02`, `2026-10-02 14:00`, or a request's time, on the wall clock. */
function whenWords({ ts, bucket }: OverCapRow, tz: string): string {
  if (ts !== null) return new Date(localAt(Date.parse(ts), tz)).toISOString().slice(0, 19).replace('T', ' ')
  return (bucket ?? '').slice(0, 16).replace('T', ' ')
}

/** More findings than this of one cap are one sentence. */
const mostFindings = 3

/** A sentence for each time that a cap was crossed, or one for the cap where there are many. */
export function capsFindings({ rows, scope }: Pick<CapsAnswer, 'rows' | 'scope'>): Finding[] {
  return capNames.flatMap((name) => {
    const mine = rows.filter(({ cap }) => cap === name)
    const [worst] = mine
    if (worst === undefined) return []
    if (Number(worst.cap_times) <= Math.min(mostFindings, mine.length)) {
      return mine.map((row) => finding(row, scope.tz, `user ${row.user_id} used ${usedWords(row, scope.tz)}`))
    }
    const users = counted(worst.cap_users, 'user', 'users')
    const text = `${users} went over the cap of ${amountWords(worst.cap, worst.limit_value)} ${capWords[name]} ${counted(worst.cap_times, 'time', 'times')}; most: ${worst.user_id} with ${usedWords(worst, scope.tz)}`
    return [finding(worst, scope.tz, text)]
  })
}

function finding(row: OverCapRow, tz: string, text: string): Finding {
  return {
    kind: `user_cap_${row.cap}`,
    severity: 'warning',
    dimension: 'user_id',
    value: row.user_id,
    measured: Number(row.used),
    bound: Number(row.limit_value),
    text,
    details: {
      since: sinceOf(row, tz),
      call_id: row.call_id,
      times_over: row.cap_times,
      users_over: row.cap_users,
    },
  }
}

/** `$12.30 of $5.00 a day (146% over) in 7 calls, 2026-10-02` */
function usedWords(row: OverCapRow, tz: string): string {
  const { cap, used, limit_value: limit, calls } = row
  const over = percent(Number(row.excess) / Number(limit))
  const requests = row.bucket === null ? '' : ` in ${counted(calls, 'call', 'calls')}`
  return `${amountWords(cap, used)} of ${amountWords(cap, limit)} ${capWords[cap]} (${over} over)${requests}, ${whenWords(row, tz)}`
}

const amountWords = (cap: CapName, value: string): string =>
  isTokens(cap) ? `${count(value)} tokens` : usd(value)

const counted = (value: number | bigint, one: string, many: string): string =>
  `${count(value)} ${Number(value) === 1 ? one : many}`

/** What stands in the place of an answer when no cap is set. */
export function noCapsReport(tz: string): Report {
  const section = summarySection({ caps: {}, rows: [], measured: noCalls })
  return {
    kind: 'caps',
    title: 'Users over their caps',
    period: { since: null, until: null, tz },
    sections: [
      {
        ...section,
        empty: 'No cap is set.',
        notes: [
          'for one answer: llmcost caps --cap daily_usd=5 --cap request_tokens=100000',
          'for good, in llmcost.config.json: "user_caps": { "daily_usd": 5 }',
        ],
      },
    ],
    findings: [],
    warnings: [],
  }
}

const noCalls: CappedCallsRow = {
  calls: 0,
  unpriced_calls: 0,
  partly_priced_calls: 0,
  calls_without_user: 0,
  users: 0,
}
