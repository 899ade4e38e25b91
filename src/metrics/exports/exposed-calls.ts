/**
 * Running sums over all calls by label, for `llmcost metrics`. Each label names so many values and adds up
 * the others as `other`. Which ones is kept in `label_members`, so that no series gives calls away to a new
 * one: a value is named from its first call on or never, and once a label has others it names no more values.
 */
import type { Dimension } from '../../domain/dimensions.js'
import { actingClassOfEngine } from '../../domain/words/hidden.js'
import { bucketCount, bucketCounts, replaced, rowsOfJson } from '../dialect.js'
import { routed, type Grain } from '../../rollups/router.js'
import type { PartSql } from '../../rollups/parts.js'
import { quantities } from '../measures/quantities.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { columnOf } from '../scope.js'

export interface ExposedCallsRequest {
  /** Columns and tags; their keys are what members are kept under. */
  readonly by: readonly Dimension[]
  /** Values that a label names. */
  readonly top: number
  /** Without the histogram of latency, which no sums tell, sums may answer. */
  readonly withoutHistogram?: boolean
}

/** What stands for all values that a label does not name. */
const otherValue = 'other'

/** Upper bounds of the buckets of latency, ms: those of OpenTelemetry's `gen_ai.client.operation.duration`. */
export const latencyBounds: readonly number[] = [
  10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 81_920,
]

/** Longer values are cut: labels are names. */
const longestValue = 200

const latency = quantities['provider_latency_ms'] ?? ''

/** Aggregates; those that are sums are NULL where no call has the field, and all add up. */
const sumsOver = (
  part: PartSql,
): Readonly<Record<Exclude<keyof ExposedSums, keyof typeof timed>, string>> => ({
  requests: part('rows', 'call'),
  input_tokens: part('input_tokens'),
  output_tokens: part('output_tokens'),
  cache_read_input_tokens: part('cache_read_input_tokens'),
  cache_creation_input_tokens: part('cache_creation_input_tokens'),
  reasoning_output_tokens: part('reasoning_output_tokens'),
  cost_usd: part('cost_usd'),
  unpriced_calls: `${part('rows')} - ${part('priced_rows')}`,
  failed_calls: part('rows', 'failed'),
  status_calls: part('rows', 'with_status'),
  cache_hits: part('rows', 'hit'),
  cache_hit_calls: part('rows', 'with_cache_hit'),
})

/** Beside the buckets of latency. */
const timed = {
  timed_calls: `count(${latency})`,
  latency_ms: `sum(CAST(${latency} AS DECIMAL(18, 6)))`,
} as const

const bucketName = (i: number): string => `bucket_${i}`

export interface ExposedSums {
  readonly requests: Whole
  readonly input_tokens: Whole | null
  readonly output_tokens: Whole | null
  readonly cache_read_input_tokens: Whole | null
  readonly cache_creation_input_tokens: Whole | null
  readonly reasoning_output_tokens: Whole | null
  /** null where no call has a price. */
  readonly cost_usd: Decimal | null
  readonly unpriced_calls: Whole
  readonly failed_calls: Whole
  /** Calls that say whether they failed, and whether the response cache answered. */
  readonly status_calls: Whole
  readonly cache_hits: Whole
  readonly cache_hit_calls: Whole
  /** Calls that a provider answered and whose latency is known, and its sum, ms. */
  readonly timed_calls: Whole
  readonly latency_ms: Decimal | null
}

/** Values of the labels are `l0`, `l1` …, null where calls have none; `bucket_0` … are not cumulative. */
export interface SeriesRow extends ExposedSums {
  readonly kind: 'series'
  readonly [more: `l${number}`]: string | null
  readonly [more: `bucket_${number}`]: Whole
}

/** What is not in `label_members` yet; without a value: the label has others now. */
export interface NewMemberRow {
  readonly kind: 'member'
  readonly label: string
  readonly value: string | null
}

/** Over sums where the histogram is not asked for, and the labels are among theirs. */
export function exposedCalls(request: ExposedCallsRequest): Query<SeriesRow | NewMemberRow> {
  const { by, withoutHistogram = false } = request
  const scope = { since: null, until: null, filters: [], tz: 'UTC' }
  return routed({ scope, by, additive: withoutHistogram }, (grain) => exposedOver(grain, request))
}

