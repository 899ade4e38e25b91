/**
 * forecast: where a period's cost will end, a pure function of at most some hundred daily costs.
 *
 * The cost so far is known; only the days to come are forecast, each as level × growth × weekday factor. See
 * learn.ts and trend.ts for how these are learned, projection.ts and interval.ts for how far off the forecast
 * may be.
 */
import { dayName, dayNumber, lengthOf, type DailyCost, type DayRange } from './days.js'
import { intervalOf, widened, widthOf } from './interval.js'
import { learn, type Learned } from './learn.js'
import { project, type Step } from './projection.js'

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

/**
 * @param history whole days without a gap, oldest first, the last one perhaps still running; days without
 *   calls are 0. About 120 days are enough. The days after it are forecast.
 * @param period the days whose total is asked for; may have begun or not
 * @param learnSince the first day to learn from, where the history reaches further back
 * @returns null when there is no whole day to learn from, or no cost
 */
export function forecastCost(
  history: readonly DailyCost[],
  period: DayRange,
  learnSince = '',
): Forecast | null {
  const learned = learn(history.filter(({ day }) => day >= learnSince))
  if (learned === null) return null
  const { trend } = learned
  const daily = pathOf(learned, history, period)
  const end = daily.at(-1) ?? { mean: 0, low: 0, high: 0 }
  const known = history.filter(({ day }) => day >= period.since && day < period.until)
  return {
    mean: end.mean,
    low: end.low,
    high: end.high,
    soFar: known.reduce((sum, day) => sum + day.cost_usd, 0),
    daily,
    method: learned.method,
    lowConfidence: learned.costs.length < 14,
    learnedDays: learned.costs.length,
    weeklyGrowth: Math.expm1(trend.states.reduce((sum, state) => sum + 7 * state.weight * state.growth, 0)),
    weekdayFactors: trend.weekdays.factors,
    naive: naiveOf(learned, period),
  }
}

/** Cumulative cost a day: what is known of it, and what is forecast on top. */
function pathOf(learned: Learned, history: readonly DailyCost[], period: DayRange): ForecastDay[] {
  const { lastDay } = learned.trend
  const begin = dayNumber(period.since)
  const steps: Step[] = []
  for (let day = lastDay + 1; day < dayNumber(period.until); day++) {
    const running = dayName(day) === history.at(-1)?.day
    steps.push({ day, share: day < begin ? 0 : running ? 1 - learned.shareGone : 1 })
  }
  const projected = new Map(project(learned.trend, steps).map((one, i) => [steps[i]!.day, one]))
  const costs = new Map(history.map((day) => [day.day, day.cost_usd]))
  let soFar = 0
  const width = widthOf(learned, steps.length)
  return Array.from({ length: lengthOf(period) }, (_, i) => {
    const day = dayName(begin + i)
    const cost = costs.get(day) ?? 0
    soFar += cost
    const rest = projected.get(begin + i)
    if (rest === undefined) return { day, cost, known: true, mean: soFar, low: soFar, high: soFar }
    const [low, high] = widened(rest.sum, intervalOf(rest.sum, rest.variance), width)
    const sums = { mean: soFar + rest.sum, low: soFar + low, high: soFar + high }
    return { day, cost: cost + rest.cost, known: false, ...sums }
  })
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
