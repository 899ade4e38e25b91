/**
 * What the calls that each of several budgets covers cost, day by day, in one scan. Budget periods begin at
 * local midnights, so that days add up to every period, and the days before it are what a forecast learns from.
 */
import type { Filter, Scope } from '../../domain/scope.js'
import { isUtc } from '../../domain/time/zones.js'
import type { PartName } from '../../rollups/parts.js'
import { routed, type Grain } from '../../rollups/router.js'
import { bucketLabel, bucketNumber, clockTime, zoneOffset } from '../buckets.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

export interface BudgetDaysRequest {
  readonly scope: Scope
  /** What each budget covers, beside the filters of the scope. */
  readonly filterSets: readonly (readonly Filter[])[]
  /** Time of the local day up to which `cost_by_now_usd` counts, ms since midnight on the clock. */
  readonly clockMs: number
}

/** One local day with calls in scope; the figures of filter set 0 are `calls_0`, `cost_usd_0` … */
export interface BudgetDayRow {
  readonly day: string
  /** Of all calls in scope, whether a budget covers them or not. */
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  readonly [calls: `calls_${number}`]: Whole
  readonly [unpriced: `unpriced_calls_${number}`]: Whole
  readonly [cost: `cost_usd_${number}`]: Decimal | null
  readonly [byNow: `cost_by_now_usd_${number}`]: Decimal | null
}

export function budgetDays(request: BudgetDaysRequest): Query<BudgetDayRow> {
  const { scope, filterSets, clockMs } = request
  const asks = {
    scope,
    filters: filterSets.flat(),
    buckets: true,
    clock: { of: clockTime(zoneOffset(scope).sql), ms: clockMs },
    additive: true,
  }
  return routed(asks, (grain) => budgetDaysOver(grain, request))
}

function budgetDaysOver(
  { from, part }: Grain,
  { scope, filterSets, clockMs }: BudgetDaysRequest,
): Query<BudgetDayRow> {
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const params: Record<string, Param> = { ...condition.params, ...offset.params }
  params['clock'] = String(Math.round(clockMs * 1000))
  const covers = filterSets.map((filters, i) => {
    const { sql, params: own } = inFilters(filters, `${i}_`)
    Object.assign(params, own)
    return `${sql} AS is_covered_${i}`
  })
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const early = `${clockTime(shift)} < CAST($clock AS BIGINT)`
  const covered = (name: PartName, i: number, also = ''): string =>
    part(name, undefined, `is_covered_${i}${also}`)
  const figures = filterSets.flatMap((_, i) => [
    `${covered('rows', i)} AS calls_${i}`,
    `${covered('rows', i)} - ${covered('priced_rows', i)} AS unpriced_calls_${i}`,
    `${covered('cost_usd', i)} AS cost_usd_${i}`,
    `${covered('cost_usd', i, ' AND is_early')} AS cost_by_now_usd_${i}`,
  ])
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, ${offset.sql} AS zone_offset FROM ${from} WHERE ${condition.sql}
    ), calls_by_day AS (
      SELECT ${['*', `${bucketNumber('day', shift)} AS day`, `${early} AS is_early`, ...covers].join(', ')}
      FROM calls_in_scope
    ), figures AS (
      SELECT ${[
        'day',
        `${part('rows')} AS calls`,
        `${part('rows')} - ${part('priced_rows')} AS unpriced_calls`,
        `${part('partly_priced_rows')} AS partly_priced_calls`,
        ...figures,
      ].join(', ')}
      FROM calls_by_day GROUP BY day
    )
    SELECT ${bucketLabel('day', 'figures.day', isUtc(scope.tz))} AS day, figures.* EXCLUDE (day)
    FROM figures ORDER BY figures.day`
  return { sql, params }
}
