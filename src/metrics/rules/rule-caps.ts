/**
 * Users over their caps at as-of and at moments before it, counted as in rule-windows.ts. A request, clock hour,
 * day or month counts when one of its calls is in the window; it is measured by its calls up to the moment.
 */
import { hourStep } from './hour-steps.js'
import { capsSet, type CapLimits } from '../../domain/budgets/cap-limits.js'
import type { Scope } from '../../domain/scope.js'
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import { amount, limitSql, requestUse } from '../budgets/cap-limits.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import { wholeNumbers } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface RuleCapsRequest {
  /** From the beginning of the longest bucket in which the oldest window begins, up to as-of. */
  readonly scope: Scope
  readonly asOf: Date
  readonly steps: number
  readonly windowHours: number
  readonly limits: CapLimits
}

export interface RuleCapRow {
  readonly cap: CapName
  readonly user_id: string
  readonly step: Whole
  /** USD, or tokens: the most of those over the cap. */
  readonly used: Decimal
  readonly limit_value: Decimal
}

export function ruleCaps({ scope, asOf, steps, windowHours, limits }: RuleCapsRequest): Query<RuleCapRow> {
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const set = capsSet(limits)
  const own = limitSql(limits)
  const params: Record<string, Param> = {
    ...condition.params,
    ...offset.params,
    ...own.params,
    as_of_micros: String(asOf.getTime() * 1000),
    steps: String(steps),
  }
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const kept = set.flatMap((cap) => capBuckets[cap] ?? [])
  const keys = kept.map((bucket) => `${bucketNumber(bucket, shift)} AS ${bucket}`)
  const requests = set.filter((cap) => capBuckets[cap] === undefined)
  const parts = set.map((cap) => {
    const bucket = capBuckets[cap]
    const used =
      bucket === undefined
        ? /* sql */ `SELECT user_id, step, most_${cap} AS used FROM user_steps`
        : /* sql */ `SELECT user_id, step, sum(cost_usd) OVER (PARTITION BY user_id, ${bucket} ORDER BY step DESC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS used FROM user_steps`
    return /* sql */ `SELECT '${cap}' AS cap, user_id, step, ${amount('used')} AS used, limit_value
      FROM (SELECT uses.*, ${own.of(cap)} AS limit_value FROM (${used}) AS uses${own.join('uses')}) AS limited_uses
      WHERE used > limit_value`
  })
  const sql = /* sql */ `
    WITH ${own.ctes}calls_of_users AS (
      SELECT *, ${offset.sql} AS zone_offset FROM calls WHERE ${condition.sql} AND user_id IS NOT NULL
    ), user_steps AS MATERIALIZED (
      SELECT ${['user_id', `${hourStep} AS step`, ...keys, 'sum(cost_usd) AS cost_usd', ...requests.map((cap) => `max(${requestUse(cap, 'calls_of_users')}) AS most_${cap}`)].join(', ')}
      FROM calls_of_users GROUP BY ${['user_id', 'step', ...kept].join(', ')}
    ), over_cap AS (
      ${parts.length === 0 ? `SELECT 'daily_usd' AS cap, user_id, step, ${amount('0')} AS used, ${amount('0')} AS limit_value FROM user_steps WHERE FALSE` : parts.join(' UNION ALL ')}
    ), held AS (
      SELECT cap, user_id, over_cap.step - hours.before AS step, max(used) AS used,
        max(limit_value) AS limit_value
      FROM over_cap, ${wholeNumbers(String(windowHours))} AS hours(before)
      WHERE over_cap.step - hours.before BETWEEN 0 AND CAST($steps AS BIGINT) - 1
      GROUP BY 1, 2, 3
    )
    SELECT cap, user_id, step, used, limit_value FROM held ORDER BY cap, user_id, step`
  return { sql, params }
}
