/**
 * The other side of a comparison, as `--vs` gives it: another window, other values of a dimension, or both.
 * What it does not say is as on the first side.
 */
import { UserError } from '../errors.js'
import { filterDimension } from './dimensions.js'
import { readDuration, type Duration } from './time/duration.js'
import { parseFilters, type Reading } from './filters.js'
import { noGroups, type ValueGroups } from './groups.js'
import { datePeriod, momentOf, monthForm, windowBefore, wordPeriod } from './time/periods.js'
import type { Filter, Scope, Window } from './scope.js'
import { dayMs, instantOf, localAt } from './time/zones.js'

export interface Versus {
  /** `previous`, a length such as 14d, a calendar word or a range; undefined: see `otherSide`. */
  readonly window: string | undefined
  readonly filters: readonly Filter[]
  /** What its lists of values take the place of. */
  readonly readings: readonly Reading[]
}

const hint =
  'For a time: previous, last-month, 14d (the 14 days before), 2026-08-01..2026-09-01. For other calls: model=gpt-4o-mini.'

/**
 * The texts of `--vs`. Filters have one of the signs of `--where`, all else is a window.
 * @throws UserError (usage) for two windows, or a text that is neither
 */
export function parseVersus(
  texts: readonly string[],
  now: Date,
  tz: string,
  groups: ValueGroups = noGroups,
): Versus {
  const given = texts.filter((text) => /[=~]/.test(text))
  const { filters, readings } = parseFilters(given, groups, '--vs')
  const [window, second] = texts.filter((text) => !/[=~]/.test(text)).map((text) => text.trim())
  if (second !== undefined) {
    throw new UserError(`--vs ${window} and --vs ${second}: there is one other side, with one window`, {
      code: 'usage',
      hint,
    })
  }
  // Fails early on what no clock could make right.
  if (window !== undefined) readWindow(window, now, tz)
  return { window, filters, readings }
}

/**
 * The other side. Its filters are those of the first side, but for the dimensions that `--vs` names. Its
 * window is the one given, else the first side's where `--vs` gives filters, else the one just before.
 * @throws UserError (usage) for an empty window, or when both sides are the same calls
 */
export function otherSide(first: Scope, { window, filters }: Versus, asOf: Date): Scope {
  const named = new Set(filters.map(({ dimension }) => dimension))
  const kept = first.filters.filter(({ dimension }) => !named.has(dimension))
  const other = { ...first, ...otherWindow(first, window, filters, asOf), filters: [...kept, ...filters] }
  if (sameScope(first, other)) {
    throw new UserError('both sides are the same calls', {
      code: 'usage',
      hint: `Say with --vs in what the other side differs. ${hint}`,
    })
  }
  return other
}

function otherWindow(
  first: Scope,
  window: string | undefined,
  filters: readonly Filter[],
  asOf: Date,
): Window {
  const { since, until, tz } = first
  if (window === undefined && filters.length > 0) return { since, until }
  const found = window === undefined ? 'previous' : readWindow(window, asOf, tz)
  if (found !== 'previous' && 'since' in found) return found
  if (since === null || until === null) {
    throw new UserError('there is no time before a window without beginning', {
      code: 'usage',
      hint: 'Give the first side a window with --since.',
    })
  }
  if (found === 'previous') return windowBefore(first, tz) ?? { since, until }
  return { since: new Date(earlier(Date.parse(since), found, tz)).toISOString(), until: since }
}

/** Whole days and weeks keep the time of day, whatever the clocks do. */
function earlier(instant: number, { ms, unit }: Duration, tz: string): number {
  const ofCalendar = (unit === 'd' || unit === 'w') && ms % dayMs === 0
  return Math.max(0, ofCalendar ? instantOf(localAt(instant, tz) - ms, tz) : instant - ms)
}

function readWindow(text: string, asOf: Date, tz: string): Window | Duration | 'previous' {
  if (text.toLowerCase() === 'previous') return 'previous'
  const length = readDuration(text.toLowerCase())
  if (length !== undefined) return length
  const word = wordPeriod(text, asOf, tz) ?? (monthForm.test(text) ? datePeriod(text, tz) : undefined)
  if (word !== undefined) return checked(text, word.from, word.to ?? asOf)
  const ends = text.split('..')
  if (ends.length === 2 && ends[0]?.trim()) {
    const from = momentOf('--vs', ends[0], asOf, tz)
    return checked(text, from, ends[1]?.trim() ? momentOf('--vs', ends[1], asOf, tz) : asOf)
  }
  throw new UserError(`--vs ${text} is neither a window of time nor a filter`, { code: 'usage', hint })
}

function checked(text: string, from: Date, to: Date): Window {
  if (from < to) return { since: from.toISOString(), until: to.toISOString() }
  throw new UserError(
    `--vs ${text}: the window is empty: ${from.toISOString()} is not before ${to.toISOString()}`,
    {
      code: 'usage',
      hint: 'A range runs from its first time up to, not including, its second: 2026-08-01..2026-09-01.',
    },
  )
}

function sameScope(a: Scope, b: Scope): boolean {
  const key = ({ filters }: Scope): string =>
    JSON.stringify(
      [...new Set(filters.map(({ dimension, operator, value }) => dimension + operator + value))].toSorted(),
    )
  return a.since === b.since && a.until === b.until && key(a) === key(b)
}

/** True when no call can be on both sides; false when that takes a look at the calls. */
export function surelyApart(a: Scope, b: Scope): boolean {
  return windowsApart(a, b) || windowsApart(b, a) || a.filters.some(({ dimension }) => valuesApart(dimension))

  function valuesApart(dimension: string): boolean {
    const found = filterDimension(dimension)
    // 1 and 1.0 are one number; only texts differ where they are written differently.
    if (found.kind === 'column' && found.type !== 'VARCHAR') return false
    const [these, those] = [equals(a, dimension), equals(b, dimension)]
    return these.size > 0 && those.size > 0 && [...these].every((value) => !those.has(value))
  }
}

const windowsApart = (early: Window, late: Window): boolean =>
  early.until !== null && late.since !== null && Date.parse(early.until) <= Date.parse(late.since)

const equals = ({ filters }: Scope, dimension: string): ReadonlySet<string> =>
  new Set(
    filters
      .filter((filter) => filter.dimension === dimension && filter.operator === '=')
      .map(({ value }) => value),
  )
