/**
 * What the calls that each of several budgets covers cost, by local day, by step of an hour back from as-of
 * (counted as in rule-windows.ts) and by time of the day: enough to say how a budget stood at each step.
 */
import { hourStep } from './hour-steps.js'
import type { Filter, Scope } from '../../domain/scope.js'
import { hourMs } from '../../domain/time/zones.js'
import { isUtc } from '../../domain/time/zones.js'
import { bucketLabel, bucketNumber, clockTime, zoneOffset } from '../buckets.js'
import { wholeQuotient } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

export interface RuleBudgetsRequest {
  /** Up to as-of. */
  readonly scope: Scope
  readonly asOf: Date
  readonly filterSets: readonly (readonly Filter[])[]
  /** Minutes and less that the clock may show at a step, ms: one in nearly every zone. */
  readonly clockMs: readonly number[]
  /** Steps told apart; what is older is one. */
  readonly steps: number
}

export interface RuleBudgetRow {
  /** `2026-10-02` */
  readonly day: string
  readonly step: Whole
  /** Hours of the clock since each of `clockMs` in the hour before the day's first: 0 is before it. */
  readonly [slot: `slot_${number}`]: Whole
  readonly [calls: `calls_${number}`]: Whole
  readonly [unpriced: `unpriced_calls_${number}`]: Whole
  readonly [cost: `cost_usd_${number}`]: Decimal | null
}

export function ruleBudgets(request: RuleBudgetsRequest): Query<RuleBudgetRow> {
  const { scope, asOf, filterSets, clockMs, steps } = request
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const params: Record<string, Param> = {
    ...condition.params,
    ...offset.params,
    as_of_micros: String(asOf.getTime() * 1000),
    steps: String(steps),
  }
  const covers = filterSets.map((filters, i) => {
    const { sql, params: own } = inFilters(filters, `${i}_`)
    Object.assign(params, own)
    return `${sql} AS is_covered_${i}`
  })
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const slots = clockMs.map((ms, i) => {
    params[`clock_${i}`] = String(Math.round(ms * 1000))
    const since = `(${clockTime(shift)} + ${hourMs * 1000} - CAST($clock_${i} AS BIGINT))`
    return `${wholeQuotient(since, hourMs * 1000)} AS slot_${i}`
  })
  const keys = ['day', 'step', ...clockMs.map((_, i) => `slot_${i}`)]
  const figures = filterSets.flatMap((_, i) => [
    `count(*) FILTER (WHERE is_covered_${i}) AS calls_${i}`,
    `count(*) FILTER (WHERE is_covered_${i} AND cost_usd IS NULL) AS unpriced_calls_${i}`,
    `sum(cost_usd) FILTER (WHERE is_covered_${i}) AS cost_usd_${i}`,
  ])
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, ${offset.sql} AS zone_offset FROM calls WHERE ${condition.sql}
    ), placed_calls AS (
      SELECT ${['cost_usd', `${bucketNumber('day', shift)} AS day`, `least(${hourStep}, CAST($steps AS BIGINT)) AS step`, ...slots, ...covers].join(', ')}
      FROM calls_in_scope
    ), figures AS (
      SELECT ${[...keys, ...figures].join(', ')} FROM placed_calls GROUP BY ${keys.join(', ')}
    )
    SELECT ${bucketLabel('day', 'figures.day', isUtc(scope.tz))} AS day, figures.* EXCLUDE (day)
    FROM figures ORDER BY ${keys.map((key) => `figures.${key}`).join(', ')}`
  return { sql, params }
}
