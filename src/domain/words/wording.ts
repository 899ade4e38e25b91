/**
 * Quantities in words for people: money, counts, percentages, times, sizes. Numbers that stand
 * together share one scale, so that their decimals align; no quantity but zero ever reads as zero.
 */
import type { Currency } from '../costs/currency.js'
import { fixed, order, readDecimal, shifted, type Decimal } from '../costs/decimal.js'

/** A number as the database gives it: exact decimals are texts; absent is null or undefined. */
export type Quantity = string | number | bigint | null | undefined

/** What stands where there is no number. */
export const absent = '–'

/** How numbers of one column are written. */
export interface Scale {
  readonly places: number
  /** The number is shown times 10^power: 2 for percent, -6 for millions. */
  readonly power?: number
  readonly prefix?: string
  readonly suffix?: string
  /** Growth carries a plus. */
  readonly signed?: true
  /** Parts of a whole: what is short of 100 % never reads as 100 %. */
  readonly part?: true
}

/** Writes one number on a scale: `$1,234.50`, `<0.1%`, `–` when there is none. */
export function inWords(value: Quantity, scale: Scale): string {
  const decimal = read(value)
  if (decimal === undefined) return absent
  const { places, power = 0, prefix = '', suffix = '' } = scale
  const negative = decimal.digits < 0n
  const size = shifted(negative ? { ...decimal, digits: -decimal.digits } : decimal, power)
  const digits = fixed(size, places)
  const written = (sign: string, text: string): string => `${sign}${prefix}${grouped(text)}${suffix}`
  const sign = negative ? '-' : scale.signed && decimal.digits > 0n ? '+' : ''
  const vanished = decimal.digits !== 0n && !/[1-9]/.test(digits)
  if (vanished && !scale.signed) return written(negative ? '>-' : '<', fixed({ digits: 1n, places }, places))
  if (scale.part && shortOfWhole(digits, value)) {
    return written('>', fixed({ digits: 100n * 10n ** BigInt(places) - 1n, places }, places))
  }
  return written(sign, digits)
}

/** Shares are doubles: a hair below 1 is the noise of a division, more than that is a missing part. */
function shortOfWhole(digits: string, value: Quantity): boolean {
  return Number(digits) === 100 && Number(value) < 1 - 1e-9
}

function read(value: Quantity): Decimal | undefined {
  return value === null || value === undefined ? undefined : readDecimal(value)
}

/** `1234567.5` becomes `1,234,567.5`. */
export function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.')
  const thousands = whole.length < 4 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? thousands : `${thousands}.${fraction}`
}

/** Powers of ten of the largest and the smallest number that is not zero. */
function extent(values: readonly Quantity[], power = 0): { top: number; low: number } {
  const orders = values.flatMap((value) => {
    const decimal = read(value)
    return decimal === undefined ? [] : (order(decimal) ?? [])
  })
  if (orders.length === 0) return { top: power, low: power }
  const [top, low] = orders.reduce(
    ([a, b], n) => [Math.max(a, n), Math.min(b, n)],
    [orders[0] ?? 0, orders[0] ?? 0],
  )
  return { top: top + power, low: low + power }
}

/** Leaves out decimals that are 0 in every number, down to `least`. */
function withoutZeros(values: readonly Quantity[], scale: Scale, least: number): Scale {
  let places = least
  for (const value of values) {
    const decimal = read(value)
    if (decimal === undefined || places >= scale.places) continue
    const digits = fixed(shifted(decimal, scale.power ?? 0), scale.places).replace(/0+$/, '')
    if (/[1-9]/.test(digits)) places = Math.max(places, digits.length - 1 - digits.indexOf('.'))
    else if (decimal.digits !== 0n) places = scale.places
  }
  return { ...scale, places: Math.min(places, scale.places) }
}

/**
 * Money: cents, and more decimals where amounts are small: two digits of the smallest, three of the
 * largest. From $10 on, cents are enough, and what is less reads `<$0.01`.
 */
export function moneyScale(values: readonly Quantity[], currency?: Currency): Scale {
  const { top, low } = extent(values)
  const wanted = Math.max(2, 1 - low, top < 0 ? 2 - top : 0)
  const most = top >= 1 ? 2 : top === 0 ? 4 : 3 - top
  return withoutZeros(values, { places: Math.min(wanted, most), prefix: moneySign(currency) }, 2)
}

/** The same in US dollars. */
export const usdScale = (values: readonly Quantity[]): Scale => moneyScale(values)

/** Signs of one currency alone, or nearly; others stand as their code. */
const signs: Readonly<Record<Currency, string>> = { USD: '$', EUR: '€', GBP: '£' }

