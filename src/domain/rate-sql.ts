/**
 * Which row of `rates` a call falls under, in SQL, written once: pricing and the questions that need unit
 * prices join by the same rule, so that none can price a call otherwise than it was priced.
 */

/**
 * The ON clause that gives a call its one rate, or none.
 * @param call SQL alias of a relation with the columns of `calls`
 * @param rate SQL alias of a relation with the columns of `rates`
 */
export function rateJoin(call: string, rate: string): string {
  const size = `coalesce(${call}.input_tokens, 0)`
  const minute = `epoch_us(${call}.ts) // 60000000 % 1440`
  return /* sql */ `${call}.provider = ${rate}.provider AND ${call}.model = ${rate}.model
    AND ${call}.ts >= ${rate}.valid_from AND ${call}.ts < ${rate}.valid_to
    AND ${size} > ${rate}.band_lo AND ${size} <= ${rate}.band_hi
    AND ${minute} >= ${rate}.minute_lo AND ${minute} < ${rate}.minute_hi`
}

/** Prices per million tokens; a service tier multiplies them. */
const tokenPrices = [
  'input_price',
  'cache_read_price',
  'cache_write_price',
  'cache_write_1h_price',
  'output_price',
  'reasoning_output_price',
  'input_audio_price',
  'output_audio_price',
] as const
/** Prices per thousand requests and searches; a service tier leaves them alone. */
const countPrices = ['request_price', 'web_search_price'] as const
export type PriceName = (typeof tokenPrices)[number] | (typeof countPrices)[number]
export const priceNames: readonly PriceName[] = [...tokenPrices, ...countPrices]
/** The service tiers with multipliers of their own. */
const tiers = ['batch', 'flex', 'priority'] as const

/** The tier of the rate that a call falls under; any without multipliers of its own counts as standard. */
export const tierOf = (call: string): string =>
  `CASE WHEN ${call}.service_tier IN (${tiers.map((tier) => `'${tier}'`).join(', ')}) THEN ${call}.service_tier ELSE 'standard' END`

/**
 * Rates made ready to multiply: a row for each service tier, its multiplier folded in (an unknown one
 * counts as 1). `u_<price>` is the price per million as a decimal, `n_<price>` the price of one in 1e-15
 * USD. `exact`: n is not rounded, and its product with any usual count fits 64 bits.
 */
export function tieredRates(rates: string): string {
  const unit = (name: PriceName): string =>
    `CAST(${name} AS DECIMAL(38,9)) * ${(tokenPrices as readonly PriceName[]).includes(name) ? 'coalesce(multiplier, 1)' : '1000'}`
  const fits = (name: PriceName, most: number): string =>
    `(u_${name} IS NULL OR (u_${name} <= ${most} AND CAST(u_${name} AS DECIMAL(38,9)) = u_${name}))`
  const exact = [
    ...tokenPrices.map((name) => fits(name, 1000)),
    ...countPrices.map((name) => fits(name, 1_000_000)),
  ]
  const tiered = tiers.map(
    (tier) => `SELECT *, '${tier}' AS tier, ${tier}_multiplier AS multiplier FROM ${rates}`,
  )
  return /* sql */ `SELECT *, multiplier IS NULL AS tier_unknown, ${exact.join(' AND ')} AS exact,
      ${priceNames.map((name) => `TRY_CAST(u_${name} * 1000000000 AS BIGINT) AS n_${name}`).join(', ')}
    FROM (SELECT *, ${priceNames.map((name) => `CAST(${unit(name)} AS DECIMAL(38,15)) AS u_${name}`).join(', ')}
    FROM (SELECT *, 'standard' AS tier, CAST(1 AS DECIMAL(9,6)) AS multiplier FROM ${rates} UNION ALL ${tiered.join(' UNION ALL ')}))`
}
