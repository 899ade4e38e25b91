/**
 * The same calls on other models, tiers or prices, in SQL: the program's own pricing over calls whose model,
 * provider or tier is another, so that parts, rounding, bands of input size, hours of the day and modes are
 * those that `ingest` works with.
 *
 * What is assumed, and must be said by who shows the figures: the counts of tokens stay as they
 * are logged, though another model's tokenizer counts otherwise; the prompt cache would have been read and
 * written as it was; the answer would have been as long.
 */
import { usageFields } from '../../domain/call.js'
import { ratesQuery, pricedQuery } from '../price-sql.js'

/** Every provider and model among `calls`. */
export const modelsOf = (calls: string): string =>
  `SELECT DISTINCT provider, model FROM ${calls} WHERE model IS NOT NULL`

const optional = [
  ...usageFields.filter((name) => name !== 'input_tokens' && name !== 'output_tokens'),
  'speed',
  'region',
  'unread_usage',
] as const

/** One row: how many calls have each of the columns that hardly any log has. */
export const usedColumns = (calls: string): string =>
  `SELECT ${optional.map((name) => `count(${name}) AS ${name}`).join(', ')} FROM ${calls}`

/** The columns of that row that no call has. */
export const absentColumns = (row: Readonly<Record<string, number | bigint>>): ReadonlySet<string> =>
  new Set(optional.filter((name) => Number(row[name] ?? 0) === 0))

/** Columns that `whatIfQuery` adds to those that are kept, as DuckDB answers them. */
export interface WhatIfColumns {
  /** `ResolvedTarget.target`. */
  readonly target: number
  /** What the call counts for today, and its list price; NULL where unknown. */
  readonly own_cost_usd: string | null
  readonly own_list_cost_usd: string | null
  readonly own_cost_basis: string | null
  /**
   * What it would have cost, at list price; 0 for what the response cache answered and for failed calls without
   * usage. NULL: unknown, for the reason in `unknown`; never 0 for want of a price.
   */
  readonly cost_usd: string | null
  readonly list_input_cost_usd: string | null
  readonly list_cache_read_cost_usd: string | null
  readonly list_cache_write_cost_usd: string | null
  readonly list_output_cost_usd: string | null
  readonly list_other_cost_usd: string | null
  readonly list_cost_usd: string | null
  /** NULL where the cost is known; else `no price`, or what the target's price does not cover (`service_tier=batch`). */
  readonly unknown: string | null
}

const targets = /* sql */ `SELECT unnest(from_json(CAST($what_if_targets AS JSON),
  '[{"target":"INTEGER","provider":"VARCHAR","model":"VARCHAR","tier":"VARCHAR"}]'), recursive := true)`

/**
 * A relation with one row for each call and each target: the kept columns of the call and `WhatIfColumns`.
 * It binds `ResolvedTargets.params`.
 *
 * A call that stays with its provider keeps its speed and place; elsewhere they mean nothing and are dropped.
 * A call keeps its tier unless the target names one. A tier, a kind of token or a search that the target has no
 * price for, where the call's own price covers it, makes the cost unknown: the rest of it would look cheap.
 * @param calls relation with the columns of `calls`, which the caller may have changed (fewer input tokens);
 *   by a simple name or in brackets
 * @param keep columns of it to pass on, none of them named as in `WhatIfColumns`
 * @param absent columns that no call has (`usedColumns`): nothing is worked out with them
 * @param on which calls (`c`) are priced for which target (`t`), as SQL: `t.target = 0 OR c.model = 'gpt-4o'`
 */
export function whatIfQuery(
  calls: string,
  keep: readonly string[],
  on = 'TRUE',
  absent?: ReadonlySet<string>,
): string {
  const moved = /* sql */ `(SELECT c.* REPLACE (
      CASE WHEN t.model IS NULL THEN c.provider ELSE t.provider END AS provider,
      coalesce(t.model, c.model) AS model,
      coalesce(t.tier, c.service_tier) AS service_tier,
      CASE WHEN ${stays} AND t.tier IS NULL THEN c.speed END AS speed,
      CASE WHEN ${stays} THEN c.region END AS region),
      t.target
    FROM ${calls} c JOIN (${targets}) t ON ${on})`
  const priced = pricedQuery({
    calls: moved,
    rates: `(${ratesQuery.replace('$rates', '$what_if_rates')})`,
    // A reported cost is that of the model that was called: what falls back to it is unknown here.
    basis: 'list-first',
    ...(absent === undefined ? {} : { absent }),
    keep: [
      'c.target',
      ...keep.map((name) => `c.${name}`),
      'c.cost_usd AS own_cost_usd',
      'c.list_cost_usd AS own_list_cost_usd',
      'c.cost_basis AS own_cost_basis',
      'c.unpriced_usage AS own_unpriced_usage',
    ].join(', '),
  })
  return /* sql */ `SELECT * EXCLUDE (own_unpriced_usage, partly_priced, unpriced_usage, cost_basis, cost_usd),
      CASE WHEN unknown IS NULL THEN cost_usd END AS cost_usd
    FROM (SELECT *, CASE
        WHEN cost_basis IN ('response_cache', 'no_usage') THEN NULL
        WHEN cost_basis IS NULL OR cost_basis = 'reported' THEN 'no price'
        WHEN unpriced_usage IS NOT NULL AND unpriced_usage IS DISTINCT FROM own_unpriced_usage THEN unpriced_usage
      END AS unknown FROM (${priced}))`
}

/** SQL: the call stays with its provider. */
const stays = '(t.model IS NULL OR t.provider IS NOT DISTINCT FROM c.provider)'
