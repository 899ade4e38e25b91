/**
 * Users who went over what one user may use: in a request, a clock hour, a day or a month of the zone.
 * A bucket counts whole, from its own beginning, as soon as one of its calls is in the window; so a month
 * is measured by all of its calls up to the window's end, however late the window begins.
 */
import { timestampText } from '../../domain/words/quoting.js'
import { capsSet, type CapLimits } from '../../domain/budgets/cap-limits.js'
import type { Scope } from '../../domain/scope.js'
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import { isUtc } from '../../domain/time/zones.js'
import { bucketLabel, bucketNumber, zoneOffset } from '../buckets.js'
import { instant } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import { amount, inTokens, limitSql, requestUse, type LimitSql } from './cap-limits.js'

export interface CapsRequest {
  readonly scope: Scope
  /** Where to read from: the beginning of the longest bucket that the window's beginning is in. */
  readonly readSince: string | null
  readonly limits: CapLimits
  /** How many requests or buckets of each unit (USD, tokens) are answered, those with the most excess. */
  readonly top: number
}

/** One request or bucket over a cap. The most excess first; the first one of each cap is always there. */
export interface OverCapRow {
  readonly cap: CapName
  readonly user_id: string
  /** Of a bucket, as breakdown labels it; null for a request. */
  readonly bucket: string | null
  /** Of a request; null for a bucket. */
  readonly ts: string | null
  readonly call_id: string | null
  /** USD, or tokens; with up to twelve places. */
  readonly used: Decimal
  readonly limit_value: Decimal
  readonly excess: Decimal
  readonly calls: Whole
  /** Place among all of its unit, from 1. */
  readonly place: Whole
  /** How often this user went over this cap. */
  readonly user_times: Whole
  /** How often anyone did, and how many users. */
  readonly cap_times: Whole
  readonly cap_users: Whole
}

export function usersOverCaps({ scope, readSince, limits, top }: CapsRequest): Query<OverCapRow> {
  const read = { ...scope, since: readSince }
  const offset = zoneOffset(read)
  const whole = inScope(read)
  const set = capsSet(limits)
  const own = limitSql(limits)
  const params: Record<string, Param> = { ...whole.params, ...offset.params, ...own.params, top }
  const window = { calls: 'TRUE', spans: 'TRUE' }
  if (scope.since !== null) {
    params['window_since'] = timestampText(scope.since)
    window.calls = `ts >= ${instant('$window_since')}`
    window.spans = `max(last_ts) >= ${instant('$window_since')}`
  }
  const ofUsers = `${whole.sql} AND user_id IS NOT NULL`
  const kept = set.flatMap((cap) => capBuckets[cap] ?? [])
  const keys = kept.map(
    (bucket) => `${bucketNumber(bucket, offset.sql === '0' ? '0' : 'zone_offset')} AS ${bucket}`,
  )
  const parts = set.map((cap) => {
    const bucket = capBuckets[cap]
    return bucket === undefined
      ? requestsOver(cap, own, `${ofUsers} AND ${window.calls}`)
      : bucketsOver(cap, own, bucketLabel(bucket, bucket, isUtc(scope.tz)), window.spans)
  })
  const sql = /* sql */ `
    WITH ${own.ctes}user_spans AS (
      SELECT ${['user_id', ...keys, 'count(*) AS calls', 'sum(cost_usd) AS cost_usd', 'max(ts) AS last_ts'].join(', ')}
      FROM (SELECT *, ${offset.sql} AS zone_offset FROM calls WHERE ${ofUsers}) AS calls_of_users
      GROUP BY ${['user_id', ...kept].join(', ')}
    ), over_cap AS (
      ${parts.length === 0 ? nothing : parts.join(' UNION ALL ')}
    ), user_counts AS (
      SELECT cap, user_id, count(*) AS user_times FROM over_cap GROUP BY cap, user_id
    ), cap_counts AS (
      SELECT cap, CAST(sum(user_times) AS BIGINT) AS cap_times, count(*) AS cap_users FROM user_counts GROUP BY cap
    ), most_over AS (
      ${set.length === 0 ? 'SELECT * FROM over_cap' : set.map(mostOver).join(' UNION ALL ')}
    ), placed AS (
      SELECT *, used - limit_value AS excess,
        row_number() OVER (PARTITION BY ${inTokens} ORDER BY used - limit_value DESC, ${order}) AS place,
        row_number() OVER (PARTITION BY cap ORDER BY used - limit_value DESC, ${order}) AS cap_place
      FROM most_over
    )
    SELECT cap, user_id, bucket, ts, call_id, used, limit_value, excess, calls, place, user_times, cap_times, cap_users
    FROM placed JOIN user_counts USING (cap, user_id) JOIN cap_counts USING (cap)
    WHERE place <= CAST($top AS BIGINT) OR cap_place = 1
    ORDER BY ${inTokens}, place`
  return { sql, params }
}

