/** Rows in which a source states what a session used in all, instead of its calls. */
import { allocationSource, besideCalls, hasMoneyBeside } from '../../domain/costs/basis.js'
import type { Scope } from '../../domain/scope.js'
import { isCall } from '../measures/aggregates.js'
import type { Decimal, Query, Whole } from '../query.js'
import { routed, type Grain } from '../../rollups/router.js'
import { inScope } from '../scope.js'

export interface SessionTotalsRow {
  readonly session_totals: Whole
  readonly cost_usd: Decimal | null
}

export function sessionTotals(scope: Scope): Query<SessionTotalsRow> {
  return routed({ scope, additive: true }, (grain) => sessionTotalsOver(grain, scope))
}

function sessionTotalsOver({ from, part }: Grain, scope: Scope): Query<SessionTotalsRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    SELECT ${part('rows')} AS session_totals, ${part('cost_usd')} AS cost_usd
    FROM ${from}
    WHERE NOT ${isCall} AND ${condition.sql}${hasMoneyBeside(scope.basis) ? ` AND ${besideCalls} IS NULL` : ''}${scope.allocated ? ` AND source <> '${allocationSource}'` : ''}`
  return { sql, params: condition.params }
}
