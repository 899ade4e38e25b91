/**
 * What one call costs at list price, in whole numbers: the rules of `price-sql.ts` for a call that is at hand, as one
 * is that is yet to be made. A test holds the two against each other.
 */
import type { Picos } from '../domain/costs/amount.js'
import { countPrices, type PriceName, type Rate } from '../domain/costs/rate.js'
import { modeOfCall, type ModeFacts } from '../domain/modes.js'
import { toBillionths } from './billionths.js'

/** Counts as in `calls`; absent: none. */
export interface CallUsage extends ModeFacts {
  readonly input_tokens?: number | undefined
  readonly cache_read_input_tokens?: number | undefined
  readonly cache_creation_input_tokens?: number | undefined
  readonly cache_creation_1h_input_tokens?: number | undefined
  readonly output_tokens?: number | undefined
  readonly reasoning_output_tokens?: number | undefined
  readonly input_audio_tokens?: number | undefined
  readonly output_audio_tokens?: number | undefined
  readonly cache_read_audio_input_tokens?: number | undefined
  readonly input_image_tokens?: number | undefined
  readonly input_video_tokens?: number | undefined
  readonly output_image_tokens?: number | undefined
  readonly web_search_requests?: number | undefined
  readonly file_search_requests?: number | undefined
}

/** The one rate that a call falls under, of those of its provider and model. */
export function rateOf(rates: readonly Rate[], usage: CallUsage, at: Date): Rate | undefined {
  const time = at.toISOString().slice(0, 19).replace('T', ' ')
  const minute = Math.floor(at.getTime() / 60_000) % 1440
  const size = usage.input_tokens ?? 0
  const mode = rates[0] && modeOfCall(rates[0].provider, usage)
  return rates.find(
    (rate) =>
      rate.mode === mode &&
      rate.valid_from <= time &&
      time < rate.valid_to &&
      rate.band_lo < size &&
      size <= rate.band_hi &&
      rate.minute_lo <= minute &&
      minute < rate.minute_hi,
  )
}

/** A count, and the price of each: the first of those that is known. */
type Product = readonly [count: number, ...prices: PriceName[]]

/** Each part rounded once to twelve places, half up, and the parts added. */
export function listCost(rate: Rate, usage: CallUsage): Picos {
  return partsOf(rate, usage).reduce((sum, products) => sum + rounded(rate, products), 0n)
}

function rounded(rate: Rate, products: readonly Product[]): Picos {
  const exact = products.reduce((sum, [count, ...names]) => sum + BigInt(count) * unit(rate, names), 0n)
  return (exact + 500n) / 1000n
}

/** The price of one token or request in 10^-15 USD; 0 where none is known. */
function unit(rate: Rate, names: readonly PriceName[]): bigint {
  const name = names.find((one) => rate[one] !== null)
  if (name === undefined) return 0n
  return toBillionths(rate[name] ?? '0') * (countPrices.some((one) => one === name) ? 1000n : 1n)
}

/** Input, cache reads, cache writes, output, and the rest: tokens in disjoint kinds, cut where they overlap. */
function partsOf(rate: Rate, usage: CallUsage): readonly (readonly Product[])[] {
  const { input_tokens: input = 0, output_tokens: output = 0 } = usage
  const { cache_read_input_tokens: cacheRead = 0, cache_creation_1h_input_tokens: oneHour = 0 } = usage
  const writes = Math.max(usage.cache_creation_input_tokens ?? 0, oneHour)
  const uncached = Math.max(input - cacheRead - writes, 0)
  const cachedAudio = Math.min(usage.cache_read_audio_input_tokens ?? 0, cacheRead)
  const audioIn = Math.min(Math.max((usage.input_audio_tokens ?? 0) - cachedAudio, 0), uncached)
  const imageIn = Math.min(usage.input_image_tokens ?? 0, uncached - audioIn)
  const videoIn = Math.min(usage.input_video_tokens ?? 0, uncached - audioIn - imageIn)
  const audioOut = Math.min(usage.output_audio_tokens ?? 0, output)
  const imageOut = Math.min(usage.output_image_tokens ?? 0, output - audioOut)
  const textOut = output - audioOut - imageOut
  const reasoning =
    rate.reasoning_output_price === null ? 0 : Math.min(usage.reasoning_output_tokens ?? 0, textOut)
  return [
    [[uncached - audioIn - imageIn - videoIn, 'input_price']],
    [
      [cacheRead - cachedAudio, 'cache_read_price'],
      [cachedAudio, 'cache_read_audio_price', 'cache_read_price'],
    ],
    [
      [writes - oneHour, 'cache_write_price'],
      [oneHour, 'cache_write_1h_price'],
    ],
    [
      [textOut - reasoning, 'output_price'],
      [reasoning, 'reasoning_output_price'],
    ],
    [
      [audioIn, 'input_audio_price', 'input_price'],
      [imageIn, 'input_image_price', 'input_price'],
      [videoIn, 'input_video_price', 'input_price'],
      [audioOut, 'output_audio_price', 'output_price'],
      [imageOut, 'output_image_price', 'output_price'],
      [1, 'request_price'],
      [usage.web_search_requests ?? 0, 'web_search_price'],
      [usage.file_search_requests ?? 0, 'file_search_price'],
    ],
  ]
}

/**
 * The most that a call can cost which is yet to be made: its input as it is told, and as many output tokens as it may
 * have, at the dearer of the prices of output.
 */
export function mostCost(rate: Rate, usage: CallUsage): Picos {
  const { reasoning_output_price: reasoning, output_price: output } = rate
  const isDearer = reasoning !== null && toBillionths(reasoning) > toBillionths(output ?? '0')
  return listCost(rate, { ...usage, reasoning_output_tokens: isDearer ? usage.output_tokens : 0 })
}
