/** What a limiter would have refused of the logged calls: in all, by cap, by user, and which calls first. */
import type { CapName } from '../../domain/budgets/user-caps.js'
import type { Decimal, Query, Whole } from '../query.js'
import { amount } from './cap-limits.js'
import { replayedCalls, type ReplayRequest } from './replayed-calls.js'
import { reservedCalls, type Decided, type ReserveRequest } from './reserved-calls.js'

export interface CapsReplayRequest extends ReplayRequest {
  /** How many users and refused calls are answered. */
  readonly top: number
}

/** What was refused: in all, by cap, by user (the most dollars first), and the first calls (in their order). */
export interface CapsReplayRow {
  readonly part: 'all' | 'cap' | 'user' | 'call'
  /** What refused it, of a limiter that looks at the request, the hour, the day, then the month. */
  readonly cap: CapName | null
  readonly user_id: string | null
  readonly call_id: string | null
  /** Of the first refused call. */
  readonly first_ts: string | null
  readonly refused_calls: Whole
  /** What the refused calls cost; unpriced ones add nothing. */
  readonly saved_usd: Decimal
  readonly unpriced_calls: Whole
  readonly users: Whole
  /** How often: requests, and hours, days and months of a user, in which a cap refused. */
  readonly times: Whole
  /** Of all calls in the window that name a user: those of this user, or of all. NULL by cap and call. */
  readonly calls: Whole | null
  readonly cost_usd: Decimal | null
}

const counts = ['refused_calls', 'unpriced_calls', 'times']
const sums = [
  ...counts.map((name) => `CAST(coalesce(sum(${name}), 0) AS BIGINT) AS ${name}`),
  `${amount('coalesce(sum(saved_usd), 0)')} AS saved_usd`,
  'min(first_ts) AS first_ts',
].join(', ')
const ofCalls = `count(*) AS refused_calls, sum(cost) AS saved_usd, count(*) FILTER (WHERE is_unpriced) AS unpriced_calls,
        min(ts) AS first_ts`

export const capsReplay = ({ top, ...request }: CapsReplayRequest): Query<CapsReplayRow> =>
  answerOf(replayedCalls(request), top)

/** The same of a guard, which reserves. @param decided what it refused of `hotCalls` */
export const capsReserve = (
  { top, ...request }: ReserveRequest & { readonly top: number },
  decided: readonly Decided[],
): Query<CapsReplayRow> => answerOf(reservedCalls(request, decided), top)

/** @param calls CTEs with `limited_users` and `refused` */
function answerOf({ ctes, params }: ReturnType<typeof replayedCalls>, top: number): Query<CapsReplayRow> {
  const sql = /* sql */ `
    WITH ${ctes}, refused_spans AS (
      SELECT refused_by AS cap, user_number, ${ofCalls} FROM refused WHERE span IS NOT NULL
      GROUP BY refused_by, user_number, span
    ), refused_users AS (
      SELECT cap, user_number, count(*) AS times, sum(refused_calls) AS refused_calls, sum(saved_usd) AS saved_usd,
        sum(unpriced_calls) AS unpriced_calls, min(first_ts) AS first_ts
      FROM refused_spans GROUP BY cap, user_number
      UNION ALL
      SELECT refused_by AS cap, user_number, count(*) AS times, count(*) AS refused_calls, sum(cost) AS saved_usd,
        count(*) FILTER (WHERE is_unpriced) AS unpriced_calls, min(ts) AS first_ts
      FROM refused WHERE span IS NULL GROUP BY refused_by, user_number
    ), most_refused AS (
      SELECT user_number, ${sums} FROM refused_users GROUP BY user_number
    ), user_rows AS (
      SELECT most_refused.*, user_name, user_calls, user_cost_usd FROM most_refused
      JOIN limited_users ON limited_users.user_number = most_refused.user_number
      ORDER BY saved_usd DESC, refused_calls DESC, user_name LIMIT CAST($top AS BIGINT)
    ), call_rows AS (
      SELECT refused.*, user_name FROM refused JOIN limited_users ON limited_users.user_number = refused.user_number
      ORDER BY ts, call_id, source LIMIT CAST($top AS BIGINT)
    ), answer AS (
      SELECT 'all' AS part, CAST(NULL AS VARCHAR) AS cap, CAST(NULL AS VARCHAR) AS user_id,
        CAST(NULL AS VARCHAR) AS call_id, first_ts, refused_calls, saved_usd, unpriced_calls, users, times, calls,
        cost_usd, CAST(NULL AS VARCHAR) AS source
      FROM (SELECT ${sums}, count(DISTINCT user_number) AS users FROM refused_users) AS figures, (
        SELECT CAST(coalesce(sum(user_calls), 0) AS BIGINT) AS calls, ${amount('coalesce(sum(user_cost_usd), 0)')} AS cost_usd
        FROM limited_users
      ) AS totals
      UNION ALL
      SELECT 'cap', cap, NULL, NULL, min(first_ts), CAST(sum(refused_calls) AS BIGINT), ${amount('sum(saved_usd)')},
        CAST(sum(unpriced_calls) AS BIGINT), count(*), CAST(sum(times) AS BIGINT), NULL, NULL, NULL
      FROM refused_users GROUP BY cap
      UNION ALL
      SELECT 'user', NULL, user_name, NULL, first_ts, refused_calls, saved_usd, unpriced_calls, 1, times, user_calls,
        ${amount('user_cost_usd')}, NULL
      FROM user_rows
      UNION ALL
      SELECT 'call', refused_by, user_name, call_id, ts, 1, ${amount('cost')}, CAST(is_unpriced AS BIGINT), 1, 1, NULL,
        NULL, source
      FROM call_rows
    )
    SELECT part, cap, user_id, call_id, first_ts, refused_calls, saved_usd, unpriced_calls, users, times, calls, cost_usd
    FROM answer
    ORDER BY part, CASE WHEN part = 'call' THEN first_ts END, CASE WHEN part = 'call' THEN call_id END,
      CASE WHEN part = 'call' THEN source END, CASE WHEN part = 'user' THEN saved_usd END DESC,
      CASE WHEN part = 'user' THEN refused_calls END DESC, cap, user_id`
  return { sql, params: { ...params, top } }
}
