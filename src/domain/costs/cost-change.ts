/**
 * What became of a cost: differences in exact decimals, per day where two periods are of different length,
 * and what brought a difference about, in parts that add up to it.
 */
import { dayMs } from '../time/zones.js'
import { picos, shortUsdOf, sumPicos } from './amount.js'
import { minus, plain, readDecimal, rounded, type Decimal } from './decimal.js'

type Figure = string | number | bigint | null | undefined

const read = (value: Figure): Decimal | undefined =>
  value === null || value === undefined ? undefined : readDecimal(value)

/** a - b in exact decimals; null where either is missing. */
export function difference(a: Figure, b: Figure): string | null {
  const [x, y] = [read(a), read(b)]
  return x === undefined || y === undefined ? null : plain(minus(x, y))
}

/** a / b; null where either is missing or b is 0. */
export function ratio(a: Figure, b: Figure): number | null {
  if (read(a) === undefined || read(b) === undefined || Number(b) === 0) return null
  return Number(a) / Number(b)
}

/** A quantity a day, of `ms` milliseconds, to 12 decimals; null where it is missing. */
export function perDay(quantity: Figure, ms: number): string | null {
  if (quantity === null || quantity === undefined || ms <= 0) return null
  return shortUsdOf(rounded(picos(quantity) * BigInt(dayMs), BigInt(ms)))
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
  const [costA, costB] = [sumPicos([a.cost_usd]), sumPicos([b.cost_usd])]
  const total = dailyPicos(a) - dailyPicos(b)
  // (callsA / daysA - callsB / daysB) × (costA / callsA + costB / callsB) / 2 over one denominator.
  const [scaleA, daysA] = perDayOf(a)
  const [scaleB, daysB] = perDayOf(b)
  const calls = rounded(
    (callsA * scaleA * daysB - callsB * scaleB * daysA) * (costA * callsB + costB * callsA),
    2n * daysA * daysB * callsA * callsB,
  )
  return {
    difference_usd: shortUsdOf(total),
    calls_usd: shortUsdOf(calls),
    mean_cost_usd: shortUsdOf(total - calls),
  }
}

/** Days as a fraction: [ms a day, ms]; 1 / 1 where the whole is compared. */
const perDayOf = ({ ms }: Pick<Bill, 'ms'>): readonly [bigint, bigint] =>
  ms === null ? [1n, 1n] : [BigInt(dayMs), BigInt(ms)]

function dailyPicos({ cost_usd: cost, ms }: Pick<Bill, 'cost_usd' | 'ms'>): bigint {
  const [scale, days] = perDayOf({ ms })
  return rounded(sumPicos([cost]) * scale, days)
}

/** A group's cost on a side, a day where the side has a length; null where the group has none there. */
export function sideCost(cost: Figure, ms: number | null): string | null {
  return cost === null || cost === undefined ? null : shortUsdOf(dailyPicos({ cost_usd: cost, ms }))
}

/** Sum of exact amounts; what is missing adds nothing. */
export function sumUsd(amounts: readonly Figure[]): string {
  return shortUsdOf(sumPicos(amounts))
}
