/** What calls cost. */
import { callsOwn, exactStddev, ofCalls, ratio } from './aggregates.js'
import type { Measures } from './measure.js'

const anyTokens = '(input_tokens IS NOT NULL OR output_tokens IS NOT NULL) AND cache_hit IS NOT TRUE'

export const costMeasures = {
  // Blended: input and output at what they cost together; a hit of the response cache costs nothing.
  cost_per_1k_tokens_usd: {
    title: 'cost per 1k tokens',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'ratio',
    sql: ratio(
      `1000 * sum(cost_usd) FILTER (WHERE ${anyTokens})`,
      `(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FILTER (WHERE cost_usd IS NOT NULL AND ${anyTokens}))`,
    ),
  },
  cost_per_1k_output_usd: {
    title: 'cost per 1k output',
    kind: 'usd',
    better: 'less',
    optional: 3,
    is: 'ratio',
    sql: ratio(
      '1000 * sum(cost_usd) FILTER (WHERE output_tokens IS NOT NULL)',
      'sum(output_tokens) FILTER (WHERE cost_usd IS NOT NULL)',
    ),
  },
  cost_usd: {
    title: 'cost',
    kind: 'usd',
    better: 'less',
    is: 'sum',
    sql: 'sum(cost_usd)',
  },
  cost_share: {
    title: 'share',
    kind: 'share',
    is: 'share',
    shareOf: 'cost_usd',
  },
  list_cost_usd: {
    title: 'list cost',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: 'sum(list_cost_usd)',
  },
  reported_cost_usd: {
    title: 'reported cost',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: 'sum(reported_cost_usd)',
  },
  mean_cost_usd: {
    title: 'mean cost',
    kind: 'usd',
    better: 'less',
    optional: 1,
    is: 'mean',
    sql: ratio(ofCalls('sum(cost_usd)'), ofCalls('count(cost_usd)')),
  },
  p50_cost_usd: {
    title: 'p50 cost',
    kind: 'usd',
    better: 'less',
    optional: 5,
    is: 'quantile',
    of: 'cost_usd',
    at: 0.5,
  },
  p95_cost_usd: {
    title: 'p95 cost',
    kind: 'usd',
    better: 'less',
    optional: 2,
    is: 'quantile',
    of: 'cost_usd',
    at: 0.95,
  },
  p99_cost_usd: {
    title: 'p99 cost',
    kind: 'usd',
    better: 'less',
    optional: 5,
    is: 'quantile',
    of: 'cost_usd',
    at: 0.99,
  },
  max_cost_usd: {
    title: 'max cost',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'extreme',
    sql: ofCalls('max(cost_usd)'),
  },
  stddev_cost_usd: {
    title: 'std dev of cost',
    kind: 'usd',
    better: 'less',
    optional: 6,
    is: 'deviation',
    sql: exactStddev(callsOwn('cost_usd')),
  },
} as const satisfies Measures
