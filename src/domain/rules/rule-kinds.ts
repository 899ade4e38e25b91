/**
 * The registry of what a rule can watch: what is measured, over which window, and when it fires. The config
 * file's keys, its JSON Schema, the documentation and the rules that `init --rules` writes derive from it;
 * how each kind is asked for stands in questions/rules/registry.ts. Nothing here is code, so that rules of other
 * systems can be made from it.
 */
import type { RuleSeverity } from './rule.js'

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
  readonly severity: RuleSeverity
  readonly message: string
  readonly parameters: readonly RuleParameter[]
  /** Further figures of what fired, and placeholders of messages. */
  readonly details: Readonly<Record<string, RuleUnit | 'text'>>
}

const figure = {
  window: 1,
  minCalls: 1,
  minUsd: '0',
  scope: 'calls',
  severity: 'warning',
  parameters: [],
  details: { calls: 'count', cost_usd: 'usd' },
} as const satisfies Partial<RuleKind>

const over = (value: string | null): RuleBound => ({ when: 'over', value })
const under = (value: string | null): RuleBound => ({ when: 'under', value })
const atLeast = (value: string | null): RuleBound => ({ when: 'at_least', value })

/** Of a rate, that few calls say nothing. */
const rate = { ...figure, unit: 'share', minCalls: 20 } as const

