/** What the calls of each quarter-hour of UTC come to, in all and by what several budgets cover, in one scan. */
import type { Filter, Scope } from '../../domain/scope.js'
import { routed, type Grain } from '../../rollups/router.js'
import { epochMicros, wholeQuotient } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

export interface QuarterHoursRequest {
  readonly scope: Scope
  /** What is summed up, beside the filters of the scope. */
  readonly filterSets: readonly (readonly Filter[])[]
}

/** One quarter-hour with calls in scope; the figures of filter set 0 are `calls_0`, `cost_usd_0` … */
export interface QuarterHourRow {
  /** Quarter-hours since 1970. */
  readonly quarter: Whole
  readonly [calls: `calls_${number}`]: Whole
  readonly [unpriced: `unpriced_calls_${number}`]: Whole
  /** null where none of them has a price. */
  readonly [cost: `cost_usd_${number}`]: Decimal | null
}

export function quarterHours(request: QuarterHoursRequest): Query<QuarterHourRow> {
  const { scope, filterSets } = request
  const asks = { scope, filters: filterSets.flat(), buckets: true, additive: true }
  return routed(asks, (grain) => quarterHoursOver(grain, request))
}

function quarterHoursOver(
  { from, part }: Grain,
  { scope, filterSets }: QuarterHoursRequest,
): Query<QuarterHourRow> {
  const condition = inScope(scope)
  const params: Record<string, Param> = { ...condition.params }
  const covers = filterSets.map((filters, i) => {
    const { sql, params: own } = inFilters(filters, `${i}_`)
    Object.assign(params, own)
    return `${sql} AS is_covered_${i}`
  })
  const figures = filterSets.flatMap((_, i) => {
    const covered = `is_covered_${i}`
    const rows = part('rows', undefined, covered)
    return [
      `${rows} AS calls_${i}`,
      `${rows} - ${part('priced_rows', undefined, covered)} AS unpriced_calls_${i}`,
      `${part('cost_usd', undefined, covered)} AS cost_usd_${i}`,
    ]
  })
  const sql = /* sql */ `
    WITH calls_by_quarter AS (
      SELECT ${['*', `${wholeQuotient(epochMicros('ts'), 900_000_000)} AS quarter`, ...covers].join(', ')}
      FROM ${from} WHERE ${condition.sql}
    )
    SELECT ${['quarter', ...figures].join(', ')} FROM calls_by_quarter GROUP BY quarter ORDER BY quarter`
  return { sql, params }
}
