/**
 * Retries: calls made again because one failed, by group and by the kind of error that they follow.
 *
 * A call is a retry when its log says so (`attempt` above 1), or when the call just before it of the same
 * user, feature and prompt_hash failed and it was made within a gap after that: from the failed call's time
 * plus its latency, which counts up to ten minutes. Each call counts once, however many of these hold. Where
 * the user or the prompt_hash is not logged, only `attempt` tells. Of calls at the same moment the lower
 * attempt comes first, then the failed one.
 *
 * What a call follows does not depend on filters, and may lie before the window. The windows of SQL run over
 * the calls between the first and the last failure of the same request, not over all.
 */
import { zoneOffset } from '../buckets.js'
import type { Scope } from '../../domain/scope.js'
import { epochMicros, instant } from '../dialect.js'
import { errorKind } from './error-kind.js'
import { flags, groupKey, labels, type GroupKeys, type GroupRequest } from '../groups.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

/** Of a failed call's latency so much counts, ms: then all that may matter is within reach. */
const longestWaitMs = 600_000

export interface RetriesRequest extends Omit<GroupRequest, 'top' | 'sort'> {
  /** Longest time between a failed call's end and its retry, ms. */
  readonly gapMs: number
}

/** One row a group, one for each kind of error that was retried, one for all; none for a group without. */
export interface RetryRow extends GroupKeys {
  /** A row of one kind of error, not of a group. */
  readonly is_kind: boolean
  /** Null where the failed call is not seen, or logs no error. */
  readonly kind: string | null
  readonly retries: Whole
  /** USD; NULL where none is priced. */
  readonly retry_cost_usd: Decimal | null
}

const micros = epochMicros('calls.ts')

/** When a call ended, as far as that counts, and its gap ran out; microseconds since 1970. */
const gapEnd = `${micros} + CAST(1000 * least(coalesce(latency_ms, 0), ${longestWaitMs}) AS BIGINT) + CAST($gap AS BIGINT)`

/** From a request's first failure until the gap after its last one: outside of that no call follows an error. */
const amidFailures = `calls.user_id = failed_requests.user_id AND calls.prompt_hash = failed_requests.prompt_hash
        AND calls.feature IS NOT DISTINCT FROM failed_requests.feature
        AND ${micros} >= failed_requests.first_failure AND ${micros} <= failed_requests.last_gap_end`

/** The calls around failures with the one before each, and all that say themselves that they are retries. */
function retriesSql(inReach: string, inQuestion: string, callsInReach: string): string {
  return /* sql */ `failed_requests AS (
      SELECT user_id, feature, prompt_hash, min(${micros}) AS first_failure, max(${gapEnd}) AS last_gap_end
      FROM calls WHERE ${inReach} AND status = 'error' AND user_id IS NOT NULL AND prompt_hash IS NOT NULL
      GROUP BY user_id, feature, prompt_hash
    ), calls_in_reach AS (
      ${callsInReach}
    ), calls_amid_failures AS (
      SELECT calls.* FROM calls_in_reach AS calls JOIN failed_requests ON ${amidFailures}
    ), followed_calls AS (
      SELECT *, lag(status) OVER request = 'error' AND ${micros} <= lag(${gapEnd}) OVER request AS is_after_error,
        lag(error) OVER request AS error_before
      FROM calls_amid_failures AS calls
      WINDOW request AS (PARTITION BY user_id, feature, prompt_hash
        ORDER BY ts, coalesce(attempt, 1), CASE WHEN status = 'error' THEN 0 ELSE 1 END, call_id, source)
    ), retries AS (
      SELECT *, CASE WHEN is_after_error THEN error_before END AS error_retried FROM followed_calls
      WHERE (is_after_error OR attempt > 1) AND ${inQuestion}
      UNION ALL
      SELECT calls.*, FALSE, NULL, NULL
      FROM (SELECT * FROM calls WHERE attempt > 1 AND ${inQuestion}) AS calls
        LEFT JOIN failed_requests ON ${amidFailures}
      WHERE failed_requests.user_id IS NULL
    )`
}