/** Ties: by cap and user, then in the order of time. */
const order = 'cap, user_id, bucket NULLS LAST, ts NULLS LAST, call_id NULLS LAST'

/** The first of a cap: no more of it can be among the first of all. */
const mostOver = (cap: CapName): string =>
  `(SELECT * FROM over_cap WHERE cap = '${cap}' ORDER BY used DESC, ${order} LIMIT CAST($top AS BIGINT))`

function bucketsOver(cap: CapName, own: LimitSql, label: string, inWindow: string): string {
  const bucket = capBuckets[cap] ?? ''
  return /* sql */ `SELECT '${cap}' AS cap, user_id, ${label} AS bucket, CAST(NULL AS TIMESTAMP) AS ts,
        CAST(NULL AS VARCHAR) AS call_id, ${amount('used')} AS used, limit_value, calls
      FROM (
        SELECT spans.*, ${own.of(cap)} AS limit_value
        FROM (
          SELECT user_id, ${bucket}, sum(cost_usd) AS used, CAST(sum(calls) AS BIGINT) AS calls FROM user_spans
          GROUP BY user_id, ${bucket} HAVING ${inWindow}
        ) AS spans${own.join('spans')}
      ) AS limited_spans
      WHERE used > limit_value`
}

function requestsOver(cap: CapName, own: LimitSql, condition: string): string {
  return /* sql */ `SELECT '${cap}' AS cap, user_id, CAST(NULL AS VARCHAR) AS bucket, ts, call_id,
        ${amount('used')} AS used, limit_value, CAST(1 AS BIGINT) AS calls
      FROM (
        SELECT requests.*, ${own.of(cap)} AS limit_value
        FROM (
          SELECT user_id, ts, call_id, ${requestUse(cap)} AS used FROM calls WHERE ${condition}
        ) AS requests${own.join('requests')}
      ) AS limited_requests
      WHERE used > limit_value`
}

/** The shape of a part, without any row. */
const nothing = /* sql */ `SELECT CAST(NULL AS VARCHAR) AS cap, user_id, CAST(NULL AS VARCHAR) AS bucket, ts, call_id,
        ${amount('0')} AS used, ${amount('0')} AS limit_value, CAST(1 AS BIGINT) AS calls
      FROM calls WHERE FALSE`

export interface CappedCallsRow {
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  /** Calls that name no user: no cap can hold for them. */
  readonly calls_without_user: Whole
  readonly users: Whole
}

/** What was measured at all. */
export function cappedCalls(scope: Scope): Query<CappedCallsRow> {
  const { sql: condition, params } = inScope(scope)
  const sql = /* sql */ `
    SELECT count(*) AS calls, count(*) - count(cost_usd) AS unpriced_calls,
      count(*) FILTER (WHERE partly_priced) AS partly_priced_calls,
      count(*) - count(user_id) AS calls_without_user, count(DISTINCT user_id) AS users
    FROM calls WHERE ${condition}`
  return { sql, params }
}
