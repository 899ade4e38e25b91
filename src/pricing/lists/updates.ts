/**
 * Prices that the user took in with `llmcost prices update`: dated rows over the price data and under the
 * user's overrides. Rows are only ever added; the last update may be taken back.
 */
import { createHash } from 'node:crypto'
import type { PriceSpan } from '../../domain/costs/rate.js'
import type { Catalogue, ModelInfo, Provider } from '../catalogue.js'
import type { Listing } from '../library.js'
import { openEnd } from '../rates.js'

/** What a price holds for: a band of input sizes and a part of the day. */
export type UpdateSpan = Omit<PriceSpan, 'valid_from' | 'valid_to'>

/** The prices of one name of one provider from a day on. */
export interface UpdateRow {
  /** As in `calls.provider`. */
  readonly provider: string
  /** In lower case. */
  readonly model: string
  /** `YYYY-MM-DD`, UTC. */
  readonly from: string
  readonly spans: readonly UpdateSpan[]
  /** No price was known: other names by which the list knows the model, in lower case. */
  readonly names?: readonly string[]
}

export interface Update {
  /** When it was taken in, ISO 8601 UTC. */
  readonly made: string
  /** The file's name, or the URL without its query. */
  readonly source: string
  /** Models of the list that had a price. */
  readonly models: number
  /** By the days from which they hold, for each name. */
  readonly rows: readonly UpdateRow[]
}

/** What `prices` and `explain` call an update: `update 2026-11-28 from prices.json`. */
const updateWords = ({ made, source }: Pick<Update, 'made' | 'source'>): string =>
  `update ${made.slice(0, 10)} from ${source}`

/** Prices of a stretch of time, and the update that says so. */
export interface UpdatedSpan extends PriceSpan {
  readonly price_source: string
  readonly note: null
  readonly doubt: null
  readonly dated: true
}

/** The updates as one layer of prices: what a later one says of a name holds over what an earlier one said. */
export class UpdateLayer {
  readonly updates: readonly Update[]
  /** Of everything that prices rest on; empty without updates, so that prices without any keep their fingerprint. */
  readonly hash: string
  readonly #spans = new Map<string, readonly UpdatedSpan[]>()
  readonly #rows = new Map<string, UpdateRow>()

  constructor(updates: readonly Update[]) {
    this.updates = updates
    const text = JSON.stringify(updates.map(({ made, source, rows }) => [made, source, rows]))
    this.hash = updates.length === 0 ? '' : createHash('sha256').update(text).digest('hex').slice(0, 16)
    for (const update of updates) {
      for (const row of update.rows) {
        const key = keyOf(row.provider, row.model)
        if (!this.#rows.has(key)) this.#rows.set(key, row)
        this.#spans.set(key, [
          ...until(this.#spans.get(key) ?? [], `${row.from} 00:00:00`),
          ...spansOf(row, update),
        ])
      }
    }
  }

  /** Day of the newest update, `YYYY-MM-DD`; null without any. */
  get date(): string | null {
    return (
      this.updates
        .map(({ made }) => made.slice(0, 10))
        .toSorted()
        .at(-1) ?? null
    )
  }

  /**
   * Dated prices of a name; empty: none. A row for the very name holds over one for another spelling of it, and
   * that over one for the model that it means: from the day on which it begins.
   * @param names spellings in lower case, the name as logged first
   * @param matched the model of the price data: `openai/gpt-4o`
   */
  of(provider: string, names: readonly string[], matched: string | null): readonly UpdatedSpan[] {
    if (this.#spans.size === 0) return []
    const keys = [...names.map((name) => keyOf(provider, name)), ...(matched === null ? [] : [matched])]
    return [...new Set(keys.map((key) => key.toLowerCase()))].reduceRight<readonly UpdatedSpan[]>(
      (below, key) => {
        const own = this.#spans.get(key)
        return own === undefined ? below : [...until(below, own[0]?.valid_from ?? openEnd), ...own]
      },
      [],
    )
  }

  /** The updates over what the price data say. */
  over(provider: string, names: readonly string[], listing: Listing): Listing {
    const { matched, spans: listed } = listing
    const spans = this.of(provider, names, matched)
    const first = spans[0]
    if (first === undefined) return listing
    const rule = listed.length === 0 ? first.price_source : listing.rule
    return { spans: [...until(listed, first.valid_from), ...spans], matched: matched ?? provider, rule }
  }

  /** Names that updates price, each once. */
  models(): readonly { readonly provider: string; readonly model: string }[] {
    return [...this.#rows.values()].map(({ provider, model }) => ({ provider, model }))
  }

  /** The price data with the models that only updates know, so that their names are read like all others. */
  extend(catalogue: Catalogue): Catalogue {
    const added = new Map<string, ModelInfo[]>()
    for (const { provider, model, names } of this.#rows.values()) {
      if (names === undefined) continue
      const known = catalogue.providers.get(provider)?.models ?? []
      if (known.some(({ id }) => id.toLowerCase() === model)) continue
      const match = { or: [model, ...names].map((equals) => ({ equals })) }
      added.set(provider, [...(added.get(provider) ?? []), { id: model, match, prices: {} }])
    }
    if (added.size === 0) return catalogue
    const providers = new Map(catalogue.providers)
    for (const [id, models] of added) {
      const known: Provider = providers.get(id) ?? { id, name: id, api_pattern: '', models: [] }
      // Last: what the price data know of a name comes first.
      providers.set(id, { ...known, models: [...known.models, ...models] })
    }
    return { ...catalogue, providers }
  }
}

const keyOf = (provider: string, model: string): string => `${provider}/${model}`.toLowerCase()

/** What held before a moment, cut there. */
function until<T extends PriceSpan>(spans: readonly T[], start: string): readonly T[] {
  return spans
    .filter((span) => span.valid_from < start)
    .map((span) => (span.valid_to > start ? { ...span, valid_to: start } : span))
}

function spansOf({ from, spans }: UpdateRow, update: Update): readonly UpdatedSpan[] {
  const about = { price_source: updateWords(update), note: null, doubt: null, dated: true } as const
  return spans.map((span) => ({ ...span, ...about, valid_from: `${from} 00:00:00`, valid_to: openEnd }))
}
