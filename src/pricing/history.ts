/**
 * The history of prices: what models cost at dates that the price library does not know, or knows wrongly.
 * Its rows are `data/price-history.csv`, each with its source.
 */
import type { UnitPrices } from '../domain/costs/rate.js'
import { plainDecimal } from './billionths.js'
import { readDataFile, timeOf } from './data-file.js'
import type { LayerSpan } from './layers.js'
import { bands, noPrices, wholeDay, withFallbacks } from './rates.js'

/** One price in force from a day to another. */
export interface HistoryEntry {
  readonly provider: string
  /** In lower case. `ft:` names stand for all models that were tuned from this one. */
  readonly model: string
  /** True: it overrules the price library even where that dates its price. */
  readonly corrects: boolean
  /** True: the model was not sold before, or nothing is known of the time before. */
  readonly start: boolean
  readonly kind: 'announced' | 'observed' | 'launch'
  /** One for each band of input size. */
  readonly spans: readonly LayerSpan[]
}

export interface History {
  readonly entries: readonly HistoryEntry[]
  /** The file's content, for the fingerprint. */
  readonly text: string
  /** Entries in order of time under the first of the names that has any. */
  of(provider: string, names: readonly string[]): readonly HistoryEntry[]
  /** The one provider that has the name; undefined where none or several have it. */
  sellerOf(name: string): string | undefined
}

let loaded: History | undefined

export function loadHistory(): History {
  loaded ??= readHistory()
  return loaded
}

/** A run asks for few models: the prices of the others are not worked out. */
function readHistory(): History {
  const { text, rows } = readDataFile('price-history.csv')
  const models = rows.map((cells) => ({ cells, ...nameOf(cells) }))
  const byName = groupedBy(models, ({ provider, model }) => `${provider}/${model}`)
  const sellers = groupedBy(models, ({ model }) => model)
  return {
    get entries() {
      return models.map(({ cells }) => entryOf(cells))
    },
    text,
    of(provider, names) {
      for (const name of names) {
        const found = byName.get(`${provider}/${tunedFrom(name)}`)
        if (found) return found.map(({ cells }) => entryOf(cells))
      }
      return []
    },
    sellerOf(name) {
      const all = new Set((sellers.get(tunedFrom(name)) ?? []).map(({ provider }) => provider))
      return all.size === 1 ? [...all][0] : undefined
    },
  }
}

function groupedBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}

/** `ft:gpt-4.1-2025-04-14:acme::8a1` as `ft:gpt-4.1-2025-04-14`; other names as they are. */
function tunedFrom(name: string): string {
  return name.startsWith('ft:') ? name.split(':').slice(0, 2).join(':') : name
}

const columns = {
  input: 'input_price',
  output: 'output_price',
  cache_read: 'cache_read_price',
  cache_write: 'cache_write_price',
  cache_write_1h: 'cache_write_1h_price',
} as const satisfies Record<string, keyof UnitPrices>

const nameOf = (cells: Readonly<Record<string, string>>): { provider: string; model: string } => ({
  provider: cells['provider'] ?? '',
  model: (cells['model'] ?? '').toLowerCase(),
})

function entryOf(cells: Readonly<Record<string, string>>): HistoryEntry {
  const cell = (name: string): string => cells[name] ?? ''
  const prices = (prefix: string): Partial<UnitPrices> =>
    Object.fromEntries(
      Object.entries(columns)
        .filter(([column]) => cell(`${prefix}${column}`) !== '')
        .map(([column, name]) => [name, plainDecimal(cell(`${prefix}${column}`))]),
    )
  const above = cell('above_input_tokens')
  const kind = cell('date_kind') as HistoryEntry['kind']
  const about = {
    ...wholeDay,
    valid_from: timeOf(cell('valid_from')),
    valid_to: timeOf(cell('valid_to')),
    price_source: 'price history',
    note: `${cell('source')}; ${cell('note')}`,
    doubt: cell('doubt') === '' ? null : cell('doubt'),
    dated: true,
  }
  const spans = bands(above === '' ? [] : [Number(above)], (bandLo) => ({
    ...withFallbacks({ ...noPrices, ...prices(''), ...(bandLo > 0 ? prices('above_') : {}) }),
    ...about,
  }))
  return {
    ...nameOf(cells),
    corrects: cell('corrects') === 'yes',
    start: cell('start') === 'yes',
    kind,
    spans,
  }
}
