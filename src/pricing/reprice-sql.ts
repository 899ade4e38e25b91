/**
 * Pricing calls that are stored already, in SQL: what would change, and the change itself. Statements run
 * in this order; `store` is the catalog of the store with its dot (`store.`), or empty.
 */
import type { CostBasis } from '../domain/costs/basis.js'
import { pricedColumnNames } from '../domain/call.js'
import { rateColumns } from '../domain/costs/rate.js'
import { pricedQuery, ratesQuery } from './price-sql.js'

/** Every provider and model of the store, to be resolved. */
export const storedModels = (
  store: string,
): string => /* sql */ `SELECT DISTINCT provider, model FROM ${store}calls WHERE model IS NOT NULL
    UNION SELECT DISTINCT provider, model FROM ${store}same_calls WHERE model IS NOT NULL`

/** Takes `$rows`, JSON of {given_provider, model, provider}: what each stored name resolves to now. */
export const resolvedTable = /* sql */ `CREATE TEMP TABLE resolved AS SELECT unnest(from_json(CAST($rows AS JSON),
  '[{"given_provider":"VARCHAR","model":"VARCHAR","provider":"VARCHAR"}]'), recursive := true)`

/** Takes `$rates`, JSON of rates. */
export const newRatesTable = /* sql */ `CREATE TEMP TABLE new_rates AS ${ratesQuery}`

const changed = ['provider', ...pricedColumnNames]

/** The calls whose provider, cost or basis would change, with old and new values. */
export function changesTable(store: string, basis: CostBasis): string {
  const calls = `(SELECT i.* EXCLUDE (provider), i.rowid AS call_row, i.provider AS old_provider, i.cost_usd AS old_cost_usd,
      coalesce(m.provider, i.provider) AS provider
    FROM ${store}calls i LEFT JOIN resolved m ON i.model = m.model AND i.provider IS NOT DISTINCT FROM m.given_provider)`
  const old = pricedColumnNames
    .filter((name) => name !== 'cost_usd')
    .map((name) => `c.${name} AS old_${name}`)
  const keep = ['c.call_row', 'c.provider', 'c.model', 'c.old_provider', 'c.old_cost_usd', ...old].join(', ')
  const query = pricedQuery({ calls, rates: 'new_rates', keep, basis })
  return /* sql */ `CREATE TEMP TABLE changes AS SELECT * FROM (${query})
    WHERE ${changed.map((name) => `${name} IS DISTINCT FROM old_${name}`).join(' OR ')}`
}

/** Calls by provider and model: how many, how many change, and the cost of those before and after. */
export const changesByModel = (store: string): string => /* sql */ `
  WITH stored AS (
    SELECT coalesce(m.provider, c.provider) AS provider, c.model, count(*) AS calls
    FROM ${store}calls c LEFT JOIN resolved m ON c.model = m.model AND c.provider IS NOT DISTINCT FROM m.given_provider
    GROUP BY ALL),
  changed AS (
    SELECT provider, model, count(*) AS changed_calls, sum(old_cost_usd) AS old_cost_usd, sum(cost_usd) AS new_cost_usd,
      coalesce(sum(cost_usd), 0) - coalesce(sum(old_cost_usd), 0) AS difference_usd,
      count(*) FILTER (WHERE old_cost_usd IS NULL AND cost_usd IS NOT NULL) AS newly_priced_calls,
      count(*) FILTER (WHERE old_cost_usd IS NOT NULL AND cost_usd IS NULL) AS no_longer_priced_calls
    FROM changes GROUP BY ALL)
  SELECT c.provider, c.model, s.calls, c.* EXCLUDE (provider, model)
  FROM changed c LEFT JOIN stored s ON c.model IS NOT DISTINCT FROM s.model AND c.provider IS NOT DISTINCT FROM s.provider
  ORDER BY abs(difference_usd) DESC, changed_calls DESC, c.provider NULLS LAST, c.model NULLS LAST`

export interface ChangeRow {
  readonly provider: string | null
  readonly model: string | null
  readonly calls: number
  readonly changed_calls: number
  readonly old_cost_usd: string | null
  readonly new_cost_usd: string | null
  readonly difference_usd: string
  readonly newly_priced_calls: number
  readonly no_longer_priced_calls: number
}

/** All calls, and their cost before and after. */
export const changesInTotal = (store: string): string => /* sql */ `
  SELECT (SELECT count(*) FROM ${store}calls) AS calls, count(*) AS changed_calls,
    sum(old_cost_usd) AS old_cost_usd, sum(cost_usd) AS new_cost_usd,
    CAST(coalesce(sum(cost_usd), 0) - coalesce(sum(old_cost_usd), 0) AS DECIMAL(38,12)) AS difference_usd,
    count(*) FILTER (WHERE old_cost_usd IS NULL AND cost_usd IS NOT NULL) AS newly_priced_calls,
    count(*) FILTER (WHERE old_cost_usd IS NOT NULL AND cost_usd IS NULL) AS no_longer_priced_calls
  FROM changes`

/** Writes the changes into the store, and its rates anew. */
export const applyChanges = (store: string): readonly string[] => [
  `UPDATE ${store}calls AS c SET ${changed.map((name) => `${name} = n.${name}`).join(', ')}
    FROM changes n WHERE c.rowid = n.call_row`,
  `UPDATE ${store}same_calls AS c SET provider = m.provider FROM resolved m
    WHERE c.model = m.model AND c.provider IS NOT DISTINCT FROM m.given_provider AND m.provider IS DISTINCT FROM c.provider`,
  `DELETE FROM ${store}rates`,
  `INSERT INTO ${store}rates SELECT ${rateColumns.map(({ name }) => name).join(', ')} FROM new_rates`,
]
