/**
 * What the price data say about one model of one provider, and why.
 */
import type { Catalogue, ModelInfo } from './catalogue.js'
import { findModel, type Found } from './match.js'
import { localProvider } from './providers.js'
import type { PriceSpan } from '../domain/costs/rate.js'
import type { LayerSpan } from './layers.js'
import { freePrices, openEnd, openStart, spansOf, wholeDay } from './rates.js'
import { spellingsOf, withoutDate } from './spellings.js'

export interface Listing {
  /** Empty when the model has no price. */
  readonly spans: readonly LayerSpan[]
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

/** Prices known to be doubtful, from a day on: said wherever the price is used. */
const doubts: Readonly<Record<string, readonly [from: string, doubt: string]>> = {
  'deepseek/deepseek-v4-flash': ['2026-08-23', 'weekends are priced as weekdays: an upper bound'],
  'deepseek/deepseek-v4-pro': ['2026-08-23', 'weekends are priced as weekdays: an upper bound'],
}

/** All prices of a model of the price data, each with what is doubtful about it. */
export function catalogueSpans(version: string, providerId: string, model: ModelInfo): LayerSpan[] {
  const imported = /^Imported from (\w+) pricing/.exec(model.price_comments ?? '')?.[1]
  const always = imported === undefined ? null : `taken from ${imported}, not from the provider`
  const [since, doubt] = doubts[`${providerId}/${model.id}`] ?? []
  return spansOf(model).flatMap((span) => {
    const about = {
      ...span,
      price_source: version,
      note: null,
      doubt: always,
      dated: span.valid_from > openStart,
    }
    if (since === undefined || doubt === undefined || span.valid_to <= since) return [about]
    const cut = `${since} 00:00:00`
    if (span.valid_from >= cut) return [{ ...about, doubt }]
    return [
      { ...about, valid_to: cut },
      { ...about, valid_from: cut, doubt },
    ]
  })
}

export function lookUp(catalogue: Catalogue, providerId: string, model: string): Listing {
  if (providerId === localProvider) return localListing(model)
  if (providerId === 'openrouter' && /:free$/i.test(model.trim()))
    return {
      spans: [freeLayer('OpenRouter')],
      matched: 'openrouter/*:free',
      rule: "OpenRouter's free variant",
    }
  if (/application-inference-profile\//.test(model.toLowerCase()))
    return {
      spans: [],
      matched: null,
      rule: 'an application inference profile does not name its model: give alias_of in a price file',
    }
  const provider = catalogue.providers.get(providerId)
  if (!provider)
    return { spans: [], matched: null, rule: `provider "${providerId}" is not in the price data` }
  let resembles: Found | undefined
  const spellings = spellingsOf(catalogue, providerId, model)
  for (const { name, how } of spellings) {
    const search = findModel(catalogue, provider, name)
    if (search.found) return listing(catalogue, providerId, search.found, how === '' ? 'name as logged' : how)
    resembles ??= search.resembles
  }
  for (const { name } of spellings) {
    const base = name.startsWith('ft:') ? undefined : withoutDate(name)
    const found = base === undefined ? undefined : findModel(catalogue, provider, base).found
    if (found)
      return listing(
        catalogue,
        providerId,
        found,
        'name without its date: that snapshot has no price of its own',
      )
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
  return { spans: [freeLayer('local')], matched: 'local/*', rule: 'local model' }
}

const freeLayer = (price_source: string): LayerSpan => ({
  ...freeSpan,
  price_source,
  note: null,
  doubt: null,
  dated: true,
})

function listing(catalogue: Catalogue, providerId: string, { provider, model }: Found, how: string): Listing {
  const matched = `${provider.id}/${model.id}`
  const spans = catalogueSpans(catalogue.version, provider.id, model)
  if (spans.length === 0)
    return { spans, matched, rule: `${matched} is in the price data ${emptyReason(model)}` }
  const resold = provider.id === providerId ? [] : [`${providerId} at the prices of ${provider.id}`]
  return { spans, matched, rule: [how, ...resold].join('; ') }
}

function emptyReason(model: ModelInfo): string {
  const prices = Array.isArray(model.prices) ? model.prices.map((entry) => entry.prices) : [model.prices]
  return prices.some((price) => Object.keys(price).length > 0)
    ? 'by a unit that logs do not count (hours, pages, messages)'
    : 'without a price'
}
