/** The price data's own file, `data.json` of genai-prices: providers with models, prices and their dates. */
import type { PriceSpan } from '../../domain/costs/rate.js'
import { UserError } from '../../errors.js'
import { namesOf, type Catalogue, type MatchLogic, type ModelInfo, type ModelPrice } from '../catalogue.js'
import { isName, isObject, priceOf, type QuotedModel } from './quotes.js'
import { spansOf } from '../rates.js'

const listOf = (content: unknown): unknown =>
  isObject(content) && Array.isArray(content['providers']) ? content['providers'] : content

export function isCatalogueList(content: unknown): boolean {
  const list = listOf(content)
  return (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((one) => isObject(one) && isName(one['id']) && Array.isArray(one['models']))
  )
}

export function cataloguePrices(content: unknown, _: Catalogue, where: string): readonly QuotedModel[] {
  const providers = listOf(content) as readonly { id: string; models: readonly unknown[] }[]
  return providers.flatMap(({ id, models }) => models.flatMap((model) => quoteOf(id, model, where)))
}

function quoteOf(provider: string, value: unknown, where: string): readonly QuotedModel[] {
  if (!isObject(value) || !isName(value['id'])) throw misshapen(`a model of ${provider} has no id`, where)
  const said = `${provider}/${value['id']}`
  const model: ModelInfo = {
    id: value['id'],
    match: { or: equalsIn(value['match'], 0) },
    prices: pricesOf(value['prices'], said, where),
  }
  const spans: readonly PriceSpan[] = spansOf(model)
  if (spans.length === 0) return []
  const names = namesOf(model).map((name) => name.toLowerCase())
  const id = model.id.toLowerCase()
  return [{ provider, model: id, names: names.filter((name) => name !== id), exact: true, quoted: { spans } }]
}

/** Only whole names are taken from a list: its patterns are programs of a kind, and they are not run. */
function equalsIn(match: unknown, depth: number): MatchLogic[] {
  if (!isObject(match) || depth > 4) return []
  if (isName(match['equals'])) return [{ equals: match['equals'] }]
  return Array.isArray(match['or']) ? match['or'].flatMap((one) => equalsIn(one, depth + 1)) : []
}

function pricesOf(value: unknown, said: string, where: string): ModelInfo['prices'] {
  if (!Array.isArray(value)) return unitsOf(value, said, where)
  return value.map((entry: unknown) => {
    if (!isObject(entry)) throw misshapen(`${said} has prices that are not understood`, where)
    const prices = unitsOf(entry['prices'], said, where)
    const { constraint } = entry
    if (constraint === undefined || constraint === null) return { prices }
    if (isObject(constraint) && isDate(constraint['start_date']))
      return { constraint: { type: 'start_date' as const, start_date: constraint['start_date'] }, prices }
    if (isObject(constraint) && isTime(constraint['start_time']) && isTime(constraint['end_time'])) {
      const { start_time, end_time } = constraint as { start_time: string; end_time: string }
      return { constraint: { type: 'time_of_date' as const, start_time, end_time }, prices }
    }
    throw misshapen(`${said} has a condition of a price that is not understood`, where)
  })
}

const isDate = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)

/** Each unit's price, one number or several by the size of input. */
function unitsOf(value: unknown, said: string, where: string): ModelPrice {
  if (!isObject(value)) throw misshapen(`${said} has no prices`, where)
  const prices: ModelPrice = {}
  for (const [unit, price] of Object.entries(value)) {
    const named = `${said}: ${unit}`
    const number = (one: unknown): number => Number(priceOf(one, 0, named, where))
    if (price === null) continue
    if (!isObject(price)) {
      prices[unit] = number(price)
      continue
    }
    const { base, tiers } = price
    if (!Array.isArray(tiers)) throw misshapen(`${named} has no tiers`, where)
    prices[unit] = {
      base: number(base),
      tiers: tiers.map((tier: unknown) => {
        if (!isObject(tier) || !Number.isSafeInteger(tier['start']) || Number(tier['start']) < 0)
          throw misshapen(`${named} has a tier without a start`, where)
        return { start: Number(tier['start']), price: number(tier['price']) }
      }),
    }
  }
  return prices
}

function misshapen(message: string, where: string): UserError {
  return new UserError(message, {
    location: where,
    hint: 'Nothing was written. The list may be of a version that this llmcost does not know.',
  })
}
