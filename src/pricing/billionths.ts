/**
 * Unit prices travel as strings and are computed with as whole numbers of billionths, because a double would lose
 * cents on a million calls.
 */
import { fixed, plain, readDecimal, rounded } from '../domain/costs/decimal.js'

/** Decimal places of a unit price, as in DECIMAL(18,9). */
const places = 9
const scale = 10n ** BigInt(places)

/**
 * Billionths of a decimal string or number; more than nine places are rounded, half away from zero.
 * @throws Error for what is no decimal, or has an exponent
 */
export function toBillionths(value: string | number): bigint {
  const text = typeof value === 'number' ? value.toFixed(15) : value.trim()
  const [, sign, whole, fraction] = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text) ?? []
  const decimal =
    whole || fraction
      ? readDecimal(`${sign === '-' ? '-' : ''}${whole || '0'}.${fraction || '0'}`)
      : undefined
  if (decimal === undefined) throw new Error(`not a decimal: ${text}`)
  return BigInt(fixed(decimal, places).replace('.', ''))
}

/** The shortest plain decimal: `2.5`, never `2.500` or `2.5e0`. */
export const fromBillionths = (value: bigint): string => plain({ digits: value, places })

/** A decimal as a price is stored: plain digits, at most nine places. */
export const plainDecimal = (value: string | number): string => fromBillionths(toBillionths(value))

/** The product of two decimals, rounded to nine places, half away from zero. */
export const multiply = (a: string, b: string): string =>
  fromBillionths(rounded(toBillionths(a) * toBillionths(b), scale))
