/** The file of the user's price updates: read with suspicion, written wholly or not at all. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { dirname, join } from 'node:path'
import { isDay } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import { asUserAllows } from '../../machine/umask.js'
import { noPrices, wholeDay } from '../rates.js'
import type { Update, UpdateRow, UpdateSpan } from './updates.js'

const version = 1
const largest = 64 * 1024 * 1024
const lowest = -1
const highest = 9_000_000_000_000_000
const priceNames = Object.keys(noPrices) as (keyof typeof noPrices)[]

/**
 * The updates, the oldest first; none where there is no file.
 * @throws UserError for a file that is not understood: prices left out would be a wrong number
 */
export function readUpdates(path: string | undefined): readonly Update[] {
  if (path === undefined || path === devNull) return []
  let text: string
  try {
    const { size } = statSync(path)
    if (size > largest) throw damaged(path, 'is larger than 64 MB')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    if (error instanceof UserError) throw error
    throw damaged(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  return parse(text, path)
}

function parse(text: string, path: string): readonly Update[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw damaged(path, 'is not JSON')
  }
  const file = content as { version?: unknown; updates?: unknown } | null
  if (typeof file === 'object' && file !== null && typeof file.version === 'number' && file.version > version)
    throw damaged(path, 'was written by a newer llmcost')
  if (typeof file !== 'object' || file === null || file.version !== version || !Array.isArray(file.updates))
    throw damaged(path, 'is not as llmcost writes it')
  return file.updates.map((update: unknown, i) =>
    readUpdate(update, () =>
      damaged(path, `has an update (number ${i + 1}) that is not as llmcost writes it`),
    ),
  )
}

type Fault = () => UserError

function readUpdate(value: unknown, fault: Fault): Update {
  const { made, source, models, rows } = objectOf(value, fault)
  if (typeof made !== 'string' || Number.isNaN(Date.parse(made)) || !/^\d{4}-\d\d-\d\dT/.test(made))
    throw fault()
  if (typeof source !== 'string' || typeof models !== 'number' || !Array.isArray(rows)) throw fault()
  return { made, source, models, rows: rows.map((row: unknown) => readRow(row, fault)) }
}

function readRow(value: unknown, fault: Fault): UpdateRow {
  const { provider, model, from, prices, names } = objectOf(value, fault)
  if (typeof provider !== 'string' || typeof model !== 'string' || !isDate(from)) throw fault()
  if (!Array.isArray(prices) || prices.length === 0) throw fault()
  const texts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((one) => typeof one === 'string')
  if (names !== undefined && !texts(names)) throw fault()
  return {
    provider,
    model,
    from,
    spans: prices.map((span: unknown) => readSpan(span, fault)),
    ...(names === undefined ? {} : { names }),
  }
}

function readSpan(value: unknown, fault: Fault): UpdateSpan {
  const given = objectOf(value, fault)
  const whole = (name: string, otherwise: number): number => {
    const number = given[name] ?? otherwise
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw fault()
    return number
  }
  const prices: Record<string, string | null> = {}
  for (const name of priceNames) {
    const price = given[name] ?? null
    if (price !== null && !(typeof price === 'string' && /^\d{1,9}(\.\d{1,9})?$/.test(price))) throw fault()
    prices[name] = price
  }
  return {
    ...(prices as unknown as typeof noPrices),
    band_lo: whole('above_input_tokens', lowest),
    band_hi: whole('up_to_input_tokens', highest),
    minute_lo: whole('from_minute', wholeDay.minute_lo),
    minute_hi: whole('to_minute', wholeDay.minute_hi),
  }
}

const isDate = (value: unknown): value is string => typeof value === 'string' && isDay(value)

function objectOf(value: unknown, fault: Fault): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault()
  return value as Record<string, unknown>
}

function damaged(path: string, what: string): UserError {
  return new UserError(`the file of price updates ${what}`, {
    location: path,
    hint: 'Mend it, or move it away and run llmcost prices update again: prices of then are lost with it.',
  })
}

/** Writes all updates, wholly or not at all. @throws UserError when the folder cannot be written to */
export function writeUpdates(path: string, updates: readonly Update[]): void {
  const draft = join(dirname(path), `.price-updates.${process.pid}.tmp`)
  try {
    asUserAllows(() => {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(draft, `${JSON.stringify({ version, updates: updates.map(updateOut) }, null, 1)}\n`)
    })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new UserError('the price updates cannot be written', {
      location: path,
      hint: `Check that there is room and permission (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`,
      cause: error,
    })
  }
}

const updateOut = ({ rows, ...about }: Update): object => ({ ...about, rows: rows.map(rowOut) })

const rowOut = ({ spans, ...about }: UpdateRow): object => ({ ...about, prices: spans.map(spanOut) })

function spanOut({ band_lo, band_hi, minute_lo, minute_hi, ...prices }: UpdateSpan): object {
  return {
    ...Object.fromEntries(
      Object.entries(prices).filter(([name, price]) => price !== null && name in noPrices),
    ),
    ...(band_lo === lowest ? {} : { above_input_tokens: band_lo }),
    ...(band_hi === highest ? {} : { up_to_input_tokens: band_hi }),
    ...(minute_hi - minute_lo === 1440 ? {} : { from_minute: minute_lo, to_minute: minute_hi }),
  }
}
