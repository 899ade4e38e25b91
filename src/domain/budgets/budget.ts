/** Budgets and caps, as the config file or `--budget` gives them. */
import { picos } from '../costs/amount.js'
import type { Filter } from '../scope.js'

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
  /** Shares of the budget beyond which a guard sends calls to another model, and refuses them; absent: never. */
  readonly downgradeAt?: number
  readonly blockAt?: number
}

export const defaultWarnAt: readonly number[] = [0.8, 0.9, 1]

/**
 * The least of the budgets of such a period that cover exactly the calls with these filters: what their cost
 * can be measured against. One that covers more of the calls, or fewer, says nothing of them.
 */
export function tightestBudget(
  budgets: readonly Budget[],
  period: BudgetPeriod,
  filters: readonly Filter[],
): Budget | undefined {
  return budgets
    .filter((budget) => budget.period === period && coversExactly(budget, filters))
    .toSorted((a, b) => (picos(a.usd) < picos(b.usd) ? -1 : 1))[0]
}

/** The calls that pass these filters are those of the budget: no more, no fewer. */
export const coversExactly = (budget: Budget, filters: readonly Filter[]): boolean =>
  coverage(budget.filters) === coverage(filters)

/** Equal for filters that are the same in another order. */
function coverage(filters: readonly Filter[]): string {
  const texts = filters.map(({ dimension, operator, value }) => JSON.stringify([dimension, operator, value]))
  return [...new Set(texts)].toSorted().join()
}

/** What one user may use; absent keys are no cap. Keys are those of the config file. */
export interface UserCaps {
  /** Input and output tokens of one call. */
  readonly request_tokens?: number
  readonly request_input_tokens?: number
  readonly request_output_tokens?: number
  /** USD, exact decimals. */
  readonly request_usd?: string
  readonly hourly_usd?: string
  readonly daily_usd?: string
  readonly monthly_usd?: string
}

/** Caps of a tier or of one user, over those of all; null: no cap. */
export type OwnCaps = { readonly [Name in keyof UserCaps]?: UserCaps[Name] | null }

/** Caps of all users, and what is otherwise for a tier or a user: a user's own go before his tier's. */
export interface CapRules extends UserCaps {
  readonly tiers?: Readonly<Record<string, OwnCaps>>
  readonly users?: Readonly<Record<string, OwnCaps>>
}
