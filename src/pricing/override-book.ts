/**
 * Puts the user's override rows over what the price data say.
 */
import type { PriceSpan, Rate } from '../domain/rate.js'
import { multiply } from './decimal.js'
import { freeFrom, type Listing } from './library.js'
import { hasPrices, type Multipliers, type OverrideRow } from './override-rows.js'
import { customProvider } from './providers.js'
import { bands, mapPrices, noPrices, openEnd, wholeDay, withFallbacks } from './rates.js'

export type PricedSpan = Omit<Rate, 'provider' | 'model'>

/** Half price is what providers that have these tiers charge; a priority price has to be told. */
const usualMultipliers: Multipliers = {
  batch_multiplier: '0.5',
  flex_multiplier: '0.5',
  priority_multiplier: null,
}

type Alias = (target: string, location: string) => readonly PricedSpan[]

/** Rows of one model from one date to the next. */
interface Stretch {
  readonly from: string
  readonly to: string
  readonly base: OverrideRow
  readonly tiers: readonly OverrideRow[]
}

export class OverrideBook {
  readonly #rows: readonly OverrideRow[]
  readonly #source: string

  /** @param source name of the price data, for spans that no override replaces */
  constructor(rows: readonly OverrideRow[], source: string, canonical: (provider: string) => string) {
    this.#rows = rows.map((row) => ({
      ...row,
      provider: row.provider === null ? null : canonical(row.provider),
    }))
    this.#source = source
  }

  /** Models that overrides name, each once. */
  models(): { provider: string | null; model: string }[] {
    const rows = this.#rows.filter(({ model }) => model !== '*')
    return [
      ...new Map(rows.map(({ provider, model }) => [`${provider}/${model}`, { provider, model }])).values(),
    ]
  }

  /** Whether rows of this provider, or of any, name the model. A null provider asks for rows of all. */
  has(provider: string | null, names: readonly string[]): boolean {
    return this.#rows.some(
      (row) =>
        names.includes(row.model) &&
        (provider === null || row.provider === null || row.provider === provider),
    )
  }

  /** The provider for a call without one, when an override names its model; else null. */
  providerFor(name: string, maker: string | undefined): string | null {
    const rows = this.#rows.filter(({ model }) => model === name)
    if (rows.length === 0) return null
    if (maker !== undefined && rows.some(({ provider }) => provider === maker)) return maker
    return rows.find(({ provider }) => provider !== null)?.provider ?? maker ?? customProvider
  }

  /**
   * The prices of a model under all overrides.
   * @param names spellings of the model; the first that a row names decides
   * @param biller whose house discount applies: not `provider` where one model stands for another
   */
  apply(
    provider: string,
    names: readonly string[],
    biller: string,
    listing: Listing,
    alias: Alias,
  ): { spans: readonly PricedSpan[]; rule: string } {
    const house = this.#underHouse(biller, this.#listed(listing))
    const rows = this.#rowsOf(provider, names)
    if (rows.length === 0) {
      const rule = house.find((span) => span.price_source !== this.#source)?.rule ?? listing.rule
      return { spans: house, rule }
    }
    const stretches = stretchesOf(rows)
    const first = stretches[0]?.from ?? openEnd
    const before = clip(house, '', first)
    const spans = [...before, ...stretches.flatMap((stretch) => overlay(stretch, house, alias))]
    return { spans, rule: `override ${rows.map(({ label }) => label).join(', ')}` }
  }

  #rowsOf(provider: string, names: readonly string[]): readonly OverrideRow[] {
    for (const name of names) {
      const rows = this.#rows.filter(({ model }) => model === name.toLowerCase())
      const own = rows.filter((row) => row.provider === provider)
      const any = rows.filter((row) => row.provider === null)
      if (own.length + any.length > 0) return own.length > 0 ? own : any
    }
    return []
  }

  #listed(listing: Listing): PricedSpan[] {
    const about = { price_source: this.#source, matched: listing.matched ?? '', rule: listing.rule }
    return listing.spans.map((span) => ({ ...usualMultipliers, ...about, ...span }))
  }

  /** House discounts and multipliers: rows for all models (`*`) of the provider. */
  #underHouse(biller: string, spans: readonly PricedSpan[]): readonly PricedSpan[] {
    const rows = this.#rowsOf(biller, ['*'])
    if (rows.length === 0) return spans
    const stretches = stretchesOf(rows)
    return [
      ...clip(spans, '', stretches[0]?.from ?? openEnd),
      ...stretches.flatMap((stretch) => overlay(stretch, spans, () => [])),
    ]
  }
}

function stretchesOf(rows: readonly OverrideRow[]): Stretch[] {
  const bases = rows
    .filter(({ above }) => above === 0)
    .toSorted((a, b) => a.validFrom.localeCompare(b.validFrom))
  return bases.map((base, i) => ({
    from: base.validFrom,
    to: bases[i + 1]?.validFrom ?? openEnd,
    base,
    tiers: rows
      .filter((row) => row.above > 0 && row.validFrom === base.validFrom)
      .toSorted((a, b) => a.above - b.above),
  }))
}

/** What holds during a stretch: the rows' own prices, or those below or of the alias, changed. */
function overlay(stretch: Stretch, below: readonly PricedSpan[], alias: Alias): PricedSpan[] {
  const { base, from, to } = stretch
  if (hasPrices(base)) return clip(ownSpans(stretch), from, to)
  const spans = base.aliasOf === null ? below : alias(base.aliasOf, base.location)
  return clip(spans, from, to).map((span) => ({
    ...amend(span, base),
    price_source: `${span.price_source}, override ${base.label}`,
    rule:
      base.aliasOf === null
        ? `${span.rule}; changed by ${base.label}`
        : `alias of ${base.aliasOf} by ${base.label}`,
  }))
}

function ownSpans({ base, tiers, from }: Stretch): PricedSpan[] {
  const about = {
    price_source: `override ${base.label}`,
    matched: `${base.provider ?? '*'}/${base.model}`,
    rule: `override ${base.label}`,
  }
  if (base.free)
    return [
      { ...freeFrom(from), ...usualMultipliers, priority_multiplier: '1', ...base.multipliers, ...about },
    ]
  const spans: PriceSpan[] = bands(
    tiers.map(({ above }) => above),
    (bandLo) => {
      const reached = tiers.filter(({ above }) => above <= bandLo).map(({ prices }) => prices)
      return {
        ...withFallbacks(Object.assign({}, noPrices, base.prices, ...reached)),
        ...wholeDay,
        valid_from: from,
        valid_to: openEnd,
      }
    },
  )
  return spans.map((span) => amend({ ...span, ...usualMultipliers, ...about }, base))
}

function amend(span: PricedSpan, row: OverrideRow): PricedSpan {
  const { factor } = row
  const prices = factor === null ? span : mapPrices(span, (price) => multiply(price, factor))
  return { ...span, ...prices, ...row.multipliers }
}

/** The parts of spans within [from, to). */
function clip(spans: readonly PricedSpan[], from: string, to: string): PricedSpan[] {
  return spans
    .map((span) => ({
      ...span,
      valid_from: span.valid_from > from ? span.valid_from : from,
      valid_to: span.valid_to < to ? span.valid_to : to,
    }))
    .filter((span) => span.valid_from < span.valid_to)
}
