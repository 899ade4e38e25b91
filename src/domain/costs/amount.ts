/** Amounts of money: exact decimals as a person gives them, and whole numbers of 10^-12 USD for exact sums. */
import { fixed, plain, readDecimal, type Decimal } from './decimal.js'

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

const kept = new RegExp(String.raw`^-?\d{1,30}\.\d{${places}}$`)

/** USD × 10^12: sums and differences of them are exact. */
export type Picos = bigint

/**
 * @param usd an exact decimal, or a double, which is rounded to the places of a cost
 * @throws Error for what is no decimal
 */
export function picos(usd: string | number | bigint): Picos {
  // As the store prints costs: most are.
  if (typeof usd === 'string' && kept.test(usd)) return BigInt(usd.replace('.', ''))
  const decimal = readDecimal(usd)
  if (decimal === undefined) throw new Error(`${usd} is no decimal`)
  return BigInt(fixed(decimal, places).replace('.', ''))
}

/** The exact sum; what is missing adds nothing. */
export const sumPicos = (amounts: readonly (string | number | bigint | null | undefined)[]): Picos =>
  amounts.reduce<Picos>((sum, usd) => (usd === null || usd === undefined ? sum : sum + picos(usd)), 0n)

/** USD with all twelve places, as the store prints costs. */
export const usdOf = (amount: Picos): string => fixed({ digits: amount, places }, places)

/** USD without zeros that say nothing. */
export const shortUsdOf = (amount: Picos): string => plain({ digits: amount, places })

/** How an amount compares with a share of a whole, exactly: below, at or above 0. */
export function againstShare(amount: Picos, share: Decimal, whole: Picos): bigint {
  return amount * 10n ** BigInt(share.places) - whole * share.digits
}

/** A share of an amount, to the twelfth place. */
export const shareOf = (share: Decimal, whole: Picos): Picos =>
  (whole * share.digits) / 10n ** BigInt(share.places)
