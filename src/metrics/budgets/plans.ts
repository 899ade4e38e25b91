/**
 * What the usage that plans cover is worth at list price, by month. A call that two plans cover counts for the
 * first. Hits of a response cache are no usage of a plan. Read from the calls: rollups do not tell which of them
 * have a list price.
 */
import type { Filter } from '../../domain/scope.js'
import { quoteTimestamp } from '../../domain/words/quoting.js'
import { conditions } from '../../rollups/parts.js'
import { rowsOfJson } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters } from '../scope.js'

/** Calls that a plan covers; moments are ISO 8601 UTC, half-open. */
export interface CoveredCalls {
  readonly filters: readonly Filter[]
  readonly since: string | null
  readonly until: string | null
}

/** Month `month` of plan `plan`, by their numbers. */
export interface PlanSpan {
  readonly plan: number
  readonly month: number
  readonly since: string
  readonly until: string
}

/** One month with usage; how many of its calls plan 1 covers too is `also_1`. */
export interface PlanUsageRow {
  readonly plan: number
  readonly month: number
  readonly calls: Whole
  /** Calls and session totals without a list price, and those with one for a part. */
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  /** At list price. */
  readonly value_usd: Decimal | null
  readonly [also: `also_${number}`]: Whole
}

export function planUsage(plans: readonly CoveredCalls[], spans: readonly PlanSpan[]): Query<PlanUsageRow> {
  const params: Record<string, Param> = { spans: JSON.stringify(spans) }
  const covers = plans.map((plan, i) => `coalesce(${coveredBy(plan, i, params)}, FALSE) AS is_covered_${i}`)
  const first = plans.map((_, i) => `WHEN is_covered_${i} THEN ${i}`)
  const also = plans.map(
    (_, i) => `count(*) FILTER (WHERE is_covered_${i} AND usage.plan < ${i}) AS also_${i}`,
  )
  const sql = /* sql */ `
    WITH spans AS (
      SELECT ${rowsOfJson('$spans', { plan: 'INTEGER', month: 'INTEGER', since: 'TIMESTAMP', until: 'TIMESTAMP' })}
    ), marked AS (
      SELECT ${['ts', 'operation', 'list_cost_usd', 'partly_priced', ...covers].join(', ')}
      FROM calls WHERE ${conditions.not_hit}
        AND ts >= (SELECT min(since) FROM spans) AND ts < (SELECT max(until) FROM spans)
    ), usage AS (
      SELECT *, CASE ${first.join(' ')} END AS plan FROM marked
    )
    SELECT ${[
      'usage.plan',
      'month',
      `count(*) FILTER (WHERE ${conditions.call}) AS calls`,
      'count(*) - count(list_cost_usd) AS unpriced_calls',
      'count(*) FILTER (WHERE partly_priced) AS partly_priced_calls',
      'CAST(sum(list_cost_usd) AS DECIMAL(38,12)) AS value_usd',
      ...also,
    ].join(', ')}
    FROM usage JOIN spans ON usage.plan = spans.plan AND ts >= since AND ts < until
    GROUP BY usage.plan, month ORDER BY usage.plan, month`
  return { sql, params }
}

/** When the first and the last call were made that pass the filters of each plan; `first_ts_0` is of plan 0. */
export interface PlanReachRow {
  readonly [first: `first_ts_${number}`]: string | null
  readonly [last: `last_ts_${number}`]: string | null
}

/** How far the log of each plan's calls reaches, whatever its months. @param until as-of, ISO 8601 UTC */
export function planReach(plans: readonly CoveredCalls[], until: string): Query<PlanReachRow> {
  const params: Record<string, Param> = {}
  const figures = plans.flatMap(({ filters }, i) => {
    const where = coveredBy({ filters, since: null, until: null }, i, params)
    return [
      `min(ts) FILTER (WHERE ${where}) AS first_ts_${i}`,
      `max(ts) FILTER (WHERE ${where}) AS last_ts_${i}`,
    ]
  })
  const sql = /* sql */ `
    SELECT ${figures.length === 0 ? 'NULL AS nothing' : figures.join(', ')}
    FROM calls WHERE ${conditions.not_hit} AND ts < ${quoteTimestamp(until)}`
  return { sql, params }
}

function coveredBy(
  { filters, since, until }: CoveredCalls,
  i: number,
  params: Record<string, Param>,
): string {
  const { sql, params: own } = inFilters(filters, `${i}_`)
  Object.assign(params, own)
  return [
    sql,
    ...(since === null ? [] : [`ts >= ${quoteTimestamp(since)}`]),
    ...(until === null ? [] : [`ts < ${quoteTimestamp(until)}`]),
  ].join(' AND ')
}
