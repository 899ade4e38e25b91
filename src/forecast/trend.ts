/**
 * Level and growth of daily costs, learned day by day.
 *
 * A structural time series (Harvey, 1989, "Forecasting, Structural Time Series Models and the Kalman Filter")
 * with multiplicative errors (Hyndman et al., 2008, "Forecasting with Exponential Smoothing"): a day costs
 * level × weekday × chance, and the level grows and wanders. How much it wanders, and whether it grows, is
 * not known: several answers are tried, and each counts as much as it foretold the days that are known
 * (Bayesian model averaging). Errors are cut (Huber), so that one bad day is not carried on as the norm,
 * while a change that lasts makes the answers count that follow it soonest.
 */
import { weekday } from './days.js'
import { around, mean, type Weekdays } from './weekdays.js'

/** Where one answer has level and growth, both as logarithms, with variances and covariance. */
export interface State {
  /** Variance a day by which the level wanders. */
  readonly wander: number
  level: number
  /** Growth a day. */
  growth: number
  levelVariance: number
  covariance: number
  growthVariance: number
  /** Weight among all answers; they add up to 1. */
  weight: number
}

export interface Trend {
  readonly states: readonly State[]
  readonly weekdays: Weekdays
  /** Number of the last day known. */
  readonly lastDay: number
}

/** Standard deviations a week by which the level may wander, and those of a growth a week. */
const wanders = [0.001, 0.02, 0.05, 0.1, 0.2, 0.4]
const growths = [0, 0.05]
/** Errors beyond so many standard deviations are cut. */
const farthest = 2.5
/** Days before foretelling counts. */
const warmUp = 10
/** Weekdays with less than this part of a mean day's cost say nothing about the level. */
const leastFactor = 0.02

/** @param costs whole days up to `lastDay`, at least 7, with some cost */
export function trendOf(costs: readonly number[], lastDay: number, weekdays: Weekdays): Trend {
  const least = mean(costs) / 10
  const usual = around(costs, 28).map((cost) => Math.max(cost, least))
  const known = { costs, lastDay, weekdays, usual }
  const answers = wanders.flatMap((wander) => growths.map((growth) => followed(wander, growth, known)))
  const best = Math.max(...answers.map(({ likelihood }) => likelihood))
  const weights = answers.map(({ likelihood }) => Math.exp(likelihood - best))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return {
    states: answers.map(({ state }, i) => ({ ...state, weight: weights[i]! / whole })),
    weekdays,
    lastDay,
  }
}

interface Known {
  readonly costs: readonly number[]
  readonly lastDay: number
  readonly weekdays: Weekdays
  /** Mean cost of the weeks around each day: one scale for the errors of all answers. */
  readonly usual: readonly number[]
}

/** One answer's state after all days, and the logarithm of how well it foretold each from those before. */
function followed(
  wander: number,
  growth: number,
  { costs, lastDay, weekdays, usual }: Known,
): { readonly state: State; readonly likelihood: number } {
  const start = { level: Math.log(usual[0]!), growth: 0, levelVariance: 0.25, covariance: 0, weight: 1 }
  const state: State = { ...start, wander: wander ** 2 / 7, growthVariance: (growth / 7) ** 2 }
  let likelihood = 0
  const beyond: number[] = []
  for (const [i, cost] of costs.entries()) {
    nextDay(state)
    const factor = weekdays.factors[weekday(lastDay - costs.length + 1 + i)]!
    if (factor < leastFactor) continue
    const variance = state.levelVariance + chanceOf(weekdays, factor)
    const limit = farthest * Math.sqrt(variance)
    const expected = Math.exp(state.level)
    const error = cost / factor / expected - 1
    const cut = Math.min(Math.max(error, -limit), limit)
    if (i >= warmUp) {
      const away = Math.abs(cost / factor - expected) / usual[i]!
      const loss = away <= limit ? away ** 2 : 2 * limit * away - limit ** 2
      likelihood -= (Math.log(variance) + loss / variance) / 2
      beyond.push(error - cut)
    }
    correct(state, cut, variance)
  }
  state.level += Math.log1p(Math.max(meanWithoutTwo(beyond), -0.5))
  return { state, likelihood }
}

/** A day on: the level has grown, and is known less well. Changes the state, as there are very many days. */
export function nextDay(state: State): void {
  state.level += state.growth
  state.levelVariance += 2 * state.covariance + state.growthVariance + state.wander
  state.covariance += state.growthVariance
}

/** What a day's error says about level and growth (Kalman). */
function correct(state: State, error: number, variance: number): void {
  const gain = state.levelVariance / variance
  const growthGain = state.covariance / variance
  state.level += Math.log1p(Math.max(gain * error, -0.9))
  state.growth += growthGain * error
  state.growthVariance -= growthGain * state.covariance
  state.levelVariance *= 1 - gain
  state.covariance *= 1 - gain
}

/** Relative variance of a day's cost by chance; a day of few calls varies more. */
export function chanceOf({ noise }: Weekdays, factor: number): number {
  return (noise + 0.0001) / Math.min(1, factor)
}

/**
 * What the cut took away and the level lacks, where days are often far off: the two that are farthest off
 * are thought to be accidents.
 */
function meanWithoutTwo(values: readonly number[]): number {
  return mean(values.toSorted((a, b) => Math.abs(a) - Math.abs(b)).slice(0, -2))
}
