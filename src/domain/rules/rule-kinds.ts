/**
 * The registry of what a rule can watch: what is measured, over which window, and when it fires. The config
 * file's keys, its JSON Schema, the documentation and the rules that `init --rules` writes derive from it.
 */
import { budgetForecast } from './kinds/budget-forecast.js'
import { budgetUsed } from './kinds/budget-used.js'
import { cacheHitRate } from './kinds/cache-hit-rate.js'
import { callCost } from './kinds/call-cost.js'
import { cost } from './kinds/cost.js'
import { costSpike } from './kinds/cost-spike.js'
import { errorRate } from './kinds/error-rate.js'
import { growth } from './kinds/growth.js'
import { noData } from './kinds/no-data.js'
import { p95InputOverMean } from './kinds/p95-input-over-mean.js'
import { p95Latency } from './kinds/p95-latency.js'
import { p99Latency } from './kinds/p99-latency.js'
import { priceAge } from './kinds/price-age.js'
import { sql } from './kinds/sql.js'
import { truncationRate } from './kinds/truncation-rate.js'
import { unpricedShare } from './kinds/unpriced-share.js'
import { unusualCost } from './kinds/unusual-cost.js'
import { unusualUser } from './kinds/unusual-user.js'
import { userCaps } from './kinds/user-caps.js'
import { userShare } from './kinds/user-share.js'
import type { RuleKind } from './rule-kind.js'
import type { WindowFigure } from './window-figure.js'

const table = {
  budget_used: budgetUsed,
  budget_forecast: budgetForecast,
  cost,
  cost_spike: costSpike,
  unusual_cost: unusualCost,
  unusual_user: unusualUser,
  call_cost: callCost,
  user_share: userShare,
  user_caps: userCaps,
  error_rate: errorRate,
  truncation_rate: truncationRate,
  p95_latency: p95Latency,
  p99_latency: p99Latency,
  cache_hit_rate: cacheHitRate,
  growth,
  unpriced_share: unpricedShare,
  price_age: priceAge,
  no_data: noData,
  p95_input_over_mean: p95InputOverMean,
  sql,
} as const satisfies Readonly<Record<string, RuleKind>>

export type RuleKindName = keyof typeof table

/** Who judges kinds whose figure is not one of a window of hours. */
export type JudgeName = Extract<(typeof table)[RuleKindName]['judgedBy'], string>

export const ruleKinds: Readonly<Record<RuleKindName, RuleKind>> = table

export const ruleKindNames = Object.keys(table) as readonly RuleKindName[]

/** How the figure of a window is worked out. @throws Error for a kind that is judged otherwise */
export function figureOf(kind: RuleKindName): WindowFigure {
  const { judgedBy } = ruleKinds[kind]
  if (typeof judgedBy === 'string') throw new Error(`${kind} is no figure of a window`)
  return judgedBy
}
