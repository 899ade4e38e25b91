/** Rows told in sentences: a headline and what belongs under it. */
import type { Section } from '../reports/report.js'
import { statusTone, type Words } from './cells.js'
import { shownColumns } from './values.js'

interface Block {
  readonly headline: string
  /** Each in pieces, of which some have a tone. */
  readonly sentences: readonly (readonly Words[])[]
}

/** The shown columns of each row; what a row leaves empty is left out. States lead the first sentence. */
export function blocksOf({ columns, rows }: Section): Block[] {
  const [first, ...others] = shownColumns(columns)
  const states = others.filter(({ kind }) => kind === 'status')
  const texts = others.filter(({ kind }) => kind !== 'status')
  const text = (cell: unknown): string => (typeof cell === 'string' ? cell : '')
  return rows.map((row) => {
    const said = states
      .map((column) => ({ text: text(row[column.key]), ...statusTone(column, row[column.key]) }))
      .filter((words) => words.text !== '')
    const lead = said.flatMap((words, i): Words[] => [...(i === 0 ? [] : [{ text: ', ' }]), words])
    const [start, ...rest] = texts.map(({ key }) => text(row[key])).filter((sentence) => sentence !== '')
    const opening = [
      ...lead,
      ...(start === undefined ? [] : [{ text: lead.length === 0 ? start : `: ${start}` }]),
    ]
    return {
      headline: text(row[first?.key ?? '']),
      sentences: [opening, ...rest.map((sentence) => [{ text: sentence }])].filter(
        (pieces) => pieces.length > 0,
      ),
    }
  })
}

/** A sentence without its tones. */
export const plainText = (pieces: readonly Words[]): string => pieces.map(({ text }) => text).join('')

/** A table of lists beside each other, as a table each: where there is no room for them side by side. */
export function listsOf(section: Section): Section[] {
  const starts = section.columns.flatMap(({ kind }, i) => (kind === 'text' ? [i] : []))
  return starts.map((start, place): Section => {
    const columns = section.columns
      .slice(start, starts[place + 1])
      .map((column) => ({ ...column, optional: 0 }))
    const key = columns[0]?.key ?? ''
    const rows = section.rows.filter((row) => row[key] !== undefined)
    return { ...section, id: `${section.id}-${place + 1}`, title: columns[0]?.title ?? '', columns, rows }
  })
}

/** Rows that are a sentence each. */
export function linesOf({ columns, rows }: Section): string[] {
  const [first] = shownColumns(columns)
  return rows.flatMap((row) => {
    const cell = row[first?.key ?? '']
    return typeof cell === 'string' ? [cell] : []
  })
}
