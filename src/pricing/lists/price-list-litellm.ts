/** LiteLLM's table, `model_prices_and_context_window.json`: a price per token under each name. */
import type { UnitPrices } from '../../domain/costs/rate.js'
import type { Catalogue } from '../catalogue.js'
import { multiply } from '../billionths.js'
import { isName, isObject, priceOf, type QuotedModel, type StatedBand } from './quotes.js'
import { canonicalProvider } from '../providers.js'
import { splitPrefix } from '../spellings.js'

/** Entries that are no models. */
const others = new Set(['sample_spec', 'fallback_generalizations'])

/** Kinds of model whose calls are counted in tokens. */
const modes = new Set<unknown>([undefined, null, 'chat', 'completion', 'responses', 'embedding'])

const units: Readonly<Record<string, keyof UnitPrices>> = {
  input_cost_per_token: 'input_price',
  output_cost_per_token: 'output_price',
  input_cost_per_token_cache_hit: 'cache_read_price',
  cache_read_input_token_cost: 'cache_read_price',
  cache_creation_input_token_cost: 'cache_write_price',
  cache_creation_input_token_cost_above_1hr: 'cache_write_1h_price',
  output_cost_per_reasoning_token: 'reasoning_output_price',
  input_cost_per_audio_token: 'input_audio_price',
  output_cost_per_audio_token: 'output_audio_price',
}

export function isLiteLLMTable(content: unknown): boolean {
  if (!isObject(content)) return false
  const entries = Object.entries(content).filter(([name]) => !others.has(name))
  return (
    entries.length > 0 &&
    entries.every(([, entry]) => isObject(entry)) &&
    entries.some(
      ([, entry]) => isObject(entry) && ('litellm_provider' in entry || 'input_cost_per_token' in entry),
    )
  )
}

export function liteLLMPrices(
  content: unknown,
  catalogue: Catalogue,
  where: string,
): readonly (QuotedModel | 'free')[] {
  return Object.entries(content as Record<string, Record<string, unknown>>)
    .filter(([name, entry]) => !others.has(name) && isName(name) && modes.has(entry['mode']))
    .flatMap(([name, entry]) => quoteOf(name, entry, catalogue, where))
}

function quoteOf(
  name: string,
  entry: Record<string, unknown>,
  catalogue: Catalogue,
  where: string,
): readonly (QuotedModel | 'free')[] {
  const raw = entry['litellm_provider']
  const said = isName(raw) ? raw : ''
  // Some tables name no provider: the name may.
  const provider =
    said === '' ? splitPrefix(catalogue, name.toLowerCase())?.provider : canonicalProvider(catalogue, said)
  const bands = bandsOf(name, entry, where)
  if (provider === undefined || bands[0]?.prices.input_price === undefined) return []
  // A data zone is a factor on the price of the deployment, and no price of its own.
  if (provider === 'azure' && /^azure\/(eu|us|global|global-standard)\//i.test(name)) return []
  if (bands.every(({ prices }) => Object.values(prices).every((price) => price === '0'))) return ['free']
  const model = withoutProvider(name.toLowerCase(), provider, said.toLowerCase(), catalogue)
  return [{ provider, model, names: [], exact: said.toLowerCase() === provider, quoted: { bands } }]
}

function bandsOf(name: string, entry: Record<string, unknown>, where: string): readonly StatedBand[] {
  const bands = new Map<number, Partial<Record<keyof UnitPrices, string>>>([[0, {}]])
  for (const [key, value] of Object.entries(entry)) {
    const [, unit = '', thousands] = /^(.+?)(?:_above_(\d{1,6})k_tokens)?$/.exec(key) ?? []
    const column = units[unit]
    if (column === undefined || value === null) continue
    const above = Number(thousands ?? 0) * 1000
    const band = bands.get(above) ?? {}
    band[column] = priceOf(value, 6, `${name}: ${key}`, where)
    bands.set(above, band)
  }
  const base = bands.get(0) ?? {}
  const search = searchPrice(name, entry, where)
  if (search !== undefined) base.web_search_price = search
  for (const band of bands.values()) addHourWrite(name, band)
  return [...bands].toSorted(([a], [b]) => a - b).map(([above, prices]) => ({ above, prices }))
}

/** A search has one price where its three sizes have. */
function searchPrice(name: string, entry: Record<string, unknown>, where: string): string | undefined {
  const sizes = entry['search_context_cost_per_query']
  if (!isObject(sizes)) return undefined
  const prices = Object.values(sizes).map((price) =>
    priceOf(price, 3, `${name}: search_context_cost_per_query`, where),
  )
  return new Set(prices).size === 1 ? prices[0] : undefined
}

/** Wherever Claude models are sold, a 1h cache write costs twice the input; not every entry says so. */
function addHourWrite(name: string, band: Partial<Record<keyof UnitPrices, string>>): void {
  const { input_price: input, cache_write_price: write, cache_write_1h_price: hour } = band
  if (/claude/i.test(name) && input !== undefined && write !== undefined && hour === undefined)
    band.cache_write_1h_price = multiply(input, '2')
}

/** `azure/gpt-4o` of azure as `gpt-4o`. */
function withoutProvider(name: string, provider: string, said: string, catalogue: Catalogue): string {
  if (said !== '' && name.startsWith(`${said}/`)) return name.slice(said.length + 1)
  const prefix = splitPrefix(catalogue, name)
  return prefix?.provider === provider ? prefix.rest : name
}
