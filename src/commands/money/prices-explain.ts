import { resolveAsOf } from '../../domain/time/periods.js'
import type { Rate } from '../../domain/costs/rate.js'
import { UserError } from '../../errors.js'
import { loadPriceBook, type PriceBook, type Resolution } from '../../pricing/book.js'
import { holdsWords, rateConditions } from '../../pricing/explain.js'
import { priceOriginReport, type ListedRate } from '../../reports/prices/prices.js'
import { configOption, outputOptions, type CommandSpec } from '../command.js'
import { priceData, settingsOf } from '../settings.js'

export const pricesExplain: CommandSpec = {
  name: 'explain',
  summary: 'say which price a model gets at a date, and by which rule',
  arguments: [{ name: '<model>', about: 'provider/model, or the name as it is logged' }],
  options: [
    { flags: '--at <date>', about: 'a date or time, UTC (default: now)' },
    configOption,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost prices explain openai/o3 --at 2025-06-01', about: 'the price before it fell' },
    { command: 'llmcost prices explain azure/prod-chat', about: 'what a deployment is priced as' },
  ],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const book = await loadPriceBook(priceData(settings))
    const given = (invocation.args[0] ?? '').trim()
    const at = moment(invocation.options['at'], invocation.now)
    const { provider, rates, rule } = resolveName(book, given)
    const all = listedRates(rates, at, holdsWords)
    const closest = rates.length > 0 ? [] : book.closest(given, 3)
    const matched = all.find((one) => one.inForce)?.rate.matched ?? rates[0]?.matched ?? null
    const origin = { given, provider, matched, rule, at: at.toISOString(), rates: all, closest }
    return { report: priceOriginReport(origin, book) }
  },
}

/** `provider/model`, else the whole as a model's name. */
function resolveName(book: PriceBook, given: string): Resolution {
  const cut = given.indexOf('/')
  const asWhole = book.resolve(null, given)
  if (cut < 1) return asWhole
  const asPair = book.resolve(given.slice(0, cut), given.slice(cut + 1))
  return asPair.rates.length > 0 || asWhole.rates.length === 0 ? asPair : asWhole
}

function moment(given: unknown, now: Date): Date {
  if (typeof given !== 'string') return now
  try {
    return resolveAsOf({ asOf: given, tz: 'UTC' }, now, null)
  } catch (error) {
    throw new UserError(`--at ${given} is not a time`, {
      code: 'usage',
      hint: 'Write 2026-10-02 or 2026-10-02T08:00Z.',
      cause: error,
    })
  }
}

/**
 * Rates with what a list says about them, at a moment: the standard ones, and of other tiers, speeds and places
 * those that are known.
 */
export function listedRates(rates: readonly Rate[], at: Date, words = rateConditions): ListedRate[] {
  const time = at.toISOString().slice(0, 19).replace('T', ' ')
  return rates
    .filter(
      ({ mode, multiplier_source, lacks }) =>
        // What is known of places elsewhere is that they cost the same.
        mode === 'standard' || (multiplier_source !== null && lacks === null && !mode.endsWith(' elsewhere')),
    )
    .map((rate) => ({
      rate,
      conditions: words(rate),
      inForce: rate.valid_from <= time && time < rate.valid_to,
    }))
}
