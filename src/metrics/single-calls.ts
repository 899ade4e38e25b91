/** Single calls: the dearest, the latest, those cut off, those that failed. */
import type { Scope } from '../domain/scope.js'
import { isCall } from './measures/aggregates.js'
import type { Decimal, Query, Whole } from './query.js'
import { inScope } from './scope.js'

/** Which calls, and which come first. */
export const callOrders = {
  dearest: { condition: 'TRUE', order: 'cost_usd DESC NULLS LAST, ts DESC' },
  latest: { condition: 'TRUE', order: 'ts DESC' },
  truncated: {
    condition: "finish_reason IN ('length', 'context_exceeded')",
    order: 'cost_usd DESC NULLS LAST, ts DESC',
  },
  failed: { condition: "status = 'error'", order: 'ts DESC' },
} as const

export type CallOrder = keyof typeof callOrders

export interface SingleCallRow {
  readonly call_id: string
  readonly source: string
  readonly ts: string
  readonly feature: string | null
  readonly user_id: string | null
  readonly provider: string | null
  readonly model: string | null
  readonly input_tokens: Whole | null
  readonly output_tokens: Whole | null
  readonly cost_usd: Decimal | null
  readonly latency_ms: number | null
  readonly finish_reason: string | null
  readonly status: string | null
  readonly error: string | null
  readonly path: string | null
  readonly line: Whole | null
}

/** The first `top` calls in the order asked for; ties by source and id, so that the answer is one. */
export function singleCalls(scope: Scope, order: CallOrder, top: number): Query<SingleCallRow> {
  const condition = inScope(scope)
  const chosen = callOrders[order]
  const sql = /* sql */ `
    WITH chosen_calls AS (
      SELECT call_id, source, ts, feature, user_id, provider, model, input_tokens, output_tokens, cost_usd,
        latency_ms, finish_reason, status, error, file_id, line
      FROM calls
      WHERE ${chosen.condition} AND ${isCall} AND ${condition.sql}
      ORDER BY ${chosen.order}, source, call_id
      LIMIT CAST($top AS BIGINT)
    )
    SELECT chosen_calls.* EXCLUDE (file_id), files.path
    FROM chosen_calls LEFT JOIN files ON files.file_id = chosen_calls.file_id
    ORDER BY ${chosen.order}, source, call_id`
  return { sql, params: { ...condition.params, top } }
}
