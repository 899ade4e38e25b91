/** The account by day, and what a usual day costs before each. */
import type { Calendar } from './calendar.js'
import { median } from './quantiles.js'
import type { History } from './history.js'

/** What the account has on a local day. USD, calls. */
export interface AccountDay {
  readonly day: number
  readonly usd: number
  /** The cost in whole units of its last place. */
  readonly units: bigint
  readonly calls: number
  readonly squareUsd: number
}

/** From its first call on, up to the day of the end of the span. */
export function accountDays(account: History, { span }: Calendar): AccountDay[] {
  const days: AccountDay[] = []
  const first = Math.max(Math.floor(span.first / 24), Math.floor(account.firstHour / 24))
  for (let day = first; day <= Math.floor(span.until / 24); day++) {
    let [calls, squareUsd] = [0, 0]
    for (let hour = 24 * day; hour < 24 * day + 24; hour++) {
      calls += account.calls(hour)
      squareUsd += account.squares(hour)
    }
    const units = account.units(24 * day, 24 * day + 24)
    days.push({ day, usd: account.toUsd(units), units, calls, squareUsd })
  }
  return days
}

/** By day, the median cost of the days before it; no entry where there are none. USD. */
export function usualDays(
  days: readonly AccountDay[],
  historyDays: number,
  last: number,
): Map<number, number> {
  const usual = new Map<number, number>()
  for (let day = (days[0]?.day ?? Infinity) + 1; day <= last; day++) {
    const before = days.filter((one) => one.day < day && one.day >= day - historyDays)
    if (before.length > 0) usual.set(day, median(before.map(({ usd }) => usd)))
  }
  return usual
}
