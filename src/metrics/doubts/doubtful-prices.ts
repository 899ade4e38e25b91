/** Calls whose list price is doubtful, by model and doubt, the dearest first. */
import { rateJoin } from '../../domain/costs/rate-sql.js'
import type { Scope } from '../../domain/scope.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface DoubtfulPriceRow {
  readonly provider: string
  readonly model: string
  /** Why, in words: `sold since 2024-05-13`. */
  readonly doubt: string
  readonly calls: Whole
  readonly cost_usd: Decimal
}

/** Calls are joined to doubtful rates alone, so that a store without any pays next to nothing. */
export function doubtfulPrices(scope: Scope): Query<DoubtfulPriceRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    WITH doubtful_rates AS (SELECT * FROM rates WHERE doubt IS NOT NULL),
    listed_calls AS (
      SELECT provider, model, ts, input_tokens, service_tier, speed, region, cost_usd FROM calls
      WHERE cost_basis = 'list' AND cost_usd > 0 AND model IN (SELECT model FROM doubtful_rates) AND ${condition.sql})
    SELECT c.provider, c.model, r.doubt, count(*) AS calls, sum(c.cost_usd) AS cost_usd
    FROM listed_calls c JOIN doubtful_rates r ON ${rateJoin('c', 'r')}
    GROUP BY ALL ORDER BY cost_usd DESC, c.provider, c.model, r.doubt`
  return { sql, params: condition.params }
}
