/**
 * Which columns of a table fit the terminal, and how wide each is. What gives way first: long texts down
 * to a readable width, the headings' one line, the last digits of large counts, optional columns, short
 * texts, and in the end the rightmost columns.
 */
import type { ColumnKind } from '../domain/column-kind.js'
import type { Column } from '../reports/report.js'
import type { Words } from './cells.js'
import { width, wrap } from './width.js'

/** One column with everything it might show; the last of `words` may be the total. */
export interface WordColumn {
  readonly column: Column
  readonly title: string
  readonly words: readonly Words[]
  readonly short?: readonly Words[]
}

export interface Placed {
  readonly column: Column
  readonly heading: readonly string[]
  readonly words: readonly Words[]
  readonly width: number
}

export interface Fit {
  readonly placed: readonly Placed[]
  /** Titles of the columns for which there was no room. */
  readonly leftOut: readonly string[]
}

/** A way of writing the columns: headings on one line or two, counts in full or short. */
interface Manner {
  readonly stacked: boolean
  readonly short: boolean
}

const manners: readonly Manner[] = [
  { stacked: false, short: false },
  { stacked: true, short: false },
  { stacked: true, short: true },
]

interface Sized {
  readonly wordColumn: WordColumn
  readonly words: readonly Words[]
  readonly least: number
  readonly natural: number
}

/** Chooses and sizes the columns for `room` columns of terminal, of which `gap` are lost between two of them. */
export function fit(wordColumns: readonly WordColumn[], room: number, gap: number): Fit {
  const comfort = room < 60 ? 14 : room < 100 ? 24 : 32
  for (const kept of choices(wordColumns)) {
    for (const manner of manners) {
      const sized = kept.map((wordColumn) => size(wordColumn, manner, comfort))
      const spare = room - needed(sized, gap)
      if (spare >= 0) return placedIn(sized, spare, wordColumns)
    }
  }
  return squeezed(wordColumns, room, gap)
}

/** All columns, then without the optional ones, from the highest number down and from the right. */
function choices(wordColumns: readonly WordColumn[]): WordColumn[][] {
  const optional = wordColumns
    .map(({ column }, index) => ({ index, rank: column.optional ?? 0 }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank || b.index - a.index)
  return Array.from({ length: optional.length + 1 }, (_, dropped) => {
    const gone = new Set(optional.slice(0, dropped).map(({ index }) => index))
    return wordColumns.filter((_wordColumn, index) => !gone.has(index))
  })
}

/** The last resort: short texts, then no more than the columns on the left. */
function squeezed(wordColumns: readonly WordColumn[], room: number, gap: number): Fit {
  const required = wordColumns.filter(({ column }) => column.optional === undefined)
  const candidates = required.length > 0 ? required : wordColumns.slice(0, 1)
  for (let count = candidates.length; count > 1; count--) {
    const sized = candidates
      .slice(0, count)
      .map((wordColumn) => size(wordColumn, { stacked: true, short: true }, 8))
    const spare = room - needed(sized, gap)
    if (spare >= 0) return placedIn(sized, spare, wordColumns)
  }
  const first = candidates
    .slice(0, 1)
    .map((wordColumn) => size(wordColumn, { stacked: true, short: true }, room))
  const least = first.map((one) => ({ ...one, least: Math.min(one.least, room) }))
  return placedIn(least, room - needed(least, gap), wordColumns)
}

function size(wordColumn: WordColumn, { stacked, short }: Manner, comfort: number): Sized {
  const words = (short ? wordColumn.short : undefined) ?? wordColumn.words
  const body = words.reduce((most, { text }) => Math.max(most, width(text)), 0)
  const heading = stacked ? stackedWidth(wordColumn.title) : width(wordColumn.title)
  const natural = Math.max(body, heading)
  const least = isFlexible(wordColumn.column.kind) ? Math.min(natural, comfort) : natural
  return { wordColumn, words, least, natural }
}

/** Texts can be cut and series drawn shorter; a number or a time without its end would be another one. */
function isFlexible(kind: ColumnKind): boolean {
  return kind === 'text' || kind === 'json' || kind === 'series'
}

/** The narrowest width at which a heading takes no more than two lines and no word is broken. */
function stackedWidth(title: string): number {
  const parts = title.split(' ')
  const halves = parts.map((_, cut) =>
    Math.max(width(parts.slice(0, cut).join(' ')), width(parts.slice(cut).join(' '))),
  )
  return Math.min(...halves)
}

function needed(sized: readonly Sized[], gap: number): number {
  return sized.reduce((sum, { least }) => sum + least, gap * Math.max(0, sized.length - 1))
}

/** Spare room goes to the columns that can use it, those that lack least first; texts that wrap share theirs. */
function placedIn(sized: readonly Sized[], free: number, wordColumns: readonly WordColumn[]): Fit {
  let spare = free
  const widths = new Map(sized.map(({ wordColumn, least }) => [wordColumn, least]))
  const lacking = sized.toSorted((a, b) => a.natural - a.least - (b.natural - b.least))
  const wraps = ({ wordColumn }: Sized): boolean => wordColumn.column.wraps === true
  const wanting = [...lacking.filter((one) => !wraps(one)), ...lacking.filter(wraps)]
  for (const [i, { wordColumn, natural, least }] of wanting.entries()) {
    const sharing = wanting.slice(i).filter(wraps).length
    const share = sharing === wanting.length - i ? Math.floor(spare / sharing) : spare
    const more = Math.min(share, natural - least)
    widths.set(wordColumn, least + more)
    spare -= more
  }
  const placed = sized.map(({ wordColumn, words }) => {
    const columns = widths.get(wordColumn) ?? 0
    return {
      column: wordColumn.column,
      words,
      width: columns,
      heading: wrap(wordColumn.title, Math.max(1, columns)),
    }
  })
  const leftOut = wordColumns.filter((wordColumn) => !widths.has(wordColumn)).map(({ title }) => title)
  return { placed, leftOut }
}
