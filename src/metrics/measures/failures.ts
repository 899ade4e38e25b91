/** What failed and was tried again, and what that cost. */
import { ratio, where } from './aggregates.js'
import type { Measures } from './measure.js'

export const failuresMeasures = {
  // What failed calls cost is part of it.
  cost_per_successful_call_usd: {
    title: 'cost per success',
    kind: 'usd',
    better: 'less',
    optional: 3,
    is: 'ratio',
    sql: ratio(
      'sum(cost_usd) FILTER (WHERE status IS NOT NULL)',
      "count(cost_usd) FILTER (WHERE status = 'ok')",
    ),
  },
  // Attempts after the first, where the log counts them.
  later_attempt_calls: {
    title: 'later attempts',
    kind: 'count',
    better: 'less',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: `CASE WHEN count(attempt) > 0 THEN ${where('attempt > 1')} END`,
  },
  later_attempt_cost_usd: {
    title: 'cost of later attempts',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: 'sum(cost_usd) FILTER (WHERE attempt > 1)',
  },
  error_rate: {
    title: 'errors',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'rate',
    sql: ratio(where("status = 'error'"), 'count(status)'),
  },
  status_calls: {
    title: 'calls with a status',
    kind: 'count',
    optional: 6,
    is: 'count',
    sql: 'count(status)',
  },
  failed_calls: {
    title: 'failed calls',
    kind: 'count',
    better: 'less',
    optional: 4,
    is: 'count',
    sql: where("status = 'error'"),
  },
  failed_cost_usd: {
    title: 'cost of failed calls',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: "sum(cost_usd) FILTER (WHERE status = 'error')",
  },
} as const satisfies Measures
