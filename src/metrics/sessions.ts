/** What sessions cost: the calls of each session are added up first, within each group of calls. */
import { element, quantiles } from './dialect.js'
import { flags, labels, placedCalls, type GroupKeys, type GroupRequest } from './groups.js'
import { callCount } from './measures/aggregates.js'
import type { Decimal, Query, Whole } from './query.js'

/**
 * Sessions of a group: those with a call in it, each with its calls in that group alone. So a session that
 * goes through two features is one session in each, and one in the total.
 */
export interface SessionRow extends GroupKeys {
  readonly sessions: Whole
  /** Over sessions with at least one priced call; calls without a session are in none. */
  readonly mean_session_cost_usd: number | null
  readonly p50_session_cost_usd: Decimal | null
  readonly p95_session_cost_usd: Decimal | null
  readonly max_session_cost_usd: Decimal | null
  readonly mean_session_calls: number | null
}

/** The dearest groups first, then the others, then the total; groups without a session have no row. */
export function sessionCosts(request: GroupRequest): Query<SessionRow> {
  const { ctes, params, ds } = placedCalls(request)
  const keys = [...ds, 'is_others', 'is_total']
  const decimal = (list: string, i: number): string => `CAST(${element(list, i)} AS DECIMAL(38, 12))`
  const sql = /* sql */ `
    WITH ${ctes}
    , session_costs AS (
      SELECT ${[...flags(ds), 'session_id', 'sum(cost_usd) AS cost_usd', `${callCount} AS calls`].join(', ')}
      FROM placed_calls WHERE session_id IS NOT NULL
      GROUP BY ${ds.length === 0 ? 'session_id' : `GROUPING SETS ((${ds.join(', ')}, is_others, session_id), (session_id))`}
    ), figures AS (
      SELECT ${keys.join(', ')}, count(*) AS sessions, sum(cost_usd) AS cost_usd, count(cost_usd) AS priced,
        ${quantiles('cost_usd', [0.5, 0.95])} AS quantiles, max(cost_usd) AS max_cost_usd, sum(calls) AS calls
      FROM session_costs GROUP BY ${keys.join(', ')}
    )
    SELECT ${labels(request, 'figures').join(', ')}, sessions,
      CAST(cost_usd AS DOUBLE) / nullif(priced, 0) AS mean_session_cost_usd,
      ${decimal('quantiles', 0)} AS p50_session_cost_usd, ${decimal('quantiles', 1)} AS p95_session_cost_usd,
      max_cost_usd AS max_session_cost_usd, CAST(calls AS DOUBLE) / sessions AS mean_session_calls
    FROM figures
    ORDER BY ${['is_total', 'figures.is_others', 'cost_usd DESC NULLS LAST', ...ds.map((d) => `figures.${d} ASC NULLS LAST`)].join(', ')}`
  return { sql, params }
}
