/** Filters that leave nothing of a window, in words: mistyped, or of another time. */
import { keyIn, type Currency } from '../domain/costs/currency.js'
import { localDate } from '../domain/time/periods.js'
import { noneValue } from '../domain/filters.js'
import { isComparison, type Filter, type Scope } from '../domain/scope.js'
import type { FilterExtentRow } from '../metrics/doubts/near-values.js'

/** A filter that no call in the window passes. */
export interface Unmatched {
  readonly filter: Filter
  readonly extent: FilterExtentRow
  /** Values like the one asked for, the closest first; none are looked for where calls pass it at another time. */
  readonly near: readonly string[]
  /** Of a tag that no call has: tags with names like it. */
  readonly nearTags: readonly string[]
}

/** `feature=chat`; an amount as it is named in the currency of the answer. */
export const filterText = ({ dimension, operator, value }: Filter, currency?: Currency): string =>
  `${currency === undefined ? dimension : keyIn(dimension, currency)}${operator}${value}`

/** No call passes it at any time. */
export const matchesNever = ({ extent }: Unmatched): boolean => Number(extent.calls) === 0

/** One sentence, without its stop. */
export function unmatchedWords(unmatched: Unmatched, { since, until, tz, currency }: Scope): string {
  const { filter, extent, near, nearTags } = unmatched
  const text = filterText(filter, currency)
  const { first_ts: first, last_ts: last } = extent
  if (first !== null && last !== null) {
    if (since !== null && Date.parse(last) < Date.parse(since))
      return `${text} has calls, the newest ${localDate(last, tz)}`
    if (until !== null && Date.parse(first) >= Date.parse(until))
      return `${text} has calls, the oldest ${localDate(first, tz)}`
    return `${text} has calls, from ${localDate(first, tz)} to ${localDate(last, tz)}`
  }
  if (near.length > 0) return `no call at any time has ${text}; ${closestWords(near)}`
  if (filter.value === noneValue || isComparison(filter.operator)) return `no call at any time has ${text}`
  const tags = nearTags.length === 0 ? '' : `; ${closestWords(nearTags.map((name) => `tag.${name}`))}`
  return `no call at any time has any ${filter.dimension}${tags}`
}

/** Longer values are not typed. */
const longest = 100

function closestWords(names: readonly string[]): string {
  const shown = names.map((name) => (name.length > longest ? `${name.slice(0, longest)}…` : name))
  return `the closest: ${shown.join(', ')}`
}
