/** Two sides as people compare them: one line a figure, with both values, their difference and the change. */
import { changeScale, inWords, type Quantity, type Scale } from '../domain/words/wording.js'
import type { Column, Row, Section } from '../reports/report.js'
import { scaleOf, toneOf, type Words } from './cells.js'
import type { WordColumn } from './fit.js'
import { digitsOf, shownColumns } from './values.js'
import { visible } from '../domain/words/hidden.js'

/** The section as columns of words; its rows are `a`, `b`, `difference` and `ratio`, by their key `side`. */
export function sideColumns({ columns, rows }: Section): WordColumn[] {
  const [label, ...figures] = shownColumns(columns)
  const row = (side: string): Row => rows.find((one) => one['side'] === side) ?? {}
  const heading = (side: string): string => {
    const text = row(side)[label?.key ?? '']
    return typeof text === 'string' ? text : side
  }
  const values = figures.map((figure) => valuesOf(figure, row('a'), row('b'), row('difference')))
  const column = (kind: Column['kind'], key: string): Column => ({ key, title: '', kind })
  return [
    {
      column: column('text', 'figure'),
      title: '',
      words: figures.map(({ title }) => ({ text: visible(title) })),
    },
    { column: column('number', 'a'), title: visible(heading('a')), words: values.map(([a]) => a) },
    { column: column('number', 'b'), title: visible(heading('b')), words: values.map(([, b]) => b) },
    { column: column('number', 'difference'), title: 'difference', words: values.map(([, , less]) => less) },
    { column: column('change', 'change'), title: 'change', words: changes(figures, row('ratio')) },
  ]
}

const none: Words = { text: '–', tone: 'quiet' }

/** Both values and their difference on one scale; the difference of two rates is in points. */
function valuesOf(
  figure: Column,
  a: Row,
  b: Row,
  less: Row,
): readonly [a: Words, b: Words, difference: Words] {
  const digits = [a, b, less].map((row) => digitsOf(row[figure.key], figure.kind))
  const scale = scaleOf(figure, digits)
  const words = (value: Quantity, on: Scale | undefined): Words =>
    value === undefined || on === undefined ? none : { text: inWords(value, on) }
  return [
    words(digits[0], scale),
    words(digits[1], scale),
    words(digits[2], signedScale(figure, digits, scale)),
  ]
}

/** As the values are written, with more decimals where nothing would be left of the difference. */
function signedScale(
  figure: Column,
  digits: readonly (string | undefined)[],
  shared: Scale | undefined,
): Scale | undefined {
  if (shared === undefined) return undefined
  const less = digits[2]
  const vanishes = Number(less ?? 0) !== 0 && !/[1-9]/.test(inWords(less, { ...shared, signed: true }))
  const { part: _, ...scale } = (vanishes ? scaleOf(figure, [less]) : undefined) ?? shared
  return { ...scale, signed: true, ...(scale.suffix === '%' ? { suffix: ' pt' } : {}) }
}

function changes(figures: readonly Column[], ratios: Row): Words[] {
  const values = figures.map(({ key }) => {
    const ratio = ratios[key]
    return typeof ratio === 'number' ? String(ratio - 1) : undefined
  })
  const scale = changeScale(values)
  return values.map((value, i) => {
    return value === undefined
      ? none
      : { text: inWords(value, scale), ...toneOf({ ...figures[i], kind: 'change' }, value) }
  })
}
