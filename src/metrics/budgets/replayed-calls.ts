/**
 * Caps as a limiter would have enforced them on the logged calls, in the order of their times (then of their ids).
 * A call over a cap on requests is refused; then one whose user has used up, by calls that were accepted, what he
 * may use in its hour, its day or its month: at the cap or above. Refused calls use nothing.
 *
 * Three passes over sets do what a loop over calls would. Costs are not below 0, so within an hour the accepted
 * calls are its first ones, up to and with the one that reaches the cap: a running sum over all of the hour's calls
 * tells them. Hours lie within days and days within months, and once a day is used up all of its later calls are
 * refused whatever their hour has: so the day's pass over what the hours let through refuses what the loop refuses,
 * and the month's over what the days let through.
 */
import { timestampText } from '../../domain/words/quoting.js'
import { capsSet, type CapLimits } from '../../domain/budgets/cap-limits.js'
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import type { Scope } from '../../domain/scope.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import { instant, readAnew } from '../dialect.js'
import { isCall } from '../measures/aggregates.js'
import type { Param } from '../query.js'
import { inScope } from '../scope.js'
import { amount, limitSql, requestUse } from './cap-limits.js'

export interface ReplayRequest {
  readonly scope: Scope
  /** Where to read from: the beginning of the longest bucket that the window's beginning is in. */
  readonly readSince: string | null
  readonly limits: CapLimits
}

interface Span {
  readonly cap: CapName
  readonly bucket: 'hour' | 'day' | 'month'
}

/**
 * CTEs that end with `refused`: the refused calls of the window (`refused_by`, `user_number`, `span`, `source`,
 * `call_id`, `ts`, `cost`, `is_unpriced`); `span` is the number of the hour, day or month, NULL for a request.
 * Before it, `limited_users`: each user's number, and his calls and cost in the window.
 */
