/**
 * Reads price override files: `prices.csv`, or the same as a JSON array of objects. This file knows
 * cells and positions; what the columns mean is in override-rows.ts.
 */
import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { UserError } from '../../errors.js'

/** One row as written: cell texts by column, empty cells left out. */
export interface RawRow {
  readonly cells: Readonly<Record<string, string>>
  /** `path/prices.csv:3`, for errors. */
  readonly location: string
  /** `prices.csv:3`, for the price's source. */
  readonly label: string
}

export interface RawFile {
  readonly path: string
  readonly text: string
  readonly rows: readonly RawRow[]
}

/** @throws UserError (usage) when the file can't be read or is not a table of cells */
export function readOverrideFile(path: string): RawFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('the price file cannot be read', {
      code: 'usage',
      location: path,
      hint: 'Check "prices" in the config file.',
      cause: error,
    })
  }
  return {
    path,
    text,
    rows: extname(path).toLowerCase() === '.json' ? jsonRows(path, text) : csvRows(path, text),
  }
}

function csvRows(path: string, text: string): RawRow[] {
  const lines = csvLines(path, text)
  const header = lines[0]?.record.map((name) => name.trim().toLowerCase()) ?? []
  return lines.slice(1).map(({ record, line }) => {
    const at = { location: `${path}:${line}`, label: `${basename(path)}:${line}` }
    if (record.length > header.length) {
      throw new UserError(`this row has ${record.length} cells, the header ${header.length}`, {
        code: 'usage',
        location: at.location,
        hint: 'Quote cells that contain commas, and leave none over.',
      })
    }
    const cells = header.map((name, i) => [name, (record[i] ?? '').trim()] as const)
    return { ...at, cells: Object.fromEntries(cells.filter(([, cell]) => cell !== '')) }
  })
}

interface CsvLine {
  readonly record: string[]
  readonly line: number
}

function csvLines(path: string, text: string): CsvLine[] {
  try {
    const parsed = parse(text, {
      bom: true,
      info: true,
      comment: '#',
      comment_no_infix: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[]
    return parsed.map(({ record, info }) => ({ record, line: info.lines }))
  } catch (error) {
    const line = error instanceof CsvError && typeof error['lines'] === 'number' ? `:${error['lines']}` : ''
    throw new UserError(
      `the price file is not CSV: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'usage',
        location: `${path}${line}`,
        hint: 'The first line names the columns: provider,model,input,output, for example.',
        cause: error,
      },
    )
  }
}

function jsonRows(path: string, text: string): RawRow[] {
  const hint = 'Write [{"provider": "openai", "model": "my-model", "input": 1.5, "output": 6}].'
  let data: unknown
  try {
    data = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new UserError(
      `the price file is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'usage',
        location: `${path}${jsonErrorLine(text, error)}`,
        hint,
        cause: error,
      },
    )
  }
  if (!Array.isArray(data)) {
    throw new UserError('the price file must hold a JSON array of objects', {
      code: 'usage',
      location: path,
      hint,
    })
  }
  return data.map((entry: unknown, i) => jsonRow(entry, path, i + 1, hint))
}

/** `:3` when the parser says where it stopped. */
function jsonErrorLine(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
  return position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`
}

function jsonRow(entry: unknown, path: string, number: number, hint: string): RawRow {
  const at = { location: `${path}, entry ${number}`, label: `${basename(path)}, entry ${number}` }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new UserError('every entry of the price file must be an object', {
      code: 'usage',
      location: at.location,
      hint,
    })
  }
  const cells: Record<string, string> = {}
  for (const [name, value] of Object.entries(entry)) {
    if (value === null || value === '') continue
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new UserError(`"${name}" must be a text or a number`, {
        code: 'usage',
        location: at.location,
        hint,
      })
    }
    cells[name.trim().toLowerCase()] = typeof value === 'number' ? plainNumber(value) : String(value).trim()
  }
  return { ...at, cells }
}

/** `1e-7` as `0.0000001`. */
function plainNumber(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(15).replace(/\.?0+$/, '') : text
}
