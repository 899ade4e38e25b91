/**
 * The simple methods that a forecast has to be worth its trouble against, as textbooks give them. Each knows
 * the daily costs so far and gives those of the days to come; weekdays are taken out first where it says so.
 */
import { weekday } from '../../src/forecast/days.js'

/** @param costs whole days, oldest first; `lastDay` is the number of the last. @returns `ahead` days on. */
type SimpleMethod = (costs: readonly number[], lastDay: number, ahead: number) => number[]

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** Classical decomposition: mean ratio to the seven days around, by weekday; their mean is 1. */
function weekdayFactors(costs: readonly number[], lastDay: number): number[] {
  const ratios: number[][] = [[], [], [], [], [], [], []]
  for (let i = 3; i < costs.length - 3; i++) {
    const level = mean(costs.slice(i - 3, i + 4))
    if (level > 0) ratios[weekday(lastDay - costs.length + 1 + i)]!.push(costs[i]! / level)
  }
  const factors = ratios.map((list) => (list.length === 0 ? 1 : mean(list)))
  const whole = mean(factors)
  return factors.map((factor) => Math.max(factor / whole, 0.01))
}

/** A method on costs without weekdays, which are put back. */
function seasonal(method: (plain: readonly number[], ahead: number) => number[]): SimpleMethod {
  return (costs, lastDay, ahead) => {
    const factors = weekdayFactors(costs, lastDay)
    const of = (i: number): number => factors[weekday(lastDay - costs.length + 1 + i)]!
    const plain = costs.map((cost, i) => cost / of(i))
    return method(plain, ahead).map((cost, i) => Math.max(0, cost * of(costs.length + i)))
  }
}

/** Each weekday as in the last four weeks, moved by the mean change from week to week in these. */
const seasonalDrift: SimpleMethod = (costs, lastDay, ahead) => {
  const recent = costs.slice(-28)
  const week = (k: number): number =>
    mean(recent.slice(recent.length - 7 * (k + 1), recent.length - 7 * k || undefined))
  const [last, first] = [week(0), week(3)]
  const drift = last > 0 && first > 0 ? Math.min(Math.max((last / first) ** (1 / 21), 0.97), 1.03) : 1
  const factors = weekdayFactors(costs, lastDay)
  return Array.from({ length: ahead }, (_, i) => factors[weekday(lastDay + 1 + i)]! * last * drift ** (i + 4))
}

/** Exponential smoothing with a damped additive trend; without one at beta 0. */
function smoothed(costs: readonly number[], alpha: number, beta: number, phi: number) {
  let [level, trend, squares] = [mean(costs.slice(0, 7)), 0, 0]
  for (const cost of costs) {
    const step = phi * trend
    const error = cost - level - step
    squares += error ** 2
    level += step + alpha * error
    trend = step + alpha * beta * error
  }
  return { level, trend, squares }
}

const alphas = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7]

/** Theta (Assimakopoulos & Nikolopoulos, 2000): smoothing plus half the slope of the line through all days. */
const theta = seasonal((costs, ahead) => {
  const n = costs.length
  const fits = alphas.map((alpha) => ({ alpha, ...smoothed(costs, alpha, 0, 1) }))
  const { alpha, level } = fits.reduce((best, fit) => (fit.squares < best.squares ? fit : best))
  const middle = (n - 1) / 2
  const [average, spread] = [mean(costs), (n * (n ** 2 - 1)) / 12]
  const slope = costs.reduce((sum, cost, i) => sum + (i - middle) * (cost - average), 0) / spread
  const start = (1 - (1 - alpha) ** n) / alpha
  return Array.from({ length: ahead }, (_, h) => level + (slope / 2) * (h + start))
})

/** ETS with weekdays: no trend, or a damped one where Akaike's criterion is for it. */
const ets = seasonal((costs, ahead) => {
  const n = costs.length
  const score = (squares: number, parameters: number): number =>
    n * Math.log(squares / n + 1e-300) + 2 * parameters
  const fits = alphas.flatMap((alpha) =>
    [0, 0.02, 0.05, 0.1, 0.3].map((beta) => {
      const phi = beta === 0 ? 1 : 0.98
      const fit = smoothed(costs, alpha, beta, phi)
      return { phi, ...fit, criterion: score(fit.squares, beta === 0 ? 2 : 5) }
    }),
  )
  const { phi, level, trend } = fits.reduce((best, fit) => (fit.criterion < best.criterion ? fit : best))
  let [at, step] = [level, trend]
  return Array.from({ length: ahead }, () => {
    step *= phi
    at += step
    return at
  })
})

/** By the name that the bench prints. The last week is carried on over the whole period by `week`. */
export const simpleMethods: Readonly<Record<string, SimpleMethod>> = { seasonalDrift, theta, ets }
