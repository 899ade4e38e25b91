/** What users use at most, nearly always: the 99th percentile of their requests, hours, days and whole windows, by tier. */
import { capBuckets, type CapName } from '../../domain/budgets/user-caps.js'
import type { UserTier } from '../../domain/budgets/user-tier.js'
import type { Scope } from '../../domain/scope.js'
import { bucketNumber, zoneOffset } from '../buckets.js'
import { discreteQuantile, rowsOfJson } from '../dialect.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'
import { amount, requestUse } from './cap-limits.js'

/** Caps that are suggested from what users use. */
export const levelCaps = [
  'request_tokens',
  'hourly_usd',
  'daily_usd',
  'monthly_usd',
] as const satisfies CapName[]

export interface CapLevelRow {
  /** Of monthly_usd: over the whole window, however long. */
  readonly cap: (typeof levelCaps)[number]
  /** All users together. */
  readonly is_all: boolean
  /** null: users in no tier, or all of them. */
  readonly tier: string | null
  readonly users: Whole
  /** How many requests, hours, days or windows with some use. */
  readonly spans: Whole
  /** USD, or tokens: one of the values, exactly. */
  readonly level: Decimal
}

export function capLevels(scope: Scope, tiers: readonly UserTier[]): Query<CapLevelRow> {
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const named = tiers.map(({ userId, tier }) => ({ user_id: userId, tier }))
  const uses = levelCaps.map((cap) => {
    const bucket = capBuckets[cap]
    if (bucket === undefined)
      return `SELECT '${cap}' AS cap, tier, user_id, ${amount(requestUse(cap, 'asked'))} AS used FROM asked`
    // A window need not be a month: it stands for one by its length.
    const keys = ['tier', 'user_id', ...(bucket === 'month' ? [] : [bucket])].join(', ')
    return `SELECT '${cap}' AS cap, tier, user_id, ${amount('sum(cost_usd)')} AS used FROM asked GROUP BY ${keys}`
  })
  const sql = /* sql */ `
    WITH tiers AS (
      SELECT ${rowsOfJson('$tiers', { user_id: 'VARCHAR', tier: 'VARCHAR' })}
    ), user_tiers AS (
      SELECT user_id AS tier_user, tier FROM tiers
    ), asked AS (
      SELECT user_id, tier, cost_usd, input_tokens, output_tokens, ${bucketNumber('hour', shift)} AS hour,
        ${bucketNumber('day', shift)} AS day
      FROM (
        SELECT user_id, ts, cost_usd, input_tokens, output_tokens, ${offset.sql} AS zone_offset
        FROM calls WHERE ${condition.sql} AND user_id IS NOT NULL AND ${isCall}
      ) AS calls_of_users LEFT JOIN user_tiers ON tier_user = user_id
    ), uses AS (
      ${uses.join(' UNION ALL ')}
    )
    SELECT cap, GROUPING(tier) = 1 AS is_all, tier, count(DISTINCT user_id) AS users, count(*) AS spans,
      ${discreteQuantile('used', 0.99)} AS level
    FROM uses WHERE used > 0 GROUP BY GROUPING SETS ((cap, tier), (cap))
    ORDER BY is_all DESC, tier NULLS FIRST, cap`
  return { sql, params: { ...condition.params, ...offset.params, tiers: JSON.stringify(named) } }
}