/** What stands before an amount: `$`, `€`, `CHF `. */
export const moneySign = (currency: Currency = 'USD'): string => signs[currency] ?? `${currency} `

/** Unit prices are short decimals: all their digits, up to six. */
export function priceScale(values: readonly Quantity[], currency?: Currency): Scale {
  return withoutZeros(values, { places: 6, prefix: moneySign(currency) }, 2)
}

/** Whole numbers; where a column holds means, one decimal for small ones. */
export function countScale(values: readonly Quantity[]): Scale {
  return withoutZeros(values, { places: extent(values).top >= 2 ? 0 : 1 }, 0)
}

/** Any other number: three digits of the largest, two of the smallest, four decimals at most. */
export function numberScale(values: readonly Quantity[]): Scale {
  const { top, low } = extent(values)
  const most = top >= 3 ? 1 : top >= 0 ? Math.max(2, 3 - top) : 3 - top
  return withoutZeros(values, { places: Math.min(Math.max(2 - top, 1 - low, 0), most) }, 0)
}

const percentPlaces = (top: number): number => (top >= 0 ? 1 : Math.min(-top + 1, 6))

/** Rates and shares, 0–1: one decimal, more when all are below one percent. */
export function percentScale(values: readonly Quantity[]): Scale {
  const scale: Scale = { places: percentPlaces(extent(values, 2).top), power: 2, suffix: '%', part: true }
  const almost = values.some((value) => inWords(value, scale).startsWith('>'))
  return almost ? scale : withoutZeros(values, scale, 0)
}

/** Relative changes with their sign: `+12.5%`; whole percents beyond tenfold. */
export function changeScale(values: readonly Quantity[]): Scale {
  const { top } = extent(values, 2)
  return { places: top >= 3 ? 0 : percentPlaces(top), power: 2, suffix: '%', signed: true }
}

/** Milliseconds, or seconds when the longest takes ten or more. */
export function msScale(values: readonly Quantity[]): Scale {
  const { top } = extent(values)
  if (top >= 4) return { places: top >= 6 ? 0 : 1, power: -3, suffix: ' s' }
  return withoutZeros(values, { places: top >= 2 ? 0 : 2 - Math.max(top, 0), suffix: ' ms' }, 0)
}

const sizes = [' B', ' kB', ' MB', ' GB', ' TB', ' PB']

/** Sizes in powers of 1000, in the unit of the largest. */
export function bytesScale(values: readonly Quantity[]): Scale {
  const step = Math.min(Math.max(Math.floor(extent(values).top / 3), 0), sizes.length - 1)
  return { places: step === 0 ? 0 : 1, power: -3 * step, suffix: sizes[step] ?? '' }
}

/** `€1,234.50`, `CHF 0.000225`; in dollars where no currency is said; `–` for none. */
export const money = (value: Quantity, currency?: Currency): string =>
  inWords(value, moneyScale([value], currency))
/** `$1,234.50`, `$0.000225`; `–` for none. */
export const usd = (value: Quantity): string => inWords(value, usdScale([value]))
/** A computed amount without digits that nobody needs: cents, and three digits of less than one. */
export const roundMoney = (value: number, currency?: Currency): string =>
  money(Number(Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(3)), currency)
/** The same in US dollars. */
export const roundUsd = (value: number): string => roundMoney(value)
/** `1,234,567` */
export const count = (value: Quantity): string => inWords(value, countScale([value]))
/** `3.25` */
export const number = (value: Quantity): string => inWords(value, numberScale([value]))
/** A rate or share, 0–1: `12.5%` */
export const percent = (value: Quantity): string => inWords(value, percentScale([value]))
/** A relative change: `+12.5%` */
export const change = (value: Quantity): string => inWords(value, changeScale([value]))
/** `1.4 GB` */
export const bytes = (value: Quantity): string => inWords(value, bytesScale([value]))

const units = ['', 'k', 'M', 'B', 'T']

/** A count in three digits, for narrow places: `22.4M`, `812k`, `950`. */
export function shortCount(value: Quantity): string {
  const decimal = read(value)
  if (decimal === undefined) return absent
  for (const [step, suffix] of units.entries()) {
    const power = -3 * step
    const top = extent([value], power).top
    const places = step === 0 ? 0 : Math.max(0, 2 - Math.max(top, 0))
    const scale = withoutZeros([value], { places, power, suffix }, 0)
    // 999,950 rounds to 1000k: the next unit is the right one.
    if (Math.abs(Number(fixed(shifted(decimal, power), places))) < 1000 || step === units.length - 1) {
      return inWords(value, scale)
    }
  }
  return absent
}

/** A moment of ISO 8601 to the minute: `2026-10-05 08:00 UTC`. */
export const utcMinute = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** The text as a sentence or a heading begins. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