/** Of a call before the window its failure alone is looked at: its day needs no exchange rate. */
function callsWithin({ currency, ...scope }: Scope, inReach: string): string {
  if (currency === undefined || scope.since === null) return `SELECT * FROM calls WHERE ${inReach}`
  const { sql } = inScope({ ...scope, filters: [] })
  return `SELECT * FROM calls WHERE ${sql}
      UNION ALL BY NAME SELECT * REPLACE (CAST(NULL AS DECIMAL(38,18)) AS cost_usd) FROM calls WHERE ${inReach} AND NOT (${sql})`
}

/** The common tables whose last one, `retries`, has the calls in scope that are retries, and the values they bind. */
export function retriesIn(
  scope: Scope,
  gapMs: number,
): { readonly ctes: string; readonly params: Record<string, Param> } {
  const wanted = inScope(scope)
  const reach = scope.since === null ? null : Date.parse(scope.since) - gapMs - longestWaitMs
  const reachable = inScope({ ...scope, since: null, filters: [] })
  const params: Record<string, Param> = { ...wanted.params, gap: String(Math.round(gapMs * 1000)) }
  if (reach !== null)
    params['reach'] = new Date(Math.max(0, reach)).toISOString().replace(/[TZ]/g, ' ').trim()
  const inReach = reach === null ? reachable.sql : `ts >= ${instant('$reach')} AND ${reachable.sql}`
  return { ctes: retriesSql(inReach, wanted.sql, callsWithin(scope, inReach)), params }
}

export function retries(request: RetriesRequest): Query<RetryRow> {
  const { scope, by, gapMs } = request
  const { ctes, params } = retriesIn(scope, gapMs)
  const offset = by.some(({ kind }) => kind === 'time') ? zoneOffset(scope) : { sql: '0', params: {} }
  Object.assign(params, offset.params)
  const keys = by.map((dimension, i) => `${groupKey(dimension, i, offset.sql, params)} AS d${i}`)
  const ds = keys.map((_, i) => `d${i}`)
  const group = ds.length === 0 ? '' : `(${[...ds, 'is_others'].join(', ')}), `
  const isTotal = 'GROUPING(error_retried) = 1' + (ds.length === 0 ? '' : ' AND GROUPING(is_others) = 1')
  const sql = /* sql */ `
    WITH ${ctes}
    , retries_in_zone AS (SELECT *, ${offset.sql} AS zone_offset, FALSE AS is_others FROM retries)
    , retries_by_key AS (SELECT ${[...keys, 'is_others', 'cost_usd', 'error_retried'].join(', ')} FROM retries_in_zone)
    , figures AS (
      SELECT ${[...flags(ds).slice(0, -1), `${isTotal} AS is_total`].join(', ')}, error_retried,
        GROUPING(error_retried) = 0 AS is_kind, count(*) AS retries, sum(cost_usd) AS retry_cost_usd
      FROM retries_by_key GROUP BY GROUPING SETS (${group}(error_retried), ())
    ), kinds AS (
      SELECT ${[...ds, 'is_others', 'is_total', 'is_kind'].join(', ')}, ${errorKind('error_retried')} AS kind,
        sum(retries) AS retries, sum(retry_cost_usd) AS retry_cost_usd
      FROM figures GROUP BY ALL
    )
    SELECT ${[...labels(request, 'kinds'), 'is_kind', 'kind', 'retries', 'retry_cost_usd'].join(', ')}
    FROM kinds
    ORDER BY ${['is_total', 'is_kind', 'retries DESC', ...ds.map((d) => `kinds.${d} ASC NULLS LAST`), 'kind ASC NULLS LAST'].join(', ')}`
  return { sql, params }
}
