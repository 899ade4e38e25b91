/** What the calls that are priced in part used beyond their price, by name, the most calls first. */
import type { Scope } from '../../domain/scope.js'
import type { Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface PartlyPricedRow {
  /** As in unread_usage and unpriced_usage: `web_search_requests`, `service_tier=priority`, `usage.foo`. */
  readonly name: string
  readonly calls: Whole
}

export function partlyPricedUsage(scope: Scope): Query<PartlyPricedRow> {
  const condition = inScope(scope)
  const sql = /* sql */ `
    SELECT name, count(*) AS calls FROM (
      SELECT unnest(list_distinct(string_split(concat_ws('; ', unread_usage, unpriced_usage), '; '))) AS name
      FROM calls WHERE partly_priced AND ${condition.sql})
    WHERE NOT starts_with(name, 'currency=') AND NOT starts_with(name, 'currency in doubt: ')
    GROUP BY name ORDER BY calls DESC, name`
  return { sql, params: condition.params }
}
