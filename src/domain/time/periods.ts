/**
 * Windows of time as people write them: `--since`, `--until`, `--as-of` and `--tz` become a half-open
 * [since, until) of UTC instants.
 */
import { UserError } from '../../errors.js'
import { readDuration } from './duration.js'
import type { Window } from '../scope.js'
import { dayOf, monthOf, monthsLater, weekOf } from './calendar.js'
import { assertZone, dayMs, instantOf, localAt } from './zones.js'

/** The options as given; undefined where absent. */
export interface PeriodOptions {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly asOf?: string | undefined
  readonly tz: string
}

function badTime(option: string, text: string): UserError {
  return new UserError(`${option} ${text} is not a time`, {
    code: 'usage',
    hint: `Examples: 14d, 36h, 90m, 2w, 7 days ago, 2026-10, 2026-10-02, 2026-10-02T08:00Z; words: ${Object.keys(words).join(', ')}.`,
  })
}

/** Whole periods by name; local ms from the wall clock of as-of. End null: still running at as-of. */
const words: Readonly<Record<string, (now: number) => { from: number; to: number | null }>> = {
  today: (now) => ({ from: dayOf(now), to: null }),
  yesterday: (now) => ({ from: dayOf(now) - dayMs, to: dayOf(now) }),
  'this-week': (now) => ({ from: weekOf(now), to: null }),
  'last-week': (now) => ({ from: weekOf(now) - 7 * dayMs, to: weekOf(now) }),
  'this-month': (now) => ({ from: monthOf(now), to: null }),
  mtd: (now) => ({ from: monthOf(now), to: null }),
  'last-month': (now) => ({ from: monthOf(now, -1), to: monthOf(now) }),
  'this-year': (now) => ({ from: yearOf(now), to: null }),
  ytd: (now) => ({ from: yearOf(now), to: null }),
  'last-year': (now) => ({ from: yearOf(yearOf(now) - 1), to: yearOf(now) }),
}

/** True for a text that stands for a time by itself: `14d`, `yesterday`, `2026-10-02`. */
export const isPeriodText = (text: string): boolean =>
  Object.hasOwn(words, text.toLowerCase()) ||
  /^\d+[mhdw]$/i.test(text) ||
  agoForm.test(text.toLowerCase()) ||
  (/^\d{4}-\d{2}/.test(text) && parseMoment(text, 0, 'UTC') !== undefined)

function yearOf(local: number): number {
  return Date.UTC(new Date(local).getUTCFullYear(), 0, 1)
}

/**
 * The moment that counts as now. `latest` is just after the newest call: its millisecond plus one.
 * @param newest ISO 8601 time of the newest call, or null when there is none
 * @throws UserError (usage) when the option is no time or the zone is unknown
 */
export function resolveAsOf(options: PeriodOptions, now: Date, newest: string | null): Date {
  assertZone(options.tz)
  const text = options.asOf?.trim().toLowerCase()
  if (text === undefined || text === 'now') return now
  if (text === 'latest') return newest === null ? now : new Date(Date.parse(newest) + 1)
  const instant = parseMoment(text, now.getTime(), options.tz)
  if (instant === undefined) {
    throw new UserError(`--as-of ${options.asOf} is not a time`, {
      code: 'usage',
      hint: 'Examples: latest, 2026-10-02, 2026-10-02T08:00Z.',
    })
  }
  return new Date(instant)
}

/**
 * The window asked for. Without --until it ends at as-of, except that a calendar word as --since alone
 * means its whole period. Without --since it begins with the first call (null), or where `fallback` says.
 * @throws UserError (usage) for a bad time, or a window that ends before it begins
 */
export function resolveWindow(
  options: PeriodOptions,
  asOf: Date,
  fallback: (until: Date) => Window = (until) => ({ since: null, until: until.toISOString() }),
): Window {
  assertZone(options.tz)
  const { tz } = options
  const until = options.until === undefined ? undefined : momentOf('--until', options.until, asOf, tz)
  if (options.since === undefined) return fallback(until ?? asOf)
  const word = wordPeriod(options.since, asOf, tz)
  const since = word?.from ?? momentOf('--since', options.since, asOf, tz)
  const end = until ?? word?.to ?? asOf
  if (since >= end) {
    throw new UserError(`the window is empty: ${since.toISOString()} is not before ${end.toISOString()}`, {
      code: 'usage',
      location: options.until === undefined ? '--since' : '--since, --until',
      hint: 'A window runs from --since up to, not including, --until, which is --as-of (now) when absent.',
    })
  }
  return { since: since.toISOString(), until: end.toISOString() }
}

