/**
 * Calendar arithmetic on the wall clock, by date-fns. Wall times are "local ms", milliseconds since
 * 1970-01-01T00:00 of the wall clock: read as if they were UTC, so that no change of the clock disturbs them.
 * The only file that imports date-fns: the build puts the few functions used here into it, and the package
 * ships without the library.
 */
import { addDays } from 'date-fns/addDays'
import { addMonths } from 'date-fns/addMonths'
import { addQuarters } from 'date-fns/addQuarters'
import { addWeeks } from 'date-fns/addWeeks'
import { getDaysInMonth } from 'date-fns/getDaysInMonth'
import { startOfDay } from 'date-fns/startOfDay'
import { startOfISOWeek } from 'date-fns/startOfISOWeek'
import { startOfMonth } from 'date-fns/startOfMonth'
import { startOfQuarter } from 'date-fns/startOfQuarter'

/** Minutes that a zone is ahead of UTC at an instant; NaN where there is no such zone. */
export { tzOffset as offsetMinutes } from '@date-fns/tz/tzOffset'

/**
 * A date whose own zone is UTC, whatever the machine's. One of a library's that asks the platform for the zone takes 12 ms
 * of CPU, which the platform needs for the first zone it is asked for.
 */
class WallDate extends Date {}
for (const name of Object.getOwnPropertyNames(Date.prototype)) {
  const ofUtc: unknown = Reflect.get(Date.prototype, name.replace(/^[gs]et(?!UTC)/, '$&UTC'))
  if (/^[gs]et/.test(name) && typeof ofUtc === 'function') Reflect.set(WallDate.prototype, name, ofUtc)
}

const wall = { in: (value: Date | number | string): Date => new WallDate(value) }

/** Local ms of the midnight that begins the day of `local`, moved by `days`. */
export const dayOf = (local: number, days = 0): number =>
  addDays(startOfDay(local, wall), days, wall).getTime()

/** Local ms of the Monday midnight that begins the week of `local`, moved by `weeks`. */
export const weekOf = (local: number, weeks = 0): number =>
  addWeeks(startOfISOWeek(local, wall), weeks, wall).getTime()

/** Local ms of the first midnight of the month of `local`, moved by `months`. */
export const monthOf = (local: number, months = 0): number =>
  addMonths(startOfMonth(local, wall), months, wall).getTime()

/** The same time of the day and day of the month, or the month's last, `months` later. */
export const monthsLater = (local: number, months: number): number => addMonths(local, months, wall).getTime()

/** Local ms of the first midnight of the quarter of `local`, moved by `quarters`. */
export const quarterOf = (local: number, quarters = 0): number =>
  addQuarters(startOfQuarter(local, wall), quarters, wall).getTime()

/** Number of days in the month of `local`. */
export const daysInMonth = (local: number): number => getDaysInMonth(local, wall)
