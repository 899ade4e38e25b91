/** How many calls, users and prices there are, and when. */
import type { Measures } from './measure.js'

export const volumeMeasures = {
  calls: {
    title: 'calls',
    kind: 'count',
    is: 'count',
    sql: (part) => part('rows', 'call'),
  },
  priced_calls: {
    title: 'priced calls',
    kind: 'count',
    optional: 6,
    is: 'count',
    sql: (part) => part('priced_rows', 'call'),
  },
  unpriced_calls: {
    title: 'unpriced',
    kind: 'count',
    better: 'less',
    optional: 1,
    is: 'count',
    // A session's total without a price is told with the calls that have none.
    sql: (part) => `${part('rows')} - ${part('priced_rows')}`,
  },
  partly_priced_calls: {
    title: 'partly priced',
    kind: 'count',
    better: 'less',
    optional: 2,
    is: 'count',
    sql: (part) => part('partly_priced_rows'),
  },
  users: {
    title: 'users',
    kind: 'count',
    optional: 3,
    is: 'distinct',
    ofCalls: 'count(DISTINCT user_id)',
    why: 'users of several cells may be the same',
  },
  first_ts: {
    title: 'first call',
    kind: 'time',
    optional: 6,
    is: 'extreme',
    sql: (part) => part('first_ts'),
  },
  last_ts: {
    title: 'last call',
    kind: 'time',
    optional: 6,
    is: 'extreme',
    sql: (part) => part('last_ts'),
  },
} as const satisfies Measures
