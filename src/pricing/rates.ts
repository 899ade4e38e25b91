/**
 * The prices of one model as stretches of time, parts of the day and bands of input size, in each of
 * which every unit price is one number.
 */
import {
  countPrices,
  priceNames,
  tokenPrices,
  type PriceName,
  type PriceSpan,
  type UnitPrices,
} from '../domain/costs/rate.js'
import type { ModelInfo, ModelPrice } from './catalogue.js'
import { multiply, plainDecimal } from './billionths.js'

/** Bounds that no call is outside of: the store takes times from 2015 to 2100, tokens up to 1e9. */
export const openStart = '1970-01-01 00:00:00'
export const openEnd = '9999-12-31 00:00:00'
const lowestBand = -1
const highestBand = 9_000_000_000_000_000
export const wholeDay = { minute_lo: 0, minute_hi: 1440 } as const

const allPrices = (price: string | null): UnitPrices =>
  Object.fromEntries(priceNames.map((name) => [name, price])) as unknown as UnitPrices

export const noPrices: UnitPrices = allPrices(null)

/** Reasoning has no price of its own: it is free as output is. */
export const freePrices: UnitPrices = { ...allPrices('0'), reasoning_output_price: null }

/** Applies `change` to every price that is known, or to those of some names. */
export function mapPrices(
  prices: UnitPrices,
  change: (price: string) => string,
  names: readonly PriceName[] = priceNames,
): UnitPrices {
  const out: Partial<Record<PriceName, string | null>> = {}
  for (const name of priceNames) {
    const price = prices[name]
    out[name] = price === null || !names.includes(name) ? price : change(price)
  }
  return out as UnitPrices
}

/** Whether neither tokens nor requests cost anything. */
export function isFree(prices: UnitPrices): boolean {
  return [...tokenPrices, ...countPrices].every((name) => prices[name] === null || prices[name] === '0')
}

/** Fills what is priced like something else: cache reads and writes as input, 1h writes as 5m writes. */
export function withFallbacks(prices: UnitPrices): UnitPrices {
  const write = prices.cache_write_price ?? prices.input_price
  return {
    ...prices,
    cache_read_price: prices.cache_read_price ?? prices.input_price,
    cache_write_price: write,
    cache_write_1h_price: prices.cache_write_1h_price ?? write,
  }
}

/** One span for each band of input size; `starts` are the sizes above which the next band begins. */
export function bands<T>(
  starts: readonly number[],
  pick: (bandLo: number) => T,
): (T & { band_lo: number; band_hi: number })[] {
  const edges = [lowestBand, ...[...new Set(starts)].toSorted((a, b) => a - b)]
  return edges.map((band_lo, i) => ({ ...pick(band_lo), band_lo, band_hi: edges[i + 1] ?? highestBand }))
}

/**
 * All prices of a model. Empty when the data have none, or none in a unit that call logs count: a model
 * priced by the hour of audio or by the page has no price here.
 */
export function spansOf(model: ModelInfo): PriceSpan[] {
  const epochs = epochsOf(model)
  return epochs.flatMap((epoch, i) => {
    const when = { valid_from: epoch.from, valid_to: epochs[i + 1]?.from ?? openEnd }
    return dayParts(epoch).flatMap(({ price, ...minutes }) =>
      bandsOf(model, price).map((band) => ({ ...band, ...when, ...minutes })),
    )
  })
}

interface Epoch {
  readonly from: string
  readonly base: ModelPrice
  readonly parts: { readonly lo: number; readonly hi: number; readonly price: ModelPrice }[]
}

/**
 * A price that starts on a date begins an epoch; a time-of-day price belongs to the epoch it is listed
 * in. (The library tries the last entry first, so there a time of day wins over dates before its time.)
 */
