/** Rows told in sentences: a headline and what belongs under it. */
import type { Section } from '../reports/report.js'
import { shownColumns } from './values.js'

interface Block {
  readonly headline: string
  readonly sentences: readonly string[]
}

/** The shown columns of each row; what a row leaves empty is left out. */
export function blocksOf({ columns, rows }: Section): Block[] {
  const [first, ...rest] = shownColumns(columns)
  const text = (cell: unknown): string => (typeof cell === 'string' ? cell : '')
  return rows.map((row) => ({
    headline: text(row[first?.key ?? '']),
    sentences: rest.map(({ key }) => text(row[key])).filter((sentence) => sentence !== ''),
  }))
}
