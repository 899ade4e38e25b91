/** A section as lines of text: heading, thin rule, rows, and the total set apart. */
import type { Section } from '../../reports/report.js'
import { barSizes, hasBars } from '../bars.js'
import { seriesWords, type Words } from '../cells.js'
import { fit, type Placed } from '../fit.js'
import { framed, type Content, type Frame, type Lane } from './frame.js'
import type { Paint } from './paint.js'
import { wordColumnsOf } from '../word-columns.js'
import { isNumeric } from '../values.js'
import { cutEnd, cutMiddle, wrap } from '../width.js'

export interface Grid {
  readonly lines: readonly string[]
  /** Titles of the columns for which there was no room. */
  readonly leftOut: readonly string[]
}

/** Lays a section out in `room` columns. */
export function grid(section: Section, room: number, tz: string, paint: Paint, frame: Frame): Grid {
  const wanted = wordColumnsOf(section, tz)
  const inner = room - frame.edges
  const { placed, leftOut } = fit(wanted, inner, frame.gap)
  const free = spare(placed, inner, frame.gap)
  const columns = placed
    .map((column) => withSparklines(column, section))
    .flatMap((column) => withBars(column, section, free))
    .filter((column) => column.width > 0)
  const row = (index: number): Content[] => columns.map((column) => cell(column, index, paint))
  const { length } = wanted[0]?.words ?? []
  const total = section.totals === undefined ? [] : [row(section.rows.length)]
  const rows = Array.from({ length: length - total.length }, (_, index) => row(index))
  return { lines: lines({ columns, rows, total }, frame, paint), leftOut }
}

interface Parts {
  readonly columns: readonly Placed[]
  readonly rows: readonly (readonly Content[])[]
  readonly total: readonly (readonly Content[])[]
}

function lines({ columns, rows, total }: Parts, frame: Frame, { quiet, strong }: Paint): string[] {
  const lanes = columns.map((column): Lane => ({ width: column.width, side: side(column) }))
  const heads = [columns.map(heading)].filter((cells) => cells.some(({ text }) => text !== ''))
  return [
    ...framed(heads, lanes, frame, { above: 'top', below: 'rule', stand: 'bottom', quiet, row: quiet }),
    ...framed(rows, lanes, frame, {
      ...(heads.length === 0 && { above: 'rule' }),
      ...(total.length === 0 && { below: 'bottom' }),
      quiet,
    }),
    ...framed(total, lanes, frame, { above: 'rule', below: 'bottom', quiet, row: strong }),
  ]
}

/** Room for each column of bars. */
function spare(placed: readonly Placed[], room: number, gap: number): number {
  const barred = placed.filter(({ column }) => hasBars(column)).length
  const wide = placed.reduce((sum, column) => sum + column.width, gap * Math.max(0, placed.length - 1))
  return barred === 0 ? 0 : Math.floor((room - wide) / barred) - gap
}

/** A series is drawn for the room that its column was given. */
function withSparklines(placed: Placed, { rows, totals }: Section): Placed {
  const { column, words, width: room } = placed
  if (column.kind !== 'series') return placed
  const body = seriesWords(
    column,
    rows.map((row) => row[column.key]),
    room,
  )
  const total = totals?.[column.key]
  const last = Array.isArray(total) ? seriesWords(column, [total], room) : words.slice(rows.length)
  return { ...placed, words: [...body, ...last] }
}

const longestBar = 20
/** Where bars are what the table is for. */
const longestChart = 40
const shortestBar = 5

/** A share or an amount, followed by a column of bars where the terminal has room. */
function withBars(placed: Placed, section: Section, room: number): Placed[] {
  const { column } = placed
  const sizes = barSizes(
    column,
    section.rows.map((row) => row[column.key]),
  )
  if (sizes === undefined || room < shortestBar) return [placed]
  const length = Math.min(room, column.bars ? longestChart : longestBar)
  const words = sizes.map((size): Words => ({ text: bar(size, length), tone: 'quiet' }))
  return [placed, { column: { ...column, kind: 'text' }, heading: [], words, width: length }]
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of up to `length` blocks, to the eighth of a block; anything above zero shows. */
function bar(part: number, length: number): string {
  const steps = part > 0 ? Math.max(1, Math.round(part * length * 8)) : 0
  return '█'.repeat(Math.floor(steps / 8)) + (eighths[steps % 8] ?? '')
}

function heading(column: Placed): Content {
  return { text: column.heading.map((text) => cutEnd(text, column.width)).join('\n') }
}

/** Numbers stand on the right of their column, so that digits align. */
function side({ column }: Placed): Lane['side'] {
  return isNumeric(column.kind) ? 'right' : 'left'
}

function cell(placed: Placed, index: number, paint: Paint): Content {
  const { text, tone } = placed.words[index] ?? { text: '' }
  if (placed.column.wraps) return { text: wrap(text, placed.width).join('\n') }
  const short = text.includes(' ') ? cutEnd(text, placed.width) : cutMiddle(text, placed.width)
  return { text: short, paint: (shown) => paint.toned(shown, tone) }
}
