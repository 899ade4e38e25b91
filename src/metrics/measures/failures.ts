/** What failed and was tried again, and what that cost. */
import { ratio } from './aggregates.js'
import type { Measures } from './measure.js'

export const failuresMeasures = {
  // What failed calls cost is part of it.
  cost_per_successful_call_usd: {
    title: 'cost per success',
    kind: 'usd',
    better: 'less',
    optional: 3,
    is: 'ratio',
    sql: (part) => ratio(part('cost_usd', 'with_status'), part('priced_rows', 'ok')),
  },
  // Attempts after the first, where the log counts them.
  later_attempt_calls: {
    title: 'later attempts',
    kind: 'count',
    better: 'less',
    optional: 5,
    is: 'count',
    nullable: true,
    sql: (part) => `CASE WHEN ${part('attempt_rows')} > 0 THEN ${part('later_attempt_rows')} END`,
  },
  later_attempt_cost_usd: {
    title: 'cost of later attempts',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: (part) => part('later_attempt_cost_usd'),
  },
  error_rate: {
    title: 'errors',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'rate',
    sql: (part) => ratio(part('rows', 'failed'), part('rows', 'with_status')),
  },
  status_calls: {
    title: 'calls with a status',
    kind: 'count',
    optional: 6,
    is: 'count',
    sql: (part) => part('rows', 'with_status'),
  },
  failed_calls: {
    title: 'failed calls',
    kind: 'count',
    better: 'less',
    optional: 4,
    is: 'count',
    sql: (part) => part('rows', 'failed'),
  },
  failed_cost_usd: {
    title: 'cost of failed calls',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: (part) => part('cost_usd', 'failed'),
  },
} as const satisfies Measures
