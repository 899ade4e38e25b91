/** Where level and growth lead: expected costs of the days to come, and how far off their sum may be. */
import { weekday } from './days.js'
import { chanceOf, nextDay, type State, type Trend } from './trend.js'
import type { Weekdays } from './weekdays.js'

export interface Step {
  /** Number of the day. */
  readonly day: number
  /** Share of it that counts: 0 before the period, less than 1 for what is left of the running day. */
  readonly share: number
}

export interface Projected {
  /** Expected cost of the share, USD. */
  readonly cost: number
  /** Sum of these from the first step on, and the variance of that sum. */
  readonly sum: number
  readonly variance: number
}

/** What is left of growth after a day: 0.98 a week, as no growth goes on for ever (Gardner & McKenzie, 1985). */
const fading = 0.98 ** (1 / 7)

/** The answers' paths in one: their weighted mean, with their disagreement in its variance. */
export function project(trend: Trend, steps: readonly Step[]): Projected[] {
  const paths = trend.states.map((state) => ({
    weight: state.weight,
    path: pathOf(state, trend.weekdays, steps),
  }))
  const whole = paths.reduce((sum, { weight }) => sum + weight, 0)
  return steps.map((_, i) => {
    const at = paths.map(({ weight, path }) => ({ weight: weight / whole, ...path[i]! }))
    const total = (value: (one: Projected) => number): number =>
      at.reduce((sum, one) => sum + one.weight * value(one), 0)
    const sum = total((one) => one.sum)
    return {
      cost: total((one) => one.cost),
      sum,
      variance: total((one) => one.variance + (one.sum - sum) ** 2),
    }
  })
}

/** One answer's path; how the sum varies with level and growth is carried along with it. */
function pathOf(state: State, weekdays: Weekdays, steps: readonly Step[]): Projected[] {
  const at = { ...state }
  let [sum, variance, withLevel, withGrowth] = [0, 0, 0, 0]
  return steps.map(({ day, share }) => {
    nextDay(at)
    fade(at)
    withLevel += withGrowth
    withGrowth *= fading
    const factor = weekdays.factors[weekday(day)]!
    const cost = share * factor * Math.exp(at.level)
    const chance = cost > 0 ? chanceOf(weekdays, factor) / share : 0
    variance += 2 * cost * withLevel + cost ** 2 * (at.levelVariance + chance)
    withLevel += cost * at.levelVariance
    withGrowth += cost * at.covariance
    sum += cost
    return { cost, sum, variance }
  })
}

function fade(state: State): void {
  state.growth *= fading
  state.covariance *= fading
  state.growthVariance *= fading ** 2
}
