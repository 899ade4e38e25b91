/** A row of a price override file: its columns, what each may hold, and what goes together. */
import { instantFrom } from '../../domain/time/periods.js'
import { closestNames } from '../../domain/words/names.js'
import type { UnitPrices } from '../../domain/costs/rate.js'
import { UserError } from '../../errors.js'
import { fromBillionths, multiply, toBillionths } from '../billionths.js'
import type { OwnMultipliers } from '../mode-prices.js'
import type { RawRow } from './override-files.js'
import { openStart } from '../rates.js'

/** Columns of prices, USD per million tokens; request USD for each call, searches USD per thousand. */
const priceColumns: Readonly<Record<string, keyof UnitPrices>> = {
  input: 'input_price',
  output: 'output_price',
  cache_read: 'cache_read_price',
  cache_write: 'cache_write_price',
  cache_write_1h: 'cache_write_1h_price',
  reasoning_output: 'reasoning_output_price',
  input_audio: 'input_audio_price',
  output_audio: 'output_audio_price',
  cache_read_audio: 'cache_read_audio_price',
  input_image: 'input_image_price',
  input_video: 'input_video_price',
  output_image: 'output_image_price',
  request: 'request_price',
  web_search: 'web_search_price',
  file_search: 'file_search_price',
}

const multiplierColumns = {
  batch_multiplier: 'batch',
  flex_multiplier: 'flex',
  priority_multiplier: 'priority',
  fast_multiplier: 'fast',
} as const satisfies Record<string, keyof OwnMultipliers>

/** Every column that an override file may have. */
const overrideColumns: readonly string[] = [
  'provider',
  'model',
  'alias_of',
  'valid_from',
  ...Object.keys(priceColumns),
  'above_input_tokens',
  ...Object.keys(multiplierColumns),
  'discount',
  'free',
]

export interface OverrideRow {
  /** In lower case; null for any provider. */
  readonly provider: string | null
  /** In lower case, or `*`. */
  readonly model: string
  readonly aliasOf: string | null
  /** UTC, `YYYY-MM-DD HH:MM:SS`. */
  readonly validFrom: string
  readonly prices: Partial<UnitPrices>
  /** The row holds for inputs above this many tokens; 0 for the base row. */
  readonly above: number
  readonly multipliers: OwnMultipliers
  /** What is paid of each price: `0.9` for a discount of 10 %. */
  readonly factor: string | null
  readonly free: boolean
  readonly location: string
  readonly label: string
}

/** True where it says what the model costs: prices, or nothing at all. */
export function hasPrices(row: OverrideRow): boolean {
  return row.free || Object.keys(row.prices).length > 0
}

function fail(raw: RawRow, message: string, hint: string): never {
  throw new UserError(message, { code: 'usage', location: raw.location, hint })
}

/** @throws UserError (usage) with file and line, the column, and what to write instead */
export function parseRow(raw: RawRow): OverrideRow {
  const { cells } = raw
  const unknown = Object.keys(cells).find((name) => !overrideColumns.includes(name))
  if (unknown !== undefined) {
    fail(
      raw,
      `unknown column "${unknown}"`,
      `Did you mean ${closestNames(unknown, overrideColumns, 1)[0]}? Columns: ${overrideColumns.join(', ')}.`,
    )
  }
  const row: OverrideRow = {
    provider: cells['provider']?.toLowerCase() ?? null,
    model:
      cells['model']?.toLowerCase() ??
      fail(
        raw,
        'column "model" is empty',
        'Write the model as the log names it, or * for all models of the provider.',
      ),
    aliasOf: cells['alias_of'] ?? null,
    validFrom: moment(raw),
    prices: prices(raw),
    above: tokens(raw),
    multipliers: multipliers(raw),
    factor: discount(raw),
    free: flag(raw),
    location: raw.location,
    label: raw.label,
  }
  checkSense(raw, row)
  return row
}

