/**
 * Exact decimals: what the database prints as text is rounded and shortened digit by digit, never by way
 * of a double.
 */

/** digits / 10^places; the sign is in the digits. */
export interface Decimal {
  readonly digits: bigint
  readonly places: number
}

/** Beyond this a text is no quantity of ours, and expanding its exponent would fill the memory. */
const longest = 400

const form = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/

/** Reads `-12.50`, `1e-7`, 12.5 or 12n; undefined for everything else, NaN and infinity included. */
export function readDecimal(value: string | number | bigint): Decimal | undefined {
  if (typeof value === 'bigint') return { digits: value, places: 0 }
  const text = String(value)
  const match = text.length <= longest ? form.exec(text) : null
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (Math.abs(Number(exponent)) > longest) return undefined
  return { digits: BigInt(sign + whole + fraction), places: fraction.length - Number(exponent) }
}

/** The decimal times 10^power. */
export function shifted(decimal: Decimal, power: number): Decimal {
  return { digits: decimal.digits, places: decimal.places - power }
}

/** With exactly `places` decimals, rounded half away from zero: `-1234.50`. */
export function fixed(decimal: Decimal, places: number): string {
  const negative = decimal.digits < 0n
  const digits = roundedTo(negative ? -decimal.digits : decimal.digits, decimal.places - places)
  const text = digits.toString().padStart(places + 1, '0')
  const cut = text.length - places
  return (negative ? '-' : '') + (places === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`)
}

/** Takes `surplus` digits off the end, or adds zeros when it is negative. */
const roundedTo = (digits: bigint, surplus: number): bigint =>
  surplus <= 0 ? digits * 10n ** BigInt(-surplus) : rounded(digits, 10n ** BigInt(surplus))

/** numerator / denominator, rounded half away from zero. */
export function rounded(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator]
  const size = (2n * n + d) / (2n * d)
  return negative ? -size : size
}

/** All significant digits and no others, without exponent: `0.000225`. */
export function plain(decimal: Decimal): string {
  const text = fixed(decimal, Math.max(0, decimal.places))
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return short === '-0' ? '0' : short
}

/** The power of ten of the leading digit: 2 for 225, -4 for 0.000225; undefined for zero. */
export function order(decimal: Decimal): number | undefined {
  if (decimal.digits === 0n) return undefined
  const digits = decimal.digits < 0n ? -decimal.digits : decimal.digits
  return digits.toString().length - 1 - decimal.places
}

/** The exact sum. */
export function sum(decimals: readonly Decimal[]): Decimal {
  const places = Math.max(0, ...decimals.map((decimal) => decimal.places))
  const digits = decimals.map((decimal) => decimal.digits * 10n ** BigInt(places - decimal.places))
  return { digits: digits.reduce((total, one) => total + one, 0n), places }
}

/** a - b, exactly. */
export const minus = (a: Decimal, b: Decimal): Decimal => sum([a, { ...b, digits: -b.digits }])

/** The exact sum of decimals as text, with the most decimals that any of them has; null where none is given. */
export function sumOf(values: readonly (string | number | bigint | null | undefined)[]): string | null {
  const read = values.flatMap((value) =>
    value === null || value === undefined ? [] : (readDecimal(value) ?? []),
  )
  if (read.length === 0) return null
  const total = sum(read)
  return fixed(total, total.places)
}
