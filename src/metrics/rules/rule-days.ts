/** What each local day cost, of all calls or of each value of a dimension: what growth rules are judged by. */
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import type { Decimal, Query, Whole } from '../query.js'
import { columnOf, inScope } from '../scope.js'

export interface RuleDayRow {
  readonly value: string | null
  /** Days since 1970-01-01 on the clock. */
  readonly day: Whole
  /** Null where no call of the day has a price. */
  readonly cost_usd: Decimal | null
}

/** @param leastUsd exact decimal; values that cost less in the whole scope are left out */
export function ruleDays(scope: Scope, by: Dimension | null, leastUsd: string): Query<RuleDayRow> {
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const { column, params } = by === null ? { column: 'NULL', params: {} } : columnOf(by, 'rule_tag')
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT CAST(${column} AS VARCHAR) AS value, ts, cost_usd, ${offset.sql} AS zone_offset
      FROM calls WHERE ${condition.sql}
    ), days AS (
      SELECT value, ${bucketNumber('day', offset.sql === '0' ? '0' : 'zone_offset')} AS day, sum(cost_usd) AS cost_usd
      FROM calls_in_scope GROUP BY 1, 2
    ), all_days AS (
      SELECT *, sum(cost_usd) OVER (PARTITION BY value) AS whole_usd FROM days
    )
    SELECT value, day, cost_usd FROM all_days
    WHERE coalesce(whole_usd, 0) >= CAST($least AS DECIMAL(38, 12))
    ORDER BY value NULLS FIRST, day`
  return { sql, params: { ...condition.params, ...offset.params, ...params, least: leastUsd } }
}