function checkSense(raw: RawRow, row: OverrideRow): void {
  const priced = Object.keys(row.prices).length > 0
  const changes = Object.keys(row.multipliers).length > 0 || row.factor !== null
  if (row.free && priced) fail(raw, 'the row is free and has prices', 'Clear "free" or the prices.')
  if (row.aliasOf !== null && hasPrices(row))
    fail(
      raw,
      '"alias_of" and prices exclude each other',
      "Keep one: the other model's prices, or prices of its own.",
    )
  if (row.model === '*' && (priced || row.aliasOf !== null))
    fail(
      raw,
      'a row for all models (*) takes a discount, multipliers or free, no prices',
      'Write prices in a row for each model.',
    )
  if (row.above > 0 && !priced)
    fail(raw, 'a row with "above_input_tokens" needs prices', 'Write the prices that hold above that size.')
  if (!priced && !row.free && row.aliasOf === null && !changes)
    fail(
      raw,
      'the row sets no price',
      `Fill at least one of ${Object.keys(priceColumns).slice(0, 3).join(', ')}, alias_of, discount, free.`,
    )
}

/** A price of up to a million dollars with any number of digits; more than nine places are rounded. */
function prices(raw: RawRow): Partial<UnitPrices> {
  const out: Partial<Record<keyof UnitPrices, string>> = {}
  for (const [column, key] of Object.entries(priceColumns)) {
    const isRequest = column === 'request'
    const unit = 'USD per million tokens (for each call in request, per thousand searches)'
    const value = decimal(raw, column, isRequest ? 1000 : 1_000_000, unit)
    // Kept per thousand, as searches are.
    if (value !== null) out[key] = isRequest ? multiply(value, '1000') : value
  }
  return out
}

function multipliers(raw: RawRow): OwnMultipliers {
  const out: Partial<Record<keyof OwnMultipliers, string>> = {}
  for (const [column, pace] of Object.entries(multiplierColumns)) {
    const value = decimal(raw, column, 100, 'a factor such as 0.5 or 1.8')
    if (value === null) continue
    if (toBillionths(value) % 1000n !== 0n)
      fail(raw, `column "${column}": ${value} has more than six decimals`, 'Round it.')
    out[pace] = value
  }
  return out
}

function decimal(raw: RawRow, column: string, max: number, unit: string): string | null {
  const text = raw.cells[column]
  if (text === undefined) return null
  const hint = `Write ${unit}, without signs or separators.`
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text)) fail(raw, `column "${column}": "${text}" is not a number`, hint)
  const value = toBillionths(text)
  if (value > toBillionths(max)) fail(raw, `column "${column}": ${text} is more than ${max}`, hint)
  if (value === 0n && /[1-9]/.test(text))
    fail(raw, `column "${column}": ${text} is below 0.000000001`, `${hint} Nine decimals are kept.`)
  return fromBillionths(value)
}

/** `10%` or `0.1`: what is taken off. */
function discount(raw: RawRow): string | null {
  const text = raw.cells['discount']
  if (text === undefined) return null
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text)
  const off = match ? toBillionths(match[1] ?? '') / (match[2] === '%' ? 100n : 1n) : -1n
  if (off < 0n || off >= 1_000_000_000n) {
    fail(
      raw,
      `column "discount": "${text}" is not a share below 1`,
      'Write 10% or 0.1 for ten percent off; free = true for nothing to pay.',
    )
  }
  return fromBillionths(1_000_000_000n - off)
}

function tokens(raw: RawRow): number {
  const text = raw.cells['above_input_tokens']
  if (text === undefined) return 0
  if (!/^\d{1,10}$/.test(text))
    fail(
      raw,
      `column "above_input_tokens": "${text}" is not a number of tokens`,
      'Write 200000, without separators.',
    )
  return Number(text)
}

function flag(raw: RawRow): boolean {
  const text = raw.cells['free']?.toLowerCase()
  if (text === undefined || ['false', 'no', '0'].includes(text)) return false
  if (['true', 'yes', '1', 'x'].includes(text)) return true
  return fail(raw, `column "free": "${text}" is neither true nor false`, 'Write true, or leave it empty.')
}

function moment(raw: RawRow): string {
  const text = raw.cells['valid_from']
  if (text === undefined) return openStart
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  const instant = /(Z|[+-]\d\d:\d\d)$/.test(time) ? instantFrom(time) : undefined
  if (instant === undefined) {
    return fail(
      raw,
      `column "valid_from": "${text}" is not a date`,
      'Write 2026-04-01 (midnight UTC) or 2026-04-01T08:00:00Z.',
    )
  }
  return new Date(instant).toISOString().slice(0, 19).replace('T', ' ')
}
