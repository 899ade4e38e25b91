/** Figures over time: `llmcost trend`, and the cost by day of the cost report. */
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import type { Bucket, Cut, Every } from '../../domain/time/timeline.js'
import { count } from '../../domain/words/wording.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { TrendRow } from '../../metrics/trend.js'
import { changeColumn, column, dimensionColumn, marked, measureColumn } from '../columns.js'
import { emptyText, footerOf, unheldBounds, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Chart, Column, Finding, Report, Row, Section } from '../report.js'
import { linesOf, type Line, type Point, type TrendMetric } from './trend-lines.js'

export interface TrendAnswer {
  readonly scope: Scope
  readonly every: Every
  readonly by: readonly Dimension[]
  readonly metrics: readonly TrendMetric[]
  readonly buckets: readonly Bucket[]
  readonly rows: readonly TrendRow[]
}

/** More lines are for programs, which have them all. */
const longest = 100

export function trendReport(
  answer: TrendAnswer,
  growth: { readonly sections: readonly Section[]; readonly findings?: readonly Finding[] },
  doubts: Doubts,
): Report {
  const { scope } = answer
  const section = trendSection(answer)
  const none = Number(doubts.calls ?? 0) === 0
  const empty = emptyText(doubts)
  return {
    kind: 'trend',
    title: section.title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: none
      ? [{ id: section.id, title: section.title, columns: section.columns, rows: [], empty }]
      : [section, ...growth.sections.map((one) => ({ ...one, beside: true as const }))],
    findings: none ? [] : (growth.findings ?? []),
    warnings: warningsOf(doubts),
    footer: [
      ...footerOf(doubts.history),
      ...(growth.sections.length === 0 ? [] : unheldBounds(['growth_usd'], scope.currency)),
    ],
  }
}

/** A span of time that stands out in a trend. */
export interface Mark {
  /** Half-open, ISO 8601 UTC. */
  readonly since: string
  readonly until: string
  /** Why, in a few words. */
  readonly text: string
}

/** What stands out in a bucket: its words where it begins to be seen, `true` where it goes on; null for nothing. */
function markOf({ from, to }: Bucket, marks: readonly Mark[], first: boolean): Cell {
  const within = marks.filter(({ since, until }) => Date.parse(since) < to && Date.parse(until) > from)
  const begun = within.filter(({ since }) => first || Date.parse(since) >= from)
  if (begun.length > 0) return begun.map(({ text }) => text).join('; ')
  return within.length > 0 ? true : null
}

/** One row a bucket and group for programs; for people one a bucket, or one a group with its sparkline. */
export function trendSection(answer: TrendAnswer, id = 'trend', marks: readonly Mark[] = []): Section {
  const { by, metrics, every } = answer
  const lines = linesOf(answer)
  const total = lines.find(({ isTotal }) => isTotal)
  const shown = by.length === 0 ? lines : lines.filter(({ isTotal }) => !isTotal)
  const names = metrics.map(({ name }) => name)
  return {
    id,
    title: titleOf(answer),
    columns: [
      column('bucket', every, 'text'),
      ...by.map(dimensionColumn),
      column('partial', 'partial', 'boolean'),
      ...names.flatMap((name) => columnsOf(name, names, answer.rows)),
    ],
    rows: shown.flatMap(({ keys, points }) =>
      points.map((point, i) => ({
        bucket: point.bucket.label,
        ...keys,
        partial: point.bucket.cut !== null,
        ...(marks.length > 0 && { mark: markOf(point.bucket, marks, i === 0) }),
        ...figuresOf(names, point),
      })),
    ),
    ...(total && { totals: total.whole }),
    ...(by.length === 0 && { chart: chartOf(names[0]) }),
    ...(by.length === 0 ? bucketTable(answer, names, shown) : groupTable(answer, names, shown, total)),
  }
}

/** Amounts are bars; a rate, a mean or a quantile is a level. */
function chartOf(name: MeasureName = 'cost_usd'): Chart {
  const { kind } = measureColumn(name)
  const amount = (kind === 'usd' || kind === 'count') && !/^(mean|p\d\d|max)_|_per_/.test(name)
  return { kind: amount ? 'bars' : 'line', x: 'bucket', y: name, partial: 'partial', marks: 'mark' }
}

type Shown = Pick<Section, 'shownColumns' | 'shownRows' | 'shownTotals' | 'notes'>

const figuresOf = (names: readonly MeasureName[], { values, changes }: Point): Row =>
  Object.fromEntries(
    names.flatMap((name): [string, Cell][] => [
      [name, values[name] ?? null],
      [`${name}_change`, changes[name] ?? null],
    ]),
  )

/** A figure and its change. */
function columnsOf(
  name: MeasureName,
  names: readonly MeasureName[],
  rows: readonly TrendRow[],
): readonly [Column, Column] {
  return [marked(measureColumn(name, 'always'), name, rows), marked(changeOf(name, names), name, rows)]
}

