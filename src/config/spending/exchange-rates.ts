/** Reads the file of `exchange_rates`: `day,currency,rate`, what a dollar was worth in other currencies, by UTC day. */
import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import type { ExchangeRate } from '../../domain/costs/currency.js'
import { isDay } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'

const columns = ['day', 'currency', 'rate'] as const

const form = 'The first line is day,currency,rate; then one line a day and currency: 2026-10-01,EUR,0.9102.'

const wrong = (message: string, location: string, more: { hint?: string; cause?: unknown } = {}): UserError =>
  new UserError(message, { code: 'usage', location, hint: form, ...more })

/**
 * @param path CSV with the columns day, currency and rate, in any order
 * @returns the rates of all its currencies, in the order of the file
 * @throws UserError (usage) that names the file and the line
 */
export function readExchangeRates(path: string): readonly ExchangeRate[] {
  const seen = new Map<string, number>()
  const rates = rowsOf(path).map(({ record, info: { lines: line } }) => {
    const rate = rateOf(record, `${path}:${line}`)
    const key = `${rate.currency} ${rate.day}`
    const before = seen.get(key)
    if (before !== undefined)
      throw wrong(
        `${rate.currency} has two rates for ${rate.day}, the first in line ${before}`,
        `${path}:${line}`,
        { hint: 'Keep one of them.' },
      )
    seen.set(key, line)
    return rate
  })
  if (rates.length === 0) throw wrong('the file of exchange rates has no rate', path)
  return rates
}

function rateOf(record: Readonly<Record<string, string>>, location: string): ExchangeRate {
  const { day = '', currency = '', rate = '' } = record
  if (!isDay(day)) throw wrong(`"${day}" is no day`, location, { hint: 'Write 2026-10-01.' })
  if (!/^[A-Z]{3}$/.test(currency))
    throw wrong(`"${currency}" is no currency`, location, { hint: 'Write its three letters, such as EUR.' })
  if (currency === 'USD')
    throw wrong('USD is what the rates are for', location, { hint: 'Leave this line out.' })
  if (/^\d{1,9}\.\d{7,}$/.test(rate))
    throw wrong(`rate ${rate} has more than 6 places`, location, {
      hint: 'Round it yourself, so that it is known which rate was used.',
    })
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(rate) || Number(rate) === 0)
    throw wrong(`"${rate}" is no rate`, location, {
      hint: 'Write how many units of the currency a dollar was worth, above 0 and with up to 6 places: 0.9102.',
    })
  return { day, currency, rate }
}

interface Row {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number }
}

function rowsOf(path: string): readonly Row[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong('the file of exchange rates cannot be read', path, {
      hint: 'Check "exchange_rates" in the config file.',
      cause: error,
    })
  }
  let header: readonly string[] = []
  let rows: Row[]
  try {
    rows = parse(text, {
      bom: true,
      trim: true,
      info: true,
      skip_empty_lines: true,
      columns: (names: string[]) => (header = names.map((name) => name.toLowerCase())),
    })
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : ''
    const what = error instanceof Error ? error.message : String(error)
    throw wrong(`the file of exchange rates is not CSV: ${what}`, path + line, { cause: error })
  }
  const twice = columns.find((name) => header.indexOf(name) !== header.lastIndexOf(name))
  if (twice !== undefined) throw wrong(`column ${twice} stands twice`, `${path}:1`)
  const missing = columns.find((name) => !header.includes(name))
  if (missing !== undefined) throw wrong(`column ${missing} is missing`, `${path}:1`)
  return rows
}
