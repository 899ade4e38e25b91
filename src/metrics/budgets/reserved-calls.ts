/**
 * Caps as a guard would have enforced them on the logged calls: each reserves what it may cost at most when it begins
 * (its input, and as many output tokens as it may have), and is refused when that does not fit beside what is spent and
 * what calls under way have reserved. Whether it fits hangs on every call before it, which no pass over sets can tell.
 * So the calls of users who could reach a cap at all, few of most logs, are answered in their order (`hotCalls`); who
 * decides on them gives back what is refused (`reservedCalls`).
 */
import { timestampText } from '../../domain/words/quoting.js'
import { capsSet } from '../../domain/budgets/cap-limits.js'
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import { epochMicros, instant, readAnew, rowsOfJson } from '../dialect.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import { amount, limitSql } from './cap-limits.js'
import type { ReplayRequest } from './replayed-calls.js'

export interface ReserveRequest extends ReplayRequest {
  /** What a call reserves that names no output limit. */
  readonly outputTokens: number
  /**
   * SQL: `source`, `call_id` and `list_cost_usd` of calls, of which `unknownBeforehand` is not known.
   * @param calls relation with the columns of `calls`
   */
  readonly priced: (calls: string) => string
}

/** A call that may be refused by a span, in the order of users, then of times and ids. */
export interface HotCallRow {
  readonly user_number: Whole
  /** Among the user's, from 1. */
  readonly place: Whole
  /** Microseconds since 1970. */
  readonly began: Whole
  readonly ended: Whole
  /** USD: what it cost, and what it may have cost at most. */
  readonly cost: Decimal
  readonly most: Decimal
  /** By cap on a span: the number of its hour, day or month, and what the user may use there, USD; NULL: no cap. */
  readonly spans: readonly { readonly cap: CapName; readonly number: Whole; readonly limit: Decimal | null }[]
}

/** What was decided of a call of `hotCalls`. */
export interface Decided {
  readonly user_number: number
  readonly place: number
  readonly refused_by: CapName
}

interface Span {
  readonly cap: CapName
  readonly bucket: 'hour' | 'day' | 'month'
}

const spansOf = (request: ReserveRequest): readonly Span[] =>
  capsSet(request.limits).flatMap((cap): Span[] => {
    const bucket = capBuckets[cap]
    return bucket === undefined ? [] : [{ cap, bucket }]
  })

/** What nobody knows of a call before it is made, beside what is put in its place. */
export const unknownBeforehand: ReadonlySet<string> = new Set([
  'cache_read_input_tokens',
  'input_audio_tokens',
  'output_audio_tokens',
  'cache_read_audio_input_tokens',
  'input_image_tokens',
  'input_video_tokens',
  'output_image_tokens',
  'web_search_requests',
  'file_search_requests',
  'unread_usage',
  'reported_cost_usd',
  'cache_hit',
  'status',
])

/** Each call as it may be, once without reasoning and once with nothing else: the dearer of the two is what it may cost. */
const beforehand = /* sql */ `SELECT * REPLACE (allowed_output AS output_tokens,
      CASE WHEN is_reasoning THEN allowed_output ELSE 0 END AS reasoning_output_tokens)
    FROM calls_of_users, (SELECT unnest([FALSE, TRUE]) AS is_reasoning) AS ways`

const uses: Readonly<Partial<Record<CapName, string>>> = {
  request_tokens: 'coalesce(input_tokens, 0) + allowed_output',
  request_input_tokens: 'coalesce(input_tokens, 0)',
  request_output_tokens: 'allowed_output',
  request_usd: 'most',
}

