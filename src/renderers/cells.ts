/** Cells for people: a column's values in words, all on one scale, each with what its tone should say. */
import {
  absent,
  bytesScale,
  changeScale,
  countScale,
  inWords,
  moneyScale,
  moneySign,
  msScale,
  numberScale,
  percentScale,
  priceScale,
  shortCount,
  type Quantity,
  type Scale,
} from '../domain/words/wording.js'
import type { ColumnKind } from '../domain/column-kind.js'
import type { Currency } from '../domain/costs/currency.js'
import type { Cell, Column } from '../reports/report.js'
import { jsonText } from './json.js'
import { longestSparkline, sparkline } from './sparkline.js'
import { timeWords } from './times.js'
import { digitsOf, isAbsent, isNumeric, seriesDigits } from './values.js'
import { visibleOnPage } from '../domain/words/hidden.js'

/** quiet: there is nothing here. good, caution, bad: a change for the better or the worse. */
export type Tone = 'quiet' | 'good' | 'caution' | 'bad'

export interface Words {
  readonly text: string
  readonly tone?: Tone
}

const scales: Partial<Record<ColumnKind, (values: readonly Quantity[], currency?: Currency) => Scale>> = {
  count: countScale,
  usd: moneyScale,
  price: priceScale,
  share: percentScale,
  rate: percentScale,
  change: changeScale,
  number: numberScale,
  ms: msScale,
}

/** How numbers of a column that stand together are written; undefined for kinds that are not numbers. */
export function scaleOf(
  { kind, currency }: Pick<Column, 'kind' | 'currency'>,
  numbers: readonly Quantity[],
): Scale | undefined {
  return scales[kind]?.(numbers, currency)
}

const withSign = (scale: Scale | undefined, { signed }: Column): Scale | undefined =>
  scale && signed ? { ...scale, signed } : scale

/** The words of one column, in the order of its cells; `tz` is the zone in which times are shown. */
export function columnWords(column: Column, cells: readonly (Cell | undefined)[], tz: string): Words[] {
  return approximately(column, cells, exactly(column, cells, tz))
}

/** With ≈ before numbers that are within half a percent. */
function approximately(column: Column, cells: readonly (Cell | undefined)[], words: Words[]): Words[] {
  if (!column.approximate) return words
  return words.map((one, i) =>
    digitsOf(cells[i], column.kind) === undefined ? one : { ...one, text: `≈${one.text}` },
  )
}

function exactly(column: Column, cells: readonly (Cell | undefined)[], tz: string): Words[] {
  const numbers = cells.map((cell) => digitsOf(cell, column.kind))
  const scale = withSign(scaleOf(column, numbers), column)
  if (column.exact) return exactWords(column, cells, numbers)
  if (column.kind === 'series') return seriesWords(column, cells)
  const times = column.kind === 'time' ? timeWords(cells, tz) : undefined
  return cells.map((cell, index) => {
    // Null is not known; a row without the key has nothing there.
    if (cell === undefined) return { text: '' }
    if (isAbsent(cell)) return absentWords(column)
    const digits = numbers[index]
    if (column.verbatim && digits !== undefined) return { text: digits }
    if (digits === undefined) return { ...textWords(times?.[index] ?? cell), ...statusTone(column, cell) }
    if (scale !== undefined) return { text: inWords(digits, scale), ...toneOf(column, digits) }
    return { text: column.kind === 'bytes' ? inWords(digits, bytesScale([digits])) : digits }
  })
}

/** Sparklines of at most `room` letters; a gap is a space, or what stands for one. */
export function seriesWords(
  column: Column,
  cells: readonly (Cell | undefined)[],
  room = longestSparkline,
  gap = ' ',
): Words[] {
  return cells.map((cell) => {
    const series = seriesDigits(cell)
    if (series === undefined) return isAbsent(cell) ? absentWords(column) : textWords(cell)
    return { text: sparkline(series, room, gap) }
  })
}

/** Amounts with all their digits, padded to one scale. */
function exactWords(
  column: Column,
  cells: readonly (Cell | undefined)[],
  numbers: readonly (string | undefined)[],
): Words[] {
  const places = Math.max(2, ...numbers.map((digits) => digits?.split('.')[1]?.length ?? 0))
  return cells.map((cell, index) => {
    const digits = numbers[index]
    if (isAbsent(cell) || digits === undefined) return absentWords(column)
    const [whole = '0', fraction = ''] = digits.split('.')
    return {
      text: `${whole.startsWith('-') ? '-' : ''}${moneySign(column.currency)}${whole.replace('-', '')}.${fraction.padEnd(places, '0')}`,
    }
  })
}

/** The same column in three digits a number, where that saves room; undefined for other kinds. */
export function shortWords(column: Column, cells: readonly (Cell | undefined)[]): Words[] | undefined {
  const large = cells.some((cell) => Math.abs(Number(digitsOf(cell, column.kind) ?? 0)) >= 1e6)
  if (column.kind !== 'count' || column.verbatim || !large) return undefined
  const words = cells.map((cell) => {
    const digits = digitsOf(cell, column.kind)
    return isAbsent(cell)
      ? absentWords(column)
      : digits === undefined
        ? textWords(cell)
        : { text: shortCount(digits) }
  })
  return approximately(column, cells, words)
}

function absentWords({ kind, dimension }: Column): Words {
  if (dimension) return { text: '(none)', tone: 'quiet' }
  const blank = !isNumeric(kind)
  return { text: blank ? '' : absent, tone: 'quiet' }
}

function textWords(cell: Exclude<Cell, null>): Words {
  if (typeof cell === 'boolean') return { text: cell ? 'yes' : 'no' }
  if (typeof cell === 'string') {
    // An empty label is a label too, and not the same as none.
    if (cell.trim() === '') return { text: `"${visibleOnPage(cell)}"`, tone: 'quiet' }
    return cell === '(others)' ? { text: cell, tone: 'quiet' } : { text: visibleOnPage(cell) }
  }
  const words = Array.isArray(cell) && cell.every((item) => typeof item === 'string')
  return { text: words ? visibleOnPage(cell.join(', ')) : visibleOnPage(jsonText(cell)) }
}

/** How a word of a status sounds. */
export function statusTone({ tones }: Column, cell: Cell | undefined): { tone?: Tone } {
  const tone = typeof cell === 'string' && tones && Object.hasOwn(tones, cell) ? tones[cell] : undefined
  return tone === undefined ? {} : { tone }
}

/** A change for the better is good, one for the worse a caution, from a fifth on bad; others have no tone. */
export function toneOf({ kind, better }: Pick<Column, 'kind' | 'better'>, digits: string): { tone?: Tone } {
  const value = Number(digits)
  if (kind !== 'change' || better === undefined || Math.abs(value) < 0.005) return {}
  const worsening = better === 'more' ? -value : value
  if (worsening < 0) return { tone: 'good' }
  return { tone: worsening >= 0.2 ? 'bad' : 'caution' }
}
