/**
 * Buckets of a window, and weeks of growth, worked out again from the wall clock that @date-fns/tz shows:
 * no arithmetic with offsets, only "which label has this instant".
 */
import { TZDate } from '@date-fns/tz'
import { format } from 'date-fns/format'
import type { Every } from '../../src/domain/time/timeline.js'
import { bucketOf, type RawCall } from './metrics-model.js'

export interface ModelBucket {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly partial: boolean
}

interface ModelWindow {
  readonly since: number
  readonly until: number
  readonly asOf: number
  readonly first: number
  readonly every: Every
  readonly tz: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const grid = 15 * minute
/** Shorter than any bucket, longer than a search of every quarter hour would be. */
const steps: Readonly<Record<Every, number>> = { hour: grid, day: 6 * hour, week: 2 * day, month: 9 * day }

const labelAt = (at: number, every: Every, tz: string): string => String(bucketOf(every, at, tz))

/** The first instant on the grid after `at` that has another label. */
function endOf(at: number, every: Every, tz: string): number {
  const label = labelAt(at, every, tz)
  let low = Math.floor(at / grid) * grid
  let high = low + steps[every]
  while (labelAt(high, every, tz) === label) [low, high] = [high, high + steps[every]]
  while (high - low > grid) {
    const middle = Math.floor((low + high) / 2 / grid) * grid
    if (labelAt(middle, every, tz) === label) low = middle
    else high = middle
  }
  return high
}

function startOf(at: number, every: Every, tz: string): number {
  const label = labelAt(at, every, tz)
  let high = Math.floor(at / grid) * grid
  let low = high - steps[every]
  while (labelAt(low, every, tz) === label) [low, high] = [low - steps[every], low]
  while (high - low > grid) {
    const middle = Math.floor((low + high) / 2 / grid) * grid
    if (labelAt(middle, every, tz) === label) high = middle
    else low = middle
  }
  return high
}

/** Every bucket from the window's beginning, or the log's, to its end. */
export function modelBuckets(window: ModelWindow): ModelBucket[] {
  const { since, until, asOf, first, every, tz } = window
  const begin = Math.max(since, first)
  const buckets: ModelBucket[] = []
  const slack = { hour: 0, day: hour, week: day, month: day }[every]
  for (let from = begin < until ? startOf(begin, every, tz) : until; from < until;) {
    const to = endOf(from, every, tz)
    const partial =
      to > asOf ||
      from < since ||
      to > until ||
      first > from + slack ||
      (every === 'hour' && to - from < hour)
    buckets.push({ label: labelAt(from, every, tz), from, to, partial })
    from = to
  }
  return buckets
}

/** The number of the local calendar day of an instant. */
export function localDay(at: number, tz: string): number {
  return Date.parse(format(new TZDate(at, tz), 'yyyy-MM-dd')) / day
}

interface ModelGrowth {
  /** USD × 10^12 by week, null before the first whole week, or where no call has a price. */
  readonly costs: readonly (bigint | null)[]
  readonly change: number | null
  readonly growing: number
  readonly rate: number | null
  readonly doubling: number | null
}

/** Days of the twelve weeks that end with the last whole day, without weeks before the log is whole. */
export function modelWeeks(end: number, first: number, tz: string): readonly number[] {
  const today = localDay(end, tz)
  const begins = Array.from({ length: 12 }, (_, i) => today - 7 * (12 - i))
  return begins.filter((begin) => begin >= localDay(first, tz))
}

const dollars = (picos: bigint): number =>
  Number(`${picos / 1_000_000_000_000n}.${String(picos % 1_000_000_000_000n).padStart(12, '0')}`)

/** Growth of some calls over weeks that begin on these days. */
export function modelGrowth(calls: readonly RawCall[], weeks: readonly number[], tz: string): ModelGrowth {
  const begin = weeks[0] ?? 0
  const placed = calls
    .map((call) => ({ call, at: localDay(call.ts, tz) - begin }))
    .filter(({ at }) => at >= 0 && at < 7 * weeks.length)
  const firstDay = Math.min(...placed.map(({ at }) => at))
  const costs = weeks.map((_, week) => {
    if (firstDay > 7 * week) return null
    const found = placed.filter(({ at }) => Math.floor(at / 7) === week).map(({ call }) => call.cost)
    const priced = found.filter((cost) => cost !== null)
    return found.length > 0 && priced.length === 0 ? null : priced.reduce((a, b) => a + b, 0n)
  })
  const ratio = (i: number): number | null => {
    const [now, then] = [costs[i] ?? null, costs[i - 1] ?? null]
    return now === null || then === null || then === 0n
      ? null
      : (dollars(now) - dollars(then)) / dollars(then)
  }
  let growing = 0
  while ((ratio(costs.length - 1 - growing) ?? 0) > 0) growing++
  const change = ratio(costs.length - 1)
  if (growing === 0) return { costs, change, growing, rate: null, doubling: null }
  const factor = dollars(costs.at(-1)!) / dollars(costs.at(-1 - growing)!)
  const rate = Math.exp(Math.log(factor) / growing) - 1
  return { costs, change, growing, rate, doubling: Math.log(2) / (Math.log(factor) / growing) }
}
