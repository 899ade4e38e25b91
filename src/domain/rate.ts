/**
 * What one row of `rates` holds: the unit prices of one model for one stretch of time, one band of
 * input sizes and one part of the day. Calls are priced by joining them to these rows.
 */

/** Unit prices in USD per million tokens (per thousand for requests and searches), as exact decimals. */
export interface UnitPrices {
  readonly input_price: string | null
  readonly cache_read_price: string | null
  readonly cache_write_price: string | null
  readonly cache_write_1h_price: string | null
  readonly output_price: string | null
  /** NULL: reasoning is priced as output. */
  readonly reasoning_output_price: string | null
  readonly input_audio_price: string | null
  readonly output_audio_price: string | null
  /** USD per thousand calls. */
  readonly request_price: string | null
  /** USD per thousand web searches. */
  readonly web_search_price: string | null
}

/** When, and for which inputs, a model has these prices. */
export interface PriceSpan extends UnitPrices {
  /** Half-open stretch of time, UTC, `YYYY-MM-DD HH:MM:SS`. */
  readonly valid_from: string
  readonly valid_to: string
  /** The call's whole input must be above `band_lo` and at most `band_hi`, tokens. */
  readonly band_lo: number
  readonly band_hi: number
  /** Half-open stretch of the UTC day in minutes, 0 to 1440. */
  readonly minute_lo: number
  readonly minute_hi: number
}

export interface Rate extends PriceSpan {
  /** As in `calls.provider` and `calls.model`: the join key. */
  readonly provider: string
  readonly model: string
  /** Multipliers on the prices of tokens by service tier; NULL where unknown (priced as standard, partly). */
  readonly batch_multiplier: string | null
  readonly flex_multiplier: string | null
  readonly priority_multiplier: string | null
  /** Where the price comes from: `genai-prices 0.1.8` or `override prices.csv:3`. */
  readonly price_source: string
  /** Provider and model id that the name was matched to, and by which rule, for `explain`. */
  readonly matched: string
  readonly rule: string
}

const price = 'DECIMAL(18,9)'

/** Columns of the `rates` table, in stored order, with their SQL types. */
export const rateColumns: readonly { readonly name: keyof Rate; readonly type: string }[] = [
  { name: 'provider', type: 'VARCHAR' },
  { name: 'model', type: 'VARCHAR' },
  { name: 'valid_from', type: 'TIMESTAMP' },
  { name: 'valid_to', type: 'TIMESTAMP' },
  { name: 'band_lo', type: 'BIGINT' },
  { name: 'band_hi', type: 'BIGINT' },
  { name: 'minute_lo', type: 'INTEGER' },
  { name: 'minute_hi', type: 'INTEGER' },
  { name: 'input_price', type: price },
  { name: 'cache_read_price', type: price },
  { name: 'cache_write_price', type: price },
  { name: 'cache_write_1h_price', type: price },
  { name: 'output_price', type: price },
  { name: 'reasoning_output_price', type: price },
  { name: 'input_audio_price', type: price },
  { name: 'output_audio_price', type: price },
  { name: 'request_price', type: price },
  { name: 'web_search_price', type: price },
  { name: 'batch_multiplier', type: 'DECIMAL(9,6)' },
  { name: 'flex_multiplier', type: 'DECIMAL(9,6)' },
  { name: 'priority_multiplier', type: 'DECIMAL(9,6)' },
  { name: 'price_source', type: 'VARCHAR' },
  { name: 'matched', type: 'VARCHAR' },
  { name: 'rule', type: 'VARCHAR' },
]
