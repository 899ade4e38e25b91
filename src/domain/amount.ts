/** Amounts of money that a person gives: exact decimals, kept as text. */
import { fixed, plain, readDecimal } from './decimal.js'

/** What an amount may look like; a lookahead, so that 0 is none. */
export const amountPattern = String.raw`^(?=.*[1-9])\d{1,12}(\.\d{1,12})?$`

const form = new RegExp(amountPattern)

/**
 * USD above 0 and below 10^12, with up to 12 decimals, without zeros that say nothing: `0.10` is `0.1`;
 * undefined for anything else, a sign, a currency and thousands separators included.
 */
export function usdAmount(text: string): string | undefined {
  const decimal = form.test(text) ? readDecimal(text) : undefined
  return decimal && plain(decimal)
}

/**
 * USD as people type them, 0 included: `$1,234.50`. Commas stand between thousands or nowhere: `1,5` is none.
 * @returns the exact decimal; undefined when it is no amount, or negative
 */
export function readUsd(text: string): string | undefined {
  const [, whole = '', fraction = ''] =
    /^\$?\s*(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,12})?$/.exec(text.trim()) ?? []
  const decimal = readDecimal(whole.replaceAll(',', '') + fraction)
  return decimal && plain(decimal)
}

/** Places that costs are kept to. */
const places = 12

/** USD × 10^12, for exact sums and comparisons. @throws Error for a text that is no decimal */
export function picos(usd: string): bigint {
  const decimal = readDecimal(usd)
  if (decimal === undefined) throw new Error(`${usd} is no decimal`)
  return BigInt(fixed(decimal, places).replace('.', ''))
}

/** A decimal with twelve places of USD × 10^12. */
export const usdOf = (amount: bigint): string => fixed({ digits: amount, places }, places)
