/**
 * Everything that is known of a model's list prices before overrides: the user's layers, the history and
 * the price library, with the multipliers of its modes.
 */
import type { Catalogue, ModelInfo } from './catalogue.js'
import type { History, HistoryEntry } from './history.js'
import { overlaid, type LayerSpan, type PriceLayer } from './layers.js'
import { catalogueSpans, lookUp, type Listing } from './library.js'
import { tokenPrices } from '../domain/costs/rate.js'
import { multiply } from './billionths.js'
import { multipliersFor, type Multiplier } from './multipliers.js'
import type { Unchanged } from './overrides/override-book.js'
import { localProvider } from './providers.js'
import { mapPrices } from './rates.js'
import { isPlacedAbroad, isZoned, spellingsOf } from './spellings.js'

export class PriceSources {
  readonly #catalogue: Catalogue
  readonly #history: History
  readonly #layers: readonly PriceLayer[]

  /** @param layers the weightiest first */
  constructor(catalogue: Catalogue, history: History, layers: readonly PriceLayer[]) {
    this.#catalogue = catalogue
    this.#history = history
    this.#layers = layers
  }

  /** A model as it is logged. */
  find(provider: string, model: string): Unchanged {
    const listing = lookUp(this.#catalogue, provider, model)
    const names = this.#names(provider, model)
    const entries = this.#entries(provider, names, listing)
    return this.#together(provider, names, listing, entries)
  }

  /** A model of the price library under its own name. */
  listed(provider: string, model: ModelInfo): Unchanged {
    const spans = catalogueSpans(this.#catalogue.version, provider, model)
    const listing = { spans, matched: `${provider}/${model.id}`, rule: 'as listed' }
    const names = [model.id.toLowerCase()]
    return this.#together(provider, names, listing, this.#history.of(provider, names))
  }

  /** Models that the price library does not have. */
  models(): { provider: string; model: string }[] {
    return [...this.#layers.flatMap((layer) => layer.models()), ...this.#history.entries].map(
      ({ provider, model }) => ({ provider, model }),
    )
  }

  /** Whether anything is known of this name at the provider, be it without a price. */
  sells(provider: string, name: string): boolean {
    const names = this.#names(provider, name)
    return (
      lookUp(this.#catalogue, provider, name).matched !== null ||
      this.#history.of(provider, names).length > 0 ||
      this.#layers.some((layer) => layer.of(provider, names, null).length > 0)
    )
  }

  /** The one provider that has the name, where the price library does not know it. */
  sellerOf(name: string): string | undefined {
    return this.#history.sellerOf(name)
  }

  #names(provider: string, model: string): readonly string[] {
    return spellingsOf(this.#catalogue, provider, model).map(({ name }) => name)
  }

  /** The provider's own history, else that of the provider whose prices it takes. */
  #entries(provider: string, names: readonly string[], { matched }: Listing): readonly HistoryEntry[] {
    const own = this.#history.of(provider, names)
    const maker = matched?.slice(0, matched.indexOf('/'))
    if (own.length > 0 || maker === undefined || maker === provider) return own
    return this.#history.of(maker, names)
  }

  #together(
    provider: string,
    names: readonly string[],
    listing: Listing,
    entries: readonly HistoryEntry[],
  ): Unchanged {
    const layers = this.#layers.map((layer) => layer.of(provider, names, listing.matched))
    const spans = overlaid(layers, entries, listing.spans)
    const first = entries[0]
    const matched =
      listing.matched ?? (first && `${first.provider}/${first.model}`) ?? `${provider}/${names[0]}`
    const told = layers.flat()[0]?.price_source ?? 'name as logged'
    const rule = listing.spans.length > 0 || spans.length === 0 ? listing.rule : told
    const multipliers = multipliersFor(provider, names, listing.matched)
    const lacks =
      provider === localProvider
        ? null
        : (isPlacedAbroad(provider, names[0] ?? '', matched) ?? regionOfPath(names[0] ?? '', multipliers))
    const zone = provider === 'azure' && isZoned(names[0] ?? '') ? zoneFactor(multipliers) : '1'
    const about = {
      matched,
      rule: zone === '1' ? rule : `${rule}, times ${zone} for the data zone`,
      lacks,
      multipliers,
      own: {},
      factor: zone,
    }
    return {
      spans: spans.map((span) => ({
        ...withoutMark(span),
        ...mapPrices(span, (price) => multiply(price, zone), tokenPrices),
        ...about,
      })),
      rule: about.rule,
      multipliers,
    }
  }
}

/**
 * The region that a path of Vertex AI names, where the model costs more in one: the path is the model's name
 * and says nothing to the call's place, so that the price is the global one, and what it lacks is named.
 */
function regionOfPath(name: string, multipliers: readonly Multiplier[]): string | null {
  const region = /\/locations\/(?!global\/)([a-z0-9-]+)\//.exec(name)?.[1]
  const costsMore = (multipliers.find(({ kind }) => kind === 'regional')?.multiplier ?? '1') !== '1'
  return region !== undefined && costsMore ? `region=${region}` : null
}

/** Of its prices, what a deployment pays that stays in one data zone. */
function zoneFactor(multipliers: readonly Multiplier[]): string {
  return multipliers.find(({ kind }) => kind === 'data_zone')?.multiplier ?? '1'
}

/** Whether a span is dated matters no longer once its place in time is found. */
function withoutMark(span: LayerSpan): Omit<LayerSpan, 'dated'> {
  const copy: Partial<LayerSpan> & Omit<LayerSpan, 'dated'> = { ...span }
  delete (copy as { dated?: boolean }).dated
  return copy
}
