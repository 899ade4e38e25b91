/**
 * method: how the hours of a series are judged, by what they usually cost. Pure: from hours summed in SQL to norms,
 * terms and flags; docs/anomaly-method.md tells the method and its reasons.
 *
 * This file holds the hours of one series over a span, hours without calls as 0.
 */
import type { HourSpan } from '../../domain/time/hours.js'
import type { SeriesRow } from '../../metrics/anomalies/judged-hours.js'

/** Whole numbers up to here are exact as doubles. */
const exactUpTo = 2 ** 53

/** Decimal places of the first of the two whole numbers that money is held in. */
const upperPlaces = 6

/**
 * The hours of one series. Money is held as two whole numbers, millionths of a dollar and what is left of them in units
 * of the last decimal place, so that sums are exact.
 */
export class History {
  readonly family: number
  readonly value: string
  /** Local hour of its first call; where that is before the span, the hour before it. */
  readonly firstHour: number
  /** The first hour that cost something. */
  readonly paidHour: number | undefined
  readonly #first: number
  readonly #scale: number
  /** By hour from the first of the span on: sums of the hours before each. */
  readonly #upperBefore: Float64Array
  readonly #lowerBefore: Float64Array
  readonly #callsBefore: Float64Array
  readonly #squaresBefore: Float64Array
  /** USD of each hour, calls that cost something, the dearest of them, and squares. */
  readonly #usd: Float64Array
  readonly #calls: Float64Array
  readonly #dearest: Float64Array
  readonly #squares: Float64Array

