/**
 * The calls that strategies look at, as one CTE, and arithmetic on their costs: DECIMAL(18,12), USD. A
 * share of an amount is a product and a whole quotient of 10^-12 USD, so that it is exact and rounded down once.
 */
import { fingerprint, readAnew, wholeRatio } from '../metrics/dialect.js'
import { isCall } from '../metrics/measures/aggregates.js'
import type { Param } from '../metrics/query.js'
import { inScope } from '../metrics/scope.js'
import type { Scope } from '../domain/scope.js'

/** USD as a whole number of 10^-12 USD. */
const picosOf = (amount: string): string => `CAST(${amount} * 1000000000000 AS HUGEINT)`

const usdOfPicos = (whole: string): string =>
  `CAST(CAST(${whole} AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12)) AS DECIMAL(18,12))`

/** The share of an amount that `part` is of `whole`, rounded down; both whole numbers. NULL where the whole is 0. */
export function portion(amount: string, part: string, whole: string): string {
  const exact = wholeRatio(`${picosOf(amount)} * ${part}`, `nullif(${whole}, 0)`)
  const fast = wholeRatio(`${smallPicos(amount)} * ${part}`, `nullif(${whole}, 0)`)
  return usdOfPicos(
    `CASE WHEN ${amount} < 1 AND ${part} <= 1000000 THEN CAST(${fast} AS HUGEINT) ELSE ${exact} END`,
  )
}

/**
 * The same of less than a dollar, ten times as fast: a double is off by less than 0.001 then, and rounded it is the very
 * number. Times a million it fits 64 bits.
 */
const smallPicos = (amount: string): string => `CAST(round(CAST(${amount} AS DOUBLE) * 1e12) AS BIGINT)`

/** The same where part and whole are amounts. */
export const portionOfAmounts = (amount: string, part: string, whole: string): string =>
  usdOfPicos(wholeRatio(`${picosOf(amount)} * ${picosOf(part)}`, `nullif(${picosOf(whole)}, 0)`))

/** A part of the list cost, as the same share of the cost that counts where that is another. */
const partOf = (column: string): string =>
  `CASE WHEN cost_basis = 'list' THEN coalesce(${column}, 0)
          WHEN list_cost_usd > 0 THEN ${portionOfAmounts('cost_usd', `coalesce(${column}, 0)`, 'list_cost_usd')} END`

/**
 * `scoped_calls`: every call of the scope (totals of sessions are none) with the columns of `calls`, (`call_id` and `source`
 * tell them apart), and
 * - `cost`: NULL without a price
 * - `uncached_cost`, `read_cost`, `write_cost`: of the input that was not cached, read from and written to the
 *   provider's prompt cache; NULL where the log says the cost as one number and no list price parts it
 * - `output_cost`, 0 in that case, and `input_cost`: all but that
 */
export function scopedCalls(scope: Scope): { readonly cte: string; readonly params: Record<string, Param> } {
  const { sql, params } = inScope(scope)
  const cte = /* sql */ `scoped_calls AS ${readAnew} (
      SELECT *, CAST(cost - output_cost AS DECIMAL(18,12)) AS input_cost
      FROM (SELECT *, cost_usd AS cost, ${partOf('list_input_cost_usd')} AS uncached_cost,
          ${partOf('list_cache_read_cost_usd')} AS read_cost, ${partOf('list_cache_write_cost_usd')} AS write_cost,
          CAST(coalesce(${partOf('list_output_cost_usd')}, 0) AS DECIMAL(18,12)) AS output_cost
        FROM calls WHERE ${sql} AND ${isCall})
    )`
  return { cte, params }
}

/** SQL over `calls`: its cost is known as parts, so that a share of the tokens is a share of the cost. */
export const hasParts = `(cost_usd IS NULL OR cost_usd = 0 OR cost_basis = 'list' OR coalesce(list_cost_usd > 0, FALSE))`

/** SQL over `scoped_calls`: tokens of the input by how they were priced; 0 where nothing is logged. */
export const inputTokens = {
  read: 'coalesce(cache_read_input_tokens, 0)',
  write: 'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))',
  get uncached(): string {
    return `greatest(coalesce(input_tokens, 0) - ${this.read} - ${this.write}, 0)`
  },
} as const

/**
 * What a call's input would have cost less without some of its tokens: those go first that were read from the
 * provider's cache, as they cost least, then those that were not cached, then those that were written. NULL where the
 * cost is not parted.
 * @param tokens SQL, a whole number that is not negative
 */
export function inputTaken(tokens: string): string {
  const { read, write, uncached } = inputTokens
  const part = (cost: string, taken: string, of: string): string =>
    `CASE WHEN ${of} > 0 AND ${taken} > 0 THEN ${portion(cost, `least(${taken}, ${of})`, of)} ELSE 0 END`
  return `CASE WHEN uncached_cost IS NOT NULL AND ${tokens} > 0 THEN CAST(${part('read_cost', tokens, read)}
      + ${part('uncached_cost', `(${tokens} - ${read})`, uncached)}
      + ${part('write_cost', `(${tokens} - ${read} - ${uncached})`, write)} AS DECIMAL(18,12)) END`
}

/** SQL: the order of calls in time, the same whatever the threads; at one moment by their ids. */
export const inTime = `ts, ${fingerprint(['call_id', 'source'])}`

/** SQL over `scoped_calls`: a provider was reached. */
export const reached = 'NOT coalesce(cache_hit, FALSE)'

/** SQL over `scoped_calls`: it did not fail. */
export const succeeded = `coalesce(status, 'ok') <> 'error'`

/** What tokens cost at a price per million, USD. @param price SQL, a column of `rates` or a difference of two */
export const tokenCost = (tokens: string, price: string): string =>
  `CAST(CAST(${tokens} AS DECIMAL(10,0)) * CAST(${price} AS DECIMAL(18,9)) * 0.000001 AS DECIMAL(18,12))`
