/** Failed calls by the kind of their error: how many, what they cost, when, and how one of them reads. */
import type { Scope } from '../../domain/scope.js'
import { errorKind } from './error-kind.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

/** The most frequent first, then the others, then the total. */
export interface ErrorKindRow {
  readonly is_total: boolean
  readonly is_others: boolean
  /** Null where failed calls log no error. */
  readonly kind: string | null
  readonly failed_calls: Whole
  /** USD; NULL where none is priced. */
  readonly failed_cost_usd: Decimal | null
  /** Different messages of this kind. */
  readonly messages: Whole
  /** The most frequent of them, as logged. */
  readonly example_error: string | null
  /** ISO 8601 UTC */
  readonly first_ts: string | null
  readonly last_ts: string | null
  /** Failed calls without a user or a prompt_hash, of which no retry can be told but by its attempt. */
  readonly unfollowed_calls: Whole
}

/** @param top so many kinds, and one row for all others */
export function errorKinds(scope: Scope, top: number): Query<ErrorKindRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    WITH messages AS (
      SELECT error, count(*) AS calls, sum(cost_usd) AS cost_usd, min(ts) AS first_ts, max(ts) AS last_ts,
        count(*) FILTER (WHERE user_id IS NULL OR prompt_hash IS NULL) AS unfollowed_calls
      FROM calls WHERE ${condition.sql} AND status = 'error' GROUP BY error
    ), messages_by_kind AS (
      SELECT *, ${errorKind('error')} AS kind FROM messages
    ), ranked_messages AS (
      SELECT *, row_number() OVER (PARTITION BY kind ORDER BY calls DESC, error) AS place FROM messages_by_kind
    ), kinds AS (
      SELECT kind, sum(calls) AS failed_calls, sum(cost_usd) AS failed_cost_usd, count(error) AS messages,
        max(CASE WHEN place = 1 THEN error END) AS example_error, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
        sum(unfollowed_calls) AS unfollowed_calls
      FROM ranked_messages GROUP BY kind
    ), placed_kinds AS (
      SELECT *, row_number() OVER (ORDER BY failed_calls DESC, kind NULLS LAST) > CAST($top AS BIGINT) AS is_others FROM kinds
    ), kept_kinds AS (
      SELECT * REPLACE (CASE WHEN NOT is_others THEN kind END AS kind,
        CASE WHEN NOT is_others THEN example_error END AS example_error) FROM placed_kinds
    )
    SELECT GROUPING(kind) = 1 AS is_total, coalesce(is_others, FALSE) AS is_others, kind,
      coalesce(sum(failed_calls), 0) AS failed_calls, sum(failed_cost_usd) AS failed_cost_usd,
      coalesce(sum(messages), 0) AS messages, CASE WHEN GROUPING(kind) = 0 THEN max(example_error) END AS example_error,
      min(first_ts) AS first_ts, max(last_ts) AS last_ts, coalesce(sum(unfollowed_calls), 0) AS unfollowed_calls
    FROM kept_kinds GROUP BY GROUPING SETS ((kind, is_others), ())
    ORDER BY is_total, is_others, failed_calls DESC, kind ASC NULLS LAST`
  return { sql, params: { ...condition.params, top } }
}
