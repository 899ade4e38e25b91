/** The rules that `llmcost init --rules` writes: few, so that each that fires is read. */
import type { Json } from './shapes.js'

export interface CommentedRule {
  /** Why it is there, for the comment above it. */
  readonly about: string
  readonly rule: Readonly<Record<string, Json>>
}

const rule = (about: string, keys: Readonly<Record<string, Json>>): CommentedRule => ({ about, rule: keys })

export const defaultRules: readonly CommentedRule[] = [
  rule('Each budget under budgets: where it will end, and when nearly all of it is gone.', {
    name: 'budget-forecast',
    kind: 'budget_forecast',
    over: '100%',
    for: '6h',
  }),
  rule('', { name: 'budget-used', kind: 'budget_used', over: '95%', severity: 'critical' }),
  rule('Hours far beyond what that hour usually costs; see llmcost anomalies.', {
    name: 'unusual-cost',
    kind: 'unusual_cost',
    by: 'feature',
    min_usd: 1,
  }),
  rule('Users whose day costs far more than their own days did; see llmcost anomalies.', {
    name: 'unusual-user',
    kind: 'unusual_user',
  }),
  rule('The last hours against the same hours of the day before: sooner than the rule above, and simpler.', {
    name: 'cost-spike',
    kind: 'cost_spike',
    at_least: 3,
    window: '3h',
    against: '1d',
    min_usd: 5,
  }),
  rule('A single call that costs more than most days of a feature should.', {
    name: 'dear-call',
    kind: 'call_cost',
    over: 5,
  }),
  rule("A user who takes a tenth of the day's budget within an hour; needs a budget of all calls.", {
    name: 'user-share',
    kind: 'user_share',
    over: '10%',
  }),
  rule('Users over user_caps.', { name: 'user-caps', kind: 'user_caps' }),
  rule('Failing calls, when there are enough of them to tell.', {
    name: 'errors',
    kind: 'error_rate',
    over: '10%',
    window: '2h',
    min_calls: 50,
  }),
  rule('Answers that were cut off: raise max_tokens, or ask for less.', {
    name: 'truncated',
    kind: 'truncation_rate',
    over: '10%',
    by: 'feature',
    window: '1d',
    min_calls: 50,
    for: '6h',
    severity: 'info',
  }),
  rule('Slow answers; set the bound to what your users bear.', {
    name: 'slow',
    kind: 'p95_latency',
    over: '30s',
    window: '2h',
    for: '1h',
    min_calls: 50,
  }),
  rule('A response cache that has stopped answering; switch it on where you have one.', {
    name: 'cache-hits',
    kind: 'cache_hit_rate',
    under: '10%',
    window: '1d',
    enabled: false,
  }),
  rule('Calls without a price make every cost too low; llmcost prices check names the models.', {
    name: 'unpriced',
    kind: 'unpriced_share',
    over: '1%',
    window: '1d',
  }),
  rule('Calls later than the price data: prices may have changed; llmcost prices update takes newer ones.', {
    name: 'old-prices',
    kind: 'price_age',
    over: 30,
  }),
  rule('Logs that no longer arrive; longer than your quietest night.', {
    name: 'no-data',
    kind: 'no_data',
    at_least: '12h',
  }),
  rule('Features that grow week after week.', {
    name: 'growth',
    kind: 'growth',
    by: 'feature',
    weeks: 3,
    at_least: '20%',
    min_usd: 10,
  }),
  rule('A few calls with far more input than the others: a history or a document that is sent whole.', {
    name: 'input-spread',
    kind: 'p95_input_over_mean',
    over: 10,
    by: 'feature',
    window: '1d',
  }),
]
