/**
 * Whom a limiter would refuse now: users who have used up, at the cap or above, what they may use in the hour, the
 * day or the month of the zone that is running at a moment.
 */
import { timestampText } from '../../domain/words/quoting.js'
import { capsSet, spanLimits, type CapLimits } from '../../domain/budgets/cap-limits.js'
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import type { Scope } from '../../domain/scope.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import { instant } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import { amount, limitSql } from './cap-limits.js'

export interface CapsNowRequest {
  /** From the beginning of the running month up to, not including, the moment. */
  readonly scope: Scope
  readonly asOf: Date
  readonly limits: CapLimits
}

export interface CapNowRow {
  readonly cap: CapName
  readonly user_id: string
  /** USD. */
  readonly used: Decimal
  readonly limit_value: Decimal
  readonly calls: Whole
}

export function capsNow({ scope, asOf, limits: every }: CapsNowRequest): Query<CapNowRow> {
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const limits = spanLimits(every)
  const own = limitSql(limits)
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const spans = capsSet(limits).flatMap((cap) => {
    const bucket = capBuckets[cap]
    return bucket === undefined ? [] : [{ cap, bucket }]
  })
  const params: Record<string, Param> = { ...condition.params, ...offset.params, ...own.params }
  params['as_of'] = timestampText(asOf.toISOString())
  const numbers = spans.map(({ bucket }) => `${bucketNumber(bucket, shift)} AS ${bucket}`)
  const spanColumns = ['ts', ...numbers].join(', ')
  const parts = spans.map(
    ({ cap, bucket }) => /* sql */ `SELECT '${cap}' AS cap, user_id, used, limit_value, calls
      FROM (
        SELECT spans.*, ${own.of(cap)} AS limit_value
        FROM (
          SELECT user_id, ${amount('sum(cost_usd)')} AS used, count(*) AS calls FROM calls_of_users
          WHERE ${bucket} = (SELECT ${bucket} FROM running) GROUP BY user_id
        ) AS spans${own.join('spans')}
      ) AS limited_spans
      WHERE used >= limit_value`,
  )
  const none = /* sql */ `SELECT CAST(NULL AS VARCHAR) AS cap, user_id, ${amount('0')} AS used,
        ${amount('0')} AS limit_value, CAST(0 AS BIGINT) AS calls FROM calls_of_users WHERE FALSE`
  const sql = /* sql */ `
    WITH ${own.ctes}running AS (
      SELECT ${spanColumns}
      FROM (SELECT ts, ${offset.sql} AS zone_offset FROM (SELECT ${instant('$as_of')} AS ts) AS moment) AS now_there
    ), calls_of_users AS (
      SELECT user_id, cost_usd, ${spanColumns}
      FROM (
        SELECT *, ${offset.sql} AS zone_offset FROM calls WHERE ${condition.sql} AND user_id IS NOT NULL
      ) AS calls_there
    ), over_cap AS (
      ${parts.length === 0 ? none : parts.join(' UNION ALL ')}
    )
    SELECT cap, user_id, used, limit_value, calls FROM over_cap
    ORDER BY used - limit_value DESC, cap, user_id`
  return { sql, params }
}
