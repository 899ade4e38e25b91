/** The clock hour, day, week and month of a zone that a moment is in: those by which caps and budgets count. */
import { dayOf, monthOf, weekOf } from '../time/calendar.js'
import { dayMs, hourMs, instantOf, localAt } from '../time/zones.js'

export type SpanKind = 'hour' | 'day' | 'week' | 'month'

export interface LocalSpan {
  /** Names the span among those of its kind, ms: an hour that comes twice in autumn is two. */
  readonly begins: number
  /** The instant at which it is over, ms. */
  readonly until: number
}

/** No zone has changed its offset at another moment since 2015: within such a stretch every span is the same. */
export const stretchMs = 15 * 60_000

/** @param instant ms */
export function localSpan(kind: SpanKind, instant: number, tz: string): LocalSpan {
  const local = localAt(instant, tz)
  if (kind === 'hour') {
    const begins = instant - (((local % hourMs) + hourMs) % hourMs)
    return { begins, until: begins + hourMs }
  }
  const [begins, next] = localEnds(kind, local)
  return { begins, until: instantOf(next, tz) }
}

function localEnds(kind: Exclude<SpanKind, 'hour'>, local: number): readonly [number, number] {
  switch (kind) {
    case 'day':
      return [dayOf(local), dayOf(local) + dayMs]
    case 'week':
      return [weekOf(local), weekOf(local, 1)]
    case 'month':
      return [monthOf(local), monthOf(local, 1)]
  }
}
