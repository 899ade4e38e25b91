/**
 * Local hours as whole numbers: hours of the wall clock since 1970-01-01T00:00, so that `/ 24` is the local
 * day and `% 24` the hour of the day. An hour that the clock shows twice in autumn is one number for both;
 * one that it skips in spring is a number that never comes.
 */
import type { Window } from '../scope.js'
import { dayMs, hourMs, instantOf, localAt, offsetStretches } from './zones.js'

/** The local hours that are judged, and those that must be read for it. */
export interface HourSpan {
  /** First hour that is read: a midnight. */
  readonly first: number
  /** First hour that is judged. */
  readonly since: number
  /** The hour after the last that is judged: still running, or after the window. */
  readonly until: number
  /** Hours in the span that the clock skipped, ascending. */
  readonly missing: readonly number[]
}

const hourOf = (instant: number, tz: string): number => Math.floor(localAt(instant, tz) / hourMs)

/**
 * The whole hours of a window that are over as of a moment.
 * @param reach days to read before the first judged day
 */
export function hourSpan(window: Window, asOf: Date, reach: number, tz: string): HourSpan {
  const end = Math.min(asOf.getTime(), window.until === null ? Infinity : Date.parse(window.until))
  const until = hourOf(end, tz)
  const since = Math.min(until, window.since === null ? until : firstHourFrom(Date.parse(window.since), tz))
  const first = (Math.floor(since / 24) - reach) * 24
  return { first, since, until, missing: missingHours(first, until, tz) }
}

/** The first hour that begins at or after an instant. */
function firstHourFrom(instant: number, tz: string): number {
  const hour = hourOf(instant, tz)
  return hourStart(hour, tz) >= instant ? hour : hour + 1
}

/** The instant at which a local hour begins, the first time it is shown. */
export const hourStart = (hour: number, tz: string): number => instantOf(hour * hourMs, tz)

/** ISO 8601 UTC without fractions: `2026-09-22T09:00:00Z`. */
export const hourIso = (instant: number): string => new Date(instant).toISOString().replace('.000Z', 'Z')

/** Whole hours in [first, until) that no instant shows, because the clock went forward over them. */
export function missingHours(first: number, until: number, tz: string): number[] {
  const [from, to] = [first * hourMs, until * hourMs]
  const stretches = offsetStretches(from - dayMs, to + dayMs, tz)
  return stretches.slice(1).flatMap((stretch, i) => {
    const before = stretch.from + (stretches[i]?.offsetMinutes ?? 0) * 60_000
    const after = stretch.from + stretch.offsetMinutes * 60_000
    const skipped: number[] = []
    for (let hour = Math.ceil(before / hourMs); (hour + 1) * hourMs <= after; hour++) {
      if (hour >= first && hour < until) skipped.push(hour)
    }
    return skipped
  })
}
