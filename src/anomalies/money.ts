/** Amounts as whole numbers of 10^-12 USD, the places of the store: sums and differences are exact. */
import { fixed, plain, readDecimal } from '../domain/decimal.js'

/** USD × 10^12. */
export type Picos = bigint

/** @param usd an exact decimal, or a double, which is rounded to the places of the store */
export function picosOf(usd: string | number): Picos {
  const decimal = readDecimal(usd)
  if (decimal === undefined) throw new Error(`${usd} is no amount`)
  return BigInt(fixed(decimal, 12).replace('.', ''))
}

/** The amount as an exact decimal. */
export const usdOf = (picos: Picos): string => plain({ digits: picos, places: 12 })

export const sumOf = (amounts: readonly Picos[]): Picos => amounts.reduce((sum, one) => sum + one, 0n)

/** part / whole as a double; null when there is no whole. */
export const ratioOf = (part: Picos, whole: Picos): number | null =>
  whole === 0n ? null : Number(part) / Number(whole)
