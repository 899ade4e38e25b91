/** Where the costs that the logs report differ from those that count. */
import { convertedColumns } from '../../domain/costs/currency.js'
import { countedByList, loggedCostsSql, type LoggedCostRow } from '../../domain/costs/logged-costs.js'
import type { Scope } from '../../domain/scope.js'
import type { Query } from '../query.js'
import { inScope } from '../scope.js'

/** Of the calls in scope: a row a model and month, for models that differ as wholes. In dollars, as prices are, whatever the answer is in. */
export function loggedCosts(scope: Scope): Query<LoggedCostRow> {
  const { sql, params } = inScope(scope)
  const where = `${countedByList} AND ${sql}`
  const { cost, reported } = convertedColumns
  return scope.currency === undefined
    ? { sql: loggedCostsSql('calls', where, 'cost_usd', 'model'), params }
    : { sql: loggedCostsSql('calls', where, cost, 'model', reported), params }
}

/**
 * Of all calls, whichever cost counts: a row for each month of a model that differs from its list price.
 * Hits of the response cache cost nothing in one and something in the other, and are left out.
 */
export function loggedCostsByMonth(): Query<LoggedCostRow> {
  const both =
    "reported_cost_usd > 0 AND list_cost_usd IS NOT NULL AND cost_basis IN ('list', 'reported') AND (list_cost_usd > 0 OR cost_basis = 'list')"
  return { sql: loggedCostsSql('calls', both, 'list_cost_usd', 'month'), params: {} }
}
