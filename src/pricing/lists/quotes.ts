/**
 * What a price list says of a model. Every figure is checked: a list with one that cannot be a price is
 * refused whole.
 */
import { plain, readDecimal, shifted } from '../../domain/costs/decimal.js'
import type { PriceSpan, UnitPrices } from '../../domain/costs/rate.js'
import { UserError } from '../../errors.js'
import { plainDecimal } from '../billionths.js'

/** Prices of a list that names a few units, by the size of input above which they hold; 0: from the start. */
export interface StatedBand {
  readonly above: number
  readonly prices: Partial<UnitPrices>
}

export interface QuotedModel {
  /** Canonical. */
  readonly provider: string
  /** In lower case, as a log would have it. */
  readonly model: string
  readonly names: readonly string[]
  /** The list's own word for the provider is its id, so that it wins over a namesake. */
  readonly exact: boolean
  /** All prices with their dates, where the list has those; else what it says of now. */
  readonly quoted: { readonly spans: readonly PriceSpan[] } | { readonly bands: readonly StatedBand[] }
}

/** USD per million tokens above which nothing was ever sold: a price in another unit. */
const dearest = 100_000n

/**
 * A figure of a list as USD per million tokens (per thousand requests or searches), exactly.
 * @param power of ten to multiply with: 6 for a price per token
 * @throws UserError for what is negative, no number, or beyond any price
 */
export function priceOf(value: unknown, power: number, said: string, where: string): string {
  const decimal = typeof value === 'number' ? readDecimal(value) : undefined
  const fault = (what: string): UserError =>
    new UserError(`${said} ${what}`, {
      location: where,
      hint: 'Nothing was written. Mend the list, or take another.',
    })
  if (decimal === undefined) throw fault(`is ${shown(value)}, which is no price`)
  if (decimal.digits < 0n) throw fault(`is ${shown(value)}, below 0`)
  const price = plain(shifted(decimal, power))
  if (BigInt(price.split('.')[0] ?? '0') > dearest)
    throw fault(`is $${price} per million, beyond any price: another unit?`)
  return plainDecimal(price)
}

const shown = (value: unknown): string =>
  typeof value === 'number' || typeof value === 'string'
    ? JSON.stringify(
        typeof value === 'string' ? value.slice(0, 40) : Number.isFinite(value) ? value : String(value),
      )
    : typeof value

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A name as a list has it: short, and without what acts on a terminal. */
export const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 && !/[\p{Cc}\p{Cf}]/u.test(value)
