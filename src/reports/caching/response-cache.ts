/** Hits of the response cache: as facts, by group, and by kind with the age of what was served. */
import { timeText } from '../../domain/time/duration.js'
import type { Dimension } from '../../domain/dimensions.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { count, percent } from '../../domain/words/wording.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import type { ResponseCacheRow } from '../../metrics/caching/response-cache.js'
import { groupSection } from '../breakdown.js'
import { column, measureColumn } from '../columns.js'
import type { Cell, Column, Row, Section } from '../report.js'
import { nameOf, titleBy } from '../sentences.js'

type Fact = readonly [Column, Cell]

const responseTotal = (rows: readonly ResponseCacheRow[]): ResponseCacheRow | undefined =>
  rows.find(({ row }) => row === 'total')

export function responseFacts(rows: readonly ResponseCacheRow[]): Fact[] {
  const total = responseTotal(rows)
  if (total === undefined || total.cache_hit_rate === null) return []
  const hits = (kind: string): number =>
    rows
      .filter((one) => one.row === 'kind' && one.cache_type === kind)
      .reduce((sum, one) => sum + Number(one.cache_hits), 0)
  const typed = rows.some((one) => one.row === 'kind' && one.cache_type !== null)
  const aged = Number(total.cache_age_hits) > 0
  return [
    [column('cache_hits', 'answered from the response cache', 'count'), total.cache_hits],
    [column('cache_hit_rate', 'response cache hit rate', 'rate'), total.cache_hit_rate],
    ...(typed
      ? ([
          [column('exact_cache_hits', 'exact hits', 'count'), hits('exact')],
          [column('semantic_cache_hits', 'semantic hits', 'count'), hits('semantic')],
        ] as const)
      : []),
    [column('avoided_cost_usd', 'cost avoided by it', 'usd'), total.avoided_cost_usd],
    ...(aged
      ? ([
          [column('p50_cache_age_ms', 'age of what was served, p50', 'ms'), total.p50_cache_age_ms],
          [column('max_cache_age_ms', 'age of what was served, max', 'ms'), total.max_cache_age_ms],
        ] as const)
      : []),
  ]
}

/** Logs that say only of hits that they are hits have a hit rate of 100 %, which is none. */
export function responseNotes(rows: readonly ResponseCacheRow[]): string[] {
  return rows.flatMap((one) => {
    if (one.row !== 'source' || Number(one.cache_hits) === 0) return []
    const { calls, cache_hits: hits, hits_only_files: files } = one
    const source = nameOf(one.source)
    if (hits === one.cache_logging_calls && Number(calls) === Number(hits))
      return [`Every call of ${source} in this window is a hit: misses may not be logged.`]
    if (hits === one.cache_logging_calls)
      return [
        `${source} logs hits of the response cache only where there is one: its hit rate of 100% is of ${counted(hits, 'such call', 'such calls')}; of all its ${count(calls)} calls they are ${percent(Number(hits) / Number(calls))}.`,
      ]
    if (Number(files) === 0) return []
    return [
      `${counted(files, 'file', 'files')} of ${source} ${plural(files, 'logs', 'log')} hits of the response cache only where there is one (${count(one.hits_only_hits)} in ${count(one.hits_only_calls)} calls): the hit rate is too high.`,
    ]
  })
}

/** Figures of the response cache by group. */
export const responseMeasures: readonly MeasureName[] = [
  'calls',
  'cache_hits',
  'cache_hit_rate',
  'exact_cache_hits',
  'semantic_cache_hits',
  'avoided_cost_usd',
  'p50_cache_age_ms',
  'p95_cache_age_ms',
  'max_cache_age_ms',
]

export function responseSection(by: readonly Dimension[], rows: readonly BreakdownRow[]): Section {
  const blank = (name: string): boolean => rows.every((row) => Number(row[name as MeasureName] ?? 0) === 0)
  const needless = ['exact_cache_hits', 'semantic_cache_hits', ...responseMeasures.slice(-3)]
  const spec = { id: 'response_cache', title: titleBy('Response cache', by), by, measures: responseMeasures }
  const section = groupSection(spec, rows)
  if (blank('cache_hits') && rows.every((row) => (row.cache_hit_rate ?? null) === null)) {
    const empty =
      'no call says whether a response cache answered it; --map cache_hit=<path> takes it from the log'
    return { id: section.id, title: section.title, columns: section.columns, rows: [], empty }
  }
  // Where no call says whether it was a hit, none is not what is known.
  const known = section.rows.map((row) =>
    row['cache_hit_rate'] === null ? { ...row, cache_hits: null } : row,
  )
  return {
    ...section,
    rows: known,
    columns: section.columns.map((one) =>
      needless.includes(one.key) && blank(one.key) ? { ...one, dataOnly: true as const } : one,
    ),
  }
}

const kindColumns: readonly Column[] = [
  { ...column('cache_type', 'kind of hit', 'text'), dimension: true },
  column('cache_hits', 'hits', 'count'),
  column('hit_share', 'share', 'share'),
  measureColumn('avoided_cost_usd', 'always'),
  column('cache_age_hits', 'with an age', 'count', 3),
  { ...measureColumn('p50_cache_age_ms', 'always'), title: 'age p50' },
  { ...measureColumn('p95_cache_age_ms', 'always'), title: 'age p95' },
  { ...measureColumn('max_cache_age_ms', 'always'), title: 'age max' },
]

/** Hits by kind, with the age of what was served; none where the log tells neither. */
export function hitKindSections(rows: readonly ResponseCacheRow[]): Section[] {
  const total = responseTotal(rows)
  const kinds = rows.filter(({ row }) => row === 'kind')
  const hits = Number(total?.cache_hits ?? 0)
  const told = kinds.some(({ cache_type: kind }) => kind !== null) || Number(total?.cache_age_hits ?? 0) > 0
  if (total === undefined || hits === 0 || !told) return []
  const figures = (one: ResponseCacheRow): Row => ({
    cache_type: one.cache_type,
    cache_hits: one.cache_hits,
    hit_share: Number(one.cache_hits) / hits,
    avoided_cost_usd: one.avoided_cost_usd,
    cache_age_hits: one.cache_age_hits,
    p50_cache_age_ms: one.p50_cache_age_ms,
    p95_cache_age_ms: one.p95_cache_age_ms,
    max_cache_age_ms: one.max_cache_age_ms,
  })
  const aged = Number(total.cache_age_hits) > 0
  return [
    {
      id: 'response_cache_hits',
      title: 'Hits of the response cache',
      columns: kindColumns.map((one) =>
        aged || !one.key.includes('age_') ? one : { ...one, dataOnly: true as const },
      ),
      rows: kinds.map(figures),
      totals: figures(total),
      notes: aged
        ? [
            `Age: how old the answer was that was served, by the log's own label: half of them over ${timeText(Number(total.p50_cache_age_ms))}, the oldest ${timeText(Number(total.max_cache_age_ms))}.`,
          ]
        : ['No hit tells the age of what was served (a label such as cache_age_s).'],
    },
  ]
}
