/** A FOCUS file as the checks of its rules read it. */

export type FocusRow = Readonly<Record<string, string | null>>

export interface FocusFile {
  readonly names: readonly string[]
  /** What stands in CSV; an empty field is null. */
  readonly rows: readonly FocusRow[]
  /** SQL types of the same columns in Parquet: CSV has none. */
  readonly types: Readonly<Record<string, string>>
}

/** Digits × 10^places of a plain decimal. */
export function exact(text: string, places: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.slice(0, places).padEnd(places, '0'))
}

/** Integer, decimal or E notation; no sign for positive, no symbol, no separator. */
export const isNumber = (text: string): boolean => /^-?\d+(?:\.\d+)?(?:E-?\d+)?$/.test(text)

/** UTC by ISO 8601, with T and Z. */
export const isMoment = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text))

const countUnits = 'Counts|Units|Requests|Tokens|Connections|Certificates|Domains|Cores'

/** `<plural-units>` or `<unit-quantity> <plural-units>` with the recommended names of what is counted. */
export const isUnit = (text: string): boolean => new RegExp(`^(?:[1-9]\\d* )?(?:${countUnits})$`).test(text)

/** No half of a pair of surrogates. */
export const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text)

/** Unicode that is more than spaces. */
export const isSoundText = (text: string): boolean => isUnicode(text) && text.trim() !== ''

const currencies = new Set(Intl.supportedValuesOf('currency'))

/** A code of ISO 4217. */
export const isCurrency = (text: string): boolean => currencies.has(text)

/** A serialised JSON object without objects or lists inside, each key once. */
export function isKeyValue(text: string): boolean {
  const pairs = pairsOf(text)
  const texts = [...text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)]
  const keys = texts.filter(([, , colon]) => colon !== undefined).map(([, key]) => key)
  return pairs !== null && new Set(keys).size === keys.length
}

/** The pairs of a flat JSON object; null for anything else. */
export function pairsOf(text: string): readonly (readonly [string, unknown])[] | null {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const pairs = Object.entries(value)
    return pairs.every(([, one]) => one === null || typeof one !== 'object') ? pairs : null
  } catch {
    return null
  }
}

/** Calls of one row at most: the cost of each was rounded on its own, by up to 2 units of the twelfth place. */
export const callsAtMost = 40
const tolerance = BigInt(callsAtMost) * 2n * 10n ** 28n

/** Price × quantity is the cost, but for what rounding each call's cost to 12 places makes. */
export function isProduct(cost: string, price: string, quantity: string): boolean {
  const difference = exact(price, 22) * exact(quantity, 18) - exact(cost, 40)
  return (difference < 0n ? -difference : difference) <= tolerance
}
