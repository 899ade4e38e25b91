/**
 * Heavy users: a limit of dollars a user and day, as it would have been enforced.
 *
 * The limit is a quantile of what users spend a day (UTC), or what is typed. A call is refused when what the user was
 * let spend that day is at the limit already: the call that crosses it goes through, those after it do not.
 */
import { dayOfMicros, discreteQuantile, epochMicros, readAnew } from '../metrics/dialect.js'
import { counted } from '../domain/words/plurals.js'
import { count, percent, usd } from '../domain/words/wording.js'
import { inTime, reached } from './scoped-calls.js'
import type { Asked, Detail, Strategy } from './strategy.js'

const day = dayOfMicros(epochMicros('ts'))

/** Only the calls of days on which a user was over the limit are put in the order of their times. */
function savings({ sql, value }: Asked): string {
  return /* sql */ `WITH user_calls AS ${readAnew} (
      SELECT call_no, ts, mark, user_id, cost, input_cost, output_cost, ${day} AS day
      FROM scoped_calls WHERE user_id IS NOT NULL AND ${reached} AND cost > 0
    ), user_days AS (
      SELECT user_id, day, sum(cost) AS spent FROM user_calls GROUP BY user_id, day
    ), user_limit AS (
      SELECT CASE WHEN ${sql('daily_cents')} > 0 THEN CAST(${sql('daily_cents')} * CAST(0.01 AS DECIMAL(3,2)) AS DECIMAL(38,12))
        ELSE ${discreteQuantile('spent', value('quantile').number)} END AS day_limit
      FROM user_days
    ), refused AS (
      SELECT call_no AS refused_no
      FROM (SELECT call_no, day_limit, coalesce(sum(cost) OVER (PARTITION BY user_id, day ORDER BY ${inTime}
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS spent_before
        FROM user_calls JOIN user_days USING (user_id, day) CROSS JOIN user_limit WHERE spent >= day_limit)
      WHERE spent_before >= day_limit
    )
    SELECT *, CASE WHEN is_refused THEN input_cost END AS input_saving, CASE WHEN is_refused THEN output_cost END AS output_saving
    FROM (SELECT user_calls.*, day_limit, call_no IN (SELECT refused_no FROM refused) AS is_refused
      FROM user_calls CROSS JOIN user_limit)`
}

/** How unequal spending is: the share of the first users, and Gini's coefficient (0: all alike). */
const concentration = (): Detail => ({
  id: 'concentration',
  title: 'Who spends',
  columns: [
    { key: 'users', title: 'users', kind: 'count' },
    { key: 'top_1_share', title: 'share of the top 1%', kind: 'rate' },
    { key: 'top_10_share', title: 'share of the top 10%', kind: 'rate' },
    { key: 'top_user_share', title: 'share of the first', kind: 'rate' },
    { key: 'gini', title: 'Gini', kind: 'number' },
  ],
  sql: /* sql */ `WITH spenders AS (
      SELECT user_id, sum(cost) AS spent FROM scoped_calls WHERE user_id IS NOT NULL AND cost > 0 GROUP BY user_id
    ), ranked AS (
      SELECT spent, row_number() OVER (ORDER BY spent DESC, user_id) AS place, count(*) OVER () AS users FROM spenders
    )
    SELECT max(users) AS users,
      CAST(sum(spent) FILTER (WHERE place <= ceil(users * 0.01)) AS DOUBLE) / CAST(sum(spent) AS DOUBLE) AS top_1_share,
      CAST(sum(spent) FILTER (WHERE place <= ceil(users * 0.1)) AS DOUBLE) / CAST(sum(spent) AS DOUBLE) AS top_10_share,
      CAST(max(spent) AS DOUBLE) / CAST(sum(spent) AS DOUBLE) AS top_user_share,
      CAST(sum((users + 1 - 2 * place) * CAST(spent AS DECIMAL(28,12))) AS DOUBLE) / nullif(max(users) * CAST(sum(spent) AS DOUBLE), 0) AS gini
    FROM ranked`,
  notes: [
    'top 1%: of the users with a cost, rounded up; Gini: 0 where all spend alike, towards 1 where one spends all',
  ],
})

export const heavyUsers: Strategy = {
  id: 'heavy-users',
  title: 'A limit a user and day',
  about:
    'A call is refused when what its user was let spend that day (UTC) is at the limit already. The limit is a quantile of what users spend on a day, or what is typed.',
  needs: [{ field: 'user_id', how: 'log who asked, as an id that says no name' }],
  assumptions: [
    {
      name: 'quantile',
      about: "share of the users' days that stay within the limit",
      kind: 'share',
      fallback: '99%',
      least: '50%',
      most: '99.99%',
    },
    {
      name: 'daily_cents',
      about: 'the limit in cents, in the place of the quantile; 0: the quantile',
      kind: 'count',
      fallback: '0',
      most: '100000000',
    },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on calls',
  isTrade: true,
  by: ['user_id'],
  savings,
  figures: {
    day_limit_usd: 'max(day_limit)',
    refused_calls: 'count(*) FILTER (WHERE is_refused)',
    refused_days: 'count(DISTINCT day) FILTER (WHERE is_refused)',
  },
  change: ({ figures, considered_calls: calls, cost_usd: cost }) =>
    `a limit of ${usd(figures['day_limit_usd'])} a day would have refused ${count(figures['refused_calls'])} of ${count(calls)} calls (${percent(Number(figures['refused_calls']) / Number(calls))}) on ${counted(figures['refused_days'], 'day')}, of ${usd(cost)} spent (llmcost caps --cap daily_usd=…)`,
  risk: 'a limit refuses what users ask for, and may hit those who pay most: talk to them, or set it by tier',
  details: () => [concentration()],
}