/** Fails early on options that no clock or log could make right. @throws UserError (usage) */
export function assertPeriodOptions(options: PeriodOptions, now: Date): void {
  const asOf = resolveAsOf(options, now, null)
  if (options.since !== undefined) momentOf('--since', options.since, asOf, options.tz)
  if (options.until !== undefined) momentOf('--until', options.until, asOf, options.tz)
}

/** A calendar word as its whole period; `to` null while it runs. Undefined for anything else. */
export function wordPeriod(
  text: string,
  asOf: Date,
  tz: string,
): { from: Date; to: Date | null } | undefined {
  const key = text.trim().toLowerCase()
  if (!Object.hasOwn(words, key)) return undefined
  const period = words[key]?.(localAt(asOf.getTime(), tz))
  if (period === undefined) return undefined
  const date = (local: number): Date => new Date(instantOf(local, tz))
  return { from: date(period.from), to: period.to === null ? null : date(period.to) }
}

/** One end of a window. @throws UserError (usage) when `text` is no time */
export function momentOf(option: string, text: string, asOf: Date, tz: string): Date {
  const instant =
    wordPeriod(text, asOf, tz)?.from.getTime() ??
    durationBefore(text.trim().toLowerCase(), asOf.getTime()) ??
    ago(text.trim().toLowerCase(), asOf.getTime(), tz) ??
    parseMoment(text.trim(), asOf.getTime(), tz)
  if (instant === undefined) throw badTime(option, text)
  return new Date(instant)
}

/** `90m`, `36h`, `14d`, `2w` before as-of; a day is 24 hours. */
function durationBefore(text: string, asOf: number): number | undefined {
  const length = readDuration(text)
  // Nothing is older than 1970; years before 0 have no ISO form that SQL reads.
  return length && Math.max(0, asOf - length.ms)
}

const agoForm = /^(\d{1,5}|an?) (minute|hour|day|week|month|year)s? ago$/
const agoUnits: Readonly<Record<string, string>> = { minute: 'm', hour: 'h', day: 'd', week: 'w' }

/** `7 days ago`, as `7d`; months and years by the calendar, at the same time of the day in the zone. */
function ago(text: string, asOf: number, tz: string): number | undefined {
  const [, number, unit = ''] = agoForm.exec(text) ?? []
  if (number === undefined) return undefined
  const count = number.startsWith('a') ? 1 : Number(number)
  if (Object.hasOwn(agoUnits, unit)) return durationBefore(`${count}${agoUnits[unit]}`, asOf)
  const local = monthsLater(localAt(asOf, tz), unit === 'year' ? -12 * count : -count)
  return Math.max(0, instantOf(local, tz))
}

/** `2026-09`. */
export const monthForm = /^\d{4}-\d{2}$/

const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[t ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(z|[+-]\d{2}:?\d{2})?)?$/i

/** A date (midnight in tz), an ISO 8601 time (in tz unless it has an offset), `now`, or a day's name. */
function parseMoment(text: string, now: number, tz: string): number | undefined {
  const day = text.toLowerCase()
  if (day === 'now') return now
  if (day === 'today') return instantOf(dayOf(localAt(now, tz)), tz)
  if (day === 'yesterday') return instantOf(dayOf(localAt(now, tz)) - dayMs, tz)
  // A month begins with its first day.
  return instantFrom(monthForm.test(text) ? `${text}-01` : text, tz)
}

/** True for a day of the calendar, as `2026-10-02`. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && instantFrom(text) !== undefined

/**
 * The instant (ms) of a date, `2026-10-02` (midnight in `tz`), or of an ISO 8601 time (in `tz` unless it has
 * an offset). Undefined for all else: 31 February is no day, and +99:00 no offset.
 */
export function instantFrom(text: string, tz = 'UTC'): number | undefined {
  const match = isoTime.exec(text)
  if (match === null) return undefined
  const [, year, month, date, hour = '0', minute = '0', second = '0', fraction = '0', zone] = match
  const parts = [
    Number(year),
    Number(month) - 1,
    Number(date),
    Number(hour),
    Number(minute),
    Number(second),
  ] as const
  const local = Date.UTC(...parts, Math.floor(Number(`0.${fraction}`) * 1000))
  const back = new Date(local)
  // Date.UTC rolls 31 February and 25:00 over; a rolled date is a mistake, not another day.
  const rolled =
    back.getUTCFullYear() !== parts[0] ||
    back.getUTCMonth() !== parts[1] ||
    back.getUTCDate() !== parts[2] ||
    back.getUTCHours() !== parts[3]
  if (rolled || parts[4] > 59 || parts[5] > 59) return undefined
  if (zone === undefined) return instantOf(local, tz)
  const offset = zoneOffset(zone)
  return offset === undefined ? undefined : local - offset
}

