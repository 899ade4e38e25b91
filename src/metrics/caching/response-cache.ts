/**
 * Hits of the response cache: by their kind (exact, semantic, or as the log writes it), by source, and all
 * of them. The sources tell whether a hit rate can be trusted.
 */
import { element, quantiles } from '../dialect.js'
import { aggregateOf } from '../figures.js'
import { quantities } from '../measures/quantities.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import type { Scope } from '../../domain/scope.js'

/** Kinds of hits, the most frequent first, then sources, then the total. */
export interface ResponseCacheRow {
  readonly row: 'kind' | 'source' | 'total'
  /** In lower case; null where the log names none. */
  readonly cache_type: string | null
  readonly source: string | null
  readonly calls: Whole
  /** Calls that log whether they were a hit. */
  readonly cache_logging_calls: Whole
  readonly cache_hits: Whole
  readonly cache_hit_rate: number | null
  /** USD */
  readonly avoided_cost_usd: Decimal | null
  /** Hits whose log tells the age of what was served. */
  readonly cache_age_hits: Whole
  readonly p50_cache_age_ms: number | null
  readonly p95_cache_age_ms: number | null
  readonly max_cache_age_ms: number | null
  /** Files of a source that log hits only, beside calls that say nothing: how many, and what is in them. */
  readonly hits_only_files: Whole
  readonly hits_only_calls: Whole
  readonly hits_only_hits: Whole
  /** For the notes about prices. */
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
}

const plain = [
  'calls',
  'cache_hits',
  'cache_hit_rate',
  'avoided_cost_usd',
  'unpriced_calls',
  'partly_priced_calls',
] as const

export function responseCache(scope: Scope): Query<ResponseCacheRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, CASE WHEN cache_hit THEN lower(cache_type) END AS kind, ${quantities['cache_age_ms']} AS cache_age
      FROM calls WHERE ${condition.sql}
    ), figures AS (
      SELECT CASE WHEN GROUPING(source) = 0 THEN 'source' WHEN GROUPING(kind) = 0 THEN 'kind' ELSE 'total' END AS "row",
        kind AS cache_type, source, ${plain.map((name) => `${aggregateOf(name)} AS ${name}`).join(', ')},
        count(cache_hit) AS cache_logging_calls, count(cache_age) AS cache_age_hits,
        ${quantiles('cache_age', [0.5, 0.95])} AS ages, max(cache_age) AS max_cache_age_ms
      FROM calls_in_scope GROUP BY GROUPING SETS ((kind, cache_hit), (source), ())
      HAVING GROUPING(kind) = 1 OR count(*) FILTER (WHERE cache_hit) > 0
    )
    , files AS (
      SELECT source, file_id, count(*) AS calls, count(cache_hit) AS logging_calls, ${aggregateOf('cache_hits')} AS hits
      FROM calls WHERE ${condition.sql} GROUP BY source, file_id
    ), hits_only AS (
      SELECT source AS hits_only_source, count(*) AS files, sum(calls) AS hits_only_calls, sum(hits) AS hits_only_hits
      FROM files WHERE hits > 0 AND hits = logging_calls AND calls > hits GROUP BY source
    )
    SELECT "row", cache_type, source, ${plain.join(', ')}, cache_logging_calls, cache_age_hits,
      ${element('ages', 0)} AS p50_cache_age_ms, ${element('ages', 1)} AS p95_cache_age_ms, max_cache_age_ms,
      coalesce(files, 0) AS hits_only_files, coalesce(hits_only_calls, 0) AS hits_only_calls,
      coalesce(hits_only_hits, 0) AS hits_only_hits
    FROM figures LEFT JOIN hits_only ON figures.source = hits_only.hits_only_source AND "row" = 'source'
    ORDER BY CASE "row" WHEN 'kind' THEN 0 WHEN 'source' THEN 1 ELSE 2 END,
      cache_hits DESC, cache_type ASC NULLS LAST, source`
  return { sql, params: condition.params }
}
