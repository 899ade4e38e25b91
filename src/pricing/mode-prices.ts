/**
 * The prices of one model in every mode: each tier, speed and place multiplies the standard prices by what
 * held at the time. Where no multiplier is known, the standard prices stand and the rate says what it lacks.
 */
import { rounded } from '../domain/costs/decimal.js'
import { modeName, paces, placesOf, type Pace, type Place } from '../domain/modes.js'
import {
  tokenPrices,
  type PriceName,
  type PriceSpan,
  type Rate,
  type UnitPrices,
} from '../domain/costs/rate.js'
import { fromBillionths, multiply, toBillionths } from './billionths.js'
import type { Multiplier } from './multipliers.js'
import { isFree, mapPrices } from './rates.js'

/** Multipliers that the user set, by pace. */
export type OwnMultipliers = Readonly<Partial<Record<Pace, string>>>

/** Standard prices of a stretch of time, with all that their modes follow from. */
export interface StandardSpan extends PriceSpan {
  readonly price_source: string
  readonly matched: string
  readonly rule: string
  readonly note: string | null
  readonly doubt: string | null
  /** As in `Rate`: what is not covered in any mode. */
  readonly lacks: string | null
  /** Those that concern the model, the closest first. */
  readonly multipliers: readonly Multiplier[]
  readonly own: OwnMultipliers
  /** What the listed prices were multiplied by; null where they are the user's own. */
  readonly factor: string | null
}

export type ModeSpan = Omit<Rate, 'provider' | 'model'>

/** The spans of all modes that calls of the provider may have. */
export function inAllModes(provider: string, spans: readonly StandardSpan[]): ModeSpan[] {
  return placesOf(provider).flatMap((place) =>
    paces.flatMap((pace) =>
      spans.flatMap((span) =>
        joined(parts(span, pace, place).map((part) => priced(part, pace, place, provider))),
      ),
    ),
  )
}

const kindOf: Readonly<Record<Pace, string>> = {
  standard: '',
  batch: 'batch',
  flex: 'flex',
  priority: 'priority',
  fast: 'fast_mode',
}
const kindOfPlace: Readonly<Record<Place, string>> = {
  '': '',
  us: 'us_inference',
  regional: 'regional',
  elsewhere: '',
  gov: '',
}

/** A span cut where a multiplier of the mode begins or ends. */
function parts(span: StandardSpan, pace: Pace, place: Place): StandardSpan[] {
  const kinds = [kindOf[pace], `${kindOf[pace]}_above_200000`, kindOfPlace[place]]
  const inside = span.multipliers
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap(({ valid_from, valid_to }) => [valid_from, valid_to])
    .filter((time) => span.valid_from < time && time < span.valid_to)
  const edges = [span.valid_from, ...[...new Set(inside)].toSorted(), span.valid_to]
  return edges
    .slice(0, -1)
    .map((valid_from, i) => ({ ...span, valid_from, valid_to: edges[i + 1] ?? span.valid_to }))
}

/** Parts that follow each other with the same prices, as one. */
function joined(spans: readonly ModeSpan[]): ModeSpan[] {
  const out: ModeSpan[] = []
  for (const span of spans) {
    const last = out.at(-1)
    const same = last && JSON.stringify({ ...last, valid_from: '', valid_to: '' })
    if (last && same === JSON.stringify({ ...span, valid_from: '', valid_to: '' }))
      out[out.length - 1] = { ...last, valid_to: span.valid_to }
    else out.push(span)
  }
  return out
}

/** What a mode makes of prices. */
interface Change {
  readonly prices: UnitPrices
  readonly multiplier: string | null
  readonly source: string | null
  readonly lacks: string | null
}

function priced(span: StandardSpan, pace: Pace, place: Place, provider: string): ModeSpan {
  const { multipliers: _, own: __, factor: ___, lacks, ...rest } = span
  const unchanged: Change = { prices: span, multiplier: '1', source: null, lacks: null }
  const free = isFree(span)
  const byPace = free || pace === 'standard' ? unchanged : atPace(span, pace)
  const byPlace =
    free || place === ''
      ? { ...unchanged, prices: byPace.prices }
      : atPlace(span, place, provider, byPace.prices)
  const all = [lacks, byPace.lacks, byPlace.lacks].filter((one) => one !== null)
  const sources = [byPace.source, byPlace.source].filter((one) => one !== null)
  return {
    ...rest,
    ...mapPrices(byPlace.prices, (price) => price),
    mode: modeName(pace, place),
    multiplier:
      byPace.multiplier === null || byPlace.multiplier === null
        ? null
        : multiply(byPace.multiplier, byPlace.multiplier),
    multiplier_source: sources.length === 0 ? null : sources.join('; '),
    lacks: all.length === 0 ? null : [...new Set(all)].join('; '),
  }
}