function epochsOf(model: ModelInfo): Epoch[] {
  const entries = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  const epochs: Epoch[] = []
  for (const { constraint, prices } of entries) {
    const current = epochs.at(-1)
    if (current === undefined || constraint === undefined)
      epochs.push({ from: openStart, base: prices, parts: [] })
    else if (constraint.type === 'start_date')
      epochs.push({ from: `${constraint.start_date} 00:00:00`, base: prices, parts: [] })
    else {
      const [lo, hi] = [minuteOf(constraint.start_time), minuteOf(constraint.end_time)]
      if (lo <= hi) current.parts.push({ lo, hi, price: prices })
      else current.parts.push({ lo, hi: 1440, price: prices }, { lo: 0, hi, price: prices })
    }
  }
  return epochs.toSorted((a, b) => a.from.localeCompare(b.from))
}

/** `16:30:00Z` as minutes of the UTC day. */
function minuteOf(time: string): number {
  const match = /^(\d{2}):(\d{2}):\d{2}(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(time)
  if (!match) throw new Error(`price data: not a time of day: ${time}`)
  const offset = (match[3] === '-' ? -1 : 1) * (Number(match[4] ?? 0) * 60 + Number(match[5] ?? 0))
  return (Number(match[1]) * 60 + Number(match[2]) - offset + 1440) % 1440
}

function dayParts(epoch: Epoch): { minute_lo: number; minute_hi: number; price: ModelPrice }[] {
  const edges = [...new Set([0, ...epoch.parts.flatMap(({ lo, hi }) => [lo, hi]), 1440])].toSorted(
    (a, b) => a - b,
  )
  return edges.slice(0, -1).map((minute_lo, i) => ({
    minute_lo,
    minute_hi: edges[i + 1] ?? 1440,
    // The last entry that covers this part of the day wins, as in the library.
    price: epoch.parts.findLast(({ lo, hi }) => lo <= minute_lo && minute_lo < hi)?.price ?? epoch.base,
  }))
}

function bandsOf(model: ModelInfo, price: ModelPrice): (UnitPrices & { band_lo: number; band_hi: number })[] {
  if (!['input_mtok', 'output_mtok', 'requests_kcount'].some((key) => price[key] !== undefined)) return []
  const starts = Object.values(price).flatMap((p) =>
    typeof p === 'object' ? p.tiers.map((tier) => tier.start) : [],
  )
  return bands(starts, (bandLo) => unitPrices(model, price, bandLo))
}

function unitPrices(model: ModelInfo, price: ModelPrice, bandLo: number): UnitPrices {
  const at = (key: string): string | null => {
    const value = price[key]
    if (value === undefined) return null
    if (typeof value === 'number') return plainDecimal(value)
    const tier = value.tiers.toSorted((a, b) => a.start - b.start).findLast(({ start }) => start <= bandLo)
    return plainDecimal(tier?.price ?? value.base)
  }
  const input = at('input_mtok')
  // Google lists one price for text, images and video together (ai.google.dev/gemini-api/docs/pricing).
  const asText = model.id.startsWith('gemini-') ? input : null
  return withFallbacks({
    input_price: input,
    cache_read_price: at('cache_read_mtok'),
    cache_write_price: at('cache_write_mtok'),
    cache_write_1h_price: at('cache_write_1h_mtok') ?? claudeHourWrite(model, price, input),
    output_price: at('output_mtok'),
    reasoning_output_price: at('output_reasoning_mtok'),
    input_audio_price: at('input_audio_mtok'),
    output_audio_price: at('output_audio_mtok'),
    cache_read_audio_price: at('cache_audio_read_mtok'),
    input_image_price: at('input_image_mtok') ?? asText,
    input_video_price: at('input_video_mtok') ?? asText,
    output_image_price: at('output_image_mtok'),
    request_price: at('requests_kcount'),
    web_search_price: at('web_searches_kcount'),
    file_search_price: at('storage_searches_kcount'),
  })
}

/**
 * Wherever Claude models are sold, a 1h cache write costs twice the input; the data say so for Anthropic
 * itself and leave it out for the clouds. The 5m price would be too low by more than a third.
 */
function claudeHourWrite(model: ModelInfo, price: ModelPrice, input: string | null): string | null {
  const isClaude = model.id.includes('claude') && price['cache_write_mtok'] !== undefined
  return isClaude && input !== null ? multiply(input, '2') : null
}
