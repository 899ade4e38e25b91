/** What the calls that are priced in part used beyond their price, by name, the most calls first. */
import type { Scope } from '../../domain/scope.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface PartlyPricedRow {
  /** As in unread_usage and unpriced_usage: `web_search_requests`, `service_tier=priority`, `usage.foo`. */
  readonly name: string
  readonly calls: Whole
  /** What all partly priced calls cost, as far as they are priced, whatever they used; null where none has a cost. */
  readonly all_cost_usd: Decimal | null
}

export function partlyPricedUsage(scope: Scope): Query<PartlyPricedRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    WITH partly AS MATERIALIZED (
      SELECT unread_usage, unpriced_usage, cost_usd FROM calls WHERE partly_priced AND ${condition.sql})
    SELECT name, count(*) AS calls, (SELECT sum(cost_usd) FROM partly) AS all_cost_usd FROM (
      SELECT unnest(list_distinct(string_split(concat_ws('; ', unread_usage, unpriced_usage), '; '))) AS name
      FROM partly)
    WHERE NOT starts_with(name, 'currency=') AND NOT starts_with(name, 'currency in doubt: ')
    GROUP BY name ORDER BY calls DESC, name`
  return { sql, params: condition.params }
}
