/**
 * Level and growth of daily costs, learned day by day.
 *
 * A structural time series (Harvey, 1989, "Forecasting, Structural Time Series Models and the Kalman Filter")
 * with multiplicative errors (Hyndman et al., 2008, "Forecasting with Exponential Smoothing"): a day costs
 * level × weekday × chance, and the level grows and wanders. How much it wanders, whether it grows, and
 * whether level or growth changed on one of the last days, is not known: several answers are tried, and each
 * counts as much as it foretold the days that are known (Bayesian model averaging). Errors are cut (Huber),
 * so that one bad day is not carried on as the norm, while a change that lasts makes the answers count that
 * follow it soonest.
 */
import { answers, changes, wanders, type Answer, type Change } from './answers.js'
import { weekday } from './days.js'
import { noiseLeft, unsureness } from './noise.js'
import { around, mean, type Weekdays } from './weekdays.js'

/** Where one answer has level and growth, both as logarithms, with variances and covariance. */
export interface State {
  /** Variance a day by which the level wanders, and by which growth a day does. */
  readonly wander: number
  readonly turning: number
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
  /** Number of the day on which level or growth changed for good, if the likeliest answer is that one did. */
  readonly changedOn: number | undefined
  /** How it stood on earlier days, oldest first, weekdays and noise as known now. */
  readonly earlier: readonly Trend[]
}

/** Errors beyond so many standard deviations are cut. */
const farthest = 2.5
/** No day speaks against an answer more than this (log-likelihood, twice): it may be an accident. */
const mostLoss = 14
/** Relative variance of days from which on no day is an accident. */
const restless = 1
/** Answers of less weight are left out. */
const leastWeight = 1e-4
/** Days before foretelling counts. */
const warmUp = 10
/** Weekdays with less than this part of a mean day's cost say nothing about the level. */
const leastFactor = 0.02
/** Whole days before an earlier state is kept. */
const leastBefore = 21
/** Days between those at which the earlier state is kept, and how many at most. */
const keptEvery = 7
const mostKept = 15

interface Known {
  readonly costs: readonly number[]
  readonly lastDay: number
  readonly weekdays: Weekdays
  /** Mean cost of the weeks around each day: one scale for the errors of all answers. */
  readonly usual: readonly number[]
}

interface Beyond {
  days: number
  sum: number
  most: number
  next: number
}

/** One answer on its way through the days. */
interface Candidate {
  readonly state: State
  /** Logarithm of how well it foretold each day from those before, and of its prior. */
  likelihood: number
  /** What the cut took away: number of days, sum, and the two days of most. */
  readonly beyond: Beyond
  /** Squared errors over the variance expected of them. */
  readonly squares: number[]
  /** Age of the change that it is about. */
  readonly age?: number
}

/** @param costs whole days up to `lastDay`, at least 7, with some cost */
export function trendOf(costs: readonly number[], lastDay: number, weekdays: Weekdays): Trend {
  const least = mean(costs) / 10
  const usual = around(costs, 28).map((cost) => Math.max(cost, least))
  const known = { costs, lastDay, weekdays, usual }
  // Growth and changes of level look like noise until they are known: measured again, then.
  const noise = weekdays.noise * noiseLeft(likeliest(follow(known, 0).candidates).squares)
  const { candidates, earlier } = follow({ ...known, weekdays: { ...weekdays, noise } }, mostKept)
  const { squares, age } = likeliest(candidates)
  // What comes may be restless as the days known were not; most so where a few of those were the noise.
  const found = { ...weekdays, noise: noise * (1 + 10 * unsureness(squares) ** 2) }
  return {
    states: weighed(candidates, noise),
    weekdays: found,
    lastDay,
    changedOn: age === undefined ? undefined : lastDay + 1 - age,
    earlier: earlier.map(({ states, day }) => ({
      states,
      weekdays: found,
      lastDay: day,
      changedOn: undefined,
      earlier: [],
    })),
  }
}

const likeliest = (candidates: readonly Candidate[]): Candidate =>
  candidates.reduce((best, one) => (one.likelihood > best.likelihood ? one : best))

interface Earlier {
  readonly day: number
  readonly states: readonly State[]
}

