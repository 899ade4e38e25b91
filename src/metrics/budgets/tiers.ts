/**
 * What the users of each tier cost. Calls are added up by user first, then the users are joined with their
 * tiers; the tiers travel as one bound text.
 */
import type { Scope } from '../../domain/scope.js'
import type { UserTier } from '../../domain/budgets/user-tier.js'
import { quantile, rowsOfJson } from '../dialect.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

/** The dearest tier first, then users without a tier, then calls without a user, then the total. */
export interface TierRow {
  readonly is_total: boolean
  /** Calls that name no user. */
  readonly is_anonymous: boolean
  /** null: users without a tier. */
  readonly tier: string | null
  /** Users in the file, with or without calls; without a tier: users with calls. */
  readonly users: Whole
  readonly active_users: Whole
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  readonly cost_usd: Decimal | null
  /** Over users with a priced call. */
  readonly mean_user_cost_usd: number | null
  readonly p95_user_cost_usd: Decimal | null
  readonly max_user_cost_usd: Decimal | null
  /** Users whose revenue is known, what it is a month, and what these users cost. */
  readonly revenue_users: Whole
  readonly monthly_revenue_usd: Decimal | null
  readonly revenue_users_cost_usd: Decimal | null
}

const columns = { user_id: 'VARCHAR', tier: 'VARCHAR', monthly_revenue: 'VARCHAR' }

export function costByTier(scope: Scope, tiers: readonly UserTier[]): Query<TierRow> {
  const condition = inScope(scope)
  const named = tiers.map(({ userId, tier, monthlyRevenue }) => ({
    user_id: userId,
    tier,
    monthly_revenue: monthlyRevenue,
  }))
  const sql = /* sql */ `
    WITH tiers AS (
      SELECT ${rowsOfJson('$tiers', columns)}
    ), user_tiers AS (
      SELECT user_id, tier, CAST(monthly_revenue AS DECIMAL(28, 12)) AS monthly_revenue_usd FROM tiers
    ), user_costs AS (
      SELECT user_id, count(*) AS calls, count(*) - count(cost_usd) AS unpriced_calls,
        count(*) FILTER (WHERE partly_priced) AS partly_priced_calls, sum(cost_usd) AS cost_usd
      FROM calls WHERE ${condition.sql} GROUP BY user_id
    ), users AS (
      SELECT user_tiers.tier, user_tiers.monthly_revenue_usd, user_costs.*,
        coalesce(user_tiers.user_id, user_costs.user_id) IS NULL AS is_anonymous
      FROM user_costs FULL JOIN user_tiers ON user_costs.user_id = user_tiers.user_id
    ), figures AS (
      SELECT tier, is_anonymous, GROUPING(is_anonymous) = 1 AS is_total,
        count(*) FILTER (WHERE NOT is_anonymous) AS users,
        count(*) FILTER (WHERE NOT is_anonymous AND calls > 0) AS active_users,
        ${['calls', 'unpriced_calls', 'partly_priced_calls']
          .map((name) => `CAST(coalesce(sum(${name}), 0) AS BIGINT) AS ${name}`)
          .join(', ')},
        sum(cost_usd) AS cost_usd,
        CAST(sum(cost_usd) FILTER (WHERE NOT is_anonymous) AS DOUBLE)
          / nullif(count(cost_usd) FILTER (WHERE NOT is_anonymous), 0) AS mean_user_cost_usd,
        CAST(${quantile('cost_usd', 0.95)} FILTER (WHERE NOT is_anonymous) AS DECIMAL(38, 12)) AS p95_user_cost_usd,
        max(cost_usd) FILTER (WHERE NOT is_anonymous) AS max_user_cost_usd,
        count(monthly_revenue_usd) AS revenue_users, sum(monthly_revenue_usd) AS monthly_revenue_usd,
        sum(coalesce(cost_usd, 0)) FILTER (WHERE monthly_revenue_usd IS NOT NULL) AS revenue_users_cost_usd
      FROM users GROUP BY GROUPING SETS ((tier, is_anonymous), ())
    )
    SELECT coalesce(is_anonymous, FALSE) AS is_anonymous, figures.* EXCLUDE (is_anonymous) FROM figures
    ORDER BY is_total, figures.is_anonymous, tier IS NULL, cost_usd DESC NULLS LAST, tier`
  return { sql, params: { ...condition.params, tiers: JSON.stringify(named) } }
}
