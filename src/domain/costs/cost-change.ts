/**
 * What became of a cost: differences in exact decimals, per day where two periods are of different length,
 * and what brought a difference about, in parts that add up to it.
 */
import { dayMs } from '../time/zones.js'
import { picos, shortUsdOf } from './amount.js'
import { fixed, minus, plain, readDecimal, rounded, sum, type Decimal } from './decimal.js'

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
  // Costs a day are rounded as those of calls; where nothing is divided, all places of the costs are kept.
  const places = Math.max(12, ...(a.ms === null && b.ms === null ? [a, b].map(placesOf) : []))
  const [costA, costB] = [unitsOf(a.cost_usd, places), unitsOf(b.cost_usd, places)]
  const total = dailyUnits(a, places) - dailyUnits(b, places)
  // (callsA / daysA - callsB / daysB) × (costA / callsA + costB / callsB) / 2 over one denominator.
  const [scaleA, daysA] = perDayOf(a)
  const [scaleB, daysB] = perDayOf(b)
  const calls = rounded(
    (callsA * scaleA * daysB - callsB * scaleB * daysA) * (costA * callsB + costB * callsA),
    2n * daysA * daysB * callsA * callsB,
  )
  const text = (digits: bigint): string => plain({ digits, places })
  return {
    difference_usd: text(total),
    calls_usd: text(calls),
    mean_cost_usd: text(total - calls),
  }
}

const placesOf = ({ cost_usd: cost }: Pick<Bill, 'cost_usd'>): number => read(cost)?.places ?? 0

/** A cost as a whole number of its last place. */
const unitsOf = (cost: Figure, places: number): bigint =>
  BigInt(fixed(read(cost) ?? { digits: 0n, places: 0 }, places).replace('.', ''))

/** Days as a fraction: [ms a day, ms]; 1 / 1 where the whole is compared. */
const perDayOf = ({ ms }: Pick<Bill, 'ms'>): readonly [bigint, bigint] =>
  ms === null ? [1n, 1n] : [BigInt(dayMs), BigInt(ms)]

function dailyUnits({ cost_usd: cost, ms }: Pick<Bill, 'cost_usd' | 'ms'>, places: number): bigint {
  const [scale, days] = perDayOf({ ms })
  return rounded(unitsOf(cost, places) * scale, days)
}

/** A group's cost on a side, a day where the side has a length; null where the group has none there. */
export function sideCost(cost: Figure, ms: number | null): string | null {
  const decimal = read(cost)
  if (decimal === undefined || cost === null || cost === undefined) return null
  return ms === null ? plain(decimal) : shortUsdOf(dailyUnits({ cost_usd: cost, ms }, 12))
}

/** The exact sum of amounts; what is missing adds nothing. */
export function sumUsd(amounts: readonly Figure[]): string {
  return plain(sum(amounts.map(read).filter((one) => one !== undefined)))
}
