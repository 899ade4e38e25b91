/** What a day may cost by the budgets of all calls. */
import type { Budget } from '../domain/budgets/budget.js'

/** Days of the month of a local day, counted in days since 1970-01-01. */
function daysOfMonth(day: number): number {
  const date = new Date(day * 86_400_000)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}

/** Budgets that cover every call. */
const ofAll = (budgets: readonly Budget[]): readonly Budget[] =>
  budgets.filter(({ filters }) => filters.length === 0)

/** USD a day on a local day, the tightest of the budgets; null without any. */
export function dailyBudget(budgets: readonly Budget[], day: number): number | null {
  const days = { daily: 1, weekly: 7, monthly: daysOfMonth(day) } as const
  const amounts = ofAll(budgets).map(({ usd, period }) => Number(usd) / days[period])
  return amounts.length === 0 ? null : Math.min(...amounts)
}

/** At most what any day may cost by them. */
export function lowestDailyBudget(budgets: readonly Budget[]): number | null {
  const days = { daily: 1, weekly: 7, monthly: 31 } as const
  const amounts = ofAll(budgets).map(({ usd, period }) => Number(usd) / days[period])
  return amounts.length === 0 ? null : Math.min(...amounts)
}
