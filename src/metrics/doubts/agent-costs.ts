/** What coding agents cost among the calls in scope, and how far back their sessions reach. */
import { agentSources } from '../../domain/costs/agents.js'
import type { Scope } from '../../domain/scope.js'
import { quoteText } from '../../domain/words/quoting.js'
import { routed, type Grain } from '../../rollups/router.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

/** SQL: true of a row that a coding agent's log told. */
export const isOfAgent = `source IN (${agentSources.map(quoteText).join(', ')})`

export interface AgentCostsRow {
  /** Calls and session totals in scope. */
  readonly agent_calls: Whole
  readonly cost_usd: Decimal | null
  /** The oldest of the store, in scope or not, ISO 8601 UTC; null when there is none. */
  readonly first_ts: string | null
}

export function agentCosts(scope: Scope): Query<AgentCostsRow> {
  return routed({ scope, names: ['source'], additive: true }, (grain) => agentCostsOver(grain, scope))
}

function agentCostsOver({ from, part }: Grain, scope: Scope): Query<AgentCostsRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    SELECT ${part('rows', undefined, condition.sql)} AS agent_calls,
      ${part('cost_usd', undefined, condition.sql)} AS cost_usd, ${part('first_ts')} AS first_ts
    FROM ${from}
    WHERE ${isOfAgent}`
  return { sql, params: condition.params }
}
