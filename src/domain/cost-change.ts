/**
 * What became of a cost: differences in exact decimals, per day where two periods are of different length,
 * and what brought a difference about, in parts that add up to it.
 */
import { dayMs } from './zones.js'
import { fixed, plain, readDecimal, type Decimal } from './decimal.js'

type Figure = string | number | bigint | null | undefined

const read = (value: Figure): Decimal | undefined =>
  value === null || value === undefined ? undefined : readDecimal(value)

/** Both on the same scale. */
function aligned(a: Decimal, b: Decimal): { a: bigint; b: bigint; places: number } {
  const places = Math.max(a.places, b.places, 0)
  const digits = (value: Decimal): bigint => value.digits * 10n ** BigInt(places - value.places)
  return { a: digits(a), b: digits(b), places }
}

/** a - b in exact decimals; null where either is missing. */
export function difference(a: Figure, b: Figure): string | null {
  const [x, y] = [read(a), read(b)]
  if (x === undefined || y === undefined) return null
  const { a: left, b: right, places } = aligned(x, y)
  return plain({ digits: left - right, places })
}

/** a / b; null where either is missing or b is 0. */
export function ratio(a: Figure, b: Figure): number | null {
  if (read(a) === undefined || read(b) === undefined || Number(b) === 0) return null
  return Number(a) / Number(b)
}

/** How many decimals a cost a day has; as many as a cost. */
const places = 12

/** numerator / denominator, rounded half away from zero. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator]
  const size = (2n * n + d) / (2n * d)
  return negative ? -size : size
}

const unit = 10n ** BigInt(places)

/** USD × 10^12; 0 where there is none. */
const picos = (usd: Figure): bigint => {
  const decimal = read(usd)
  return decimal === undefined ? 0n : BigInt(fixed({ ...decimal, places: decimal.places - places }, 0))
}

const dollars = (value: bigint): string => plain({ digits: value, places })

/** A quantity a day, of `ms` milliseconds, to 12 decimals; null where it is missing. */
export function perDay(quantity: Figure, ms: number): string | null {
  if (read(quantity) === undefined || ms <= 0) return null
  return dollars(rounded(picos(quantity) * BigInt(dayMs), BigInt(ms)))
}

/** Calls with a price and what they cost, on one side. */
export interface Bill {
  readonly calls: number | bigint
  readonly cost_usd: Figure
  /** Length of the side in ms where figures a day are compared; null: all of it is. */
  readonly ms: number | null
}

export interface CostChange {
  /** cost a - cost b (a day, where the sides have lengths), and its two parts; exact, USD. */
  readonly difference_usd: string
  readonly calls_usd: string
  readonly mean_cost_usd: string
}

/**
 * The difference of two costs as that of the calls and that of the cost a call, each at the mean of the
 * other on both sides, so that it does not matter which side is looked at first (Bennet 1920, The theory of
 * measurement of changes in cost of living, J. Royal Stat. Soc. 83:455). Null where a side has no priced call.
 */
export function costChange(a: Bill, b: Bill): CostChange | null {
  const [callsA, callsB] = [BigInt(a.calls), BigInt(b.calls)]
  if (callsA === 0n || callsB === 0n || a.ms === 0 || b.ms === 0) return null
  const [costA, costB] = [picos(a.cost_usd), picos(b.cost_usd)]
  const total = dailyPicos(a) - dailyPicos(b)
  // (callsA / daysA - callsB / daysB) × (costA / callsA + costB / callsB) / 2 over one denominator.
  const [scaleA, daysA] = perDayOf(a)
  const [scaleB, daysB] = perDayOf(b)
  const calls = rounded(
    (callsA * scaleA * daysB - callsB * scaleB * daysA) * (costA * callsB + costB * callsA),
    2n * daysA * daysB * callsA * callsB,
  )
  return {
    difference_usd: dollars(total),
    calls_usd: dollars(calls),
    mean_cost_usd: dollars(total - calls),
  }
}

/** Days as a fraction: [ms a day, ms]; 1 / 1 where the whole is compared. */
const perDayOf = ({ ms }: Pick<Bill, 'ms'>): readonly [bigint, bigint] =>
  ms === null ? [1n, 1n] : [BigInt(dayMs), BigInt(ms)]

function dailyPicos({ cost_usd: cost, ms }: Pick<Bill, 'cost_usd' | 'ms'>): bigint {
  const [scale, days] = perDayOf({ ms })
  return rounded(picos(cost) * scale, days)
}

/** A group's cost on a side, a day where the side has a length; null where the group has none there. */
export function sideCost(cost: Figure, ms: number | null): string | null {
  return cost === null || cost === undefined ? null : dollars(dailyPicos({ cost_usd: cost, ms }))
}

/** Sum of exact amounts; what is missing adds nothing. */
export function sumUsd(amounts: readonly Figure[]): string {
  return dollars(amounts.reduce<bigint>((sum, amount) => sum + picos(amount), 0n))
}

/** USD × 10^12 as a share of a whole, for what is a double anyway. */
export const usdOf = (value: number): string => dollars(BigInt(Math.round(value * Number(unit))))
