/** What the sessions of coding agents that had a call of late come to, each from its first call on. */
import { timestampText } from '../../domain/words/quoting.js'
import { instant } from '../dialect.js'
import { isOfAgent } from '../doubts/agent-costs.js'
import type { Decimal, Query, Whole } from '../query.js'

export interface RecentSessionsRequest {
  /** A session is of late when its agent logged a call from here on, ISO 8601 UTC. */
  readonly since: string
  /** Calls before this count, ISO 8601 UTC. */
  readonly until: string
  /** So many, the latest first. */
  readonly most: number
}

export interface RecentSessionRow {
  readonly session_id: string
  readonly calls: Whole
  readonly unpriced_calls: Whole
  /** null where none of its calls has a price. */
  readonly cost_usd: Decimal | null
}

export function recentSessions({ since, until, most }: RecentSessionsRequest): Query<RecentSessionRow> {
  const sql = /* sql */ `
    WITH late_sessions AS (
      SELECT session_id FROM calls
      WHERE ts >= ${instant('$since')} AND ts < ${instant('$until')} AND session_id IS NOT NULL AND ${isOfAgent}
      GROUP BY session_id ORDER BY max(ts) DESC, session_id LIMIT ${most}
    )
    SELECT session_id, count(*) AS calls, count(*) - count(cost_usd) AS unpriced_calls, sum(cost_usd) AS cost_usd
    FROM calls WHERE session_id IN (FROM late_sessions) AND ts < ${instant('$until')}
    GROUP BY session_id ORDER BY session_id`
  return { sql, params: { since: timestampText(since), until: timestampText(until) } }
}
