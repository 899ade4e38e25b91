/** A section's rows as columns of words, from which a layout chooses those it has room for. */
import type { Cell, Section } from '../reports/report.js'
import { columnWords, shortWords, type Words } from './cells.js'
import type { WordColumn } from './fit.js'
import { sideColumns } from './compared-sides.js'
import { shownColumns } from './values.js'
import { visible } from '../domain/words/hidden.js'

/** In the order of the columns; where there are totals, they are the last words of each. */
export function wordColumnsOf(section: Section, tz: string): WordColumn[] {
  if (section.layout === 'sides') return sideColumns(section)
  const { columns, rows, totals } = section
  return shownColumns(columns).map((column, index) => {
    const cells = rows.map((row) => row[column.key])
    const all = totals === undefined ? cells : [...cells, totals[column.key]]
    const words = columnWords(column, all, tz)
    const short = shortWords(column, all)
    if (totals !== undefined) {
      const last = totalWords(totals[column.key], index === 0)
      if (last !== undefined) for (const list of [words, short]) list?.splice(-1, 1, last)
    }
    return {
      column,
      title: visible(column.title),
      words: words.map(onTerminal),
      ...(short && { short: short.map(onTerminal) }),
    }
  })
}

/** Emoji with joiners are of no certain width. */
export const onTerminal = (words: Words): Words => ({ ...words, text: visible(words.text) })

/** A total that is missing leaves its cell blank; the first column then says what the row is. */
function totalWords(cell: Cell | undefined, first: boolean): Words | undefined {
  if (cell !== undefined && cell !== null) return undefined
  if (first) return { text: 'Total' }
  return cell === undefined ? { text: '' } : undefined
}