function zoneOffset(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0
  const digits = zone.replace(/\D/g, '')
  const [hours, rest] = [Number(digits.slice(0, 2)), Number(digits.slice(2))]
  if (hours > 15 || rest > 59) return undefined
  const minutes = hours * 60 + rest
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

/**
 * `--period`: the last whole local day, week from Monday or month of the calendar that ends at or before
 * as-of; `30d` for so many complete local days; a word of --since, a month (`2026-09`) or a day, up to as-of
 * where it still runs.
 * @throws UserError (usage) for anything else, and for a period that has not begun
 */
export function lastPeriod(text: string, asOf: Date, tz: string): Window {
  const named = wordPeriod(text, asOf, tz) ?? datePeriod(text, tz)
  if (named !== undefined) return begun(text, named, asOf)
  const now = localAt(asOf.getTime(), tz)
  const iso = (local: number): string => new Date(instantOf(local, tz)).toISOString()
  const days = /^([1-9]\d{0,3})d$/.exec(text)?.[1]
  if (days !== undefined) return { since: iso(dayOf(now) - Number(days) * dayMs), until: iso(dayOf(now)) }
  const word = new Map([
    ['day', 'yesterday'],
    ['week', 'last-week'],
    ['month', 'last-month'],
  ]).get(text)
  const span = word === undefined ? undefined : words[word]?.(now)
  if (span !== undefined && span.to !== null) return { since: iso(span.from), until: iso(span.to) }
  throw new UserError(`--period ${text} is not a period`, {
    code: 'usage',
    hint: 'day, week or month of the calendar, the last complete days (30d), today, yesterday, mtd, or 2026-09.',
  })
}

/** A day or a month by its date. */
export function datePeriod(text: string, tz: string): { from: Date; to: Date } | undefined {
  const isMonth = monthForm.test(text)
  const from =
    isMonth || /^\d{4}-\d{2}-\d{2}$/.test(text) ? instantFrom(isMonth ? `${text}-01` : text, tz) : undefined
  if (from === undefined) return undefined
  const local = localAt(from, tz)
  return { from: new Date(from), to: new Date(instantOf(isMonth ? monthOf(local, 1) : dayOf(local, 1), tz)) }
}

function begun(text: string, { from, to }: { from: Date; to: Date | null }, asOf: Date): Window {
  const end = to === null || to > asOf ? asOf : to
  if (from < end) return { since: from.toISOString(), until: end.toISOString() }
  throw new UserError(`--period ${text} has not begun at ${asOf.toISOString()}`, {
    code: 'usage',
    hint: 'Choose one that has, or move --as-of.',
  })
}

/** Whether --period takes it, whatever the clock says. */
export const isPeriod = (text: string): boolean => {
  const late = new Date('2999-12-31T12:00:00Z')
  try {
    return lastPeriod(text, late, 'UTC') !== undefined
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

/** The window of the same length just before; whole local days where the window begins and ends at midnight. */
export function windowBefore(window: Window, tz: string): Window | null {
  if (window.since === null || window.until === null) return null
  const [since, until] = [Date.parse(window.since), Date.parse(window.until)]
  const days = wholeDays(window, tz)
  const start =
    days === null ? since - (until - since) : instantOf(dayOf(localAt(since, tz)) - days * dayMs, tz)
  return { since: new Date(start).toISOString(), until: window.since }
}

/** Length in local days when the window begins and ends at local midnights, else null. */
export function wholeDays(window: Window, tz: string): number | null {
  if (window.since === null || window.until === null) return null
  const [from, to] = [dayBeginning(window.since, tz), dayBeginning(window.until, tz)]
  return from === null || to === null ? null : (to - from) / dayMs
}

/** Local midnight (local ms) of the day that begins at this very instant, else null. */
function dayBeginning(instant: string, tz: string): number | null {
  const day = dayOf(localAt(Date.parse(instant), tz))
  return instantOf(day, tz) === Date.parse(instant) ? day : null
}

/** The local date of an instant, `2026-10-02`. */
export function localDate(instant: string, tz: string): string {
  return new Date(localAt(Date.parse(instant), tz)).toISOString().slice(0, 10)
}
