/** What makes a month of a window: how many days were measured, and what a month is in them. */
import { fraction, ratioNumber, type Fraction } from '../../domain/costs/fraction.js'
import { daysAMonth } from '../../domain/scenarios/read-lever.js'
import { dayOf } from '../../domain/time/calendar.js'
import { localDate } from '../../domain/time/periods.js'
import { dayMs, instantOf, localAt } from '../../domain/time/zones.js'
import type { Question } from '../question.js'

export interface Month {
  /** Times the figures of the window. */
  readonly factor: Fraction
  readonly words: string
  /** Why the window may not stand for a month. */
  readonly warnings: readonly string[]
}

/** Days before the first call there is are not measured; days after the last one are days without calls. */
export function monthOf({ scope, asOf, history }: Pick<Question, 'scope' | 'asOf' | 'history'>): Month {
  const until = scope.until === null ? asOf.getTime() : Date.parse(scope.until)
  const first =
    history.first_ts === null
      ? until
      : instantOf(dayOf(localAt(Date.parse(history.first_ts), scope.tz)), scope.tz)
  const since = Math.max(scope.since === null ? first : Date.parse(scope.since), first)
  const span = Math.max(until - since, 1)
  const days = fraction(BigInt(span), BigInt(dayMs))
  const factor = fraction(daysAMonth.n * days.d, daysAMonth.d * days.n)
  const measured = String(Number(ratioNumber(days).toFixed(1)))
  return {
    factor,
    words: `365/12 days, worked out from ${measured} ${measured === '1' ? 'day' : 'days'} measured`,
    warnings: [
      ...(ratioNumber(days) < 7
        ? [`a month is worked out from ${measured} ${measured === '1' ? 'day' : 'days'}: weekdays differ`]
        : []),
      ...lateWords(history.last_ts, until, scope.tz),
    ],
  }
}

function lateWords(last: string | null, until: number, tz: string): string[] {
  if (last === null || until - Date.parse(last) < dayMs) return []
  return [
    `the newest call is of ${localDate(last, tz)}: the days after it count as days without calls (--as-of latest ends with it)`,
  ]
}
