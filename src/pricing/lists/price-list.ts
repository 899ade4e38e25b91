/** Price lists that people keep: which kind one is, and what it says about each model. */
import { UserError } from '../../errors.js'
import type { Catalogue } from '../catalogue.js'
import { cataloguePrices, isCatalogueList } from './price-list-catalogue.js'
import { isLiteLLMTable, liteLLMPrices } from './price-list-litellm.js'
import { isModelsDevList, modelsDevPrices } from './price-list-models-dev.js'
import type { QuotedModel } from './quotes.js'

export interface PriceList {
  readonly shape: string
  readonly models: readonly QuotedModel[]
  /** Entries at 0 for everything: free, or not known; nobody can tell. */
  readonly free: number
  /** Names that the list prices twice, differently. */
  readonly ambiguous: number
}

interface Shape {
  readonly name: string
  readonly fits: (content: unknown) => boolean
  readonly read: (content: unknown, catalogue: Catalogue, where: string) => readonly (QuotedModel | 'free')[]
}

const shapes: readonly Shape[] = [
  { name: 'genai-prices', fits: isCatalogueList, read: cataloguePrices },
  { name: 'LiteLLM', fits: isLiteLLMTable, read: liteLLMPrices },
  { name: 'models.dev', fits: isModelsDevList, read: modelsDevPrices },
]

/**
 * @param where the file or URL, for messages
 * @throws UserError for what is no price list, or has a figure that cannot be a price
 */
export function readPriceList(text: string, where: string, catalogue: Catalogue): PriceList {
  const content = jsonOf(text, where)
  const shape = shapes.find(({ fits }) => fits(content))
  if (shape === undefined) {
    throw new UserError('this is no price list that llmcost knows', {
      location: where,
      hint: 'Known are data.json of genai-prices, model_prices_and_context_window.json of LiteLLM and api.json of models.dev.',
    })
  }
  const read = shape.read(content, catalogue, where)
  const models = read.filter((one) => one !== 'free')
  const { kept, ambiguous } = withoutNamesakes(models)
  if (kept.length === 0) {
    throw new UserError(`no model of this ${shape.name} list has a price`, {
      location: where,
      hint: 'Prices by token, request or search are read; others are not.',
    })
  }
  return { shape: shape.name, models: kept, free: read.length - models.length, ambiguous }
}

function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const page = /^\s*</.test(text) ? ': it is a web page' : text.trim() === '' ? ': it is empty' : ''
    throw new UserError(`the price list is not JSON${page}`, {
      location: where,
      hint: 'It may have been cut off: get it again. Nothing was written.',
      cause: error,
    })
  }
}

/** One quote a name: several sellers of a list may be one provider here. */
function withoutNamesakes(models: readonly QuotedModel[]): {
  kept: readonly QuotedModel[]
  ambiguous: number
} {
  const byName = new Map<string, QuotedModel[]>()
  for (const one of models) {
    const key = `${one.provider}/${one.model}`
    byName.set(key, [...(byName.get(key) ?? []), one])
  }
  const kept = [...byName.values()].flatMap((namesakes) => {
    const exact = namesakes.filter((one) => one.exact)
    const best = exact.length > 0 ? exact : namesakes
    const agree = best.every(({ quoted }) => JSON.stringify(quoted) === JSON.stringify(best[0]?.quoted))
    return agree && best[0] !== undefined ? [best[0]] : []
  })
  return { kept, ambiguous: byName.size - kept.length }
}
