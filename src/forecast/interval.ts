/**
 * The 80 % interval of a sum of days to come: what the model makes of it, and what became of the forecasts
 * that it would have made before.
 */
import type { Learned } from './learn.js'
import { project, type Projected, type Step } from './projection.js'
import type { Trend } from './trend.js'

/** Factors of the distances from the mean to the low and to the high end. */
export interface Width {
  readonly low: number
  readonly high: number
}

/** A normal deviate that one outcome in ten exceeds. */
const tenth = 1.281_551_565_5

/**
 * 80 % of a gamma distribution with this mean and variance (Wilson & Hilferty's quantiles): a sum of costs is
 * skewed to the right, and never below nothing.
 */
export function intervalOf(mean: number, variance: number): readonly [number, number] {
  if (mean <= 0) return [0, 0]
  const relative = Math.min(variance / mean ** 2, 4)
  const quantile = (deviate: number): number =>
    mean * Math.max(0, 1 - relative / 9 + (deviate * Math.sqrt(relative)) / 3) ** 3
  return [Math.min(mean, quantile(-tenth)), Math.max(mean, quantile(tenth))]
}

/** The interval around a mean, its sides times their factors, and never below nothing. */
export function widened(
  mean: number,
  [low, high]: readonly [number, number],
  width: Width,
): readonly [number, number] {
  return [Math.max(0, mean - width.low * (mean - low)), mean + width.high * (high - mean)]
}

/** Weeks and fortnights to come are tried from each earlier day. */
const horizons = [7, 14] as const
/** A fortnight shares most of its days with others: both together count once a week. */
const weightOf = (days: number): number => 7 / days / horizons.length
/** The model counts as much as so many earlier weeks that went as it says. */
const priorWeeks = 4
const [least, most] = [0.8, 3] as const
/** For so many days after a change both ends are so much further away. */
const unsettledDays = 5
const unsettledFactor = 1.5
/** A change that is older has settled. */
const settledAfter = 9

interface Tried {
  readonly side: keyof Width
  /** Distance of the outcome from the mean over that of the interval's end. */
  readonly distance: number
  readonly weight: number
}

/**
 * How wide the interval has to be so that one earlier outcome in ten is beyond either end (conformal
 * prediction: Vovk, Gammerman & Shafer, 2005), drawn to the model's own where few weeks are known.
 * @param ahead days to come
 */
export function widthOf({ method, trend, costs }: Learned, ahead: number): Width {
  if (method === 'flat') return { low: 1, high: 1 }
  const lengths = horizons.filter((days) => days <= Math.max(ahead, horizons[0]))
  const tried = trend.earlier.flatMap((earlier) => triedFrom(earlier, lengths, { trend, costs }))
  // How far a new level goes on up or down is not known before it has settled.
  const unsettled = isUnsettled(trend) ? unsettledFactor : 1
  return { low: unsettled * factorOf(tried, 'low'), high: unsettled * factorOf(tried, 'high') }
}

const isUnsettled = ({ changedOn, lastDay }: Trend): boolean =>
  changedOn !== undefined && changedOn > lastDay - unsettledDays

/** Forecasts across a change that has settled say nothing of those after it. */
function changedWithin({ changedOn, lastDay }: Trend, earlier: Trend, days: number): boolean {
  if (changedOn === undefined || changedOn > lastDay - settledAfter) return false
  return changedOn > earlier.lastDay && changedOn <= earlier.lastDay + days
}

/** Where the outcomes after an earlier day lie in the intervals that it would have given. */
function triedFrom(
  earlier: Trend,
  lengths: readonly number[],
  { trend, costs }: Pick<Learned, 'trend' | 'costs'>,
): Tried[] {
  const since = trend.lastDay - earlier.lastDay
  const after = costs.slice(costs.length - since)
  const within = lengths.filter((days) => days <= since && !changedWithin(trend, earlier, days))
  const steps = after
    .slice(0, within.at(-1) ?? 0)
    .map((_, i): Step => ({ day: earlier.lastDay + 1 + i, share: 1 }))
  const path = project(earlier, steps)
  return within.flatMap((days) => {
    const outcome = after.slice(0, days).reduce((total, cost) => total + cost, 0)
    return placeOf(outcome, path[days - 1]!, weightOf(days)) ?? []
  })
}

/** Where an outcome lies in the interval; nothing where that has no width. */
function placeOf(outcome: number, { sum, variance }: Projected, weight: number): Tried | undefined {
  const [low, high] = intervalOf(sum, variance)
  const side = outcome < sum ? 'low' : 'high'
  const reach = side === 'low' ? sum - low : high - sum
  return reach > 0 ? { side, distance: Math.abs(outcome - sum) / reach, weight } : undefined
}

/** The least factor beyond which one outcome in ten lies, those of the model among them. */
function factorOf(tried: readonly Tried[], side: keyof Width): number {
  const weeks = tried.reduce((sum, { weight }) => sum + weight, priorWeeks)
  const shareBeyond = (factor: number): number =>
    (tried.reduce((sum, one) => sum + (one.side === side && one.distance > factor ? one.weight : 0), 0) +
      priorWeeks * normalBeyond(tenth * factor)) /
    weeks
  let [below, above]: [number, number] = [least, most]
  for (let i = 0; i < 30; i++) {
    const middle = (below + above) / 2
    if (shareBeyond(middle) > 0.1) below = middle
    else above = middle
  }
  return above
}

/** The share of a normal distribution above x ≥ 0 (Abramowitz & Stegun, 1964, 26.2.17). */
function normalBeyond(x: number): number {
  const t = 1 / (1 + 0.231_641_9 * x)
  const terms = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429]
  const sum = terms.reduceRight((rest, term) => (rest + term) * t, 0)
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
