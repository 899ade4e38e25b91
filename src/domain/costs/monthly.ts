/** What an amount of a window is a month: 30 days, whatever the calendar. */
import { dayOf } from '../time/calendar.js'
import { dayMs, instantOf, localAt } from '../time/zones.js'
import type { Window } from '../scope.js'
import { rounded } from './decimal.js'
import type { Picos } from './amount.js'

export const monthDays = 30

/**
 * The time of a window in which there can be calls, ms: from the local day of the log's first call to the end of that
 * of its last one, as far as it is in the window. 0 where none of it is.
 * @param first, last ISO 8601 times of the log's first and last call, whatever the window and filters
 */
export function coveredMs({ since, until }: Window, first: string, last: string, tz: string): number {
  const day = (iso: string, later: number): number =>
    instantOf(dayOf(localAt(Date.parse(iso), tz)) + later * dayMs, tz)
  const from = Math.max(day(first, 0), since === null ? -Infinity : Date.parse(since))
  const to = Math.min(day(last, 1), until === null ? Infinity : Date.parse(until))
  return Math.max(0, to - from)
}

/** @param covered ms above 0; rounded to 10^-12 USD */
export const monthly = (amount: Picos, covered: number): Picos =>
  rounded(amount * BigInt(monthDays * dayMs), BigInt(Math.round(covered)))
