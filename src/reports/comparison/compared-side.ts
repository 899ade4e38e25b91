/** One side of a comparison: which calls, over how long, and their figures. */
import type { Currency } from '../../domain/costs/currency.js'
import { wholeDays } from '../../domain/time/periods.js'
import type { Filter, Scope, Window } from '../../domain/scope.js'
import { dayMs, localAt } from '../../domain/time/zones.js'
import type { Figures } from '../../metrics/figures.js'
import { filterText } from '../unmatched.js'

export interface ComparedSide {
  /** What its money is in; absent: US dollars. */
  readonly currency?: Currency | undefined
  /** What people call it: `gpt-4o`, `2026-09-21 – 2026-09-27`, `last-week.json`. */
  readonly label: string
  readonly window: Window
  readonly tz: string
  /** Null where a file does not tell. */
  readonly filters: readonly Filter[] | null
  /** Its length, a local day as 24 hours where it is made of whole ones; null when not known. */
  readonly ms: number | null
  /** Its last day, or more of it, is still to come. */
  readonly running: boolean
  /** The store's calls reach back to its first day. */
  readonly complete: boolean
  /** `calls` is there even where there is none. */
  readonly figures: Figures
}

/** What about two sides can be compared: all, costs and counts a day, or only what is a mean, rate or quantile. */
export type Basis = 'totals' | 'daily' | 'means'

export function basisOf(a: ComparedSide, b: ComparedSide): Basis {
  const sameWindow = a.window.since === b.window.since && a.window.until === b.window.until
  if (sameWindow && a.window.since !== null) return 'totals'
  if (!a.complete || !b.complete || !a.ms || !b.ms) return 'means'
  return a.ms === b.ms ? 'totals' : 'daily'
}

/** What of a window has passed at as-of, and whether it is more than that, or ends within a day. */
export function elapsed(window: Window, asOf: Date, tz: string): { ms: number | null; running: boolean } {
  const { since, until } = window
  if (since === null || until === null) return { ms: null, running: false }
  const end = Math.min(Date.parse(until), Math.max(asOf.getTime(), Date.parse(since)))
  const passed = { since, until: new Date(end).toISOString() }
  const days = wholeDays(passed, tz)
  // A window of so many hours is over when they are; one that began with a day is over with one.
  const beganWithDay = wholeDays({ since, until: since }, tz) !== null
  return {
    ms: days === null ? end - Date.parse(since) : days * dayMs,
    running: end < Date.parse(until) || (end >= asOf.getTime() && beganWithDay && days === null),
  }
}

/** A window's first and last day, or its times in `tz` where it is not made of whole days. */
export function windowLabel(window: Window, tz: string): string {
  const { since, until } = window
  const whole = wholeDays(window, tz) !== null
  const text = (iso: string, last: boolean): string => {
    const local = new Date(localAt(Date.parse(iso) - (whole && last ? 1 : 0), tz)).toISOString()
    return whole ? local.slice(0, 10) : local.slice(0, 16).replace('T', ' ')
  }
  if (since === null) return until === null ? 'all calls' : `before ${text(until, false)}`
  if (until === null) return `from ${text(since, false)}`
  const [first, last] = [text(since, false), since === until ? text(since, false) : text(until, true)]
  return first === last ? first : `${first} – ${last}`
}

/** A window of the present: from a day on, and not yet to the end of one. */
function presentLabel(window: Window, asOf: Date, tz: string): string {
  const { since, until } = window
  const { running } = elapsed(window, asOf, tz)
  const open = running && until !== null && Date.parse(until) <= asOf.getTime()
  return open ? `since ${windowLabel({ since, until: since }, tz)}` : windowLabel(window, tz)
}

/** Both sides by what tells them apart: values of a dimension, windows, or both. */
export function labelsOf(a: Scope, b: Scope, asOf: Date): readonly [a: string, b: string] {
  const windows = a.since !== b.since || a.until !== b.until
  const label = (own: Scope, other: Scope): string => {
    const others = new Set(other.filters.map((filter) => filterText(filter)))
    const filters = own.filters.filter((filter) => !others.has(filterText(filter)))
    const values = filters.map((filter) =>
      filter.operator === '=' ? filter.value : filterText(filter, own.currency),
    )
    const window = windows ? [presentLabel(own, asOf, own.tz)] : []
    const parts = [...values, ...window]
    return parts.length > 0 ? parts.join(', ') : 'all calls'
  }
  return [label(a, b), label(b, a)]
}
