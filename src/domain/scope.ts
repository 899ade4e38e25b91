/**
 * Which calls a question is about: a window of time and filters on dimensions.
 */

import type { MoneyBasis } from './costs/basis.js'
import type { Currency } from './costs/currency.js'

/** Half-open window [since, until), ISO 8601 UTC; null is open. */
export interface Window {
  readonly since: string | null
  readonly until: string | null
}

export const comparisons = ['>=', '<=', '>', '<'] as const
export type Comparison = (typeof comparisons)[number]

export const isComparison = (operator: string): operator is Comparison =>
  comparisons.some((one) => one === operator)

export interface Filter {
  /** Column of `calls`, or `tag.<name>`. */
  readonly dimension: string
  /** The last four compare a number. */
  readonly operator: '=' | '!=' | '~' | Comparison
  readonly value: string
}

export interface Scope extends Window {
  readonly filters: readonly Filter[]
  /** IANA zone in which days begin and buckets are cut. */
  readonly tz: string
  /** What is counted as money; absent: list price, else what was reported, or as the config has it. */
  readonly basis?: MoneyBasis | undefined
  /** Shared cost is with cost centers; absent: with the calls that it is of. */
  readonly allocated?: true
  /** What money is counted in; absent: US dollars. */
  readonly currency?: Currency | undefined
  /** When the last call of all was made, ISO 8601 UTC, where that is known; null where there is none. */
  readonly newest?: string | null
}
