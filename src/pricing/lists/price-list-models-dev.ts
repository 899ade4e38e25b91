/** The list of models.dev, `api.json`: providers, their models, and a cost per million tokens. */
import type { UnitPrices } from '../../domain/costs/rate.js'
import type { Catalogue } from '../catalogue.js'
import { multiply } from '../billionths.js'
import { isName, isObject, priceOf, type QuotedModel, type StatedBand } from './quotes.js'
import { canonicalProvider } from '../providers.js'

const units: Readonly<Record<string, keyof UnitPrices>> = {
  input: 'input_price',
  output: 'output_price',
  cache_read: 'cache_read_price',
  cache_write: 'cache_write_price',
  reasoning: 'reasoning_output_price',
  input_audio: 'input_audio_price',
  output_audio: 'output_audio_price',
}

export function isModelsDevList(content: unknown): boolean {
  if (!isObject(content)) return false
  const providers = Object.values(content)
  return providers.length > 0 && providers.every((one) => isObject(one) && isObject(one['models']))
}

export function modelsDevPrices(
  content: unknown,
  catalogue: Catalogue,
  where: string,
): readonly (QuotedModel | 'free')[] {
  return Object.entries(content as Record<string, { models: Record<string, unknown> }>)
    .filter(([id]) => isName(id))
    .flatMap(([id, { models }]) =>
      Object.entries(models).flatMap(([name, model]): (QuotedModel | 'free')[] => {
        if (!isName(name) || !isObject(model) || !isObject(model['cost'])) return []
        const bands = bandsOf(`${id}/${name}`, model['cost'], where)
        if (bands[0]?.prices.input_price === undefined) return []
        if (bands.every(({ prices }) => Object.values(prices).every((price) => price === '0')))
          return ['free']
        const provider = canonicalProvider(catalogue, id)
        const exact = id.toLowerCase() === provider
        return [{ provider, model: name.toLowerCase(), names: [], exact, quoted: { bands } }]
      }),
    )
}

function bandsOf(said: string, cost: Record<string, unknown>, where: string): readonly StatedBand[] {
  const base = { above: 0, prices: pricesOf(said, cost, where) }
  const { tiers, context_over_200k: over } = cost
  // Both describe the same thing where both are given; tiers have the exact size.
  const sized = Array.isArray(tiers)
    ? tiers.flatMap((tier: unknown): StatedBand[] => {
        const size = isObject(tier) && isObject(tier['tier']) ? tier['tier'] : undefined
        if (!isObject(tier) || size?.['type'] !== 'context' || !Number.isSafeInteger(size['size'])) return []
        return [{ above: Number(size['size']), prices: pricesOf(said, tier, where) }]
      })
    : []
  if (sized.length > 0) return [base, ...sized.toSorted((a, b) => a.above - b.above)]
  return isObject(over) ? [base, { above: 200_000, prices: pricesOf(said, over, where) }] : [base]
}

function pricesOf(said: string, cost: Record<string, unknown>, where: string): Partial<UnitPrices> {
  const prices: Partial<Record<keyof UnitPrices, string>> = {}
  for (const [key, unit] of Object.entries(units)) {
    const value = cost[key]
    if (value !== undefined && value !== null) prices[unit] = priceOf(value, 0, `${said}: ${key}`, where)
  }
  // Reasoning is priced as output unless it has a price of its own.
  if (prices.reasoning_output_price === prices.output_price) delete prices.reasoning_output_price
  const { input_price: input, cache_write_price: write } = prices
  // Wherever Claude models are sold, a 1h cache write costs twice the input.
  if (/claude/i.test(said) && input !== undefined && write !== undefined)
    prices.cache_write_1h_price = multiply(input, '2')
  return prices
}
