/**
 * forecast: where a period's cost will end, a pure function of at most some hundred daily costs.
 *
 * The cost so far is known; only the days to come are forecast, each as level × growth × weekday factor. See
 * learn.ts for how these are learned and spread.ts for how far off the forecast may be.
 */
import { dayName, dayNumber, lengthOf, type DailyCost, type DayRange } from './days.js'
import { expectedCost, learn, type Learned } from './learn.js'
import { spreadOf } from './spread.js'

/** One day of the period. `mean`, `low` and `high` are cumulative from the period's first day on, USD. */
export interface ForecastDay {
  readonly day: string
  /** What this day alone has cost, or is expected to cost. */
  readonly cost: number
  /** Nothing of it is forecast. */
  readonly known: boolean
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface Forecast {
  /** Expected cost of the whole period, USD. */
  readonly mean: number
  /** The 80 % interval: one outcome in ten is below `low`, one in ten above `high`. Never below `soFar`. */
  readonly low: number
  readonly high: number
  /** Cost of the period's days up to now, USD; a double: add up exact decimals where it is shown. */
  readonly soFar: number
  /** The path to it, a day at a time, from the period's first day to its last. */
  readonly daily: readonly ForecastDay[]
  /** seasonal: level, growth and weekdays are learned; flat: fewer than 7 whole days, their mean goes on. */
  readonly method: 'seasonal' | 'flat'
  /** Less than two weeks of whole days to learn from: the interval is a guess. */
  readonly lowConfidence: boolean
  /** Whole days learned from. */
  readonly learnedDays: number
  /** Growth a week expected at first, 0.05 = 5 %; it is damped from then on. */
  readonly weeklyGrowth: number
  /** Cost of each weekday over that of a mean day, Monday first. */
  readonly weekdayFactors: readonly number[]
  /** The last 7 whole days × the period's days / 7, for comparison; null with fewer than 7. */
  readonly naive: number | null
}

/** A normal deviate that one outcome in ten exceeds. */
const tenth = 1.281_551_565_5

/**
 * @param history whole days without a gap, oldest first, the last one perhaps still running; days without
 *   calls are 0. About 120 days are enough. The days after it are forecast.
 * @param period the days whose total is asked for; may have begun or not
 * @returns null when no day of the history has any cost
 */
export function forecastCost(history: readonly DailyCost[], period: DayRange): Forecast | null {
  const learned = learn(history)
  if (learned === null) return null
  const spread = spreadOf(learned)
  const costs = new Map(history.map((day) => [day.day, day]))
  const next = learned.lastDay + 1
  const daily: ForecastDay[] = []
  let [soFar, known, rest] = [0, 0, 0]
  for (let number = dayNumber(period.since); number < dayNumber(period.until); number++) {
    const day = dayName(number)
    const past = costs.get(day)
    const open = past === undefined ? (number < next ? 0 : 1) : 1 - learned.shareGone(past)
    const expected = open === 0 ? 0 : open * expectedCost(learned, number)
    soFar += past?.cost_usd ?? 0
    known = soFar
    rest += expected
    const [low, high] = bounds(known, rest, spread(number, rest))
    daily.push({
      day,
      cost: (past?.cost_usd ?? 0) + expected,
      known: open === 0,
      mean: known + rest,
      low,
      high,
    })
  }
  const end = daily.at(-1) ?? { mean: 0, low: 0, high: 0 }
  return {
    mean: end.mean,
    low: end.low,
    high: end.high,
    soFar,
    daily,
    method: learned.method,
    lowConfidence: learned.days < 14,
    learnedDays: learned.days,
    weeklyGrowth: Math.expm1(learned.growth),
    weekdayFactors: learned.factors,
    naive: naiveOf(learned, period),
  }
}

/**
 * 80 % of a log-normal rest with this mean and relative spread: a sum of positive days is skewed to the
 * right, and never below nothing.
 */
function bounds(known: number, rest: number, relative: number): readonly [number, number] {
  if (rest <= 0) return [known, known]
  const sigma = Math.min(Math.sqrt(Math.log1p(relative ** 2)), 2)
  const median = rest * Math.exp(-(sigma ** 2) / 2)
  return [known + median * Math.exp(-tenth * sigma), known + median * Math.exp(tenth * sigma)]
}

function naiveOf(learned: Learned, period: DayRange): number | null {
  const week = learned.costs.slice(-7)
  if (week.length < 7) return null
  return (week.reduce((sum, cost) => sum + cost, 0) * lengthOf(period)) / 7
}

/**
 * The first day by whose end a total is reached, on the mean path and on the two ends of the interval; null
 * where the period ends before. `earliest` is where costs run high.
 */
export function dayReached(
  forecast: Forecast,
  usd: number,
): { readonly mean: string | null; readonly earliest: string | null; readonly latest: string | null } {
  const first = (path: 'mean' | 'low' | 'high'): string | null =>
    forecast.daily.find((day) => day[path] >= usd)?.day ?? null
  return { mean: first('mean'), earliest: first('high'), latest: first('low') }
}
