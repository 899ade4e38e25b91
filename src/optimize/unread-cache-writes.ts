/**
 * Where the provider's prompt cache loses money: writes whose surcharge reads did not earn back.
 *
 * By list prices of each call's own model and time. Of a feature and model all surcharges are set against all that its
 * reads saved; what is lost in all is spread over its writes in proportion. Calls that count at another cost than
 * the list's are left alone.
 */
import { rateJoin } from '../domain/costs/rate-sql.js'
import { counted } from '../domain/words/plurals.js'
import { count, usd } from '../domain/words/wording.js'
import { inputTokens, picosOf, portionOfSums, reached, tokenCost } from './scoped-calls.js'
import type { Strategy } from './strategy.js'

const longer = 'coalesce(cache_creation_1h_input_tokens, 0)'
const above = (prices: readonly string[]): string =>
  `greatest(coalesce(${[...prices, 'input_price'].map((name) => `rates.${name}`).join(', ')}) - rates.input_price, 0)`

const savings = (): string => /* sql */ `WITH used AS (
      SELECT call_no, feature, scoped_calls.model, cost, input_cost, output_cost, ${inputTokens.read} AS read_tokens, ${inputTokens.write} AS written_tokens,
        ${tokenCost(inputTokens.read, 'greatest(rates.input_price - coalesce(rates.cache_read_price, rates.input_price), 0)')} AS earned,
        CAST(${tokenCost(`(${inputTokens.write} - ${longer})`, above(['cache_write_price']))}
          + ${tokenCost(longer, above(['cache_write_1h_price', 'cache_write_price']))} AS DECIMAL(18,12)) AS surcharge
      FROM scoped_calls JOIN rates ON ${rateJoin('scoped_calls', 'rates')} AND rates.lacks IS NULL
      WHERE ${reached} AND is_listed AND cost > 0 AND ${inputTokens.read} + ${inputTokens.write} > 0
    ), nets AS (
      SELECT feature, model, ${picosOf('sum(surcharge)')} AS gross, ${picosOf('(sum(surcharge) - sum(earned))')} AS net
      FROM used GROUP BY feature, model HAVING sum(surcharge) > 0
    )
    SELECT used.*, 0 AS output_saving,
      CASE WHEN net > 0 AND surcharge > 0 THEN ${portionOfSums('surcharge', 'net', 'gross')} END AS input_saving
    FROM used JOIN nets ON used.feature IS NOT DISTINCT FROM nets.feature AND used.model = nets.model`

export const unreadCacheWrites: Strategy = {
  id: 'unread-cache-writes',
  title: 'Cache writes that reads do not earn back',
  about:
    "Where the provider's prompt cache loses money: what is written to it costs more than plain input, and reads of the same feature and model did not save as much. By list prices of each call's own model and time.",
  needs: [
    {
      field: 'cache_creation_input_tokens',
      has: '(cache_creation_input_tokens IS NOT NULL OR cache_creation_1h_input_tokens IS NOT NULL)',
      how: "log the tokens that the response's usage says were written to the cache",
    },
  ],
  assumptions: [],
  effort: 'low',
  confidence: 'high',
  acts: 'on prices',
  by: ['feature', 'model'],
  savings,
  figures: {
    writing_calls: 'count(*) FILTER (WHERE written_tokens > 0)',
    written_tokens: 'sum(written_tokens)',
    read_tokens: 'sum(read_tokens)',
    surcharge_usd: 'sum(surcharge)',
    earned_usd: 'sum(earned)',
  },
  change: ({ figures }) =>
    `cache only what is read again soon, or nothing: ${counted(figures['writing_calls'], 'call')} wrote ${count(figures['written_tokens'])} tokens to the cache for ${usd(figures['surcharge_usd'])} more than plain input, and reads of ${count(figures['read_tokens'])} earned ${usd(figures['earned_usd'])} of it back`,
  risk: 'what is hardly read now may be read more when there is more to ask: watch llmcost cache',
}
