/** Who judges which kinds of rule. Every kind has exactly one judge; kinds of one judge share its statements. */
import type { RuleKindName } from '../../domain/rules/rule-kinds.js'
import { judgeBudgets } from './budgets.js'
import { judgeCaps } from './caps.js'
import { judgeGrowth } from './growth.js'
import { judgePriceAge } from './price-age.js'
import { judgeSilence } from './silence.js'
import { judgeSql } from './sql.js'
import { judgeUnusual } from './unusual.js'
import { judgeUsersBeyond } from './users-beyond.js'
import { judgeWindows } from './windows.js'
import type { Judge } from './judgement.js'

type JudgeName =
  | 'windows'
  | 'budgets'
  | 'unusual'
  | 'users'
  | 'caps'
  | 'growth'
  | 'price-age'
  | 'silence'
  | 'sql'

const judgeOf: Readonly<Record<RuleKindName, JudgeName>> = {
  budget_used: 'budgets',
  budget_forecast: 'budgets',
  cost: 'windows',
  cost_spike: 'windows',
  unusual_cost: 'unusual',
  unusual_user: 'users',
  call_cost: 'windows',
  user_share: 'windows',
  user_caps: 'caps',
  error_rate: 'windows',
  truncation_rate: 'windows',
  p95_latency: 'windows',
  p99_latency: 'windows',
  cache_hit_rate: 'windows',
  growth: 'growth',
  unpriced_share: 'windows',
  price_age: 'price-age',
  no_data: 'silence',
  p95_input_over_mean: 'windows',
  sql: 'sql',
}

const judges: Readonly<Record<JudgeName, Judge>> = {
  windows: judgeWindows,
  budgets: judgeBudgets,
  unusual: judgeUnusual,
  users: judgeUsersBeyond,
  caps: judgeCaps,
  growth: judgeGrowth,
  'price-age': judgePriceAge,
  silence: judgeSilence,
  // Last: calls in memory are sealed for it.
  sql: judgeSql,
}

export const ruleJudges = (Object.keys(judges) as JudgeName[]).map((name) => ({
  kinds: (Object.keys(judgeOf) as RuleKindName[]).filter((kind) => judgeOf[kind] === name),
  judge: judges[name],
}))
