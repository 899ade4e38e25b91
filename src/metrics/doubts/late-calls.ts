/** Calls that are later than the prices they are priced at. */
import { timestampText } from '../../domain/words/quoting.js'
import type { Scope } from '../../domain/scope.js'
import { instant } from '../dialect.js'
import { routed, type Grain } from '../../rollups/router.js'
import { inScope } from '../scope.js'
import type { Decimal, Query, Whole } from '../query.js'

export interface LateCallsRow {
  readonly late_calls: Whole
  /** What they cost; null where there are none. */
  readonly late_cost_usd: Decimal | null
}

export const noLateCalls: LateCallsRow = { late_calls: 0, late_cost_usd: null }

/**
 * Counts calls at list prices from a moment on: what a log reports itself, or what has no price, is no older
 * for it.
 * @param from ISO 8601 UTC
 */
export function lateCalls(scope: Scope, from: string): Query<LateCallsRow> {
  const asks = { scope, names: ['cost_basis'], instants: [from], additive: true } as const
  return routed(asks, (grain) => lateCallsOver(grain, scope, from))
}

function lateCallsOver(grain: Grain, scope: Scope, from: string): Query<LateCallsRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    SELECT ${grain.part('rows')} AS late_calls, ${grain.part('cost_usd')} AS late_cost_usd
    FROM ${grain.from}
    WHERE ts >= ${instant('$late_from')} AND cost_basis = 'list' AND ${condition.sql}`
  return { sql, params: { ...condition.params, late_from: timestampText(from) } }
}
