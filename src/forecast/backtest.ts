/** How past forecasts would have done: each from the days before it alone, against what came. */
import {
  addDays,
  dayNumber,
  lengthOf,
  periodOf,
  type DailyCost,
  type DayRange,
  type PeriodName,
} from './days.js'
import { forecastCost } from './forecast.js'

/** Periods of any beginning, as long as a usual one, and the days gone at which forecasts are judged. */
export const trials: Readonly<
  Record<PeriodName, { readonly days: number; readonly points: readonly number[] }>
> = {
  week: { days: 7, points: [2, 4, 6] },
  month: { days: 30, points: [7, 15, 22] },
  quarter: { days: 91, points: [23, 46, 68] },
}

/** Newest periods to try: more say little of how it does now. */
const mostTrials = 180
/** Newest calendar periods to list. */
const mostPast = 12
/** Days known before a forecast is judged. */
export const leastKnown = 14

/** All forecasts made with so many days of the period gone. */
export interface Accuracy {
  readonly days_gone: number
  readonly forecasts: number
  /** Mean of |forecast − outcome| / outcome, 0–1; null without forecasts. */
  readonly error: number | null
  /** The same of the last 7 days × days / 7. */
  readonly naive_error: number | null
  /** Share of outcomes within the 80 % interval. */
  readonly held_rate: number | null
}

/** One forecast and what came. */
export interface Trial {
  readonly period: DayRange
  readonly days_gone: number
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly naive: number
  readonly outcome: number
}

export interface Backtest {
  readonly accuracy: readonly Accuracy[]
  /** Whole calendar periods at their middle, oldest first. */
  readonly past: readonly Trial[]
}

/** @param history whole days without a gap, oldest first; from the first day with a cost on they count */
export function backtest(history: readonly DailyCost[], period: PeriodName): Backtest {
  const begin = history.findIndex(({ cost_usd: cost }) => cost > 0)
  const days = begin < 0 ? [] : history.slice(begin).filter(({ complete }) => complete >= 1)
  const { days: length, points } = trials[period]
  const starts = Array.from({ length: Math.max(0, days.length - length + 1) }, (_, i) => i).slice(-mostTrials)
  const accuracy = points.map((gone) => {
    const made = starts.flatMap((start) => {
      const since = days[start]!.day
      return trial(days, { since, until: addDays(since, length) }, gone) ?? []
    })
    return accuracyOf(gone, made)
  })
  return { accuracy, past: pastPeriods(days, period) }
}

/** The forecast for a period with so many of its days gone; null where there is too little to go by. */
function trial(days: readonly DailyCost[], period: DayRange, gone: number): Trial | null {
  const start = dayNumber(period.since) - dayNumber(days[0]!.day)
  const known = start + gone
  if (known < leastKnown) return null
  const outcome = sumOf(days.slice(start, start + lengthOf(period)))
  const forecast = forecastCost(days.slice(0, known), period)
  if (forecast === null || outcome <= 0) return null
  const { mean, low, high } = forecast
  const naive = (sumOf(days.slice(known - 7, known)) * lengthOf(period)) / 7
  return { period, days_gone: gone, mean, low, high, naive, outcome }
}

const sumOf = (days: readonly DailyCost[]): number => days.reduce((sum, { cost_usd: cost }) => sum + cost, 0)

function accuracyOf(gone: number, made: readonly Trial[]): Accuracy {
  const mean = (value: (one: Trial) => number): number | null =>
    made.length === 0 ? null : made.reduce((sum, one) => sum + value(one), 0) / made.length
  return {
    days_gone: gone,
    forecasts: made.length,
    error: mean((one) => Math.abs(one.mean - one.outcome) / one.outcome),
    naive_error: mean((one) => Math.abs(one.naive - one.outcome) / one.outcome),
    held_rate: mean((one) => (one.outcome >= one.low && one.outcome <= one.high ? 1 : 0)),
  }
}

function pastPeriods(days: readonly DailyCost[], period: PeriodName): Trial[] {
  const first = days[0]?.day
  const last = days.at(-1)?.day
  if (first === undefined || last === undefined) return []
  const made: Trial[] = []
  let range = periodOf(last, period)
  while (range.since >= first && made.length < mostPast) {
    const one = range.until <= addDays(last, 1) ? trial(days, range, Math.floor(lengthOf(range) / 2)) : null
    if (one !== null) made.unshift(one)
    range = periodOf(addDays(range.since, -1), period)
  }
  return made
}
