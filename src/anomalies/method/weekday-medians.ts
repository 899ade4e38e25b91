/** Medians of the same hour on the same weekday: those of following days have most of their days in common. */
import type { Calendar } from './calendar.js'
import { lowerMedian } from './quantiles.js'

/** Medians of one value of a series. */
export class WeekdayMedians {
  readonly #valueOf: (hour: number) => number
  readonly #firstHour: number
  readonly #calendar: Calendar
  readonly #known = new Map<string, Float64Array>()

  /** @param firstHour of the series: what is before it is not known */
  constructor(valueOf: (hour: number) => number, firstHour: number, calendar: Calendar) {
    this.#valueOf = valueOf
    this.#firstHour = Math.max(firstHour, calendar.span.first)
    this.#calendar = calendar
  }

  /**
   * By hour of the day, of the days of this one's weekday up to it and from another on; NaN where fewer than two have
   * the hour.
   */
  upTo(last: number, first: number): Float64Array {
    const days = Math.floor((last - first) / 7) + 1
    const id = `${last} ${days}`
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const medians = new Float64Array(24)
    for (let hourOfDay = 0; hourOfDay < 24; hourOfDay++) {
      const values: number[] = []
      for (let i = 0; i < days; i++) {
        const hour = 24 * (last - 7 * i) + hourOfDay
        if (hour >= this.#firstHour && this.#calendar.isShown(hour)) values.push(this.#valueOf(hour))
      }
      medians[hourOfDay] = values.length < 2 ? NaN : lowerMedian(values)
    }
    this.#known.set(id, medians)
    return medians
  }

  /** By slot, of the days in [first, day). */
  before(day: number, first: number): Float64Array {
    const slots = new Float64Array(7 * 24).fill(NaN)
    for (let last = day - 1; last >= Math.max(first, day - 7); last--) {
      slots.set(this.upTo(last, first), 24 * ((((last + 4) % 7) + 7) % 7))
    }
    return slots
  }
}
