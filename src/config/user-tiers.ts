/** Reads the file that says which tier a user is in: `user_id,tier[,monthly_revenue]`, CSV. */
import { readFileSync } from 'node:fs'
import { CsvError, parse } from 'csv-parse/sync'
import { readUsd } from '../domain/costs/amount.js'
import type { UserTier } from '../domain/budgets/user-tier.js'
import { UserError } from '../errors.js'

const columns = ['user_id', 'tier', 'monthly_revenue'] as const
type ColumnName = (typeof columns)[number]

const hint =
  'The first line is user_id,tier or user_id,tier,monthly_revenue; then one line a user: u-17,pro,29.90.'

const wrong = (message: string, location: string, more: { hint?: string; cause?: unknown } = {}): UserError =>
  new UserError(message, { code: 'usage', location, hint, ...more })

/** @throws UserError (usage) that names the file and the line */
export function readUserTiers(path: string): readonly UserTier[] {
  const lines = csvLines(path, textOf(path))
  const [header, ...rest] = lines
  if (header === undefined) throw wrong('the file of user tiers is empty', path)
  const names = headerOf(header, path)
  const seen = new Map<string, number>()
  const tiers = rest.map((line) => {
    const tier = tierOf(line, names, `${path}:${line.number}`)
    const before = seen.get(tier.userId)
    if (before !== undefined) {
      throw wrong(`user ${tier.userId} stands twice, first in line ${before}`, `${path}:${line.number}`, {
        hint: 'A user is in one tier: leave one of the two lines.',
      })
    }
    seen.set(tier.userId, line.number)
    return tier
  })
  if (tiers.length === 0) throw wrong('the file of user tiers names no user', path)
  return tiers
}

function textOf(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw wrong('the file of user tiers cannot be read', path, {
      hint: 'Check --tiers, or "user_tiers" in the config file.',
      cause: error,
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw wrong('the file of user tiers is not UTF-8', `${path}:${badLine(bytes)}`, {
      hint: 'Save it as UTF-8; other encodings would change user ids.',
      cause: error,
    })
  }
}

/** The first line that is not UTF-8; no byte of a longer character is a line feed. */
function badLine(bytes: Buffer): number {
  let start = 0
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(10, start)
    const one = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (end < 0 || one.toString('utf8').includes('\uFFFD')) return line
    start = end + 1
  }
}

interface Line {
  readonly cells: readonly string[]
  readonly number: number
}

function csvLines(path: string, text: string): Line[] {
  try {
    const parsed = parse(text, {
      bom: true,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[]
    return parsed.map(({ record, info }) => ({ cells: record, number: info.lines }))
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : ''
    const what = error instanceof Error ? error.message : String(error)
    throw wrong(`the file of user tiers is not CSV: ${what}`, path + line, { cause: error })
  }
}

/** Which column each cell is of. */
function headerOf({ cells, number }: Line, path: string): readonly ColumnName[] {
  const location = `${path}:${number}`
  const names = cells.map((cell) => {
    const name = columns.find((known) => known === cell.toLowerCase())
    if (name === undefined) throw wrong(`unknown column "${cell}" in the file of user tiers`, location)
    return name
  })
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw wrong(`column ${twice} stands twice`, location)
  const missing = columns.slice(0, 2).find((name) => !names.includes(name))
  if (missing !== undefined) throw wrong(`column ${missing} is missing`, location)
  return names
}

function tierOf({ cells }: Line, names: readonly ColumnName[], location: string): UserTier {
  if (cells.length !== names.length) {
    throw wrong(`this line has ${cells.length} cells, the header ${names.length}`, location)
  }
  const cell = (name: ColumnName): string => cells[names.indexOf(name)] ?? ''
  const empty = columns.slice(0, 2).find((name) => cell(name) === '')
  if (empty !== undefined) throw wrong(`${empty} is empty`, location)
  return {
    userId: cell('user_id'),
    tier: cell('tier'),
    monthlyRevenue: revenueOf(cell('monthly_revenue'), location),
  }
}

/** An empty cell: not known. */
function revenueOf(text: string, location: string): string | null {
  if (text === '') return null
  const usd = readUsd(text)
  if (usd !== undefined) return usd
  throw wrong(`monthly_revenue ${text} is not an amount from 0 on`, location, {
    hint: 'USD a month, such as 29.90; empty where it is not known.',
  })
}
