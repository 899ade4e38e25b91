/** A rule of `llmcost check` as the config file gives it, with every default filled in. */
import type { RuleKindName } from './rule-kinds.js'
import type { Severity } from './severity.js'
import type { Filter } from '../scope.js'

export interface Rule {
  /** Unique among the rules. */
  readonly name: string
  readonly kind: RuleKindName
  readonly severity: Severity
  /** Which calls it is about; none: all. */
  readonly filters: readonly Filter[]
  /** Each value of this dimension is judged by itself; null: all calls together. */
  readonly by: string | null
  /** Exact decimal in the unit of its kind; null for kinds without a bound. */
  readonly bound: string | null
  /** Hours up to as-of that are measured; null for kinds that have a window of their own. */
  readonly windowHours: number | null
  /** It must have held for so many hours. */
  readonly forHours: number
  /** Calls and cost below which nothing is judged; null where a kind has no such measure. */
  readonly minCalls: number | null
  readonly minUsd: string | null
  /** Template, see rule-message.ts. */
  readonly message: string
  readonly enabled: boolean
  /** cost_spike: hours back to the window compared with. */
  readonly againstHours: number | null
  /** growth: weeks in a row. */
  readonly weeks: number | null
  /** budget_used, budget_forecast: name of the one budget meant; null: each. */
  readonly budget: string | null
  /** user_share: USD a day; null: the tightest budget of all calls. */
  readonly dailyUsd: string | null
  /** unusual_cost: which tests of `llmcost anomalies`. */
  readonly tests: readonly string[] | null
  /** unusual_cost: smallest excess as a share of a usual day, 0–1, and times as sensitive; null: those of `bounds`. */
  readonly minShare: number | null
  readonly sensitivity: number | null
  /** sql: one SELECT. */
  readonly sql: string | null
}