const table = {
  budget_used: {
    ...figure,
    about: 'A budget is used up to more than a share of it.',
    figure: 'spent_share',
    unit: 'share',
    bound: over('0.9'),
    window: null,
    minCalls: null,
    minUsd: null,
    scope: 'none',
    message: 'budget {value}: {cost_usd} of {budget_usd} ({measured}) is spent, over {bound}',
    parameters: ['budget'],
    details: { cost_usd: 'usd', budget_usd: 'usd' },
  },
  budget_forecast: {
    ...figure,
    about: 'A budget is forecast to end at more than a share of it.',
    figure: 'forecast_share',
    unit: 'share',
    bound: over('1'),
    window: null,
    minCalls: null,
    minUsd: null,
    scope: 'none',
    message:
      'budget {value}: forecast {forecast_usd} of {budget_usd} ({measured}), over {bound}; {cost_usd} is spent',
    parameters: ['budget'],
    details: { cost_usd: 'usd', budget_usd: 'usd', forecast_usd: 'usd' },
  },
  cost: {
    ...figure,
    about: 'The calls of the window cost more than an amount.',
    figure: 'cost_usd',
    unit: 'usd',
    bound: over(null),
    message: '{subject} cost {measured} in the last {window}, over {bound}',
  },
  cost_spike: {
    ...figure,
    about: 'The window costs so many times what the same window before did.',
    figure: 'cost_ratio',
    unit: 'ratio',
    bound: atLeast('3'),
    minUsd: '1',
    message:
      '{subject} cost {cost_usd} in the last {window}, {measured} the {cost_before_usd} of {against} before',
    parameters: ['against'],
    details: { calls: 'count', cost_usd: 'usd', cost_before_usd: 'usd' },
  },
  unusual_cost: {
    ...figure,
    about: 'An hour is far from what that hour usually costs, by the method of `llmcost anomalies`.',
    figure: 'cost_usd',
    unit: 'usd',
    bound: null,
    minCalls: null,
    minUsd: null,
    message:
      '{subject} cost {measured} in {hours} up to {hour}, where {norm_usd} is usual{because}; see llmcost anomalies',
    parameters: ['tests', 'min_usd', 'min_share', 'sensitivity'],
    details: {
      norm_usd: 'usd',
      hours: 'text',
      hour: 'time',
      test: 'text',
      cause: 'text',
      folded: 'count',
    },
  },
  unusual_user: {
    ...figure,
    about: "A user's day so far costs far more than his own days did, by the method of `llmcost anomalies`.",
    figure: 'times_usual',
    unit: 'ratio',
    bound: atLeast('10'),
    window: null,
    minCalls: null,
    minUsd: '5',
    scope: 'user',
    message:
      '{subject} spent {cost_usd} on {day} so far in {calls} calls, {measured} {usual}{most}; see llmcost anomalies',
    details: {
      cost_usd: 'usd',
      usual_usd: 'usd',
      calls: 'count',
      day: 'text',
      usual: 'text',
      most: 'text',
    },
  },
  call_cost: {
    ...figure,
    about: 'One call costs more than an amount.',
    figure: 'max_cost_usd',
    unit: 'usd',
    bound: over(null),
    message: '{subject}: one call of the last {window} cost {measured}, over {bound}; see llmcost calls',
  },
  user_share: {
    ...figure,
    about: "One user spends more than a share of the day's budget within the window.",
    figure: 'share_of_daily_budget',
    unit: 'share',
    bound: over('0.1'),
    scope: 'user',
    message: "{subject} spent {cost_usd} in the last {window}, {measured} of a day's budget, over {bound}",
    parameters: ['daily_usd'],
  },
  user_caps: {
    ...figure,
    about: 'A user is over a cap of user_caps, with a call in the window.',
    figure: 'used',
    unit: 'usd',
    bound: null,
    minCalls: null,
    minUsd: null,
    scope: 'user',
    message: '{subject} used {used} in {cap}, over the cap of {limit}; see llmcost caps',
    details: { cap: 'text', used: 'text', limit: 'text' },
  },
  error_rate: {
    ...rate,
    about: 'Too many calls fail.',
    figure: 'error_rate',
    bound: over('0.05'),
    message: '{subject}: {measured} of {calls} calls failed in the last {window}, over {bound}',
  },
  truncation_rate: {
    ...rate,
    about: 'Too many answers are cut off at their output limit.',
    figure: 'truncation_rate',
    bound: over('0.05'),
    window: 24,
    message: '{subject}: {measured} of answers were cut off in the last {window}, over {bound}',
  },
  p95_latency: {
    ...figure,
    about: 'p95 of latency is above a bound, ms; hits of the response cache and failed calls aside.',
    figure: 'p95_provider_latency_ms',
    unit: 'ms',
    bound: over(null),
    minCalls: 20,
    message: '{subject}: p95 latency is {measured} in the last {window}, over {bound}',
  },
  p99_latency: {
    ...figure,
    about: 'p99 of latency is above a bound, ms; hits of the response cache and failed calls aside.',
    figure: 'p99_provider_latency_ms',
    unit: 'ms',
    bound: over(null),
    minCalls: 100,
    message: '{subject}: p99 latency is {measured} in the last {window}, over {bound}',
  },
  cache_hit_rate: {
    ...rate,
    about: 'The response cache answers too few calls.',
    figure: 'cache_hit_rate',
    bound: under('0.1'),
    window: 24,
    minCalls: 100,
    message: '{subject}: {measured} of calls hit the cache in the last {window}, under {bound}',
  },
  growth: {
    ...figure,
    about: 'Cost grows week after week by at least a rate.',
    figure: 'growth_rate',
    unit: 'share',
    bound: atLeast('0.1'),
    window: null,
    minCalls: null,
    minUsd: '1',
    severity: 'info',
    message:
      '{subject}: cost grew {growing_weeks} weeks in a row, by {measured} a week, to {cost_usd}; see llmcost trend --every week',
    parameters: ['weeks'],
    details: { growing_weeks: 'count', cost_usd: 'usd' },
  },
  unpriced_share: {
    ...rate,
    about: 'Too many calls have no price, so that every cost is too low.',
    figure: 'unpriced_share',
    bound: over('0.01'),
    window: 24,
    message:
      '{subject}: {measured} of calls of the last {window} have no price, over {bound}; see llmcost prices check',
  },
  price_age: {
    ...figure,
    about: 'Calls are later than the price data by more than so many days, so that prices may have changed.',
    figure: 'price_age_days',
    unit: 'days',
    bound: over('30'),
    window: null,
    minUsd: null,
    message:
      '{subject}: up to {measured} later than the price data ({price_date}), over {bound}, in {calls} calls at list prices; see llmcost prices update',
    details: { calls: 'count', price_date: 'text' },
  },
  no_data: {
    ...figure,
    about: 'No call for so many hours; by a dimension, of a value that had calls in the window before.',
    figure: 'hours_since_last_call',
    unit: 'hours',
    bound: atLeast('3'),
    window: 168,
    minUsd: null,
    severity: 'critical',
    message: '{subject}: no call for {measured}; the last at {last_call}',
    details: { last_call: 'time', calls: 'count' },
  },
  p95_input_over_mean: {
    ...figure,
    about: 'p95 of input tokens is so many times their mean: a few calls far beyond the others.',
    figure: 'p95_input_over_mean',
    unit: 'ratio',
    bound: over('10'),
    window: 24,
    minCalls: 100,
    severity: 'info',
    message: '{subject}: p95 of input tokens is {measured} their mean in the last {window}, over {bound}',
  },
  sql: {
    ...figure,
    about:
      'Each row that a SELECT answers with fires; columns value, measured and text say what. $as_of and $since are the ends of the window.',
    figure: 'measured',
    unit: 'any',
    bound: null,
    minCalls: null,
    minUsd: null,
    scope: 'none',
    message: '{text}',
    parameters: ['sql'],
    details: { text: 'text' },
  },
} as const satisfies Readonly<Record<string, RuleKind>>

export type RuleKindName = keyof typeof table

export const ruleKinds: Readonly<Record<RuleKindName, RuleKind>> = table

export const ruleKindNames = Object.keys(table) as readonly RuleKindName[]
