/**
 * metrics: one file a question. Each exports a typed function that answers with one SQL statement and
 * the values it binds; nothing here runs it. Engine-specific functions stand in dialect.ts, metrics are
 * listed in registry.ts.
 *
 * This one: the figures of each group of calls, and of all of them.
 */
import type { Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { isUtc } from '../domain/zones.js'
import { bucketLabel, bucketNumber, zoneOffset } from './buckets.js'
import { aggregates, figure, rankAggregate, type Figures } from './figures.js'
import { measureNames, type MeasureName } from './measures.js'
import type { Param, Query } from './query.js'
import { columnOf, inScope } from './scope.js'

export interface Sort {
  /** A measure, or the key of one of the dimensions. */
  readonly by: string
  readonly descending: boolean
}

export interface BreakdownRequest {
  readonly scope: Scope
  /** None: the total alone. */
  readonly by: readonly Dimension[]
  readonly measures: readonly MeasureName[]
  /** Default: time buckets in order, then the dearest first. */
  readonly sort?: Sort | undefined
  /** Keep the first so many groups and make one of all others. */
  readonly top?: number | undefined
}

/** Groups in order, then the others, then the total; `d0`, `d1` … are the dimensions in their order. */
export interface BreakdownRow extends Figures {
  readonly is_total: boolean
  readonly is_others: boolean
  readonly [dimension: `d${number}`]: string | number | boolean | null
}

export function breakdown(request: BreakdownRequest): Query<BreakdownRow> {
  const { scope, by, top } = request
  const sort = sortOf(request)
  const names = allMeasures(request, sort)
  const condition = inScope(scope)
  const timed = by.some(({ kind }) => kind === 'time')
  const offset = timed ? zoneOffset(scope) : { sql: '0', params: {} }
  const params = { ...condition.params, ...offset.params }
  const keys = by.map((dimension, i) => `${groupKey(dimension, i, offset.sql, params)} AS d${i}`)
  const ranked = top !== undefined && by.length > 0
  if (ranked) params['top'] = top
  const ds = by.map((_, i) => `d${i}`)
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, ${offset.sql} AS zone_offset FROM calls WHERE ${condition.sql}
    ), calls_by_key AS (
      SELECT ${['*', ...keys].join(', ')} FROM calls_in_scope
    )${ranked ? placedByRank(ds, by, sort) : `, placed_calls AS (SELECT *, FALSE AS is_others FROM calls_by_key)`}
    , figures AS (
      SELECT ${[...flags(ds), ...aggregates(names)].join(', ')}
      FROM placed_calls
      ${ds.length === 0 ? '' : `GROUP BY GROUPING SETS ((${ds.join(', ')}, is_others), ())`}
    )
    SELECT ${[
      ...by.map((dimension, i) => `${label(dimension, `figures.d${i}`, scope)} AS d${i}`),
      'coalesce(figures.is_others, FALSE) AS is_others',
      'figures.is_total',
      ...names.map((name) => `${figure(name, names, 'figures', 'figures.is_total')} AS ${name}`),
    ].join(', ')}
    FROM figures
    ORDER BY ${['figures.is_total', 'figures.is_others', ...order(request, sort, names)].join(', ')}`
  return { sql, params }
}

/** The keys of a row of figures, and whether it is that of the others or of all. */
function flags(ds: readonly string[]): string[] {
  if (ds.length === 0) return ['FALSE AS is_others', 'TRUE AS is_total']
  return [...ds, 'is_others', 'GROUPING(is_others) = 1 AS is_total']
}

/** Each call with its group, or with the others when its group is not among the first. */
function placedByRank(ds: readonly string[], by: readonly Dimension[], sort: Sort): string {
  const same = ds.map((d) => `calls_by_key.${d} IS NOT DISTINCT FROM kept_groups.${d}`).join(' AND ')
  const position = by.findIndex(({ key }) => key === sort.by)
  const rank = position >= 0 ? `d${position}` : rankAggregate(measureNamed(sort.by))
  const ties = ds.map((d) => `${d} ASC NULLS LAST`).join(', ')
  return /* sql */ `, kept_groups AS (
      SELECT ${ds.join(', ')}, TRUE AS is_kept FROM calls_by_key GROUP BY ${ds.join(', ')}
      ORDER BY ${rank} ${direction(sort)}, ${ties} LIMIT CAST($top AS BIGINT)
    ), placed_calls AS (
      SELECT calls_by_key.* EXCLUDE (${ds.join(', ')}),
        ${ds.map((d) => `kept_groups.${d} AS ${d}`).join(', ')}, kept_groups.is_kept IS NULL AS is_others
      FROM calls_by_key LEFT JOIN kept_groups ON ${same}
    )`
}

const direction = ({ descending }: Sort): string => (descending ? 'DESC NULLS LAST' : 'ASC NULLS LAST')

function sortOf({ by, sort }: BreakdownRequest): Sort {
  if (sort === undefined) return { by: 'cost_usd', descending: true }
  if (by.some(({ key }) => key === sort.by)) return sort
  return { by: measureNamed(sort.by), descending: sort.descending }
}

/** The closed record stands between a name and the SQL. */
function measureNamed(name: string): MeasureName {
  const found = measureNames.find((known) => known === name)
  if (found === undefined) throw new Error(`${name} is no measure`)
  return found
}

function allMeasures({ measures, by }: BreakdownRequest, sort: Sort): readonly MeasureName[] {
  const sorted = by.some(({ key }) => key === sort.by) ? [] : [measureNamed(sort.by)]
  return [...new Set<MeasureName>([...measures, ...sorted])]
}

function order(request: BreakdownRequest, sort: Sort, names: readonly MeasureName[]): string[] {
  const { by, top } = request
  const position = by.findIndex(({ key }) => key === sort.by)
  const main =
    position >= 0
      ? `figures.d${position}`
      : figure(measureNamed(sort.by), names, 'figures', 'figures.is_total')
  const inTime = request.sort === undefined && top === undefined
  const times = by.flatMap(({ kind }, i) => (inTime && kind === 'time' ? [`figures.d${i}`] : []))
  return [...times, `${main} ${direction(sort)}`, ...by.map((_, i) => `figures.d${i} ASC NULLS LAST`)]
}

/** The expression that calls are grouped by. */
function groupKey(dimension: Dimension, i: number, offset: string, params: Record<string, Param>): string {
  if (dimension.kind === 'time') return bucketNumber(dimension.bucket, offset === '0' ? '0' : 'zone_offset')
  const { column, params: own } = columnOf(dimension, `tag_${i}`)
  Object.assign(params, own)
  return column
}

function label(dimension: Dimension, key: string, scope: Scope): string {
  return dimension.kind === 'time' ? bucketLabel(dimension.bucket, key, isUtc(scope.tz)) : key
}
