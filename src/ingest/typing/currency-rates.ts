/** Reads the file of `currency_rates`: what one unit of a currency cost in US dollars, from which day on. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { isDay } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import type { CurrencyRate } from '../options.js'

const columns = ['currency', 'valid_from', 'usd'] as const

/**
 * @param path CSV with the columns currency, valid_from (a day) and usd
 * @throws UserError (usage) naming the line that is not understood
 */
export function readCurrencyRates(path: string): CurrencyRate[] {
  const rows = rowsOf(path)
  const seen = new Set<string>()
  return rows.map(({ record, info }) => {
    const location = `${path}:${info.lines}`
    const fail = (message: string, hint: string): UserError =>
      new UserError(message, { code: 'usage', location, hint })
    const currency = (record['currency'] ?? '').toUpperCase()
    const validFrom = record['valid_from'] ?? ''
    const usd = record['usd'] ?? ''
    if (!/^[A-Z]{3}$|^CREDITS$/.test(currency))
      throw fail(`"${record['currency'] ?? ''}" is no currency`, 'Write its code, such as EUR.')
    if (!isDay(validFrom)) throw fail(`"${validFrom}" is no day`, 'Write 2026-10-01.')
    if (!isRate(usd)) throw fail(`"${usd}" is no rate`, rateHint)
    if (seen.has(`${currency} ${validFrom}`))
      throw fail(`${currency} has two rates from ${validFrom} on`, 'Keep one of them.')
    seen.add(`${currency} ${validFrom}`)
    return { currency: currency === 'CREDITS' ? 'credits' : currency, validFrom, usd }
  })
}

/** How a rate is written. */
export const rateHint = 'Write what one unit costs in US dollars, above 0 and with up to 8 decimals: 1.08.'

/** True for a rate in US dollars per unit: exact decimal text above 0. */
export const isRate = (text: string): boolean => /^\d{1,6}(?:\.\d{1,8})?$/.test(text) && Number(text) > 0

interface Row {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number }
}

function rowsOf(path: string): Row[] {
  let header: string[] = []
  try {
    const rows: Row[] = parse(readFileSync(path, 'utf8'), {
      bom: true,
      trim: true,
      info: true,
      skip_empty_lines: true,
      columns: (names: string[]) => (header = names.map((name) => name.toLowerCase())),
    })
    const missing = columns.filter((name) => !header.includes(name))
    if (missing.length === 0) return rows
    throw new UserError(`the column ${missing[0]} is missing`, {
      code: 'usage',
      location: path,
      hint: `The columns are ${columns.join(', ')}.`,
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError('the file of currency rates cannot be read', {
      code: 'usage',
      location: path,
      hint: 'Check "currency_rates" in the config file.',
      cause: error,
    })
  }
}