function exposedOver(
  { from, part }: Grain,
  { by, top, withoutHistogram = false }: ExposedCallsRequest,
): Query<SeriesRow | NewMemberRow> {
  const bounds = withoutHistogram ? [] : latencyBounds
  const sums = withoutHistogram
    ? { ...sumsOver(part), timed_calls: 'CAST(0 AS BIGINT)', latency_ms: 'NULL' }
    : { ...sumsOver(part), ...timed }
  const params: Record<string, Param> = by.length === 0 ? {} : { top, other: otherValue }
  const columns = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `tag_${i}`)
    Object.assign(params, own, { [`label_${i}`]: dimension.key })
    return `CAST(${column} AS VARCHAR) AS raw${i}`
  })
  const names = [...Object.keys(sums), ...bounds.map((_, i) => bucketName(i))]
  const labels = by.map((_, i) => `l${i}`)
  const sql = /* sql */ `
    WITH measured AS (
      SELECT ${[
        ...columns,
        ...Object.entries(sums).map(([name, sum]) => `${sum} AS ${name}`),
        ...(withoutHistogram ? [] : [`${bucketCounts(latency, bounds)} AS buckets`]),
      ].join(', ')}
      FROM ${from}
      ${by.length === 0 ? '' : `GROUP BY ${by.map((_, i) => `raw${i}`).join(', ')}`}
    ), labelled AS MATERIALIZED (
      SELECT ${[
        ...by.map((_, i) => `${label(`raw${i}`)} AS l${i}`),
        ...Object.keys(sums),
        ...bounds.map((bound, i) => `${bucketCount('buckets', bound)} AS ${bucketName(i)}`),
      ].join(', ')}
      FROM measured WHERE requests > 0
    )
    ${by.length === 0 ? '' : membership(by.length)}
    , series AS (
      SELECT ${[
        ...by.map((_, i) => `${shown(i)} AS l${i}`),
        ...names.map((name) => `sum(labelled.${name}) AS ${name}`),
      ].join(', ')}
      FROM labelled
      ${by.map((_, i) => `LEFT JOIN members AS m${i} ON m${i}.label = $label_${i} AND m${i}.value = labelled.l${i}`).join('\n')}
      ${by.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${labels.map((_, i) => i + 1).join(', ')}`}
    )
    SELECT 'series' AS kind, NULL AS label, NULL AS value, ${[...labels, ...names].join(', ')}
    FROM series
    ${by.length === 0 ? '' : `UNION ALL SELECT 'member', label, value, ${[...labels, ...names].map(() => 'NULL').join(', ')} FROM news`}
    ORDER BY ${['kind', 'label', 'value', ...labels].map((key) => `${key} NULLS FIRST`).join(', ')}`
  return { sql, params }
}

/** A value as a label shows it: no control or formatting character, short, and never empty. */
const label = (raw: string): string =>
  `nullif(${replaced(`substring(${raw}, 1, ${longestValue})`, actingClassOfEngine, '\uFFFD')}, '')`

const shown = (i: number): string =>
  `CASE WHEN labelled.l${i} IS NULL THEN NULL WHEN m${i}.value IS NULL THEN CAST($other AS VARCHAR) ELSE labelled.l${i} END`

/** CTEs `members`: what each label names, and `news`: what of it is not kept yet. */
function membership(labels: number): string {
  const seen = Array.from(
    { length: labels },
    (
      _,
      i,
    ) => /* sql */ `SELECT CAST($label_${i} AS VARCHAR) AS label, l${i} AS value, sum(cost_usd) AS cost_usd, sum(requests) AS requests
      FROM labelled WHERE l${i} IS NOT NULL AND l${i} <> $other GROUP BY l${i}`,
  )
  const labelList = Array.from({ length: labels }, (_, i) => `$label_${i}`).join(', ')
  return /* sql */ `, seen AS (
      ${seen.join('\nUNION ALL ')}
    ), kept AS (
      SELECT DISTINCT label, value FROM label_members WHERE label IN (${labelList})
    ), newcomers AS (
      SELECT seen.label, seen.value,
        row_number() OVER (PARTITION BY seen.label ORDER BY cost_usd DESC NULLS LAST, requests DESC, seen.value) AS place
      FROM seen LEFT JOIN kept ON kept.label = seen.label AND kept.value = seen.value
      WHERE kept.value IS NULL
    ), taken AS (
      SELECT label, count(value) AS values_named, count(*) - count(value) AS closed FROM kept GROUP BY label
    ), placed AS (
      SELECT newcomers.label, newcomers.value, coalesce(closed, 0) > 0 AS is_closed,
        coalesce(closed, 0) = 0 AND place <= $top - coalesce(values_named, 0) AS is_named
      FROM newcomers LEFT JOIN taken ON taken.label = newcomers.label
    ), news AS (
      SELECT label, value FROM placed WHERE is_named
      UNION ALL
      SELECT DISTINCT label, NULL FROM placed WHERE NOT is_named AND NOT is_closed
    ), members AS (
      SELECT label, value FROM kept WHERE value IS NOT NULL
      UNION ALL
      SELECT label, value FROM placed WHERE is_named
    )`
}

const memberColumns = { label: 'VARCHAR', value: 'VARCHAR' }

/** Keeps what `exposedCalls` found new. */
export function keepMembers(news: readonly NewMemberRow[]): Query<never> {
  const rows = news.map((row) => ({ label: row.label, value: row.value }))
  return {
    sql: /* sql */ `
      INSERT INTO store.label_members SELECT label, value
      FROM (SELECT ${rowsOfJson('$members', memberColumns)}) AS members`,
    params: { members: JSON.stringify(rows) },
  }
}

/** Forgets what labels name, so that it is chosen anew. */
export function forgetMembers(by: readonly Dimension[]): Query<never> {
  return {
    sql: /* sql */ `
      DELETE FROM store.label_members WHERE label IN (
        SELECT label FROM (SELECT ${rowsOfJson('$labels', { label: 'VARCHAR' })}) AS labels
      )`,
    params: { labels: JSON.stringify(by.map(({ key }) => ({ label: key }))) },
  }
}
