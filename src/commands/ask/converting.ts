/** `--currency` and `--rate-before`: what money an answer is in, and by which rates. */
import { basename } from 'node:path'
import type { Config } from '../../config/config.js'
import type { Database } from '../../db/database.js'
import { hasMoneyBeside } from '../../domain/costs/basis.js'
import type { Currency, ExchangeRate } from '../../domain/costs/currency.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { UserError } from '../../errors.js'
import { inScope } from '../../metrics/scope.js'
import type { Invocation } from '../command.js'
import { optionText } from '../option-values.js'

/** What the options ask for. */
export interface Converting {
  readonly currency: Currency
  readonly rates: readonly ExchangeRate[]
  readonly takesBefore: boolean
  /** The file of the rates, as people call it. */
  readonly path: string
}

/**
 * @returns undefined where the answer is in dollars
 * @throws UserError (usage) for what is no currency, and where nothing is known of its rates
 */
export async function convertingOf(invocation: Invocation, config: Config): Promise<Converting | undefined> {
  const text = optionText(invocation, 'currency')
  const takesBefore = invocation.options['rateBefore'] === true
  if (text === undefined) {
    if (!takesBefore) return undefined
    throw new UserError('--rate-before goes with --currency', {
      code: 'usage',
      hint: 'For example --currency EUR --rate-before.',
    })
  }
  const currency = text.toUpperCase()
  if (!/^[A-Z]{3}$/.test(currency))
    throw new UserError(`--currency ${text} is no currency`, {
      code: 'usage',
      hint: 'Write its three letters (ISO 4217), such as EUR.',
    })
  if (currency === 'USD') return undefined
  const path = config.exchangeRates
  if (path === undefined)
    throw new UserError('the config file names no exchange_rates', {
      code: 'usage',
      hint: 'Name a CSV file there: exchange_rates: rates.csv. Its first line is day,currency,rate; then 2026-10-01,EUR,0.9102.',
    })
  const { readExchangeRates } = await import('../../config/spending/exchange-rates.js')
  const all = readExchangeRates(path)
  const rates = all.filter((rate) => rate.currency === currency)
  if (rates.length > 0) return { currency, rates, takesBefore, path }
  const others = [...new Set(all.map((rate) => rate.currency))].toSorted()
  throw new UserError(`there is no rate of ${currency}`, {
    code: 'usage',
    location: path,
    hint: `It has rates of ${others.join(', ')}.`,
  })
}

/**
 * Filters as they are typed, with amounts by the names that the answer has them under: `cost_eur>0.1` is
 * `cost_usd>0.1` of calls whose costs are in euros.
 * @param said the option, for errors
 * @throws UserError (usage) for a name that says dollars
 */
export function filtersIn(currency: Currency, texts: readonly string[], said = '--where'): readonly string[] {
  const code = currency.toLowerCase()
  const own = new RegExp(`^(\\s*[\\w-]+[_-])${code}(?=\\s*[=!~<>])`, 'i')
  return texts.map((text) => {
    const dollars = /^(\s*[\w-]+[_-])usd(?=\s*[=!~<>])/i
    if (!dollars.test(text)) return text.replace(own, '$1usd')
    throw new UserError(`${said} ${text}: the amounts of this answer are in ${currency}`, {
      code: 'usage',
      hint: `Give the amount in ${currency}, such as ${said} '${text.trim().replace(dollars, `$1${code}`)}', or leave --currency out.`,
    })
  })
}

/** From here on all money of the database is in the currency. */
export async function convert(
  db: Database,
  { currency, rates, takesBefore, path }: Converting,
  scope: Scope,
): Promise<void> {
  const { convertTo } = await import('../../bases/convert.js')
  const isFine = hasMoneyBeside(scope.basis) || scope.allocated === true
  // Without its rate no call tells whether it costs so much.
  const filters = scope.filters.filter(({ dimension }) => !dimension.endsWith('_usd'))
  await convertTo(db, { currency, rates, takesBefore, isFine }, inScope({ ...scope, filters }), path)
}

/** `EUR at 0.9102–0.9345 a USD, by day, from rates.csv`, and the same for programs. */
export async function ratesSaid(
  db: Database,
  { currency, rates, takesBefore, path }: Converting,
  scopes: readonly Scope[],
): Promise<{ readonly words: readonly string[]; readonly data: Readonly<Record<string, number>> | null }> {
  const { daysWithin, ratesWithin } = await import('../../bases/convert.js')
  const [found, days] = [new Set<string>(), new Set<string>()]
  for (const scope of scopes) {
    const within = inScope(scope)
    for (const rate of await ratesWithin(db, within)) found.add(rate)
    if (takesBefore) for (const day of await daysWithin(db, within)) days.add(day)
  }
  const ordered = [...found].toSorted((a, b) => Number(a) - Number(b))
  const [least, most] = [ordered[0], ordered.at(-1)]
  if (least === undefined || most === undefined) return { words: [], data: null }
  const range = least === most ? least : `${least}–${most}`
  const own = new Set(rates.map(({ day }) => day))
  const without = [...days].filter((day) => !own.has(day)).length
  const before = without === 0 ? '' : `; ${counted(without, 'day')} at the last rate before`
  return {
    words: [`${currency} at ${range} a USD, by day, from ${basename(path)}${before}`],
    data: { least: Number(least), most: Number(most) },
  }
}
