/** Budgets and caps, as the config file or `--budget` gives them. */
import type { Filter } from './scope.js'

export const budgetPeriods = ['daily', 'weekly', 'monthly'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

export interface Budget {
  /** As the config file names it, else in words: `monthly`, `monthly feature=search`. */
  readonly name: string
  readonly period: BudgetPeriod
  /** USD a period, an exact decimal above 0. */
  readonly usd: string
  /** Which calls it covers; none: all. */
  readonly filters: readonly Filter[]
  /** Shares of the budget at which its status changes, ascending; 1 is all of it. */
  readonly warnAt: readonly number[]
}

export const defaultWarnAt: readonly number[] = [0.8, 0.9, 1]

/** What one user may use; absent keys are no cap. Keys are those of the config file. */
export interface UserCaps {
  /** Input and output tokens of one call. */
  readonly request_tokens?: number
  /** USD, exact decimals. */
  readonly request_usd?: string
  readonly hourly_usd?: string
  readonly daily_usd?: string
  readonly monthly_usd?: string
}
