/** How long no call has come, at as-of and at moments before it, counted as in rule-windows.ts. */
import { asOfParams, hourStep } from './hour-steps.js'
import { timestampText } from '../../domain/words/quoting.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Filter } from '../../domain/scope.js'
import { hourMs } from '../../domain/time/zones.js'
import { epochMicros, instant, wholeNumbers } from '../dialect.js'
import type { Param, Query, Whole } from '../query.js'
import { columnOf, inFilters } from '../scope.js'

export interface RuleSilenceRequest {
  readonly asOf: Date
  readonly steps: number
  readonly filters: readonly Filter[]
  /** Null: all calls together, which are expected for ever. */
  readonly by: Dimension | null
  /** Hours without a call. */
  readonly atLeastHours: number
  /** With a dimension: a value is expected as long as it had so many calls in these hours. */
  readonly windowHours: number
  readonly minCalls: number
}

export interface RuleSilenceRow {
  readonly value: string | null
  readonly step: Whole
  readonly last_ts: string
  readonly silent_hours: number
  /** Calls in the window. */
  readonly calls: Whole
}

export function ruleSilence(request: RuleSilenceRequest): Query<RuleSilenceRow> {
  const { asOf, steps, filters, by, atLeastHours, windowHours, minCalls } = request
  const condition = inFilters(filters)
  const { column, params: own } = by === null ? { column: 'NULL', params: {} } : columnOf(by, 'rule_tag')
  const depth = steps + windowHours
  const params: Record<string, Param> = {
    ...condition.params,
    ...own,
    ...asOfParams(asOf),
    depth: String(depth),
    steps: String(steps),
    silent_micros: String(atLeastHours * hourMs * 1000),
  }
  if (by !== null) {
    params['read_since'] = timestampText(new Date(asOf.getTime() - depth * hourMs).toISOString())
    params['min_calls'] = String(Math.max(1, minCalls))
  }
  const moment = `(CAST($as_of_micros AS BIGINT) - step * ${hourMs * 1000})`
  const silence = `(${moment} - ${epochMicros('last_ts')})`
  const sql = /* sql */ `
    WITH steps_of_values AS MATERIALIZED (
      SELECT CAST(${column} AS VARCHAR) AS value, least(${hourStep}, CAST($depth AS BIGINT) - 1) AS step,
        count(*) AS calls, max(ts) AS last_ts
      FROM calls
      WHERE ts < ${instant('$as_of')} AND ${condition.sql}
        ${by === null ? '' : `AND ts >= ${instant('$read_since')} AND ${column} IS NOT NULL`}
      GROUP BY 1, 2
    ), all_steps AS (
      SELECT known_values.value, steps.step
      FROM (SELECT DISTINCT value FROM steps_of_values) AS known_values,
        ${wholeNumbers('CAST($depth AS BIGINT)')} AS steps(step)
    ), windows AS (
      SELECT all_steps.value, all_steps.step,
        max(last_ts) OVER (PARTITION BY all_steps.value ORDER BY all_steps.step
          ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS last_ts,
        CAST(coalesce(sum(calls) OVER (PARTITION BY all_steps.value ORDER BY all_steps.step
          ROWS BETWEEN CURRENT ROW AND ${windowHours - 1} FOLLOWING), 0) AS BIGINT) AS calls
      FROM all_steps LEFT JOIN steps_of_values
        ON steps_of_values.step = all_steps.step AND steps_of_values.value IS NOT DISTINCT FROM all_steps.value
    )
    SELECT value, step, last_ts, CAST(${silence} AS DOUBLE) / ${hourMs * 1000} AS silent_hours, calls
    FROM windows
    WHERE step < CAST($steps AS BIGINT) AND ${silence} >= CAST($silent_micros AS BIGINT)
      ${by === null ? '' : 'AND calls >= CAST($min_calls AS BIGINT)'}
    ORDER BY value NULLS FIRST, step`
  return { sql, params }
}
