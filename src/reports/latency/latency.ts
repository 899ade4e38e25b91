/** How fast calls were answered: `llmcost latency`, and the section of the weekly report. */
import { timeText } from '../../domain/time/duration.js'
import type { Bounds } from '../../domain/bounds.js'
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { plural } from '../../domain/words/plurals.js'
import { count, number } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { groupSection } from '../breakdown.js'
import { approximateWords } from '../columns.js'
import { aboutGroup, groupName, nameOf, titleBy } from '../sentences.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Column, Finding, Report, Section } from '../report.js'

/** Headings in this table, and how soon a narrow terminal leaves a column out. */
const looks: Readonly<Partial<Record<MeasureName, readonly [title: string, optional?: number]>>> = {
  timed_provider_calls: ['provider calls', 2],
  p50_provider_latency_ms: ['provider p50'],
  p95_provider_latency_ms: ['provider p95'],
  p99_provider_latency_ms: ['provider p99'],
  max_provider_latency_ms: ['provider max'],
  p50_ttft_ms: ['first token p50', 1],
  p95_ttft_ms: ['first token p95', 2],
  p50_output_tokens_per_second: ['tokens/s p50', 1],
  cache_hits: ['cache hits', 4],
  p50_hit_latency_ms: ['hits p50', 3],
  failed_calls: ['failed calls', 4],
  p50_failed_latency_ms: ['failed p50', 3],
  p95_failed_latency_ms: ['failed p95', 4],
  untimed_calls: ['without latency', 5],
}

const shown = Object.keys(looks) as readonly MeasureName[]

/** Over all calls, hits and failures included, as everywhere else: for programs, which know them by these names. */
const overAll = ['p50_latency_ms', 'p95_latency_ms', 'p99_latency_ms', 'max_latency_ms'] as const

/** Figures that the table, its notes and its findings need. */
export const latencyMeasures: readonly MeasureName[] = [
  'calls',
  ...shown,
  ...overAll,
  'ttft_calls',
  'unpriced_calls',
  'partly_priced_calls',
]

/** Figures that models of one feature are compared by. */
export const pairMeasures: readonly MeasureName[] = [
  'timed_provider_calls',
  'p50_provider_latency_ms',
  'mean_output_tokens',
]

type Row = BreakdownRow

/** @param more measures to show beside the usual ones, first */
export function latencySection(
  id: string,
  by: readonly Dimension[],
  rows: readonly Row[],
  more: readonly MeasureName[] = [],
): Section {
  const measures = [...new Set<MeasureName>(['calls', ...more, ...shown, ...overAll])]
  const section = groupSection({ id, title: titleBy('Latency', by), by, measures }, rows)
  const total = rows.find(({ is_total: isTotal }) => isTotal)
  if (total === undefined || Number(total.calls ?? 0) === Number(total.untimed_calls ?? 0)) {
    const empty = 'no call logs its latency; --map latency_ms=<path> takes it from the log'
    return { id, title: section.title, columns: section.columns, rows: [], empty }
  }
  const columns = section.columns.map((column) => latencyColumn(column, rows, more))
  return { ...section, columns, notes: notesOf(total) }
}

/** With the heading of this table; for programs only where nothing stands in it. */
function latencyColumn(column: Column, rows: readonly Row[], more: readonly MeasureName[]): Column {
  const { optional: _, ...always } = column
  if (more.some((name) => name === column.key)) return always
  if (column.key === 'calls' || overAll.some((name) => name === column.key))
    return { ...always, dataOnly: true }
  const [title, optional] = looks[column.key as MeasureName] ?? [column.title]
  const blank = rows.every((row) => Number(row[column.key as MeasureName] ?? 0) === 0)
  return {
    ...always,
    title,
    ...(optional === undefined ? {} : { optional }),
    ...(blank && optional !== undefined ? { dataOnly: true as const } : {}),
  }
}

function notesOf(total: Row): string[] {
  const [hits, failed] = [Number(total.cache_hits ?? 0), Number(total.failed_calls ?? 0)]
  const apart = [
    ...(hits > 0 ? [`${count(hits)} response-cache ${plural(hits, 'hit')}`] : []),
    ...(failed > 0 ? [`${count(failed)} failed ${plural(failed, 'call')}`] : []),
  ].join(' and ')
  const untimed = Number(total.untimed_calls ?? 0)
  return [
    ...(apart === ''
      ? []
      : [
          `provider p50 to max, first token and tokens/s are of calls that a provider answered, without ${apart}.`,
        ]),
    ...speedNote(total),
    ...(untimed === 0
      ? []
      : [`${count(untimed)} of ${count(total.calls)} calls log no latency and are left out.`]),
  ]
}

