import { loadPriceBook } from '../../pricing/book.js'
import { pricesReport } from '../../reports/prices/prices.js'
import { configOption, outputOptions, type CommandSpec } from '../command.js'
import { listedRates, pricesExplain } from './prices-explain.js'
import { pricesCheck } from './prices-check.js'
import { pricesUpdate } from './prices-update.js'
import { priceData, settingsOf } from '../settings.js'
import { nearSubcommand } from '../usage.js'

/** Up to so many models are listed with the prices of all dates. */
const fewModels = 5

const subcommands = [pricesExplain, pricesCheck, pricesUpdate]

export const pricesCommand: CommandSpec = {
  name: 'prices',
  summary: 'list unit prices; say where one comes from; find models without one',
  details: `Prices ship with the program and need no network. Your own (prices, aliases, discounts, multipliers) stand in
files that the config names under "prices", and win over them: USD per million tokens, request USD for each call,
web_search and file_search USD per thousand. llmcost prices update takes newer ones.`,
  arguments: [{ name: '[model]', about: 'part of provider/model, such as gpt-4o or anthropic/' }],
  options: [
    { flags: '--history', about: 'prices of all dates, not those in force alone' },
    configOption,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost prices gpt-4o', about: 'prices in force of models whose name contains gpt-4o' },
    { command: 'llmcost prices openai/o3 --history', about: 'and those of earlier and later dates' },
    { command: 'llmcost prices --json', about: 'the whole list, for a program' },
  ],
  subcommands,
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const book = await loadPriceBook(priceData(settings))
    const filter = invocation.args[0] ?? ''
    const models = book.list(filter)
    const history = invocation.options['history'] === true || (filter !== '' && models.length <= fewModels)
    const rates = models.flatMap((model) => listedRates(model.rates, invocation.now))
    const closest = models.length > 0 || filter === '' ? [] : book.closest(filter, 3)
    const shown = rates.filter((one) => history || (one.inForce && one.rate.mode === 'standard'))
    const near = models.length > 0 ? undefined : nearSubcommand(filter, subcommands)
    const meant = near === undefined ? {} : { meant: `llmcost prices ${near.name}` }
    const list = { filter, rates: shown, models: models.length, history, closest, ...meant }
    return { report: pricesReport(list, book) }
  },
}
