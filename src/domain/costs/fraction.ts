/** Exact fractions: what decimals cannot hold, such as a twelfth of a year or a mean by user. */
import { readDecimal, rounded } from './decimal.js'
import { usdOf, type Picos } from './amount.js'

/** numerator / denominator; the denominator is above 0. */
export interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

export const zero: Fraction = { n: 0n, d: 1n }
export const one: Fraction = { n: 1n, d: 1n }

export const whole = (n: bigint | number): Fraction => ({ n: BigInt(n), d: 1n })

/** Without a common divisor. @throws Error for a denominator of 0 */
export function fraction(n: bigint, d: bigint): Fraction {
  if (d === 0n) throw new Error('a fraction of 0 parts')
  const sign = d < 0n ? -1n : 1n
  const by = divisor(n < 0n ? -n : n, d < 0n ? -d : d)
  return { n: (sign * n) / by, d: (sign * d) / by }
}

function divisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x === 0n ? 1n : x
}

export const times = (...all: readonly Fraction[]): Fraction =>
  all.reduce((a, b) => fraction(a.n * b.n, a.d * b.d), one)
export const plus = (...all: readonly Fraction[]): Fraction =>
  all.reduce((a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d), zero)
export const less = (a: Fraction, b: Fraction): Fraction => plus(a, { n: -b.n, d: b.d })
/** @throws Error for a division by 0 */
export const over = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.d, a.d * b.n)
export const compare = (a: Fraction, b: Fraction): number => {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
export const least = (a: Fraction, b: Fraction): Fraction => (compare(a, b) <= 0 ? a : b)

/** A decimal's exact value; undefined for what is none. */
export function fractionOf(text: string): Fraction | undefined {
  const decimal = readDecimal(text)
  if (decimal === undefined) return undefined
  const { digits, places } = decimal
  return places >= 0 ? fraction(digits, 10n ** BigInt(places)) : whole(digits * 10n ** BigInt(-places))
}

/** Rounded to the twelve places of a cost. */
export const usdText = (usd: Fraction): string => usdOf(rounded(usd.n * 10n ** 12n, usd.d))

/** Exact, from USD × 10^12. */
export const fromPicos = (amount: Picos): Fraction => fraction(amount, 10n ** 12n)

/** To six places, for people and programs: a ratio. */
export const ratioNumber = (ratio: Fraction): number => Number(rounded(ratio.n * 10n ** 6n, ratio.d)) / 1e6