/** CTEs up to `hot_calls`, with `limited_users` and `refused_requests` as those of a replay. */
function callsAsked(request: ReserveRequest): { ctes: string; params: Record<string, Param> } {
  const { scope, readSince, limits, outputTokens, priced } = request
  const read = { ...scope, since: readSince }
  const offset = zoneOffset(read)
  const whole = inScope(read)
  const own = limitSql(limits)
  const set = capsSet(limits)
  const params: Record<string, Param> = {
    ...whole.params,
    ...offset.params,
    ...own.params,
    output_tokens: outputTokens,
  }
  let inWindow = 'TRUE'
  if (scope.since !== null) {
    params['window_since'] = timestampText(scope.since)
    inWindow = `ts >= ${instant('$window_since')}`
  }
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const spans = spansOf(request)
  const requests = set.filter((cap) => capBuckets[cap] === undefined)
  const refusals = requests.map((cap) => `WHEN ${amount(uses[cap] ?? '0')} > ${cap}_limit THEN '${cap}'`)
  const refusedBy = refusals.length === 0 ? 'CAST(NULL AS VARCHAR)' : `CASE ${refusals.join(' ')} END`
  const numbers = spans.map(({ bucket }) => `${bucketNumber(bucket, shift)} AS ${bucket}`)
  const buckets = spans.map(({ bucket }) => bucket)
  // A reservation and a settlement are rounded to whole nano-dollars: by less than one each.
  const hot = spans.map(
    ({ cap, bucket }) => /* sql */ `SELECT sums.user_number
      FROM (SELECT user_number, ${bucket}, sum(greatest(cost, most) + 0.000000001) AS used FROM asked
        WHERE refused_by IS NULL GROUP BY user_number, ${bucket}) AS sums
      JOIN limited_users ON limited_users.user_number = sums.user_number
      WHERE used > ${cap}_limit - 0.000000001`,
  )
  const ctes = /* sql */ `${own.ctes}calls_of_users AS ${readAnew} (
      SELECT *, ${inWindow} AS in_window, ${offset.sql} AS zone_offset,
        coalesce(max_tokens, CAST($output_tokens AS BIGINT)) AS allowed_output
      FROM calls WHERE ${whole.sql} AND user_id IS NOT NULL AND ${isCall}
    ), user_sums AS (
      SELECT user_id, count(*) FILTER (WHERE in_window) AS user_calls,
        coalesce(sum(cost_usd) FILTER (WHERE in_window), 0) AS user_cost_usd
      FROM calls_of_users GROUP BY user_id
    ), limited_users AS (
      SELECT ${['user_id AS user_name', 'user_calls', 'user_cost_usd', 'row_number() OVER (ORDER BY user_id) AS user_number', ...set.map((cap) => `${own.of(cap)} AS ${cap}_limit`)].join(', ')}
      FROM user_sums${own.join('user_sums')}
    ), most_costs AS (
      SELECT source AS m_source, call_id AS m_call_id, max(list_cost_usd) AS most_usd
      FROM (${priced(`(${beforehand})`)}) AS priced_calls GROUP BY source, call_id
    ), asked AS ${readAnew} (
      SELECT *, ${refusedBy} AS refused_by
      FROM (
        SELECT ${['source', 'call_id', 'ts', 'latency_ms', 'input_tokens', 'allowed_output', 'in_window', 'user_number', 'coalesce(cost_usd, 0) AS cost', 'cost_usd IS NULL AS is_unpriced', 'CASE WHEN cache_hit THEN 0 ELSE coalesce(most_usd, 0) END AS most', ...set.map((cap) => `${cap}_limit`), ...numbers].join(', ')}
        FROM calls_of_users JOIN limited_users ON user_name = user_id
          LEFT JOIN most_costs ON m_source = source AND m_call_id = call_id
      ) AS weighed
    ), refused_requests AS (
      SELECT refused_by, user_number, CAST(NULL AS BIGINT) AS span, source, call_id, ts, cost, is_unpriced
      FROM asked WHERE refused_by IS NOT NULL AND in_window
    ), hot_users AS (
      ${hot.length === 0 ? 'SELECT user_number FROM limited_users WHERE FALSE' : hot.join(' UNION ')}
    ), hot_calls AS (
      SELECT ${['user_number', 'source', 'call_id', 'ts', 'latency_ms', 'in_window', 'cost', 'most', 'is_unpriced', ...buckets].join(', ')},
        row_number() OVER (PARTITION BY user_number ORDER BY ts, call_id, source) AS place
      FROM asked WHERE refused_by IS NULL AND user_number IN (SELECT user_number FROM hot_users)
    )`
  return { ctes, params }
}

export function hotCalls(request: ReserveRequest): Query<HotCallRow> {
  const { ctes, params } = callsAsked(request)
  const spans = spansOf(request).map(
    ({ cap, bucket }) => `{cap: '${cap}', number: ${bucket}, "limit": ${cap}_limit}`,
  )
  const began = epochMicros('ts')
  const sql = /* sql */ `
    WITH ${ctes}
    SELECT hot_calls.user_number AS user_number, place, ${began} AS began,
      ${began} + CAST(coalesce(latency_ms, 0) * 1000 AS BIGINT) AS ended, ${amount('cost')} AS cost, ${amount('most')} AS most,
      [${spans.join(', ')}] AS spans
    FROM hot_calls JOIN limited_users ON limited_users.user_number = hot_calls.user_number
    ORDER BY hot_calls.user_number, place`
  return { sql, params }
}

/** CTEs that end with `refused` and have `limited_users`, as those of `replayedCalls`. */
export function reservedCalls(
  request: ReserveRequest,
  decided: readonly Decided[],
): { ctes: string; params: Record<string, Param> } {
  const { ctes, params } = callsAsked(request)
  const spans = spansOf(request)
  const refusals = JSON.stringify(decided)
  const columns = { user_number: 'BIGINT', place: 'BIGINT', refused_by: 'VARCHAR' }
  const span =
    spans.length === 0
      ? 'CAST(NULL AS BIGINT)'
      : `CASE refused_by ${spans.map(({ cap, bucket }) => `WHEN '${cap}' THEN ${bucket}`).join(' ')} END`
  return {
    ctes: /* sql */ `${ctes}, decided AS (
      SELECT ${rowsOfJson('$decided', columns)}
    ), refused AS (
      SELECT * FROM refused_requests
      UNION ALL
      SELECT refused_by, hot_calls.user_number, ${span} AS span, source, call_id, ts, cost, is_unpriced
      FROM hot_calls JOIN decided ON decided.user_number = hot_calls.user_number AND decided.place = hot_calls.place
      WHERE in_window
    )`,
    params: { ...params, decided: refusals },
  }
}