/** What output tokens a second are divided by. */
function speedNote(total: Row): string[] {
  if ((total.p50_output_tokens_per_second ?? null) === null) return []
  const [timed, first] = [Number(total.timed_provider_calls ?? 0), Number(total.ttft_calls ?? 0)]
  const after = 'tokens/s: output tokens over the time after the first token'
  if (first >= timed) return [`${after}.`]
  if (first === 0) return ['tokens/s: output tokens over the whole latency; no call logs its first token.']
  return [`${after} where that is logged (${count(first)} of ${count(timed)} calls), else over the latency.`]
}

/** A tail below this hurts nobody, however far from the median, ms. */
const slowTailMs = 1000

/** Groups whose slowest calls are far beyond their median. */
export function tailFindings(by: readonly Dimension[], rows: readonly Row[], bounds: Bounds): Finding[] {
  return groupsOf(rows).flatMap((row): Finding[] => {
    const [p50, p99] = [Number(row.p50_provider_latency_ms ?? 0), Number(row.p99_provider_latency_ms ?? 0)]
    const enough = Number(row.timed_provider_calls ?? 0) >= bounds.minimum_calls
    if (!enough || p50 === 0 || p99 < slowTailMs || p99 <= p50 * bounds.p99_over_p50_latency) return []
    const text = `${groupName(by, row)}: one call in a hundred takes over ${timeText(p99)}, ${number(rounded(p99 / p50))} times the median of ${timeText(p50)} (bound ${number(bounds.p99_over_p50_latency)})${approximateWords('p99_provider_latency_ms', row)}`
    return [
      {
        kind: 'latency_tail',
        severity: 'warning',
        ...aboutGroup(by, row),
        measured: p99 / p50,
        bound: bounds.p99_over_p50_latency,
        text,
        touchedUsd: costOf(row),
      },
    ]
  })
}

const costOf = ({ cost_usd: cost }: Row): number | null =>
  cost === null || cost === undefined ? null : Number(cost)

const rounded = (value: number): number => Number(value.toPrecision(3))

function groupsOf(rows: readonly Row[]): readonly Row[] {
  const groups = rows.filter((row) => !row.is_total && !row.is_others)
  return groups.length === 0 ? rows.filter((row) => row.is_total) : groups
}

/** Output of the slower model beyond this many times that of the other explains its time, and no finding. */
const longerOutput = 2

/** Models much slower than the fastest in the same feature; rows by feature and model. */
export function slowModelFindings(rows: readonly Row[], bounds: Bounds): Finding[] {
  const pairs = groupsOf(rows).filter(
    (row) =>
      row.d1 !== null &&
      row.d1 !== undefined &&
      Number(row.timed_provider_calls ?? 0) >= bounds.minimum_calls &&
      Number(row.p50_provider_latency_ms ?? 0) > 0,
  )
  return pairs.flatMap((slow): Finding[] => {
    const rivals = pairs
      .filter((row) => row.d0 === slow.d0 && isComparable(slow, row))
      .toSorted((a, b) => medianOf(a) - medianOf(b))
    const fast = rivals[0]
    if (fast === undefined || medianOf(slow) <= medianOf(fast) * bounds.model_latency_ratio) return []
    const times = medianOf(slow) / medianOf(fast)
    const text = `${nameOf(slow.d0 ?? null)}: ${nameOf(slow.d1 ?? null)} takes ${timeText(medianOf(slow))} at the median, ${number(rounded(times))} times as long as ${nameOf(fast.d1 ?? null)} with ${timeText(medianOf(fast))} for output of like length (bound ${number(bounds.model_latency_ratio)})`
    return [
      {
        kind: 'slow_model',
        severity: 'info',
        ...aboutGroup([dimensionOf('feature'), dimensionOf('model')], slow),
        measured: times,
        bound: bounds.model_latency_ratio,
        text,
        touchedUsd: costOf(slow),
      },
    ]
  })
}

const medianOf = (row: Row): number => Number(row.p50_provider_latency_ms ?? 0)

function isComparable(slow: Row, fast: Row): boolean {
  const [longer, other] = [slow.mean_output_tokens ?? null, fast.mean_output_tokens ?? null]
  return longer !== null && other !== null && Number(longer) <= Number(other) * longerOutput
}

interface LatencyAnswer {
  readonly scope: Scope
  readonly by: readonly Dimension[]
  readonly rows: readonly Row[]
  /** The same over time, shown beside it. */
  readonly overTime: readonly Section[]
  /** By feature and model. */
  readonly pairs: readonly Row[]
  readonly more: readonly MeasureName[]
  readonly bounds: Bounds
  readonly doubts: Doubts
}

export function latencyReport(answer: LatencyAnswer): Report {
  const { scope, by, rows, overTime, pairs, more, bounds, doubts } = answer
  const section = latencySection('latency', by, rows, more)
  const empty = emptyText(doubts)
  const { id, title, columns } = section
  return {
    kind: 'latency',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [
      Number(doubts.calls ?? 0) === 0 ? { id, title, columns, rows: [], empty } : section,
      ...overTime.map((one) => ({ ...one, beside: true as const })),
    ],
    findings: [...tailFindings(by, rows, bounds), ...slowModelFindings(pairs, bounds)],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}
