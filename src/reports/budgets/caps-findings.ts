/** Who went over a cap, in words: a sentence a time, or one a cap where there were many. */
import type { CapLimits } from '../../domain/budgets/cap-limits.js'
import { capAmount, capNames, capPlaces, capWords, isTokens } from '../../domain/budgets/user-caps.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { namedWords } from '../../domain/words/subjects.js'
import { percent } from '../../domain/words/wording.js'
import type { OverCapRow } from '../../metrics/budgets/caps.js'
import { sinceOf, whenWords } from './caps.js'
import type { Finding } from '../report.js'

/** More findings than this of one cap are one sentence. */
export const findingsOfCap = 3

interface CapsFound {
  readonly limits: CapLimits
  readonly rows: readonly OverCapRow[]
  readonly scope: Scope
}

/** A sentence for each time that a cap was crossed, or one for the cap where there are many. */
export function capsFindings({ rows, scope, limits }: CapsFound): Finding[] {
  return capNames.flatMap((name) => {
    const mine = rows.filter(({ cap }) => cap === name)
    const [worst] = mine
    if (worst === undefined) return []
    if (Number(worst.cap_times) <= Math.min(findingsOfCap, mine.length)) {
      return mine.map((row) =>
        finding(row, scope.tz, `${namedWords('user_id', row.user_id)} used ${usedWords(row, scope.tz)}`),
      )
    }
    const users = counted(worst.cap_users, 'user', 'users')
    const cap =
      limits.own.length === 0
        ? `the cap of ${capAmount(worst.cap, worst.limit_value)} ${capWords[name]}`
        : `what they may use in ${capPlaces[name]}`
    const text = `${users} went over ${cap} ${counted(worst.cap_times, 'time', 'times')}; most: ${worst.user_id} with ${usedWords(worst, scope.tz)}`
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
    touchedUsd: isTokens(row.cap) ? null : Number(row.excess),
    isRule: true,
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
  return `${capAmount(cap, used)} of ${capAmount(cap, limit)} ${capWords[cap]} (${over} over)${requests}, ${whenWords(row, tz)}`
}
