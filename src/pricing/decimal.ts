/**
 * pricing: what a call costs. Where prices come from, which price a logged name means, and the SQL that
 * multiplies. Pure, save for reading the price library and the user's override files.
 *
 * This file: exact decimals. Unit prices travel as strings and are computed with as whole numbers of
 * billionths, because a double would lose cents on a million calls.
 */

/** Decimal places of a unit price, as in DECIMAL(18,9). */
const places = 9
const scale = 10n ** BigInt(places)

/** Billionths of a decimal string or number; more than nine places are rounded, half away from zero. */
export function toBillionths(value: string | number): bigint {
  const text = typeof value === 'number' ? value.toFixed(15) : value
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text.trim())
  if (!match || (match[2] === '' && !match[3])) throw new Error(`not a decimal: ${text}`)
  const fraction = (match[3] ?? '').padEnd(places + 1, '0')
  const whole = BigInt(`${match[2] || '0'}${fraction.slice(0, places)}`)
  const rounded = fraction.charAt(places) >= '5' ? whole + 1n : whole
  return match[1] === '-' ? -rounded : rounded
}

/** The shortest plain decimal: `2.5`, never `2.500` or `2.5e0`. */
export function fromBillionths(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -places)}${fraction === '' ? '' : `.${fraction}`}`
}

/** A decimal as a price is stored: plain digits, at most nine places. */
export function plainDecimal(value: string | number): string {
  return fromBillionths(toBillionths(value))
}

/** The product of two decimals, rounded to nine places, half away from zero. */
export function multiply(a: string, b: string): string {
  const product = toBillionths(a) * toBillionths(b)
  const half = product < 0n ? -scale / 2n : scale / 2n
  return fromBillionths((product + half) / scale)
}
