/**
 * pricing: what a call costs. Prices from the bundled library and the user's overrides become rows of
 * `rates`; calls are priced by one join (see price-sql.ts).
 *
 * The price book: the price library under the user's overrides. It answers, for a provider and a model
 * as logged, which prices hold when.
 */
import { createHash } from 'node:crypto'
import { distance } from 'fastest-levenshtein'
import type { Rate } from '../domain/costs/rate.js'
import { UserError } from '../errors.js'
import { loadCatalogue, namesOf, type Catalogue } from './catalogue.js'
import { loadHistory, type History } from './history.js'
import { inAllModes, type StandardSpan } from './mode-prices.js'
import { loadMultipliers } from './multipliers.js'
import { loadOverrides, type Overrides } from './overrides/overrides.js'
import { OverrideBook } from './overrides/override-book.js'
import {
  canonicalProvider,
  customProvider,
  isBedrockName,
  isCloudPath,
  isHubName,
  isRouter,
  loggedProvider,
  providerOfName,
} from './providers.js'
import { PriceSources } from './sources.js'
import { spellingsOf, splitPrefix } from './spellings.js'
import { readUpdates } from './lists/update-file.js'
import { UpdateLayer, type Update } from './lists/updates.js'

export interface Resolution {
  /** Canonical provider id: what `calls.provider` becomes. Null when neither log nor name tells. */
  readonly provider: string | null
  /** All prices of the model, with `provider` as above and `model` as logged. Empty: unpriced. */
  readonly rates: readonly Rate[]
  /** Which rule led to the price, or why there is none. */
  readonly rule: string
}

export interface PricedModel {
  readonly provider: string
  readonly model: string
  /** Other names of the same model. */
  readonly names: readonly string[]
  readonly rates: readonly Rate[]
}

export interface PriceBook {
  /** `genai-prices 0.1.8`. */
  readonly version: string
  /** Day of the price data, `YYYY-MM-DD`: when that version was published. Null when not known. */
  readonly date: string | null
  /** Changes when any price could change: price data, override files, rules of matching. */
  readonly fingerprint: string
  readonly overrideFiles: readonly string[]
  /** What `prices update` took in, the oldest first. */
  readonly updates: readonly Update[]
  /** Until when prices are known: the newer of the price data's day and that of the last update. */
  readonly known: string | null
  /**
   * Resolves a provider and model. The provider of the answer, resolved again, gives the same answer.
   * Rates depend on nothing but that provider and the model's name.
   */
  resolve(provider: string | null, model: string): Resolution
  /** Every priced model whose `provider/model` or other name contains `filter`, case aside. */
  list(filter?: string): PricedModel[]
  /** Up to `count` names like `openai/gpt-4o` that are closest to a mistyped one; none if all are far. */
  closest(model: string, count: number): string[]
}

/** Counted up when the rules of matching or building rates change, so that stores are priced anew. */
const rulesVersion = 2

/**
 * Loads the price data, which ship with the program, and the user's override files. Works offline.
 * @throws UserError (usage) for an override file that is not understood
 */
export async function loadPriceBook(options: {
  readonly overrideFiles: readonly string[]
  /** File of the user's price updates, which need not be there. */
  readonly updatesFile?: string | undefined
}): Promise<PriceBook> {
  const layer = new UpdateLayer(readUpdates(options.updatesFile))
  const overrides = loadOverrides(options.overrideFiles)
  return new Book(await loadCatalogue(), loadHistory(), layer, overrides)
}

class Book implements PriceBook {
  readonly version: string
  readonly date: string | null
  readonly fingerprint: string
  readonly overrideFiles: readonly string[]
  readonly updates: readonly Update[]
  readonly known: string | null
  readonly #catalogue: Catalogue
  readonly #sources: PriceSources
  readonly #overrides: OverrideBook

