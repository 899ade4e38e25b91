/** Which tier a user is in, and what the user pays. */
import { picos, usdOf } from '../costs/amount.js'
import type { Window } from '../scope.js'
import { monthOf } from '../time/calendar.js'
import { instantOf, localAt } from '../time/zones.js'

export interface UserTier {
  readonly userId: string
  readonly tier: string
  /** USD a calendar month, an exact decimal; null when it is not known. */
  readonly monthlyRevenue: string | null
}

/**
 * The part of a calendar month's revenue that falls in a window: of each month that the window touches, its
 * share of the month's length, local midnights to local midnights. A whole month is its whole revenue.
 * @param monthly USD a month, an exact decimal
 * @returns an exact decimal, each month's part cut after 18 places and their sum rounded to 12
 */
export function revenueIn(monthly: string, window: Window, tz: string): string | null {
  const months = monthsOf(window, tz)
  if (months === null) return null
  const more = 1_000_000n
  const parts = months.map(
    ({ overlap, length }) => (picos(monthly) * more * BigInt(overlap)) / BigInt(length),
  )
  const sum = parts.reduce((total, part) => total + part, 0n)
  return usdOf((sum + more / 2n) / more)
}

/** How many months a window is long, in the same way. */
export function monthsIn(window: Window, tz: string): number | null {
  const months = monthsOf(window, tz)
  return months === null ? null : months.reduce((sum, { overlap, length }) => sum + overlap / length, 0)
}

/** Each month that the window touches: how much of it is inside, and how long it is, ms. */
function monthsOf({ since, until }: Window, tz: string): { overlap: number; length: number }[] | null {
  if (since === null || until === null) return null
  const [from, to] = [Date.parse(since), Date.parse(until)]
  const months: { overlap: number; length: number }[] = []
  let local = monthOf(localAt(from, tz))
  for (let start = instantOf(local, tz); start < to; start = instantOf(local, tz)) {
    local = monthOf(local, 1)
    const end = instantOf(local, tz)
    months.push({ overlap: Math.min(end, to) - Math.max(start, from), length: end - start })
  }
  return months
}
