/** Amounts of money that a person gives: exact decimals, kept as text. */
import { plain, readDecimal } from './decimal.js'

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