function changeOf(name: MeasureName, names: readonly MeasureName[]): Column {
  const title = names.length === 1 ? 'change' : `change of ${measureColumn(name).title}`
  return changeColumn(`${name}_change`, title, name)
}

function titleOf({ by, metrics, every }: TrendAnswer): string {
  const what = listed(metrics.map(({ name }) => measureColumn(name).title))
  const groups = listed([every, ...by.map(dimensionNoun)])
  return `${what.charAt(0).toUpperCase()}${what.slice(1)} by ${groups}`
}

/** `a`, `a and b`, `a, b and c` */
function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

const cutWords: Readonly<Record<Cut, string>> = {
  running: 'not over',
  window: 'cut by the window',
  log: 'the log begins',
  clock: 'clock change',
}

/** A row a bucket, with bars. */
function bucketTable(
  { buckets, every, rows: found }: TrendAnswer,
  names: readonly MeasureName[],
  lines: readonly Line[],
): Shown {
  const labels = labelsOf(buckets, every)
  const rows = lines.flatMap(({ points }) =>
    points.map((point, i) => ({
      bucket: labels[i] ?? '',
      ...figuresOf(names, point),
      cut: point.bucket.cut === null ? null : cutWords[point.bucket.cut],
    })),
  )
  const cut = buckets.some((bucket) => bucket.cut !== null)
  const more = rows.length - longest
  return {
    shownColumns: [
      column('bucket', every === 'week' ? 'week from' : every, 'text'),
      ...names.flatMap((name, i) => {
        const [figure, change] = columnsOf(name, names, found)
        return [{ ...figure, ...(i === 0 && { bars: true as const }) }, change]
      }),
      ...(cut ? [column('cut', '', 'text')] : []),
    ],
    shownRows: rows.slice(-longest),
    ...(more > 0 && {
      notes: [`The last ${longest} of ${count(rows.length)} ${every}s; JSON and CSV have all.`],
    }),
  }
}

/** Dates with their weekday, hours as the clock shows them; an hour that comes twice with its offset. */
function labelsOf(buckets: readonly Bucket[], every: Every): readonly string[] {
  if (every === 'hour') {
    const clocks = buckets.map(({ label }) => label.slice(0, 16).replace('T', ' '))
    return clocks.map((clock, i) =>
      clocks.indexOf(clock) === clocks.lastIndexOf(clock)
        ? clock
        : `${clock} ${buckets[i]?.label.slice(19) ?? ''}`,
    )
  }
  if (every !== 'day') return buckets.map(({ label }) => label)
  return buckets.map(({ label }) => `${label} ${weekdays[new Date(label).getUTCDay()] ?? ''}`)
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** A row a group, with a sparkline of its whole buckets. */
function groupTable(
  { by, buckets, every, rows }: TrendAnswer,
  names: readonly MeasureName[],
  lines: readonly Line[],
  total: Line | undefined,
): Shown {
  const last = buckets.findLastIndex(({ cut }) => cut === null)
  const rowOf = ({ keys, whole, points }: Line): Row => ({
    ...keys,
    ...Object.fromEntries(
      names.flatMap((name): [string, Cell][] => [
        [
          `${name}_series`,
          points.map(({ bucket, values }) => (bucket.cut === null ? (values[name] ?? null) : null)),
        ],
        [name, whole[name] ?? null],
        [`last_${name}`, points[last]?.values[name] ?? null],
        [`${name}_change`, points[last]?.changes[name] ?? null],
      ]),
    ),
  })
  return {
    shownColumns: [
      ...by.map(dimensionColumn),
      ...names.flatMap((name) => {
        const figure = marked(measureColumn(name, 'always'), name, rows)
        return [
          figure,
          column(`${name}_series`, `by ${every}`, 'series'),
          { ...figure, key: `last_${name}`, title: `last ${every}`, optional: 1 },
          marked(changeColumn(`${name}_change`, 'change', name), name, rows),
        ]
      }),
    ],
    shownRows: lines.map(rowOf),
    ...(total && { shownTotals: rowOf({ ...total, keys: {} }) }),
    notes: cutNotes(buckets, every),
  }
}

/** What the sparklines leave out. */
function cutNotes(buckets: readonly Bucket[], every: Every): string[] {
  const reasons: Readonly<Record<Cut, string>> = {
    running: 'not over',
    window: 'cut by the window',
    log: 'begun before the log',
    clock: 'made short by a change of the clock',
  }
  const labels = labelsOf(buckets, every)
  const parts = (['log', 'window', 'clock', 'running'] as const).flatMap((cut) => {
    const found = labels.filter((_, i) => buckets[i]?.cut === cut)
    if (found.length === 0) return []
    const what = found.length > 2 ? `${found.length} ${every}s` : listed(found)
    return [`${what} (${reasons[cut]})`]
  })
  return parts.length === 0 ? [] : [`Lines and changes are of whole ${every}s, without ${listed(parts)}.`]
}
