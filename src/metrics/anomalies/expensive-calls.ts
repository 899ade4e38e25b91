/**
 * Single calls far beyond what their feature's calls cost: beyond the outer fence of the logarithms (the upper
 * quartile plus three times the distance between the quartiles; Tukey's "far out"), at least ten times the
 * median, and dear enough to matter.
 */
import { timestampText } from '../../domain/words/quoting.js'
import type { Scope } from '../../domain/scope.js'
import { element, instant, quantiles } from '../dialect.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface ExpensiveRequest {
  readonly scope: Scope
  /** Calls from here on tell what is usual, ISO 8601 UTC. */
  readonly historySince: string
  /** What a call must cost at least, USD. */
  readonly leastUsd: number
  readonly top: number
}

export interface ExpensiveCallRow {
  readonly call_id: string
  readonly source: string
  readonly ts: string
  readonly feature: string | null
  readonly user_id: string | null
  readonly model: string | null
  readonly cost_usd: Decimal
  /** Of the feature's calls that cost anything. */
  readonly median_cost_usd: number
  readonly fence_usd: number
  /** All such calls, listed or not. */
  readonly found_calls: Whole
}

/** Fewer calls have no distribution. */
const fewest = 20

export function expensiveCalls(request: ExpensiveRequest): Query<ExpensiveCallRow> {
  const { scope, historySince, leastUsd, top } = request
  const condition = inScope({ ...scope, since: historySince })
  const sql = /* sql */ `
    WITH paid_calls AS NOT MATERIALIZED (
      SELECT call_id, source, ts, feature, user_id, model, cost_usd FROM calls
      WHERE ${condition.sql} AND cost_usd > 0 AND ${isCall}
    ), dear_calls AS MATERIALIZED (
      SELECT * FROM paid_calls
      WHERE ts >= ${instant('$window_since')} AND cost_usd >= CAST($least AS DOUBLE)
    ), costs AS (
      SELECT feature, count(*) AS calls, ${quantiles('ln(CAST(cost_usd AS DOUBLE))', [0.25, 0.5, 0.75])} AS logs
      FROM paid_calls
      WHERE coalesce(feature, '') IN (SELECT coalesce(feature, '') FROM dear_calls)
      GROUP BY feature
    ), fences AS (
      SELECT feature, calls, exp(${element('logs', 1)}) AS median_cost_usd,
        exp(${element('logs', 2)} + 3 * (${element('logs', 2)} - ${element('logs', 0)})) AS fence_usd
      FROM costs
    )
    SELECT dear_calls.*, median_cost_usd, fence_usd, count(*) OVER () AS found_calls
    FROM dear_calls JOIN fences ON fences.feature IS NOT DISTINCT FROM dear_calls.feature
    WHERE fences.calls >= ${fewest} AND CAST(cost_usd AS DOUBLE) > fence_usd
      AND CAST(cost_usd AS DOUBLE) >= 10 * median_cost_usd
    ORDER BY cost_usd DESC, ts, source, call_id LIMIT CAST($top AS BIGINT)`
  const since = timestampText(scope.since ?? historySince)
  return { sql, params: { ...condition.params, window_since: since, least: leastUsd, top } }
}
