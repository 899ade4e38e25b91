/** Hours in which one user spent more than an amount. */
import { hourIso, hourStart, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { zoneOffset } from '../buckets.js'
import { epochMicros, wholeQuotient } from '../dialect.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface UserHourRow {
  readonly user_id: string
  /** Local hour, see domain/time/hours.ts. */
  readonly hour: Whole
  readonly cost_usd: Decimal
}

/** The dearest hour first. @param leastUsd an exact decimal */
export function userHours(scope: Scope, span: HourSpan, leastUsd: string): Query<UserHourRow> {
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  const window = { ...scope, since: iso(span.since), until: iso(span.until) }
  const condition = inScope(window)
  const offset = zoneOffset(window)
  const hour = wholeQuotient(`(${epochMicros('ts')} + ${offset.sql})`, 3_600_000_000)
  const sql = /* sql */ `
    SELECT user_id, ${hour} AS hour, sum(cost_usd) AS cost_usd
    FROM calls WHERE ${condition.sql} AND user_id IS NOT NULL
    GROUP BY user_id, ${hour}
    HAVING sum(cost_usd) > CAST($least AS DECIMAL(38, 12))
    ORDER BY cost_usd DESC, hour, user_id`
  return { sql, params: { ...condition.params, ...offset.params, least: leastUsd } }
}
