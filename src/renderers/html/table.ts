/** A section's rows as a table that a screen reader can walk, and that scrolls within its own box. */
import { sparklineSvg } from '../../charts/sparkline.js'
import { pagePalette } from '../../charts/palette.js'
import type { Cell, Column, Row, Section } from '../../reports/report.js'
import { barSizes, gaugeOf, type Gauge } from '../bars.js'
import { columnWords, type Words } from '../cells.js'
import { markup, Markup } from '../markup.js'
import { sideColumns } from '../compared-sides.js'
import { isNumeric, seriesDigits, shownColumns } from '../values.js'
import { toned } from './facts.js'

/** Two sides, one line a figure. */
export function sidesTable(section: Section, id: string): Markup {
  const wordColumns = sideColumns(section)
  const lines = wordColumns[0]?.words ?? []
  const texts = (index: number): Markup[] =>
    wordColumns.map(({ words, column }, place) => {
      const text = toned(words[index] ?? { text: '' })
      return place === 0 ? markup`<th scope="row">${text}</th>` : markup`<td${classes(column)}>${text}</td>`
    })
  return markup`<div class="scroll" role="group" aria-labelledby="${id}-caption" tabindex="0">
<table class="sides">
<caption id="${id}-caption">${section.title}</caption>
<thead><tr>${wordColumns.map(({ column, title }, place) => heading(column, place === 0 ? '' : title))}</tr></thead>
<tbody>
${lines.map((_, index) => markup`<tr>${texts(index)}</tr>`)}
</tbody>
</table>
</div>`
}

/** A column of remarks has no heading, and then its head is no header cell. */
const heading = (column: Column, title: string): Markup =>
  title === '' ? markup`<td></td>` : markup`<th scope="col"${classes(column)}>${title}</th>`

interface WordColumn {
  readonly column: Column
  readonly words: readonly Words[]
  /** Of the largest of the column, 0–1, where its numbers have bars. */
  readonly bars: readonly number[] | undefined
}

export function tableOf(section: Section, id: string, tz: string): Markup {
  const { rows, totals } = section
  const wordColumns = shownColumns(section.columns).map((column) => wordColumnOf(column, rows, totals, tz))
  return markup`<div class="scroll" role="group" aria-labelledby="${id}-caption" tabindex="0">
<table${wordColumns.length > roomyColumns ? markup` class="dense"` : markup``}>
<caption id="${id}-caption">${section.title}</caption>
<thead><tr>${wordColumns.map(({ column }) => heading(column, column.title))}</tr></thead>
<tbody>
${rows.map((row, i) => markup`<tr>${wordColumns.map((wordColumn, place) => cell(wordColumn, row, i, place))}</tr>`)}
</tbody>
${totals === undefined ? markup`` : markup`<tfoot><tr>${wordColumns.map((wordColumn, place) => total(wordColumn, totals, place))}</tr></tfoot>`}
</table>
</div>
${leftOut(wordColumns)}`
}

/** Tables with more columns have less room in each. */
const roomyColumns = 8

function wordColumnOf(column: Column, rows: readonly Row[], totals: Row | undefined, tz: string): WordColumn {
  const cells = rows.map((row) => row[column.key])
  return {
    column,
    words: columnWords(column, totals === undefined ? cells : [...cells, totals[column.key]], tz),
    bars: barSizes(column, cells),
  }
}

/** Columns that a terminal leaves out early are not for phones either. */
const isOptional = ({ optional = 0 }: Column): boolean => optional >= 2

function classes(column: Column, ...more: readonly string[]): Markup {
  const names = [
    ...(isNumeric(column.kind) ? ['number'] : []),
    ...(column.kind === 'time' ? ['time'] : []),
    ...(isOptional(column) ? ['optional'] : []),
    ...more,
  ]
  return names.length === 0 ? markup`` : markup` class="${names.join(' ')}"`
}

/** Shown where columns are left out. */
function leftOut(wordColumns: readonly WordColumn[]): Markup {
  const titles = wordColumns.flatMap(({ column }) => (isOptional(column) ? [column.title] : []))
  return titles.length === 0
    ? markup``
    : markup`<p class="more">On wider screens also: ${titles.join(', ')}.</p>`
}

function cell({ column, words, bars }: WordColumn, row: Row, index: number, place: number): Markup {
  const shown = words[index] ?? { text: '' }
  if (place === 0 && !isNumeric(column.kind)) return markup`<th scope="row">${wrapped(shown)}</th>`
  if (column.kind === 'series')
    return markup`<td${classes(column)}>${series(row[column.key]) ?? toned(shown)}</td>`
  const size = bars?.[index]
  const gauge = gaugeOf(column, row)
  if (gauge !== undefined) {
    return markup`<td${classes(column, 'share', 'gauged')}><div>${gaugeBar(gauge)}<div>${toned(shown)}</div></div></td>`
  }
  if (size === undefined) {
    return markup`<td${classes(column)}>${isNumeric(column.kind) ? toned(shown) : wrapped(shown)}</td>`
  }
  return markup`<td${classes(column, 'share')}><div>${bar(size)}<div>${toned(shown)}</div></div></td>`
}

/** Names of this length are read in one piece; a table that is too wide scrolls. */
const oneLine = 20

function wrapped(words: Words): Markup {
  return markup`<span class="${words.text.length > oneLine ? 'words' : 'words short'}">${toned(words)}</span>`
}

/** Undefined when there is nothing to draw. */
function series(value: Cell | undefined): Markup | undefined {
  const numbers = seriesDigits(value)?.map((digits) => (digits === null ? undefined : Number(digits)))
  return numbers?.some((number) => number !== undefined) ? sparklineSvg(numbers, pagePalette) : undefined
}

/** Beside its number, so nobody has to read it. */
function bar(size: number): Markup {
  const width = Math.round(size * 1000) / 10
  return markup`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="6"/><rect width="${width}" height="6"/></svg>`
}

/** The tick is where the other share is. */
function gaugeBar({ size, tick, isOver }: Gauge): Markup {
  const percent = (share: number): number => Math.round(share * 1000) / 10
  return markup`<svg class="bar gauge${isOver ? ' over' : ''}" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3" width="100" height="6"/><rect y="3" width="${percent(size)}" height="6"/><path d="M${percent(tick)} 0V12"/></svg>`
}

function total({ column, words }: WordColumn, totals: Row, place: number): Markup {
  const cell = totals[column.key]
  const missing = cell === undefined || cell === null
  if (place === 0 && missing) return markup`<th scope="row">Total</th>`
  if (column.kind === 'series' && !missing) return markup`<td>${series(cell)}</td>`
  const blank = cell === undefined || (missing && !isNumeric(column.kind))
  return markup`<td${classes(column)}>${blank ? '' : (words.at(-1)?.text ?? '')}</td>`
}