  constructor(bundled: Catalogue, history: History, layer: UpdateLayer, overrides: Overrides) {
    const catalogue = layer.extend(bundled)
    this.updates = layer.updates
    this.known =
      [catalogue.date, layer.date]
        .filter((date) => date !== null)
        .toSorted()
        .at(-1) ?? null
    this.version = catalogue.version
    this.date = catalogue.date
    this.overrideFiles = overrides.files
    const parts = [
      catalogue.version,
      rulesVersion,
      overrides.hash,
      history.text,
      loadMultipliers().text,
      layer.hash,
    ]
    this.fingerprint = createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 16)
    this.#catalogue = catalogue
    this.#sources = new PriceSources(catalogue, history, [layer])
    this.#overrides = new OverrideBook(overrides.rows, (name) => canonicalProvider(catalogue, name))
    this.#checkAliases(overrides)
  }

  resolve(provider: string | null, model: string): Resolution {
    const canonical = this.#providerOf(provider, model)
    if (canonical === null)
      return { provider: null, rates: [], rule: 'no provider is logged, and the name tells none' }
    const { spans, rule } = this.#priced(canonical, model, canonical, 0)
    const guess = guessOf(provider, canonical, model)
    const rates = toRates(spans, canonical, model).map((rate) =>
      guess === null || rate.price_source.startsWith('override')
        ? rate
        : { ...rate, doubt: [guess, rate.doubt].filter((one) => one !== null).join('; ') },
    )
    return { provider: canonical, rates, rule }
  }

  list(filter = ''): PricedModel[] {
    const wanted = filter.toLowerCase()
    return [...this.#everyModel()]
      .filter(({ provider, model, names }) =>
        [model, ...names].some((name) => `${provider}/${name}`.toLowerCase().includes(wanted)),
      )
      .filter(({ rates }) => rates.length > 0)
  }

  *#everyModel(): Generator<PricedModel> {
    const seen = new Set<string>()
    for (const provider of this.#catalogue.providers.values()) {
      for (const model of provider.models) {
        seen.add(`${provider.id}/${model.id.toLowerCase()}`)
        const { spans } = this.#overrides.apply(
          provider.id,
          [model.id],
          provider.id,
          this.#sources.listed(provider.id, model),
          this.#alias(provider.id, 0),
        )
        const names = namesOf(model).filter((name) => name !== model.id)
        yield {
          provider: provider.id,
          model: model.id,
          names,
          rates: toRates(spans, provider.id, model.id),
        }
      }
    }
    for (const { provider, model } of [...this.#sources.models(), ...this.#overrides.models()]) {
      const key = `${provider ?? customProvider}/${model}`
      if (seen.has(key)) continue
      seen.add(key)
      const { provider: canonical, rates } = this.resolve(provider, model)
      yield { provider: canonical ?? customProvider, model, names: [], rates }
    }
  }

  closest(model: string, count: number): string[] {
    const wanted = lastPart(model.trim().toLowerCase())
    const best = new Map<string, { name: string; score: number }>()
    for (const provider of this.#catalogue.providers.values()) {
      // The maker's own listing comes before those of resellers at the same distance.
      const handicap = provider.model_match ? 0 : 0.5
      for (const known of provider.models) {
        const bare = lastPart(known.id.toLowerCase())
        const score = distance(wanted, bare) + handicap
        if (score < (best.get(bare)?.score ?? Infinity))
          best.set(bare, { name: `${provider.id}/${known.id}`, score })
      }
    }
    return [...best.values()]
      .filter(({ score }) => score <= Math.max(2, wanted.length / 2))
      .toSorted((a, b) => a.score - b.score || a.name.localeCompare(b.name))
      .slice(0, count)
      .map(({ name }) => name)
  }

  /** Prices of a model as `biller` bills them: library, house discount, overrides. */
  #priced(
    provider: string,
    model: string,
    biller: string,
    depth: number,
  ): { spans: readonly StandardSpan[]; rule: string } {
    const names = spellingsOf(this.#catalogue, provider, model).map(({ name }) => name)
    const unchanged = this.#sources.find(provider, model)
    return this.#overrides.apply(provider, names, biller, unchanged, this.#alias(biller, depth))
  }

  /** How an override finds the model that its `alias_of` names. */
  #alias(biller: string, depth: number): (target: string, location: string) => readonly StandardSpan[] {
    return (target, location) => {
      if (depth > 8) {
        throw new UserError(`alias_of "${target}" leads back to itself`, {
          code: 'usage',
          location,
          hint: 'Point one of the rows at a model that has a price.',
        })
      }
      for (const given of [biller, null]) {
        const provider = this.#providerOf(given, target)
        const spans = provider === null ? [] : this.#priced(provider, target, biller, depth + 1).spans
        if (spans.length > 0) return spans
      }
      return []
    }
  }

  #checkAliases(overrides: Overrides): void {
    for (const { provider, aliasOf, location } of overrides.rows) {
      if (aliasOf === null) continue
      const biller = provider === null ? customProvider : canonicalProvider(this.#catalogue, provider)
      if (this.#alias(biller, 0)(aliasOf, location).length > 0) continue
      const near = this.closest(aliasOf, 3)
      throw new UserError(`column "alias_of": no price is known for "${aliasOf}"`, {
        code: 'usage',
        location,
        hint:
          near.length > 0 ? `Close names: ${near.join(', ')}.` : 'List the known names with llmcost prices.',
      })
    }
  }

  /** The provider that runs the call: as logged where that says enough, else as the model's name tells. */
  #providerOf(raw: string | null, model: string): string | null {
    const logged = loggedProvider(raw)
    const given = logged === null ? null : canonicalProvider(this.#catalogue, logged)
    const name = model.trim().toLowerCase()
    if (given !== null && this.#overrides.has(given, [name])) return given
    const told = this.#providerFromName(given, name)
    if (told !== undefined) return told
    if (given !== null) return given
    return this.#overrides.providerFor(name, this.#makerOf(name))
  }

  #providerFromName(given: string | null, name: string): string | undefined {
    const open = given === null || isRouter(given)
    if (open && isCloudPath(name)) return providerOfName(this.#catalogue, name)
    const sells = (provider: string): boolean => this.#sources.sells(provider, name)
    if (isBedrockName(name) && (open || given === 'anthropic' || given === 'openai') && sells('aws'))
      return 'aws'
    const prefix = splitPrefix(this.#catalogue, name)
    // Clients of OpenAI's protocol log `openai` whatever they talk to; `anthropic/…` is not OpenAI's.
    if (prefix && (open || (given === 'openai' && prefix.provider !== given)) && sells(prefix.provider))
      return prefix.provider
    if (!open) return undefined
    if (name.includes('/') && sells('openrouter')) return 'openrouter'
    if (prefix) return prefix.provider
    const maker = this.#makerOf(name)
    return maker !== undefined && sells(maker) ? maker : undefined
  }

  #makerOf(name: string): string | undefined {
    return providerOfName(this.#catalogue, name) ?? this.#sources.sellerOf(name)
  }
}

/**
 * A name as model hubs write it, sold by many: what the seller charges is not known where the log does not say
 * who that is. Null where it does.
 */
function guessOf(logged: string | null, provider: string, model: string): string | null {
  const given = loggedProvider(logged)
  if (given === provider || !isHubName(model) || /:free$/i.test(model)) return null
  if (given !== null && !isRouter(given) && given !== 'openai') return null
  return `who ran ${model.trim()} is not logged: priced as at ${provider}`
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function toRates(spans: readonly StandardSpan[], provider: string, model: string): Rate[] {
  return inAllModes(provider, spans).map((span) => ({ ...span, provider, model }))
}
