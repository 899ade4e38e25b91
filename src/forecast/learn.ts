/**
 * What daily costs teach: weekdays, level, growth and chance; with few days, a flat mean.
 */
import { dayNumber, type DailyCost } from './days.js'
import { trendOf, type Trend } from './trend.js'
import { mean, weekdaysOf } from './weekdays.js'

export interface Learned {
  readonly method: 'seasonal' | 'flat'
  /** Costs of the whole days learned from, oldest first, USD. */
  readonly costs: readonly number[]
  readonly trend: Trend
  /** Share of the running day's cost that has usually come by now. */
  readonly shareGone: number
}

/** Fewer whole days than this make no week. */
const leastDays = 7
/** What is older says little about the days to come. */
export const mostDays = 150

/** @returns null when no day has any cost, or none but the running one has */
export function learn(history: readonly DailyCost[]): Learned | null {
  const begin = history.findIndex((day) => day.cost_usd > 0)
  const whole = begin < 0 ? [] : history.slice(begin).filter((day) => day.complete >= 1)
  const running = history.at(-1)
  if (running === undefined || whole.length === 0) return null
  const lastDay = dayNumber(running.day) - (running.complete < 1 ? 1 : 0)
  // The day of the very first call has seldom been logged from its midnight on.
  const learnable = (whole.length > leastDays ? whole.slice(1) : whole).slice(-mostDays)
  const costs = learnable.map((day) => day.cost_usd)
  const shareGone = running.complete < 1 ? usualShare(whole, running) : 1
  if (costs.length < leastDays || mean(costs) === 0) {
    const level = mean(whole.slice(-mostDays - 1).map((day) => day.cost_usd))
    return { method: 'flat', costs, trend: flatTrend(level, lastDay), shareGone }
  }
  const trend = trendOf(costs, lastDay, weekdaysOf(costs, lastDay))
  return { method: 'seasonal', costs, trend, shareGone }
}

/** A level that may be half as much again, and days that may be anything. */
function flatTrend(level: number, lastDay: number): Trend {
  const unknown = { wander: 0.01, turning: 0, levelVariance: 0.25, covariance: 0, growthVariance: 0 }
  const state = { ...unknown, level: Math.log(level), growth: 0, weight: 1 }
  return {
    states: [state],
    weekdays: { factors: [1, 1, 1, 1, 1, 1, 1], noise: 0.5 },
    lastDay,
    changedOn: undefined,
    earlier: [],
  }
}

/** The mean share of whole days' cost that had come by this clock time; without such days, of the time. */
function usualShare(whole: readonly DailyCost[], today: DailyCost): number {
  const shares = whole
    .slice(-28)
    .filter((day) => day.cost_usd > 0 && day.cost_by_now_usd !== undefined)
    .map((day) => Math.min(1, Math.max(0, (day.cost_by_now_usd ?? 0) / day.cost_usd)))
  // As if three more days had spent evenly.
  return (shares.reduce((sum, share) => sum + share, 0) + 3 * today.complete) / (shares.length + 3)
}
