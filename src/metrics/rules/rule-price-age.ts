/** Calls later than their prices, at as-of and at moments before it, counted as in rule-windows.ts. */
import { asOfParams, hourStep } from './hour-steps.js'
import { timestampText } from '../../domain/words/quoting.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Filter } from '../../domain/scope.js'
import { instant, wholeNumbers } from '../dialect.js'
import type { Query, Whole } from '../query.js'
import { columnOf, inFilters } from '../scope.js'

export interface RulePriceAgeRequest {
  readonly asOf: Date
  readonly steps: number
  readonly filters: readonly Filter[]
  /** Null: all calls together. */
  readonly by: Dimension | null
  /** Calls from here on are later than the price data by more than the bound, ISO 8601 UTC. */
  readonly lateFrom: string
  readonly minCalls: number
}

export interface RulePriceAgeRow {
  readonly value: string | null
  readonly step: Whole
  /** The newest call by then. */
  readonly last_ts: string
  /** Calls at list prices that are later than the bound. */
  readonly calls: Whole
}

export function rulePriceAge(request: RulePriceAgeRequest): Query<RulePriceAgeRow> {
  const { asOf, steps, filters, by, lateFrom, minCalls } = request
  const condition = inFilters(filters)
  const { column, params: own } = by === null ? { column: 'NULL', params: {} } : columnOf(by, 'rule_tag')
  const earlier = `OVER (PARTITION BY all_steps.value ORDER BY all_steps.step
          ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)`
  const sql = /* sql */ `
    WITH steps_of_values AS MATERIALIZED (
      SELECT CAST(${column} AS VARCHAR) AS value, least(${hourStep}, CAST($steps AS BIGINT) - 1) AS step,
        count(*) AS calls, max(ts) AS last_ts
      FROM calls
      WHERE ts < ${instant('$as_of')} AND ts >= ${instant('$late_from')} AND cost_basis = 'list'
        AND ${condition.sql}
      GROUP BY 1, 2
    ), all_steps AS (
      SELECT known_values.value, steps.step
      FROM (SELECT DISTINCT value FROM steps_of_values) AS known_values,
        ${wholeNumbers('CAST($steps AS BIGINT)')} AS steps(step)
    ), moments AS (
      SELECT all_steps.value, all_steps.step, max(last_ts) ${earlier} AS last_ts,
        CAST(coalesce(sum(calls) ${earlier}, 0) AS BIGINT) AS calls
      FROM all_steps LEFT JOIN steps_of_values
        ON steps_of_values.step = all_steps.step AND steps_of_values.value IS NOT DISTINCT FROM all_steps.value
    )
    SELECT value, step, last_ts, calls
    FROM moments
    WHERE calls >= CAST($min_calls AS BIGINT)
    ORDER BY value NULLS FIRST, step`
  return {
    sql,
    params: {
      ...condition.params,
      ...own,
      ...asOfParams(asOf),
      steps: String(steps),
      late_from: timestampText(lateFrom),
      min_calls: String(Math.max(1, minCalls)),
    },
  }
}
