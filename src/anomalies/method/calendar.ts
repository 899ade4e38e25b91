/** Local hours of a span: weekdays, and hours that the clock skipped. */
import type { HourSpan } from '../../domain/time/hours.js'

/** 0 is Sunday: 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7

export const isWeekend = (weekday: number): boolean => weekday === 0 || weekday === 6

/** Weekday × 24 + hour of the day. */
export const slotOf = (hour: number): number => (((hour + 96) % 168) + 168) % 168

/** The local hours of a span: which the clock skipped, and how many there were up to each. */
export class Calendar {
  readonly span: HourSpan
  readonly historyDays: number
  readonly #missing: ReadonlySet<number>

  constructor(span: HourSpan, historyDays: number) {
    this.span = span
    this.historyDays = historyDays
    this.#missing = new Set(span.missing)
  }

  isShown(hour: number): boolean {
    return this.#missing.size === 0 || !this.#missing.has(hour)
  }

  /** Hours that follow one another have positions that do. */
  position(hour: number): number {
    let passed = 0
    for (const missing of this.span.missing) if (hour > missing) passed++
    return hour - passed
  }

  /** How many hours in [since, until) the clock showed. */
  count(since: number, until: number): number {
    return until - since - this.span.missing.filter((hour) => hour >= since && hour < until).length
  }

  /** The hours in [since, until) that the clock showed, ascending. */
  shown(since: number, until: number): number[] {
    const hours: number[] = []
    for (let hour = since; hour < until; hour++) if (this.isShown(hour)) hours.push(hour)
    return hours
  }

  /** The hours of a day that are over and that the clock showed, ascending. */
  hoursOf(day: number): number[] {
    return this.shown(24 * day, Math.min(24 * day + 24, this.span.until))
  }
}
