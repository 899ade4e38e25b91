/**
 * Puts the user's override rows over what the price data say.
 */
import type { PriceSpan } from '../../domain/costs/rate.js'
import { multiply } from '../billionths.js'
import { freeFrom } from '../library.js'
import type { StandardSpan } from '../mode-prices.js'
import type { Multiplier } from '../multipliers.js'
import { hasPrices, type OverrideRow } from './override-rows.js'
import { customProvider } from '../providers.js'
import { bands, mapPrices, noPrices, openEnd, wholeDay, withFallbacks } from '../rates.js'

type Alias = (target: string, location: string) => readonly StandardSpan[]

/** What is known of a model without overrides. */
export interface Unchanged {
  readonly spans: readonly StandardSpan[]
  /** Why these prices, or why none. */
  readonly rule: string
  /** What concerns the model even where the price is the user's own. */
  readonly multipliers: readonly Multiplier[]
}

/** Rows of one model from one date to the next. */
interface Stretch {
  readonly from: string
  readonly to: string
  readonly base: OverrideRow
  readonly tiers: readonly OverrideRow[]
}

export class OverrideBook {
  readonly #rows: readonly OverrideRow[]

  constructor(rows: readonly OverrideRow[], canonical: (provider: string) => string) {
    this.#rows = rows.map((row) => ({
      ...row,
      provider: row.provider === null ? null : canonical(row.provider),
    }))
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
    unchanged: Unchanged,
    alias: Alias,
  ): { spans: readonly StandardSpan[]; rule: string } {
    const house = this.#underHouse(biller, unchanged.spans)
    const rows = this.#rowsOf(provider, names)
    if (rows.length === 0) {
      const rule = house.find((span) => span.rule !== unchanged.rule)?.rule ?? unchanged.rule
      return { spans: house, rule }
    }
    const stretches = stretchesOf(rows)
    const first = stretches[0]?.from ?? openEnd
    const before = clip(house, '', first)
    const spans = [
      ...before,
      ...stretches.flatMap((stretch) => overlay(stretch, house, alias, unchanged.multipliers)),
    ]
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

  /** House discounts and multipliers: rows for all models (`*`) of the provider. */
  #underHouse(biller: string, spans: readonly StandardSpan[]): readonly StandardSpan[] {
    const rows = this.#rowsOf(biller, ['*'])
    if (rows.length === 0) return spans
    const stretches = stretchesOf(rows)
    return [
      ...clip(spans, '', stretches[0]?.from ?? openEnd),
      ...stretches.flatMap((stretch) => overlay(stretch, spans, () => [], [])),
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
function overlay(
  stretch: Stretch,
  below: readonly StandardSpan[],
  alias: Alias,
  multipliers: readonly Multiplier[],
): StandardSpan[] {
  const { base, from, to } = stretch
  if (hasPrices(base)) return clip(ownSpans(stretch, multipliers), from, to)
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

function ownSpans({ base, tiers, from }: Stretch, multipliers: readonly Multiplier[]): StandardSpan[] {
  const about = {
    price_source: `override ${base.label}`,
    matched: `${base.provider ?? '*'}/${base.model}`,
    rule: `override ${base.label}`,
    note: null,
    doubt: null,
    lacks: null,
    multipliers,
    own: {},
    factor: null,
  }
  if (base.free) return [{ ...freeFrom(from), ...about, own: base.multipliers }]
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
  return spans.map((span) => amend({ ...span, ...about }, base))
}

function amend(span: StandardSpan, row: OverrideRow): StandardSpan {
  const { factor } = row
  const own = { ...span.own, ...row.multipliers }
  if (factor === null) return { ...span, own }
  return {
    ...span,
    ...mapPrices(span, (price) => multiply(price, factor)),
    own,
    factor: span.factor === null ? null : multiply(span.factor, factor),
  }
}

/** The parts of spans within [from, to). */
function clip(spans: readonly StandardSpan[], from: string, to: string): StandardSpan[] {
  return spans
    .map((span) => ({
      ...span,
      valid_from: span.valid_from > from ? span.valid_from : from,
      valid_to: span.valid_to < to ? span.valid_to : to,
    }))
    .filter((span) => span.valid_from < span.valid_to)
}
