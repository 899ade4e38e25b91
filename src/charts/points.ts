/** What a chart draws, read from the rows of its section: numbers to measure by, words to read. */
import { columnWords } from '../renderers/cells.js'
import { digitsOf } from '../renderers/values.js'
import type { Chart, Column, Row, Section } from '../reports/report.js'

export interface Point {
  /** The bucket in words, whole and as an axis has room for. */
  readonly bucket: string
  readonly tick: string
  readonly y: number | undefined
  /** y in words; empty when there is none. */
  readonly words: string
  readonly expected: number | undefined
  /** expected in words, with what it is: `p50 3.1 s`; empty when there is none. */
  readonly expectedWords: string
  readonly low: number | undefined
  readonly high: number | undefined
  readonly mark: string | undefined
  readonly partial: boolean
  /** What y is made of, from below; empty where it is drawn whole. */
  readonly parts: readonly number[]
  /** What stands behind it. */
  readonly ghost: number | undefined
}

export interface Drawing {
  readonly chart: Chart
  readonly points: readonly Point[]
  readonly y: Column
  readonly expected: Column | undefined
  /** Whether any point has one. */
  readonly has: {
    readonly expected: boolean
    readonly band: boolean
    readonly marks: boolean
    readonly partial: boolean
    readonly ghost: boolean
  }
  /** Names of the parts, from below. */
  readonly parts: readonly string[]
  readonly ghost: Column | undefined
  readonly bound: { readonly value: number; readonly title: string; readonly isBeyond: boolean } | undefined
}

/** Undefined when the section has no chart, or nothing to draw in it. */
export function drawingOf(section: Section, tz: string): Drawing | undefined {
  const { chart } = section
  const columns = chart?.columns ?? section.columns
  const y = columns.find(({ key }) => key === chart?.y)
  if (chart === undefined || y === undefined) return undefined
  const points = pointsOf(chart, chart.points ?? section.rows, columns, y, tz)
  if (!points.some(({ y, expected }) => y !== undefined || expected !== undefined)) return undefined
  const bound = amount({ value: chart.bound?.value ?? null }, 'value', y)
  return {
    chart,
    points,
    y,
    expected: columns.find(({ key }) => key === chart.expected),
    has: {
      expected: points.some(({ expected }) => expected !== undefined),
      band: points.some(({ low, high }) => low !== undefined && high !== undefined),
      marks: points.some(({ mark }) => mark !== undefined),
      partial: points.some(({ partial }) => partial),
      ghost: points.some(({ ghost }) => ghost !== undefined),
    },
    parts: (chart.parts ?? []).map((key) => columns.find((column) => column.key === key)?.title ?? key),
    ghost: columns.find(({ key }) => key === chart.ghost),
    bound:
      bound === undefined || chart.bound === undefined
        ? undefined
        : { value: bound, title: chart.bound.title, isBeyond: isBeyond(bound, points) },
  }
}

/** To show a bound that is further off, what is measured against it would be squashed. */
const highestBound = 2

function isBeyond(bound: number, points: readonly Point[]): boolean {
  const levels = points.flatMap(({ y, expected, high }) => [y ?? 0, expected ?? 0, high ?? 0])
  return bound > highestBound * Math.max(0, ...levels)
}

function pointsOf(
  chart: Chart,
  rows: readonly Row[],
  columns: readonly Column[],
  y: Column,
  tz: string,
): Point[] {
  const x = columns.find(({ key }) => key === chart.x) ?? { key: chart.x, title: '', kind: 'text' as const }
  const buckets = columnWords(
    x,
    rows.map((row) => row[chart.x]),
    tz,
  )
  const words = columnWords(
    y,
    rows.map((row) => row[chart.y]),
    tz,
  )
  const expected =
    chart.expected === undefined ? undefined : columns.find(({ key }) => key === chart.expected)
  const expectedWords = columnWords(
    { ...y, key: chart.expected ?? '' },
    rows.map((row) => row[chart.expected ?? '']),
    tz,
  )
  return rows.map((row, i) => {
    const value = amount(row, chart.y, y)
    const other = amount(row, chart.expected, y)
    const bucket = shortened(buckets[i]?.text ?? '')
    return {
      bucket,
      tick: tickOf(bucket),
      y: value,
      words: value === undefined ? '' : (words[i]?.text ?? ''),
      expected: other,
      // Where a forecast begins, it is what is known.
      expectedWords:
        other === undefined || other === value
          ? ''
          : `${expected?.title ?? 'expected'} ${expectedWords[i]?.text ?? ''}`,
      low: amount(row, chart.low, y),
      high: amount(row, chart.high, y),
      mark: markOf(row, chart.marks),
      partial: chart.partial !== undefined && row[chart.partial] === true,
      parts: (chart.parts ?? []).map((key) => Math.max(0, amount(row, key, y) ?? 0)),
      ghost: amount(row, chart.ghost, y),
    }
  })
}

/** Nothing in a picture is larger; beyond it, arithmetic on doubles would leave their range. */
const largest = 1e100

function amount(row: Row, key: string | undefined, { kind }: Column): number | undefined {
  const digits = key === undefined ? undefined : digitsOf(row[key], kind)
  return digits === undefined ? undefined : Math.max(-largest, Math.min(largest, Number(digits)))
}

function markOf(row: Row, key: string | undefined): string | undefined {
  const mark = key === undefined ? null : row[key]
  if (mark === true) return ''
  return typeof mark === 'string' ? mark : undefined
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** An hour as a clock shows it. */
const shortened = (bucket: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(bucket) ? bucket.slice(0, 16).replace('T', ' ') : bucket

/** `2026-09-26` as `Sep 26`, `2026-09` as `Sep 2026`, `2026-09-26 08:00` as `Sep 26, 08:00`. */
function tickOf(bucket: string): string {
  const found = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[ T](\d\d:\d\d))?)?/.exec(bucket)
  const month = months[Number(found?.[2]) - 1]
  if (found === null || month === undefined) return bucket.length > 12 ? `${bucket.slice(0, 11)}…` : bucket
  const [, year, , day, time] = found
  if (day === undefined) return `${month} ${year}`
  return `${month} ${Number(day)}${time === undefined ? '' : `, ${time}`}`
}
