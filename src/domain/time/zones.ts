/**
 * Time zones: local calendar days as exact UTC instants. Local wall times are written as "local ms",
 * milliseconds since 1970-01-01T00:00 of the wall clock, so that calendar arithmetic is plain arithmetic;
 * instants are milliseconds since 1970-01-01T00:00Z.
 */
import { UserError } from '../../errors.js'
import { closestNames } from '../words/names.js'
import { offsetMinutes } from './calendar.js'

const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** From `from` (an instant, ms) on, local time is UTC plus `offsetMinutes`, until the next stretch. */
interface OffsetStretch {
  readonly from: number
  readonly offsetMinutes: number
}

/** True for names under which no local time ever differs from UTC. */
export function isUtc(tz: string): boolean {
  return /^(etc\/)?(utc|gmt|uct|zulu|universal)$/i.test(tz)
}

/**
 * @param said what an error calls it
 * @throws UserError (usage) when `tz` is not an IANA zone; names the closest ones
 */
export function assertZone(tz: string, said = '--tz'): void {
  if (isUtc(tz) || (/^[A-Za-z]/.test(tz) && !Number.isNaN(offsetMinutes(tz, new Date(0))))) return
  const zones = Intl.supportedValuesOf('timeZone')
  throw new UserError(`${said} ${tz} is not a time zone`, {
    code: 'usage',
    hint: `Give an IANA name such as UTC or Europe/Berlin; the closest: ${closestNames(tz, zones).join(', ')}.`,
  })
}

/** Local time minus UTC at an instant, ms. */
function offsetAt(instant: number, tz: string): number {
  return isUtc(tz) ? 0 : offsetMinutes(tz, new Date(instant)) * minuteMs
}

/** The wall clock at an instant, local ms. */
export function localAt(instant: number, tz: string): number {
  return instant + offsetAt(instant, tz)
}

/** `2026-10-02 14:00`: a moment for people. */
export const minuteText = (instant: number, tz: string): string =>
  new Date(localAt(instant, tz)).toISOString().slice(0, 16).replace('T', ' ')

/**
 * The instant at which the wall clock shows `local`. A time that comes twice is the first one; a time
 * that a change to summer time skips is moved on by the gap, so a skipped midnight is the first
 * instant of its day.
 */
export function instantOf(local: number, tz: string): number {
  const before = offsetAt(local - dayMs, tz)
  const after = offsetAt(local + dayMs, tz)
  const candidates = [local - before, local - after].toSorted((a, b) => a - b)
  return candidates.find((instant) => localAt(instant, tz) === local) ?? local - before
}

/**
 * The UTC offsets in force in [since, until), oldest first; the first stretch counts from `since`.
 * Changes less than a week apart that cancel each other are not seen; no zone has had any since 2015.
 */
export function offsetStretches(since: number, until: number, tz: string): OffsetStretch[] {
  const stretches = [{ from: since, offsetMinutes: offsetAt(since, tz) / minuteMs }]
  if (isUtc(tz)) return stretches
  for (let low = since; low < until; low += 7 * dayMs) {
    const high = Math.min(low + 7 * dayMs, until)
    const offset = offsetAt(high, tz)
    if (offset === offsetAt(low, tz)) continue
    const from = changeBetween(low, high, tz)
    if (from < until) stretches.push({ from, offsetMinutes: offset / minuteMs })
  }
  return stretches
}

/** The first instant in (low, high] with the offset of `high`, to the second. */
function changeBetween(low: number, high: number, tz: string): number {
  const target = offsetAt(high, tz)
  let [from, to] = [low, high]
  while (to - from > 1000) {
    const middle = Math.floor((from + to) / 2000) * 1000
    if (middle <= from) break
    if (offsetAt(middle, tz) === target) to = middle
    else from = middle
  }
  return Math.floor(to / 1000) * 1000
}