/** All answers through all days; a change leaves its answer on the day it is of. @param keep earlier states, at most */
function follow(
  known: Known,
  keep: number,
): { readonly candidates: readonly Candidate[]; readonly earlier: readonly Earlier[] } {
  const { costs, lastDay } = known
  const candidates = answers.map((answer) => started(answer, known))
  const earlier: Earlier[] = []
  for (let i = 0; i < costs.length; i++) {
    const left = costs.length - i
    if (i >= leastBefore && left % keptEvery === 0 && left <= keptEvery * keep) {
      earlier.push({ day: lastDay - left, states: weighed(candidates, known.weekdays.noise) })
    }
    for (const candidate of candidates) nextDay(candidate.state)
    if (i >= warmUp) {
      candidates.push(
        ...changes.filter(({ age }) => age === left).map((change) => changed(candidates, change)),
      )
    }
    const factor = known.weekdays.factors[weekday(lastDay + 1 - left)]!
    if (factor >= leastFactor) for (const candidate of candidates) learnFrom(candidate, i, factor, known)
  }
  return { candidates, earlier }
}

function started({ wander, growth, turning, prior }: Answer, { usual }: Known): Candidate {
  const state = {
    // Variances add up over the days of a week; growth a day is a seventh of that a week.
    wander: wander ** 2 / 7,
    turning: turning ** 2 / 7 / 49,
    level: Math.log(usual[0]!),
    growth: 0,
    levelVariance: 0.25,
    covariance: 0,
    growthVariance: (growth / 7) ** 2,
    weight: 1,
  }
  return { state, likelihood: prior, beyond: { days: 0, sum: 0, most: 0, next: 0 }, squares: [] }
}

/** The answer without growth of its own, from a day on at which level or growth may have changed. */
function changed(candidates: readonly Candidate[], { age, wander, jump, bend, prior }: Change): Candidate {
  const from = candidates[2 * wanders.indexOf(wander)]!
  const { state, likelihood, beyond, squares } = from
  return {
    state: {
      ...state,
      levelVariance: state.levelVariance + jump ** 2,
      growthVariance: state.growthVariance + (bend / 7) ** 2,
    },
    likelihood: likelihood + prior,
    beyond: { ...beyond },
    squares: [...squares],
    age,
  }
}

function learnFrom(candidate: Candidate, i: number, factor: number, { costs, weekdays, usual }: Known): void {
  const { state } = candidate
  const variance = state.levelVariance + chanceOf(weekdays, factor)
  const limit = farthest * Math.sqrt(variance)
  const expected = Math.exp(state.level)
  const cost = costs[i]! / factor
  const error = cost / expected - 1
  const cut = Math.min(Math.max(error, -limit), limit)
  if (i >= warmUp) {
    const away = Math.abs(cost - expected) / usual[i]!
    const loss = away <= limit ? away ** 2 : 2 * limit * away - limit ** 2
    candidate.likelihood -= (Math.log(variance) + Math.min(loss / variance, mostLoss)) / 2
    takeAway(candidate.beyond, error - cut)
    candidate.squares.push(error ** 2 / variance)
  }
  correct(state, cut, variance)
}

/** Where the answers stand, with what the cut took away and the level lacks. */
function weighed(candidates: readonly Candidate[], noise: number): State[] {
  const best = likeliest(candidates).likelihood
  const weights = candidates.map(({ likelihood }) => Math.exp(likelihood - best))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  return candidates.flatMap(({ state, beyond }, i) => {
    const weight = weights[i]! / whole
    if (weight < leastWeight) return []
    const level = state.level + Math.log1p(Math.max(meanTaken(beyond, noise), -0.5))
    return { ...state, level, weight }
  })
}

/** A day on: the level has grown, and is known less well. Changes the state, as there are very many days. */
export function nextDay(state: State): void {
  state.level += state.growth
  state.levelVariance += 2 * state.covariance + state.growthVariance + state.wander
  state.covariance += state.growthVariance
  state.growthVariance += state.turning
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

function takeAway(beyond: Beyond, value: number): void {
  beyond.days += 1
  beyond.sum += value
  if (Math.abs(value) > Math.abs(beyond.most)) {
    beyond.next = beyond.most
    beyond.most = value
  } else if (Math.abs(value) > Math.abs(beyond.next)) beyond.next = value
}

/**
 * What the cut took away a day and the level lacks, where days are often far off: the two that are farthest
 * off are thought to be accidents, unless days are so restless that such days are their norm.
 */
function meanTaken({ days, sum, most, next }: Beyond, noise: number): number {
  if (noise > restless) return days > 0 ? sum / days : 0
  return days > 2 ? (sum - most - next) / (days - 2) : 0
}
