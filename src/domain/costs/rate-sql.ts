/**
 * Which row of `rates` a call falls under, in SQL, written once: pricing and the questions that need unit
 * prices join by the same rule, so that none can price a call otherwise than it was priced.
 */
import { modeOf, modeName, modeColumns } from '../modes.js'
import { countPrices, priceNames, type PriceName } from './rate.js'

/**
 * The ON clause that gives a call its one rate, or none.
 * @param call SQL alias of a relation with the columns of `calls`
 * @param rate SQL alias of a relation with the columns of `rates`
 * @param has whether any call has a column; those that none has are not asked
 */
export function rateJoin(call: string, rate: string, has: (column: string) => boolean = () => true): string {
  const size = `coalesce(${call}.input_tokens, 0)`
  const minute = `epoch_us(${call}.ts) // 60000000 % 1440`
  return /* sql */ `${call}.provider = ${rate}.provider AND ${call}.model = ${rate}.model AND ${modeColumns.some(has) ? modeOf(call) : `'${modeName('standard', '')}'`} = ${rate}.mode
    AND ${call}.ts >= ${rate}.valid_from AND ${call}.ts < ${rate}.valid_to
    AND ${size} > ${rate}.band_lo AND ${size} <= ${rate}.band_hi
    AND ${minute} >= ${rate}.minute_lo AND ${minute} < ${rate}.minute_hi`
}

/**
 * Rates made ready to multiply. `u_<price>` is the price per million as a decimal, `n_<price>` the price of
 * one in 1e-15 USD. `exact`: n is not rounded, and its product with any usual count fits 64 bits.
 */
export function unitRates(rates: string): string {
  const unit = (name: PriceName): string =>
    `CAST(${name} AS DECIMAL(38,9))${countPrices.some((one) => one === name) ? ' * 1000' : ''}`
  const fits = (name: PriceName): string => {
    const most = countPrices.some((one) => one === name) ? 1_000_000 : 1000
    return `(u_${name} IS NULL OR u_${name} <= ${most})`
  }
  return /* sql */ `SELECT *, ${priceNames.map(fits).join(' AND ')} AS exact,
      ${priceNames.map((name) => `TRY_CAST(u_${name} * 1000000000 AS BIGINT) AS n_${name}`).join(', ')}
    FROM (SELECT *, ${priceNames.map((name) => `CAST(${unit(name)} AS DECIMAL(38,9)) AS u_${name}`).join(', ')} FROM ${rates})`
}
