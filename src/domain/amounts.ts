/** Amounts of money that people write, and exact comparisons of them; never by way of a double. */
import { fixed, plain, readDecimal } from './decimal.js'

/** Places that money is kept to. */
const places = 12

/**
 * USD as people write them: `500`, `$1,234.50`. At most twelve digits before and after the point.
 * @returns the exact decimal without signs and commas; undefined when it is no amount, or negative
 */
export function readUsd(text: string): string | undefined {
  const match = /^\$?\s*(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(\.\d{1,12})?$/.exec(text.trim())
  const decimal = match && readDecimal((match[1] ?? '').replaceAll(',', '') + (match[2] ?? ''))
  return decimal ? plain(decimal) : undefined
}

/** USD × 10^12, as a whole number. @throws Error for a text that is no decimal */
export function picos(usd: string): bigint {
  const decimal = readDecimal(usd)
  if (decimal === undefined) throw new Error(`${usd} is no decimal`)
  return BigInt(fixed(decimal, places).replace('.', ''))
}

/** A decimal with twelve places of USD × 10^12. */
export const usdOf = (amount: bigint): string => fixed({ digits: amount, places }, places)