export function replayedCalls({ scope, readSince, limits }: ReplayRequest): {
  ctes: string
  params: Record<string, Param>
} {
  const read = { ...scope, since: readSince }
  const offset = zoneOffset(read)
  const whole = inScope(read)
  const own = limitSql(limits)
  const set = capsSet(limits)
  const params: Record<string, Param> = { ...whole.params, ...offset.params, ...own.params }
  let inWindow = 'TRUE'
  if (scope.since !== null) {
    params['window_since'] = timestampText(scope.since)
    inWindow = `ts >= ${instant('$window_since')}`
  }
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const spans = set.flatMap((cap): Span[] => {
    const bucket = capBuckets[cap]
    return bucket === undefined ? [] : [{ cap, bucket }]
  })
  const requests = set.filter((cap) => capBuckets[cap] === undefined)
  const refusals = requests.map(
    (cap) => `WHEN ${amount(requestUse(cap, 'calls_of_users'))} > ${cap}_limit THEN '${cap}'`,
  )
  const refusedBy = refusals.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE ${refusals.join(' ')} END`
  const columns = [
    'source, call_id, ts, coalesce(cost_usd, 0) AS cost, cost_usd IS NULL AS is_unpriced, in_window, user_number',
    `${refusedBy} AS refused_by`,
    ...spans.map(({ bucket }) => `${bucketNumber(bucket, shift)} AS ${bucket}`),
  ]
  const ofUsers = `${whole.sql} AND user_id IS NOT NULL AND ${isCall}`
  const ctes = /* sql */ `${own.ctes}user_sums AS (
      SELECT user_id, count(*) FILTER (WHERE ${inWindow}) AS user_calls,
        coalesce(sum(cost_usd) FILTER (WHERE ${inWindow}), 0) AS user_cost_usd
      FROM calls WHERE ${ofUsers} GROUP BY user_id
    ), limited_users AS (
      SELECT ${['user_id AS user_name', 'user_calls', 'user_cost_usd', 'row_number() OVER (ORDER BY user_id) AS user_number', ...set.map((cap) => `${own.of(cap)} AS ${cap}_limit`)].join(', ')}
      FROM user_sums${own.join('user_sums')}
    ), asked AS ${readAnew} (
      SELECT ${columns.join(', ')}
      FROM (
        SELECT *, ${inWindow} AS in_window, ${offset.sql} AS zone_offset FROM calls WHERE ${ofUsers}
      ) AS calls_of_users JOIN limited_users ON user_name = user_id
    ), refused_requests AS (
      SELECT refused_by, user_number, CAST(NULL AS BIGINT) AS span, source, call_id, ts, cost, is_unpriced
      FROM asked WHERE refused_by IS NOT NULL AND in_window
    )`
  if (spans.length === 0) return { ctes: `${ctes}, refused AS (SELECT * FROM refused_requests)`, params }
  return { ctes: `${ctes}${hotCalls(spans)}${passes(spans)}${refusedOf(spans)}`, params }
}

/** Calls of users who reach a cap at all, numbered in their order: few, of most logs. */
function hotCalls(spans: readonly Span[]): string {
  const buckets = spans.map(({ bucket }) => bucket).join(', ')
  const hot = spans.map(
    ({ cap, bucket }) => /* sql */ `SELECT sums.user_number
      FROM (SELECT user_number, ${bucket}, sum(cost) AS used FROM span_sums GROUP BY user_number, ${bucket}) AS sums
      JOIN limited_users ON limited_users.user_number = sums.user_number
      WHERE used >= ${cap}_limit`,
  )
  return /* sql */ `, span_sums AS (
      SELECT user_number, ${buckets}, sum(cost) AS cost FROM asked WHERE refused_by IS NULL
      GROUP BY user_number, ${buckets}
    ), hot_users AS (
      ${hot.join(' UNION ')}
    ), hot_calls AS (
      SELECT *, row_number() OVER (PARTITION BY user_number ORDER BY ts, call_id, source) AS place
      FROM asked WHERE refused_by IS NULL AND user_number IN (SELECT user_number FROM hot_users)
    )`
}

/** One pass a span over what those before it let through. Only buckets that reach their cap are looked into. */
function passes(spans: readonly Span[]): string {
  const names = ['user_number', 'place', 'cost', ...spans.map(({ bucket }) => bucket)].join(', ')
  const parts = spans.map(({ cap, bucket }, i) => {
    const from = i === 0 ? 'hot_calls' : `${spans[i - 1]?.bucket}_pass`
    return /* sql */ `, ${bucket}_full AS (
      SELECT sums.user_number AS full_user, ${bucket} AS full_${bucket}, ${cap}_limit AS limit_value
      FROM (
        SELECT user_number, ${bucket}, sum(cost) AS used FROM ${from} WHERE refused_by IS NULL
        GROUP BY user_number, ${bucket}
      ) AS sums JOIN limited_users ON limited_users.user_number = sums.user_number
      WHERE used >= ${cap}_limit
    ), ${bucket}_asked AS (
      SELECT ${names}, refused_by, limit_value FROM ${from}
      LEFT JOIN ${bucket}_full ON full_user = user_number AND full_${bucket} = ${bucket}
    ), ${bucket}_pass AS (
      SELECT ${names}, refused_by FROM ${bucket}_asked WHERE limit_value IS NULL OR refused_by IS NOT NULL
      UNION ALL
      SELECT ${names}, CASE WHEN coalesce(sum(cost) OVER (PARTITION BY user_number, ${bucket} ORDER BY place
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) >= limit_value THEN '${cap}' END AS refused_by
      FROM ${bucket}_asked WHERE limit_value IS NOT NULL AND refused_by IS NULL
    )`
  })
  return parts.join('')
}

/**
 * The pass that refuses a call is not always the cap that a limiter names: an hour's running sum goes on over calls
 * that its day refuses. What was accepted in the bucket tells, as all of it lies before the refused call.
 */
function refusedOf(spans: readonly Span[]): string {
  const last = spans.at(-1)
  if (last === undefined) throw new Error('no span has a cap')
  const result = `${last.bucket}_pass`
  const earlier = spans.slice(0, -1)
  const spent = earlier.map(
    ({ cap, bucket }) => /* sql */ `, ${bucket}_used AS (
      SELECT sums.user_number AS used_user, ${bucket} AS used_${bucket}
      FROM (
        SELECT user_number, ${bucket}, sum(CASE WHEN refused_by IS NULL THEN cost ELSE 0 END) AS used
        FROM ${result} GROUP BY user_number, ${bucket} HAVING count(refused_by) > 0
      ) AS sums JOIN limited_users ON limited_users.user_number = sums.user_number
      WHERE used >= ${cap}_limit
    )`,
  )
  const joins = earlier.map(
    ({ bucket }) => /* sql */ `
      LEFT JOIN ${bucket}_used ON ${bucket}_used.used_user = passed.user_number AND used_${bucket} = passed.${bucket}`,
  )
  const when = (value: (span: Span) => string): string =>
    earlier.length === 0
      ? value(last)
      : `CASE ${earlier.map((span) => `WHEN used_${span.bucket} IS NOT NULL THEN ${value(span)}`).join(' ')} ELSE ${value(last)} END`
  return /* sql */ `${spent.join('')}, refused AS (
      SELECT * FROM refused_requests
      UNION ALL
      SELECT ${when(({ cap }) => `'${cap}'`)} AS refused_by, passed.user_number,
        ${when(({ bucket }) => `passed.${bucket}`)} AS span, hot_calls.source, hot_calls.call_id, hot_calls.ts,
        passed.cost, hot_calls.is_unpriced
      FROM (SELECT * FROM ${result} WHERE refused_by IS NOT NULL) AS passed
      JOIN hot_calls ON hot_calls.user_number = passed.user_number AND hot_calls.place = passed.place${joins.join('')}
      WHERE in_window
    )`
}
