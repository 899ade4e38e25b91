/** How far off a forecast may be. */
import type { Learned } from './learn.js'

/** Relative standard deviation of the sum of the days from now up to a day. */
export type Spread = (day: number, rest: number) => number

export function spreadOf(learned: Learned): Spread {
  return (day) => {
    const horizon = Math.max(1, day - learned.lastDay)
    const weeks = horizon / 14
    const perDay = learned.noise ** 2
    const variance =
      perDay / horizon +
      perDay / Math.min(learned.days, 14) +
      learned.drift * (0.5 + weeks) +
      (learned.growthError * weeks) ** 2 +
      0.0004
    return Math.sqrt(variance)
  }
}
