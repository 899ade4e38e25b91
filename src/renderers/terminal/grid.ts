/** A section as lines of text: heading, thin rule, rows, and the total set apart. */
import type { Section } from '../../reports/report.js'
import { barSizes, hasBars } from '../bars.js'
import { seriesWords, type Words } from '../cells.js'
import { fit, gap, type Placed } from '../fit.js'
import type { Paint } from './paint.js'
import { tracksOf } from '../tracks.js'
import { isNumeric } from '../values.js'
import { cutEnd, cutMiddle, pad, width } from '../width.js'

export interface Grid {
  readonly lines: readonly string[]
  /** Titles of the columns for which there was no room. */
  readonly leftOut: readonly string[]
}

/** Lays a section out in `room` columns. */
export function grid(section: Section, room: number, tz: string, paint: Paint): Grid {
  const wanted = tracksOf(section, tz)
  const { placed, leftOut } = fit(wanted, room)
  const total = section.totals === undefined ? undefined : section.rows.length
  const drawn = placed.map((column) => withSparklines(column, section))
  const columns = drawn.flatMap((column) => withBars(column, section, spare(placed, room)))
  const rule = paint.quiet('─'.repeat(Math.min(room, wide(columns))))
  const row = (index: number): string => line(columns.map((column) => cell(column, index, paint)))
  const lines = [
    ...heading(columns).map((text) => paint.quiet(text)),
    rule,
    ...(wanted[0]?.words ?? []).slice(0, total).map((_, index) => row(index)),
    ...(total === undefined ? [] : [rule, paint.strong(row(total))]),
  ]
  return { lines, leftOut }
}

function wide(columns: readonly Placed[]): number {
  return columns.reduce((sum, column) => sum + column.width, gap * Math.max(0, columns.length - 1))
}

function spare(placed: readonly Placed[], room: number): number {
  const barred = placed.filter(({ column }) => hasBars(column)).length
  return barred === 0 ? 0 : Math.floor((room - wide(placed)) / barred) - gap
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

function heading(columns: readonly Placed[]): string[] {
  const height = Math.max(...columns.map((column) => column.heading.length), 0)
  return Array.from({ length: height }, (_, index) => {
    const parts = columns.map((column) => {
      const text = column.heading[index - height + column.heading.length] ?? ''
      return pad(cutEnd(text, column.width), column.width, side(column))
    })
    return line(parts)
  })
}

/** Numbers stand on the right of their column, so that digits align. */
function side({ column }: Placed): 'left' | 'right' {
  return isNumeric(column.kind) ? 'left' : 'right'
}

function cell(placed: Placed, index: number, paint: Paint): string {
  const { text, tone } = placed.words[index] ?? { text: '' }
  const short = text.includes(' ') ? cutEnd(text, placed.width) : cutMiddle(text, placed.width)
  const space = ' '.repeat(Math.max(0, placed.width - width(short)))
  const painted = short === '' ? '' : paint.toned(short, tone)
  return side(placed) === 'left' ? space + painted : painted + space
}

function line(parts: readonly string[]): string {
  return parts.join(' '.repeat(gap)).trimEnd()
}