function atPace(span: StandardSpan, pace: Pace): Change {
  const own = span.own[pace]
  if (own !== undefined) return { prices: times(span, own), multiplier: own, source: 'override', lacks: null }
  const long = span.band_lo >= 200_000 ? holding(span, `${kindOf[pace]}_above_200000`) : undefined
  const row = long ?? holding(span, kindOf[pace])
  const isListed = long !== undefined || span.band_lo < 0
  const change = row === undefined ? null : changed(span, row, isListed)
  const lacks = pace === 'fast' ? 'speed=fast' : `service_tier=${pace}`
  return change ?? { prices: span, multiplier: '1', source: null, lacks }
}

/**
 * @param isListed the row lists the prices of this very band
 * @returns null where the row says nothing that these prices can follow
 */
function changed(span: StandardSpan, row: Multiplier, isListed: boolean): Change | null {
  const { factor } = span
  const source = row.source
  const [input, output] = [row.input, row.output].map((price) =>
    price === null || factor === null ? null : multiply(price, factor),
  )
  if (row.multiplier !== null) {
    const prices = times(span, row.multiplier)
    if (!isListed || !input || !output) return { prices, multiplier: row.multiplier, source, lacks: null }
    const exact = prices.input_price === input && prices.output_price === output
    return {
      prices: { ...prices, ...likeText(span, prices, input, output) },
      multiplier: exact ? row.multiplier : null,
      source,
      lacks: null,
    }
  }
  // Only the prices are known: what is cached costs as much more as the input does.
  if (!input || !output || span.input_price === null || toBillionths(span.input_price) === 0n) return null
  const [to, from] = [toBillionths(input), toBillionths(span.input_price)]
  const prices = mapPrices(span, (price) => ratio(price, to, from), tokenPrices)
  return {
    prices: { ...prices, ...likeText(span, prices, input, output) },
    multiplier: null,
    source,
    lacks: null,
  }
}

/** Input and output as listed, and what is priced like them. */
function likeText(span: UnitPrices, prices: UnitPrices, input: string, output: string): Partial<UnitPrices> {
  const same = (name: PriceName): string | null =>
    span[name] !== null && span[name] === span.input_price ? input : prices[name]
  return {
    input_price: input,
    output_price: output,
    input_image_price: same('input_image_price'),
    input_video_price: same('input_video_price'),
    cache_read_price: same('cache_read_price'),
    cache_write_price: same('cache_write_price'),
    cache_write_1h_price: same('cache_write_1h_price'),
  }
}

/** price × to / from, rounded to nine places, half up. */
function ratio(price: string, to: bigint, from: bigint): string {
  return fromBillionths(rounded(toBillionths(price) * to, from))
}

function atPlace(span: StandardSpan, place: Place, provider: string, prices: UnitPrices): Change {
  const known: Change = { prices, multiplier: '1', source: null, lacks: null }
  const row = kindOfPlace[place] === '' ? undefined : holding(span, kindOfPlace[place])
  if (row?.multiplier)
    return {
      prices: times(prices, row.multiplier),
      multiplier: row.multiplier,
      source: row.source,
      lacks: null,
    }
  // Vertex AI sells Google's own models at one price; Bedrock those of Anthropic, save to the government.
  const isMakers = provider === 'google' && !/claude/.test(span.matched)
  const isEven = provider === 'aws' && place === 'elsewhere' && /claude/.test(span.matched)
  return isMakers || isEven ? known : { ...known, lacks: 'region=*' }
}

const holding = (span: StandardSpan, kind: string): Multiplier | undefined =>
  span.multipliers.find(
    (row) => row.kind === kind && row.valid_from <= span.valid_from && span.valid_from < row.valid_to,
  )

const times = (prices: UnitPrices, factor: string): UnitPrices =>
  mapPrices(prices, (price) => multiply(price, factor), tokenPrices)
