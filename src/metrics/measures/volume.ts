/** How many calls, users and prices there are, and when. */
import { callCount, ofCalls, where } from './aggregates.js'
import type { Measures } from './measure.js'

export const volumeMeasures = {
  calls: {
    title: 'calls',
    kind: 'count',
    is: 'count',
    sql: callCount,
  },
  priced_calls: {
    title: 'priced calls',
    kind: 'count',
    optional: 6,
    is: 'count',
    sql: ofCalls('count(cost_usd)'),
  },
  unpriced_calls: {
    title: 'unpriced',
    kind: 'count',
    better: 'less',
    optional: 1,
    is: 'count',
    // A session's total without a price is told with the calls that have none.
    sql: 'count(*) - count(cost_usd)',
  },
  partly_priced_calls: {
    title: 'partly priced',
    kind: 'count',
    better: 'less',
    optional: 2,
    is: 'count',
    sql: where('partly_priced'),
  },
  users: {
    title: 'users',
    kind: 'count',
    optional: 3,
    is: 'distinct',
    sql: 'count(DISTINCT user_id)',
  },
  first_ts: {
    title: 'first call',
    kind: 'time',
    optional: 6,
    is: 'extreme',
    sql: 'min(ts)',
  },
  last_ts: {
    title: 'last call',
    kind: 'time',
    optional: 6,
    is: 'extreme',
    sql: 'max(ts)',
  },
} as const satisfies Measures
