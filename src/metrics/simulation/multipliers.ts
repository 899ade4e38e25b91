/**
 * What the calls in scope cost, and what they would have cost without what estimates leave out, one after the
 * other: without development, without grown histories, without repeated instructions, without retries. Each figure
 * is of the same calls as the one before, less one thing, so that the factors between them multiply to the whole.
 *
 * History: of each session's calls of one feature and model, input above that of the first of them in scope.
 * Instructions: the smallest input of a feature on a model, where it has enough calls; the shortest message is in
 * it. Retries: as `llmcost errors` counts them, and failed calls.
 */
import { developmentWords, fewestCalls } from '../../domain/scenarios/multipliers.js'
import type { Scope } from '../../domain/scope.js'
import { retriesIn } from '../failures/retries.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface MultipliersRequest {
  readonly scope: Scope
  /** As of `llmcost errors`, ms. */
  readonly gapMs: number
  /** Prices the calls of a relation anew, on their own models: `variant`, `source`, `call_id` and `cost_usd`. */
  readonly whatIf: (calls: string) => string
  readonly params: Record<string, Param>
}

/** One row. USD; calls without a cost are in none of the sums. */
export interface MultipliersRow {
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly actual_usd: Decimal | null
  readonly production_usd: Decimal | null
  readonly without_history_usd: Decimal | null
  readonly without_instructions_usd: Decimal | null
  readonly naive_usd: Decimal | null
  /** Calls that log what each step is measured by. */
  readonly environment_calls: Whole
  readonly development_calls: Whole
  readonly session_calls: Whole
  readonly grown_calls: Whole
  readonly instructed_calls: Whole
  /** Calls that log an attempt or a status. */
  readonly outcome_calls: Whole
  readonly retry_calls: Whole
  /** Calls that are priced by their logs alone, and keep that cost. */
  readonly unlisted_calls: Whole
}

/** Input cut by `cut` tokens: what is read from the prompt cache goes first, then what is written to it. */
function cutBy(cut: string): string {
  const read = 'coalesce(cache_read_input_tokens, 0)'
  const write = 'coalesce(cache_creation_input_tokens, 0)'
  const left = `greatest(${write} - greatest(${cut} - ${read}, 0), 0)`
  return [
    `input_tokens - ${cut} AS input_tokens`,
    `greatest(cache_read_input_tokens - ${cut}, 0) AS cache_read_input_tokens`,
    `CASE WHEN cache_creation_input_tokens IS NOT NULL THEN ${left} END AS cache_creation_input_tokens`,
    `CASE WHEN cache_creation_1h_input_tokens IS NOT NULL THEN least(cache_creation_1h_input_tokens, ${left}) END AS cache_creation_1h_input_tokens`,
  ].join(', ')
}

export function multipliers(request: MultipliersRequest): Query<MultipliersRow> {
  const { scope, gapMs, whatIf } = request
  const scoped = inScope(scope)
  const { ctes, params } = retriesIn(scope, gapMs)
  const development = developmentWords.map((word) => `'${word}'`).join(', ')
  const sum = (what: string, when: string): string => `coalesce(sum(${what}) FILTER (WHERE ${when}), 0)`
  const sql = /* sql */ `
    WITH ${ctes}
    , seen AS (
      SELECT calls.*,
        coalesce(lower(trim(environment)) IN (${development}), false) AS is_development,
        coalesce(status = 'error', false) OR retried.call_id IS NOT NULL AS is_again
      FROM (SELECT * FROM calls WHERE ${scoped.sql}) calls
        LEFT JOIN (SELECT DISTINCT source, call_id FROM retries) retried
        ON calls.source = retried.source AND calls.call_id = retried.call_id
    ), counted AS (
      SELECT *, ${isCall} AND input_tokens > 0 AND coalesce(operation, 'chat') NOT IN ('embedding', 'embeddings') AS is_prompt
      FROM seen
    ), cut AS (
      SELECT *,
        CASE WHEN is_prompt AND session_id IS NOT NULL THEN greatest(input_tokens - first_value(input_tokens) OVER (
          PARTITION BY is_prompt, session_id, feature, provider, model ORDER BY ts, call_id, source), 0) ELSE 0 END AS history,
        CASE WHEN is_prompt AND count(*) OVER alike >= ${fewestCalls} THEN min(input_tokens) OVER alike ELSE 0 END AS instructions
      FROM counted WINDOW alike AS (PARTITION BY is_prompt, feature, provider, model)
    ), variants AS (
      SELECT * REPLACE (${cutBy('history')}), 1 AS variant FROM cut WHERE history > 0
      UNION ALL BY NAME
      SELECT * REPLACE (${cutBy('(history + least(instructions, input_tokens - history))')}), 2 AS variant
      FROM cut WHERE history + instructions > 0
    ), priced AS (${whatIf('variants')})
    , costs AS (
      SELECT cut.*,
        CASE WHEN cut.cost_basis = 'list' THEN coalesce(one.cost_usd, cut.cost_usd) ELSE cut.cost_usd END AS short_usd,
        CASE WHEN cut.cost_basis = 'list' THEN coalesce(two.cost_usd, cut.cost_usd) ELSE cut.cost_usd END AS bare_usd
      FROM cut LEFT JOIN (SELECT source, call_id, cost_usd FROM priced WHERE variant = 1) one
          ON cut.source = one.source AND cut.call_id = one.call_id
        LEFT JOIN (SELECT source, call_id, cost_usd FROM priced WHERE variant = 2) two
          ON cut.source = two.source AND cut.call_id = two.call_id
    )
    SELECT count(*) FILTER (WHERE ${isCall}) AS calls, count(*) - count(cost_usd) AS unpriced_calls,
      ${sum('cost_usd', 'TRUE')} AS actual_usd,
      ${sum('cost_usd', 'NOT is_development')} AS production_usd,
      ${sum('short_usd', 'NOT is_development')} AS without_history_usd,
      ${sum('bare_usd', 'NOT is_development')} AS without_instructions_usd,
      ${sum('bare_usd', 'NOT is_development AND NOT is_again')} AS naive_usd,
      count(environment) AS environment_calls, count(*) FILTER (WHERE is_development) AS development_calls,
      count(session_id) AS session_calls, count(*) FILTER (WHERE history > 0) AS grown_calls,
      count(*) FILTER (WHERE instructions > 0) AS instructed_calls,
      count(*) FILTER (WHERE attempt IS NOT NULL OR status IS NOT NULL) AS outcome_calls,
      count(*) FILTER (WHERE is_again) AS retry_calls,
      count(*) FILTER (WHERE history + instructions > 0 AND cost_usd IS NOT NULL AND cost_basis = 'reported') AS unlisted_calls
    FROM costs`
  return { sql, params: { ...request.params, ...params, ...scoped.params } }
}
