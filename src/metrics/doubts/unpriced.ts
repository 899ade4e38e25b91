/** The models whose calls have no cost, the most used first. */
import type { Scope } from '../../domain/scope.js'
import type { Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface UnpricedRow {
  readonly provider: string | null
  readonly model: string | null
  readonly unpriced_calls: Whole
  readonly input_tokens: Whole | null
  readonly output_tokens: Whole | null
}

export function unpricedModels(scope: Scope): Query<UnpricedRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    SELECT provider, model, count(*) AS unpriced_calls, sum(input_tokens) AS input_tokens,
      sum(output_tokens) AS output_tokens
    FROM calls
    WHERE cost_usd IS NULL AND ${condition.sql}
    GROUP BY provider, model
    ORDER BY unpriced_calls DESC, provider NULLS LAST, model NULLS LAST`
  return { sql, params: condition.params }
}
