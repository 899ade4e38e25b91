import { quoteField } from '../../domain/words/quoting.js'
import { loggedCostsByMonth } from '../../metrics/doubts/logged-costs.js'
import { unpricedModels, type UnpricedRow } from '../../metrics/doubts/unpriced.js'
import { loadPriceBook, type PriceBook } from '../../pricing/book.js'
import { ofSameCalls } from '../command-text.js'
import { priceCheckReport, type UnpricedModel } from '../../reports/prices/price-check.js'
import { inputOption, outputOptions, sourceOptions, storeOptions, type CommandSpec } from '../command.js'
import { ask } from '../../questions/question.js'
import { withDatabase } from '../with-calls.js'
import { priceData } from '../settings.js'

export const pricesCheck: CommandSpec = {
  name: 'check',
  summary: 'list models in the database that have no price or whose logged costs differ from it',
  options: [inputOption, ...sourceOptions, ...storeOptions, ...outputOptions],
  examples: [
    {
      command: 'llmcost prices check',
      about: 'unpriced models with the closest known names, and where the logs say another cost',
    },
  ],
  async run(invocation) {
    const report = await withDatabase(invocation, async (db, settings) => {
      const book = await loadPriceBook(priceData(settings))
      const rows = await ask(db, unpricedModels({ since: null, until: null, filters: [], tz: 'UTC' }))
      return priceCheckReport(
        rows.map((row) => withAdvice(row, book)),
        await ask(db, loggedCostsByMonth()),
        book,
        ofSameCalls(invocation),
      )
    })
    return { report }
  },
}

function withAdvice(row: UnpricedRow, book: PriceBook): UnpricedModel {
  const { provider, model } = row
  if (model === null) return { ...row, rule: 'no model is logged', closest: [], line: '' }
  const { rates, rule } = book.resolve(provider, model)
  if (rates.length > 0) {
    const known = 'a price is known, but not for these calls: reprice, or see their tokens and dates'
    return { ...row, rule: known, closest: [], line: '' }
  }
  const closest = book.closest(model, 3)
  const alias = closest[0]
  const cells = alias === undefined ? ['', 'INPUT', 'OUTPUT'] : [alias, '', '']
  return { ...row, rule, closest, line: [provider ?? '', model, ...cells].map(csvCell).join(',') }
}

function csvCell(text: string): string {
  return /[",\r\n]|^#|^\s|\s$/.test(text) ? quoteField(text) : text
}