  constructor({ first, until }: HourSpan, { family, value, hours }: SeriesRow) {
    const length = Math.max(0, until - first)
    this.#first = first
    this.#usd = new Float64Array(length)
    this.#calls = new Float64Array(length)
    this.#dearest = new Float64Array(length)
    this.#squares = new Float64Array(length)
    this.#upperBefore = new Float64Array(length + 1)
    this.#lowerBefore = new Float64Array(length + 1)
    this.#callsBefore = new Float64Array(length + 1)
    this.#squaresBefore = new Float64Array(length + 1)
    this.family = family
    this.value = value
    const values = JSON.parse(hours) as unknown[]
    this.#scale = placesOf(String(values[1]))
    let firstHour = Infinity
    let paidHour = Infinity
    for (let i = 0; i < values.length; i += 5) {
      const hour = values[i] as number
      const text = values[i + 1] as string
      const usd = Number(text)
      if (hour < firstHour) firstHour = hour
      if (hour < paidHour && usd > 0) paidHour = hour
      const place = hour - first
      if (place < 0 || place >= length) continue
      const [upper, lower] = partsOf(text, usd, this.#scale)
      this.#upperBefore[place + 1] = upper
      this.#lowerBefore[place + 1] = lower
      this.#usd[place] = this.#toUsd(upper, lower)
      this.#dearest[place] = values[i + 3] as number
      this.#calls[place] = this.#callsBefore[place + 1] = values[i + 2] as number
      this.#squares[place] = this.#squaresBefore[place + 1] = values[i + 4] as number
    }
    this.firstHour = firstHour
    this.paidHour = paidHour === Infinity ? undefined : paidHour
    for (const before of [this.#upperBefore, this.#lowerBefore, this.#callsBefore, this.#squaresBefore]) {
      for (let at = 1; at <= length; at++) before[at] = (before[at] ?? 0) + (before[at - 1] ?? 0)
    }
  }

  usd(hour: number): number {
    return this.#usd[hour - this.#first] ?? 0
  }

  calls(hour: number): number {
    return this.#calls[hour - this.#first] ?? 0
  }

  /** USD of the dearest call. */
  dearest(hour: number): number {
    return this.#dearest[hour - this.#first] ?? 0
  }

  /** The sum of the squares of the calls' costs. */
  squares(hour: number): number {
    return this.#squares[hour - this.#first] ?? 0
  }

  /** The cost of an hour with all its digits. */
  exact(hour: number): string {
    const own = this.units(hour, hour + 1)
    const digits = String(own < 0n ? -own : own).padStart(this.#scale + 1, '0')
    const point = digits.length - this.#scale
    return `${own < 0n ? '-' : ''}${digits.slice(0, point)}${this.#scale === 0 ? '' : `.${digits.slice(point)}`}`
  }

  /** Calls of the hours in [since, until) that cost something. */
  callsIn(since: number, until: number): number {
    return (this.#callsBefore[this.#placeOf(until)] ?? 0) - (this.#callsBefore[this.#placeOf(since)] ?? 0)
  }

  /** The sum of their costs' squares. */
  squaresIn(since: number, until: number): number {
    return (this.#squaresBefore[this.#placeOf(until)] ?? 0) - (this.#squaresBefore[this.#placeOf(since)] ?? 0)
  }

  /** The exact sum of the hours in [since, until). USD. */
  sum(since: number, until: number): number {
    if (until <= since) return 0
    const [from, to] = [this.#placeOf(since), this.#placeOf(until)]
    const upper = (this.#upperBefore[to] ?? 0) - (this.#upperBefore[from] ?? 0)
    return this.#toUsd(upper, (this.#lowerBefore[to] ?? 0) - (this.#lowerBefore[from] ?? 0))
  }

  /** The same in whole units of the last place. */
  units(since: number, until: number): bigint {
    if (until <= since) return 0n
    const [from, to] = [this.#placeOf(since), this.#placeOf(until)]
    const upper = (this.#upperBefore[to] ?? 0) - (this.#upperBefore[from] ?? 0)
    return this.#unitsOf(upper, (this.#lowerBefore[to] ?? 0) - (this.#lowerBefore[from] ?? 0))
  }

  /** As the engine casts a decimal, so that both print the same digits. */
  toUsd(units: bigint): number {
    const power = 10 ** this.#scale
    const size = units < 0n ? -units : units
    if (size <= BigInt(exactUpTo)) return Number(units) / power
    const whole = BigInt(power)
    return Number(units / whole) + Number(units % whole) / power
  }

  /** Hours of the complete days before a day that the series has. */
  hoursBefore(day: number, historyDays: number): number {
    return 24 * day - Math.max(this.firstHour, 24 * (day - historyDays))
  }

  #placeOf(hour: number): number {
    return Math.min(Math.max(hour - this.#first, 0), this.#usd.length)
  }

  #toUsd(upper: number, lower: number): number {
    const units = upper * 10 ** (this.#scale - upperPlaces) + lower
    return Math.abs(units) < exactUpTo ? units / 10 ** this.#scale : this.toUsd(this.#unitsOf(upper, lower))
  }

  #unitsOf(upper: number, lower: number): bigint {
    return BigInt(upper) * 10n ** BigInt(this.#scale - upperPlaces) + BigInt(lower)
  }
}

/** Decimals of an amount; money has twelve, or eighteen. */
const placesOf = (decimal: string): number => decimal.length - 1 - decimal.indexOf('.')

/** So many units are exact as a double's product, with room to spare. */
const surelyExact = 2 ** 50

/** Millionths, and what is left in units of the last place; both have the sign. */
function partsOf(text: string, usd: number, scale: number): readonly [number, number] {
  const lowerUnits = 10 ** (scale - upperPlaces)
  const units = usd * 10 ** scale
  if (Math.abs(units) < surelyExact) {
    const whole = Math.round(units)
    const lower = whole % lowerUnits
    return [(whole - lower) / lowerUnits, lower]
  }
  const cut = text.indexOf('.') + 1 + upperPlaces
  const sign = text.startsWith('-') ? -1 : 1
  return [Math.round(Number(text.slice(0, cut)) * 10 ** upperPlaces), sign * Number(text.slice(cut))]
}
