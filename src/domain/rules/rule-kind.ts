/** What a kind of rule is: data alone, so that rules of other systems can be made from it. */
import type { Severity } from './severity.js'
import type { WindowFigure } from './window-figure.js'

/** usd: an exact decimal; share: 0–1; ratio: so many times; ms; hours; days; count; time: ISO 8601; any: as it comes. */
export type RuleUnit = 'usd' | 'share' | 'ratio' | 'ms' | 'hours' | 'days' | 'count' | 'time' | 'any'

/** over and under: beyond the bound, not at it; at_least: at it, too. Also the name of its key. */
export type Comparison = 'over' | 'under' | 'at_least'

export interface RuleBound {
  readonly when: Comparison
  /** In the unit of the kind; null: a rule must give it. */
  readonly value: string | null
}

/** What unusual_cost may ask for, as `llmcost anomalies --kinds` names it. */
export const anomalyTests = ['spike', 'sustained', 'drift', 'drop'] as const

/** Keys that only some kinds have. */
export type RuleParameter =
  | 'against'
  | 'weeks'
  | 'budget'
  | 'daily_usd'
  | 'tests'
  | 'min_usd'
  | 'min_share'
  | 'sensitivity'
  | 'sql'

export interface RuleKind {
  /** One sentence: what it watches. */
  readonly about: string
  /** What is measured, named as the columns of other answers are. */
  readonly figure: string
  readonly unit: RuleUnit
  /** Null: what fires is not a figure beyond one bound. */
  readonly bound: RuleBound | null
  /** Hours; null: the kind has a window of its own. */
  readonly window: number | null
  /** Minimum volume in the window; null: the kind has no such measure. */
  readonly minCalls: number | null
  readonly minUsd: string | null
  /** Whether `where` and `by` narrow it down; `user`: always by user; `none`: neither. */
  readonly scope: 'calls' | 'user' | 'none'
  readonly severity: Severity
  /** 1 where the figure is a part of a whole, so that no bound can be above it. */
  readonly mostShare?: 1
  readonly message: string
  readonly parameters: readonly RuleParameter[]
  /** How the figure of a window of hours is worked out, or who judges rules of this kind (questions/rules). */
  readonly judgedBy: WindowFigure | string
  /** Further figures of what fired, and placeholders of messages. */
  readonly details: Readonly<Record<string, RuleUnit | 'text'>>
}

/** What most kinds have, each of which says what it has otherwise. */
export const usual = {
  window: 1,
  minCalls: 1,
  minUsd: '0',
  scope: 'calls',
  severity: 'warning',
  parameters: [],
  details: { calls: 'count', cost_usd: 'usd' },
} as const satisfies Partial<RuleKind>

export const over = (value: string | null): RuleBound => ({ when: 'over', value })
export const under = (value: string | null): RuleBound => ({ when: 'under', value })
export const atLeast = (value: string | null): RuleBound => ({ when: 'at_least', value })

/** Of a rate, that few calls say nothing. */
export const rate = { ...usual, unit: 'share', minCalls: 20, mostShare: 1 } as const
