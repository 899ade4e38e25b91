/** Rows that are no calls: in which a source states what a session used in all, and amounts of no call. */
import { allocationSource, besideCalls, hasMoneyBeside } from '../../domain/costs/basis.js'
import type { Scope } from '../../domain/scope.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Query, Whole } from '../query.js'
import { routed, type Grain } from '../../rollups/router.js'
import { inScope } from '../scope.js'

export interface SessionTotalsRow {
  readonly session_totals: Whole
  readonly cost_usd: Decimal | null
  /** Amounts of no call: see bases. */
  readonly beside_rows: Whole
}

export function sessionTotals(scope: Scope): Query<SessionTotalsRow> {
  return routed({ scope, additive: true }, (grain) => sessionTotalsOver(grain, scope))
}

function sessionTotalsOver({ from, part }: Grain, scope: Scope): Query<SessionTotalsRow> {
  const condition = inScope(scope)
  const conditions = [
    ...(hasMoneyBeside(scope.basis) ? [`${besideCalls} IS NULL`] : []),
    ...(scope.allocated ? [`source <> '${allocationSource}'`] : []),
  ]
  const isOfCalls = conditions.length === 0 ? undefined : conditions.join(' AND ')
  const sql = /* sql */ `
    SELECT ${part('rows', undefined, isOfCalls)} AS session_totals, ${part('cost_usd', undefined, isOfCalls)} AS cost_usd,
      ${isOfCalls === undefined ? '0' : `count(*) FILTER (WHERE NOT (${isOfCalls}))`} AS beside_rows
    FROM ${from}
    WHERE NOT ${isCall} AND ${condition.sql}`
  return { sql, params: condition.params }
}
