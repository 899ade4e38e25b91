/** Moments and periods for people, in a zone of their choice. */
import { dayMs, localAt } from '../domain/time/zones.js'
import type { Cell, Period } from '../reports/report.js'
import { visible } from '../domain/words/hidden.js'

const moment = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/
const zoned = /(?:Z|[+-]\d\d(?::?\d\d)?)$/

/** Wall-clock time in `tz` as `2026-10-03T14:05:06.000Z` would print it; undefined when it is no moment. */
function wallClock(text: string, tz: string): string | undefined {
  if (!moment.test(text)) return undefined
  const instant = Date.parse(zoned.test(text) ? text : `${text.replace(' ', 'T')}Z`)
  const local = Number.isNaN(instant) ? Number.NaN : localAt(instant, tz)
  return Number.isNaN(local) ? undefined : new Date(local).toISOString()
}

/** Times of one column, to the same precision: days, minutes or seconds, whichever loses nothing. */
export function timeWords(cells: readonly (Cell | undefined)[], tz: string): (string | undefined)[] {
  const clocks = cells.map((cell) => (typeof cell === 'string' ? wallClock(cell, tz) : undefined))
  const length = clocks.reduce(
    (most, clock) => Math.max(most, clock === undefined ? 0 : significant(clock)),
    10,
  )
  return clocks.map((clock) => clock?.slice(0, length).replace('T', ' '))
}

/** How much of a wall clock says something; parts of a second are left out for people. */
function significant(clock: string): number {
  if (clock.slice(11, 19) === '00:00:00') return 10
  return clock.slice(17, 19) === '00' ? 16 : 19
}

/** `2026-09-26 – 2026-10-02 (7 days, UTC)`: whole days by first and last, other windows by their ends. */
export function periodWords({ since, until, tz: zone }: Period, tz = zone): string | undefined {
  const [from, to] = [since, until].map((text) => (text === null ? undefined : (wallClock(text, tz) ?? text)))
  if (from === undefined && to === undefined) return undefined
  if (from === undefined) return visible(`until ${short(to ?? '')} ${tz}`)
  if (to === undefined) return visible(`since ${short(from)} ${tz}`)
  const days = Math.round((Date.parse(to) - Date.parse(from)) / dayMs)
  if (significant(from) > 10 || significant(to) > 10 || !(days > 0)) {
    return visible(`${short(from)} – ${short(to)} ${tz}`)
  }
  const last = new Date(Date.parse(to) - dayMs).toISOString()
  return visible(
    days === 1 ? `${short(from)} (1 day, ${tz})` : `${short(from)} – ${short(last)} (${days} days, ${tz})`,
  )
}

function short(clock: string): string {
  return moment.test(clock) ? clock.slice(0, significant(clock)).replace('T', ' ') : clock
}
