/**
 * A window of time as the list of its buckets, those without any call among them: which are whole, and
 * which are not and why. Buckets have the labels that metrics give them.
 */
import { UserError } from '../../errors.js'
import type { Window } from '../scope.js'
import { dayOf, monthOf, weekOf } from './calendar.js'
import { dayMs, hourMs, instantOf, isUtc, localAt, offsetStretches } from './zones.js'

export const everies = ['hour', 'day', 'week', 'month'] as const
export type Every = (typeof everies)[number]

/**
 * Why a bucket is not whole: it is still running at as-of; the window cuts it; the log begins within it;
 * a change of the clock by less than an hour made it short.
 */
export type Cut = 'running' | 'window' | 'log' | 'clock'

interface Span {
  /** As metrics name it: `2026-10-02`, `2026-10`, `2026-10-25T02:00:00+02:00`. */
  readonly label: string
  /** Instants, ms; half-open [from, to). */
  readonly from: number
  readonly to: number
}

export interface Bucket extends Span {
  /** Null for a whole bucket; only whole ones are compared. */
  readonly cut: Cut | null
}

interface TimelineRequest extends Window {
  readonly every: Every
  readonly tz: string
  /** What counts as now. */
  readonly asOf: Date
  /** Time of the first call of all, ISO 8601 UTC; null when there is none. */
  readonly firstCall: string | null
}

/** More would be no answer, and fill the memory. */
const mostBuckets = 50_000
const shortest: Readonly<Record<Every, number>> = {
  hour: hourMs,
  day: dayMs - 2 * hourMs,
  week: 6 * dayMs,
  month: 27 * dayMs,
}
/** A log that begins later than this within a bucket does not fill it. */
const slack: Readonly<Record<Every, number>> = { hour: 0, day: hourMs, week: dayMs, month: dayMs }

/**
 * Every bucket of the window, from its beginning or that of the log, whichever is later, to its end; none
 * when there is no call.
 * @throws UserError (usage) when there are too many
 */
export function timeline(request: TimelineRequest): readonly Bucket[] {
  const { every, tz, firstCall } = request
  if (firstCall === null) return []
  const until = request.until === null ? request.asOf.getTime() : Date.parse(request.until)
  const since = request.since === null ? -Infinity : Date.parse(request.since)
  const from = Math.max(since, Date.parse(firstCall))
  if (from >= until) return []
  if ((until - from) / shortest[every] > mostBuckets) {
    throw new UserError(`--every ${every} makes more than ${mostBuckets} buckets of this window`, {
      code: 'usage',
      hint: 'Choose longer buckets, or a later --since.',
    })
  }
  const spans = every === 'hour' ? hours(from, until, tz) : days(from, until, every, tz)
  return spans.map((span) => ({ ...span, cut: cutOf(span, request, since, until) }))
}

function cutOf(span: Span, request: TimelineRequest, since: number, until: number): Cut | null {
  const { every, asOf, firstCall } = request
  if (span.to > asOf.getTime()) return 'running'
  if (span.from < since || span.to > until) return 'window'
  if (firstCall !== null && Date.parse(firstCall) - span.from > slack[every]) return 'log'
  return every === 'hour' && span.to - span.from < hourMs ? 'clock' : null
}

/** An hour of the wall clock under one offset: an hour that comes twice is two. */
function hours(from: number, until: number, tz: string): Span[] {
  const end = until + dayMs
  const stretches = offsetStretches(from - dayMs, end, tz)
  return stretches.flatMap((stretch, i) => {
    const offset = stretch.offsetMinutes * 60_000
    const stretchEnd = stretches[i + 1]?.from ?? end
    const spans: Span[] = []
    const first = Math.floor((stretch.from + offset) / hourMs) * hourMs
    for (let local = first; local - offset < stretchEnd; local += hourMs) {
      const start = Math.max(local - offset, stretch.from)
      const stop = Math.min(local + hourMs - offset, stretchEnd)
      if (start >= until) break
      if (stop > from) spans.push({ label: hourLabel(local, offset, tz), from: start, to: stop })
    }
    return spans
  })
}

function hourLabel(local: number, offset: number, tz: string): string {
  const clock = new Date(local).toISOString().slice(0, 19)
  if (isUtc(tz)) return `${clock}Z`
  const minutes = Math.abs(offset) / 60_000
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${clock}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** Local ms at which the bucket of a local time begins, and the one so many buckets on. */
const beginnings = {
  day: dayOf,
  week: weekOf,
  month: monthOf,
} as const

function days(from: number, until: number, every: Exclude<Every, 'hour'>, tz: string): Span[] {
  const spans: Span[] = []
  let local = beginnings[every](localAt(from, tz))
  for (let start = instantOf(local, tz); start < until;) {
    const next = beginnings[every](local, 1)
    const end = instantOf(next, tz)
    const label = new Date(local).toISOString().slice(0, every === 'month' ? 7 : 10)
    spans.push({ label, from: start, to: end })
    local = next
    start = end
  }
  return spans
}

const usual: Readonly<Record<Every, number>> = { hour: 48, day: 30, week: 12, month: 12 }

/** The window of a trend that is given none: so many whole buckets, and the one that is running. */
export function recentBuckets(until: Date, every: Every, tz: string): Window {
  const end = until.getTime()
  const since =
    every === 'hour'
      ? hourOf(hourOf(end, tz) - usual.hour * hourMs, tz)
      : instantOf(beginnings[every](localAt(end, tz), -usual[every]), tz)
  return { since: new Date(since).toISOString(), until: until.toISOString() }
}

/** Beginning of the hour that an instant is in. */
function hourOf(instant: number, tz: string): number {
  return hours(instant, instant + 1, tz)[0]?.from ?? instant
}

/** The longest buckets of which a window still has a few: what a summary shows of it. */
export function everyFor({ since, until }: Window): Every {
  if (since === null || until === null) return 'month'
  const length = (Date.parse(until) - Date.parse(since)) / dayMs
  return length <= 2 ? 'hour' : length <= 31 ? 'day' : length <= 26 * 7 ? 'week' : 'month'
}
