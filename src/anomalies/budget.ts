/** What a day may cost by the budgets of all calls. */
import type { Budget } from '../domain/budgets/budget.js'
import { daysInMonth } from '../domain/time/calendar.js'
import { dayMs } from '../domain/time/zones.js'

/** Budgets that cover every call. */
const ofAll = (budgets: readonly Budget[]): readonly Budget[] =>
  budgets.filter(({ filters }) => filters.length === 0)

/** USD a day on a local day, the tightest of the budgets; null without any. */
export function dailyBudget(budgets: readonly Budget[], day: number): number | null {
  const days = { daily: 1, weekly: 7, monthly: daysInMonth(day * dayMs) } as const
  const amounts = ofAll(budgets).map(({ usd, period }) => Number(usd) / days[period])
  return amounts.length === 0 ? null : Math.min(...amounts)
}

/** At most what any day may cost by them. */
export function lowestDailyBudget(budgets: readonly Budget[]): number | null {
  const days = { daily: 1, weekly: 7, monthly: 31 } as const
  const amounts = ofAll(budgets).map(({ usd, period }) => Number(usd) / days[period])
  return amounts.length === 0 ? null : Math.min(...amounts)
}
