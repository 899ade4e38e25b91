/**
 * The price data of this program's own, which stand in the package's folder `data` as CSV: read when a
 * price is first asked for, so that no command pays for them that needs no price.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { openEnd } from './rates.js'

/** The rows of a file, cell by column; empty cells are empty texts. */
export function readDataFile(name: string): { text: string; rows: readonly Record<string, string>[] } {
  const text = readFileSync(pathOf(name), 'utf8')
  return { text, rows: parse<Record<string, string>>(text, { columns: true }) }
}

/** The folder is beside the sources as it is beside what is built from them, at one depth or another. */
function pathOf(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const above = ['../..', '../../..'].map((up) => join(here, up, 'data', name))
  return above.find((path) => existsSync(path)) ?? join(here, '../../data', name)
}

/** `2025-02-26T16:30:00Z` or a bare date (midnight) as the store writes times; empty: no end. */
export function timeOf(cell: string): string {
  if (cell === '') return openEnd
  return cell.length === 10 ? `${cell} 00:00:00` : cell.slice(0, 19).replace('T', ' ')
}
