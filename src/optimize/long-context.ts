/**
 * Long-context tier: calls whose input is just above a size from which all of it is dearer.
 *
 * Trimmed to that size (what was not cached goes first) such a call costs the lower tier's price for what is
 * left of its input, and for its whole output. By list prices, for calls that count at them.
 */
import { rateJoin } from '../domain/costs/rate-sql.js'
import { count, percent } from '../domain/words/wording.js'
import { inputTokens, portionOfAmounts, reached, tokenCost } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

function savings({ sql }: Asked): string {
  const price = (name: string): string => `coalesce(lower_rate.${name}, lower_rate.input_price)`
  const left = {
    uncached: 'greatest(uncached - trimmed, 0)',
    read: 'reads - least(greatest(trimmed - uncached, 0), reads)',
    write: 'greatest(writes - greatest(trimmed - uncached - reads, 0), 0)',
  }
  return /* sql */ `WITH beyond AS (
      SELECT scoped_calls.*, rates.band_lo, rates.mode, rates.valid_from, rates.valid_to, rates.minute_lo, rates.output_price AS dear_output_price,
        input_tokens - rates.band_lo AS trimmed, ${inputTokens.uncached} AS uncached, ${inputTokens.read} AS reads, ${inputTokens.write} AS writes
      FROM scoped_calls JOIN rates ON ${rateJoin('scoped_calls', 'rates')}
      WHERE rates.band_lo > 0 AND rates.lacks IS NULL AND ${reached} AND is_listed AND cost > 0
    )
    SELECT call_no, feature, beyond.model, cost, input_cost, output_cost, beyond.band_lo, trimmed, is_near,
      CASE WHEN is_near THEN CAST(uncached_cost + read_cost + write_cost - ${tokenCost(left.uncached, 'lower_rate.input_price')}
        - ${tokenCost(left.read, price('cache_read_price'))} - ${tokenCost(left.write, price('cache_write_price'))} AS DECIMAL(18,12)) END AS input_saving,
      CASE WHEN is_near AND dear_output_price > lower_rate.output_price
        THEN ${portionOfAmounts('output_cost', '(dear_output_price - lower_rate.output_price)', 'dear_output_price')} END AS output_saving
    FROM (SELECT *, trimmed * 1000000 <= band_lo * ${sql('above')} AS is_near FROM beyond) AS beyond
      JOIN rates AS lower_rate ON lower_rate.provider = beyond.provider AND lower_rate.model = beyond.model AND lower_rate.mode = beyond.mode
        AND lower_rate.band_hi = beyond.band_lo AND lower_rate.valid_from = beyond.valid_from AND lower_rate.valid_to = beyond.valid_to
        AND lower_rate.minute_lo = beyond.minute_lo`
}

export const longContext: Strategy = {
  id: 'long-context',
  title: 'Below the long-context price',
  about:
    'Some models charge more for all of a call when its input is above a size. Calls just above it are trimmed to it: the tokens that were not cached go, and the lower price holds for the rest and for the output.',
  needs: [{ field: 'input_tokens', how: "log the input tokens of the response's usage" }],
  assumptions: [
    {
      name: 'above',
      about: 'how far above the size a call may be to be trimmed, of the size',
      kind: 'share',
      fallback: '20%',
      most: '100%',
    },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on tokens',
  by: ['feature', 'model'],
  savings,
  figures: {
    tier_tokens: 'max(band_lo)',
    near_calls: 'count(*) FILTER (WHERE is_near)',
    trimmed_tokens: 'sum(trimmed) FILTER (WHERE is_near)',
    beyond_calls: 'count(*)',
  },
  change: ({ figures }, value) =>
    `trim the input to ${count(figures['tier_tokens'])} tokens where it is up to ${percent(value('above').number)} above: ${count(figures['near_calls'])} of ${count(figures['beyond_calls'])} calls beyond it, by ${count(Number(figures['trimmed_tokens']) / Math.max(1, Number(figures['near_calls'])))} tokens on average`,
  risk: 'what is trimmed is not read: cut what was retrieved or said longest ago',
}
