/**
 * What the price data say about one model of one provider, and why.
 */
import type { Catalogue, ModelInfo } from './catalogue.js'
import { findModel, type Found } from './match.js'
import { localProvider } from './providers.js'
import type { PriceSpan } from '../domain/rate.js'
import { freePrices, openEnd, openStart, spansOf, wholeDay } from './rates.js'
import { spellingsOf, withoutDate } from './spellings.js'

/** Prices of the price data, or of what is named. */
export interface ListedSpan extends PriceSpan {
  readonly price_source?: string
}

export interface Listing {
  /** Empty when the model has no price. */
  readonly spans: readonly ListedSpan[]
  /** Provider and model of the price data, `openai/gpt-4o`; null when nothing matched. */
  readonly matched: string | null
  /** Why, in words. */
  readonly rule: string
}

const freeSpan: PriceSpan = {
  ...freePrices,
  ...wholeDay,
  valid_from: openStart,
  valid_to: openEnd,
  band_lo: -1,
  band_hi: 9_000_000_000_000_000,
}

/** One span that costs nothing, from `validFrom` on. */
export function freeFrom(validFrom: string): PriceSpan {
  return { ...freeSpan, valid_from: validFrom }
}

/** Prices known to be doubtful: said wherever the price is explained. */
const doubts: Readonly<Record<string, string>> = {
  'deepseek/deepseek-chat': 'price data last checked in July 2025: may be out of date',
  'deepseek/deepseek-reasoner': 'price data last checked in July 2025: may be out of date',
  'deepseek/deepseek-v4-flash': 'weekends are priced as weekdays: an upper bound since 2026-08-23',
  'deepseek/deepseek-v4-pro': 'weekends are priced as weekdays: an upper bound since 2026-08-23',
}

export function lookUp(catalogue: Catalogue, providerId: string, model: string): Listing {
  if (providerId === localProvider) return localListing(model)
  const provider = catalogue.providers.get(providerId)
  if (!provider)
    return { spans: [], matched: null, rule: `provider "${providerId}" is not in the price data` }
  let resembles: Found | undefined
  const spellings = spellingsOf(catalogue, providerId, model)
  for (const { name, how } of spellings) {
    const search = findModel(catalogue, provider, name)
    if (search.found) return listing(providerId, search.found, how === '' ? 'name as logged' : how)
    resembles ??= search.resembles
  }
  for (const { name } of spellings) {
    const base = name.startsWith('ft:') ? undefined : withoutDate(name)
    const found = base === undefined ? undefined : findModel(catalogue, provider, base).found
    if (found)
      return listing(providerId, found, 'name without its date: that snapshot has no price of its own')
  }
  const near = resembles && `${resembles.provider.id}/${resembles.model.id}`
  const rule = near
    ? `the name only resembles ${near}: not priced, for it may be another model`
    : `no model of this name at ${providerId} in the price data`
  return { spans: [], matched: null, rule }
}

function localListing(model: string): Listing {
  if (/[:-]cloud$/.test(model.trim().toLowerCase())) {
    return {
      spans: [],
      matched: null,
      rule: 'a cloud model served through a local program: its price is not known',
    }
  }
  return { spans: [freeSpan], matched: 'local/*', rule: 'local model' }
}

function listing(providerId: string, { provider, model }: Found, how: string): Listing {
  const matched = `${provider.id}/${model.id}`
  const spans = spansOf(model)
  if (spans.length === 0)
    return { spans, matched, rule: `${matched} is in the price data ${emptyReason(model)}` }
  const resold = provider.id === providerId ? [] : [`${providerId} at the prices of ${provider.id}`]
  const doubt = doubts[matched]
  return { spans, matched, rule: [how, ...resold, ...(doubt === undefined ? [] : [doubt])].join('; ') }
}

function emptyReason(model: ModelInfo): string {
  const prices = Array.isArray(model.prices) ? model.prices.map((entry) => entry.prices) : [model.prices]
  return prices.some((price) => Object.keys(price).length > 0)
    ? 'by a unit that logs do not count (hours, pages, messages)'
    : 'without a price'
}
