/**
 * The price data of this program's own, which stand in the package's folder `data` as CSV: read when a
 * price is first asked for, so that no command pays for them that needs no price.
 */
import { readFileSync } from 'node:fs'
import { dataFile } from '../machine/data-folder.js'
import { openEnd } from './rates.js'

/** The rows of a file, cell by column; empty cells are empty texts. */
export function readDataFile(name: string): { text: string; rows: readonly Record<string, string>[] } {
  const text = readFileSync(dataFile(name), 'utf8')
  return { text, rows: rowsOf(text) }
}

/**
 * CSV as our own files have it, a row a line: a parser for all that people write takes 60 ms for them, which each
 * ingest would pay.
 */
function rowsOf(text: string): Record<string, string>[] {
  const [header = [], ...rows] = text.split('\n').flatMap((line) => (line === '' ? [] : [cellsOf(line)]))
  return rows.map((cells) => Object.fromEntries(header.map((column, i) => [column, cells[i] ?? ''])))
}

function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  return [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain,
  )
}

/** `2025-02-26T16:30:00Z` or a bare date (midnight) as the store writes times; empty: no end. */
export function timeOf(cell: string): string {
  if (cell === '') return openEnd
  return cell.length === 10 ? `${cell} 00:00:00` : cell.slice(0, 19).replace('T', ' ')
}
