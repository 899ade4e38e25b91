/**
 * What one row of `rates` holds: the unit prices of one model for one stretch of time, one band of
 * input sizes, one part of the day and one mode (service tier, speed, place). Calls are priced by joining
 * them to these rows.
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
  /** NULL: audio, images and video are priced as text, and the call counts as partly priced. */
  readonly cache_read_audio_price: string | null
  readonly input_image_price: string | null
  readonly input_video_price: string | null
  readonly output_image_price: string | null
  /** USD per thousand calls. */
  readonly request_price: string | null
  /** USD per thousand web searches, and per thousand file searches. */
  readonly web_search_price: string | null
  readonly file_search_price: string | null
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
  /** Service tier, speed and place, as `modeOf` makes them of a call: `standard`, `batch`, `fast us`. */
  readonly mode: string
  /** What the prices of tokens were multiplied by for this mode; NULL where they are given as such. */
  readonly multiplier: string | null
  /** Where the multiplier comes from; NULL in the standard mode. */
  readonly multiplier_source: string | null
  /**
   * What these prices do not cover, as `calls.unpriced_usage` names it: `service_tier=batch; region=*`.
   * The prices then are the standard ones. `*` stands for the call's own word. NULL: nothing.
   */
  readonly lacks: string | null
  /** Why the prices are doubtful, in words; NULL where they are not. */
  readonly doubt: string | null
  /** Where the price comes from: `genai-prices 0.1.8` or `override prices.csv:3`. */
  readonly price_source: string
  /** Source and remarks of a price of the history; NULL for others. */
  readonly note: string | null
  /** Provider and model id that the name was matched to, and by which rule, for `explain`. */
  readonly matched: string
  readonly rule: string
}

/** Prices per million tokens; a mode multiplies them. */
export const tokenPrices = [
  'input_price',
  'cache_read_price',
  'cache_write_price',
  'cache_write_1h_price',
  'output_price',
  'reasoning_output_price',
  'input_audio_price',
  'output_audio_price',
  'cache_read_audio_price',
  'input_image_price',
  'input_video_price',
  'output_image_price',
] as const
/** Prices per thousand requests and searches; a mode leaves them alone. */
export const countPrices = ['request_price', 'web_search_price', 'file_search_price'] as const
export type PriceName = (typeof tokenPrices)[number] | (typeof countPrices)[number]
export const priceNames: readonly PriceName[] = [...tokenPrices, ...countPrices]

/** Columns of the `rates` table, in stored order, with their SQL types. */
export const rateColumns: readonly { readonly name: keyof Rate; readonly type: string }[] = [
  { name: 'provider', type: 'VARCHAR' },
  { name: 'model', type: 'VARCHAR' },
  { name: 'mode', type: 'VARCHAR' },
  { name: 'valid_from', type: 'TIMESTAMP' },
  { name: 'valid_to', type: 'TIMESTAMP' },
  { name: 'band_lo', type: 'BIGINT' },
  { name: 'band_hi', type: 'BIGINT' },
  { name: 'minute_lo', type: 'INTEGER' },
  { name: 'minute_hi', type: 'INTEGER' },
  ...priceNames.map((name) => ({ name, type: 'DECIMAL(18,9)' })),
  { name: 'multiplier', type: 'DECIMAL(18,9)' },
  { name: 'multiplier_source', type: 'VARCHAR' },
  { name: 'lacks', type: 'VARCHAR' },
  { name: 'doubt', type: 'VARCHAR' },
  { name: 'price_source', type: 'VARCHAR' },
  { name: 'note', type: 'VARCHAR' },
  { name: 'matched', type: 'VARCHAR' },
  { name: 'rule', type: 'VARCHAR' },
]
