/**
 * Calls in groups: what every metric by dimension begins with. Each call in scope gets the keys of its
 * group `d0`, `d1` …, and with `top` the calls of all groups but the first become one group of others.
 */
import type { Dimension, TimeBucket } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { isUtc } from '../domain/time/zones.js'
import { overCalls, routed, type Asks, type Grain } from '../rollups/router.js'
import { bucketLabel, bucketNumber, zoneOffset } from './buckets.js'
import { readAnew } from './dialect.js'
import { figure, groupedFigures, isAdditive, isOfSketches, quantityNamed, rankAggregate } from './figures.js'
import { measureNames, type MeasureName } from './measures/registry.js'
import type { Param, Query, Whole } from './query.js'
import { columnOf, inScope, labelled } from './scope.js'

export interface Sort {
  /** A measure, or the key of one of the dimensions. */
  readonly by: string
  readonly descending: boolean
}

export interface GroupRequest {
  readonly scope: Scope
  /** None: the total alone. */
  readonly by: readonly Dimension[]
  /** Default: the dearest first. */
  readonly sort?: Sort | undefined
  /** Keep the first so many groups and make one of all others. */
  readonly top?: number | undefined
  /** Calls get the number of this bucket too, as `bucket_number`, whatever their group. */
  readonly bucket?: TimeBucket | undefined
}

/** What a row of any metric by dimension begins with; `d0`, `d1` … are the dimensions in their order. */
export interface GroupKeys {
  readonly is_total: boolean
  readonly is_others: boolean
  readonly [dimension: `d${number}`]: string | number | boolean | null
}

interface PlacedCalls {
  /** CTEs, to stand after WITH; the last is `placed_calls`: calls with their keys and `is_others`. */
  readonly ctes: string
  readonly params: Record<string, Param>
  /** Names of the keys. */
  readonly ds: readonly string[]
}

/** Where the groups of these calls may be asked for. @param names measures that are asked of them */
export function asksOf(request: GroupRequest, names: readonly MeasureName[]): Asks {
  const { scope, by, bucket } = request
  const ranked = request.top !== undefined && by.length > 0
  const sort = sortOf(request)
  const ranks = ranked && !by.some(({ key }) => key === sort.by) ? [measureNamed(sort.by)] : []
  const asked = [...new Set<MeasureName>([...names, ...ranks])]
  return {
    scope,
    by,
    buckets: bucket !== undefined,
    additive: asked.every((name) => isAdditive(name) || isOfSketches(name)),
    users: asked.every((name) => isAdditive(name) || name === 'users'),
    every: bucket,
    quantiles: askedQuantiles(asked, request),
  }
}

/** What of it sketches may tell. */
function askedQuantiles(names: readonly MeasureName[], { scope }: GroupRequest): Asks['quantiles'] {
  const of = [...new Set(names.filter(isOfSketches).map(quantityNamed))]
  return of.length === 0 ? undefined : { of, within: inScope(scope) }
}

/** @param grain what is read in the place of calls */
export function placedCalls(request: GroupRequest, grain: Grain = overCalls): PlacedCalls {
  const { scope, by, top, bucket } = request
  const condition = inScope(scope)
  const timed = bucket !== undefined || by.some(({ kind }) => kind === 'time')
  const offset = timed ? zoneOffset(scope) : { sql: '0', params: {} }
  const params = { ...condition.params, ...offset.params }
  const keys = by.map(
    (dimension, i) => `${labelled(dimension, groupKey(dimension, i, offset.sql, params), scope)} AS d${i}`,
  )
  if (bucket !== undefined) keys.push(`${bucketOf(bucket, offset.sql)} AS bucket_number`)
  const ranked = top !== undefined && by.length > 0
  if (ranked) params['top'] = top
  const ds = by.map((_, i) => `d${i}`)
  const ctes = /* sql */ `calls_in_scope AS ${readAnew} (
      SELECT *, ${offset.sql} AS zone_offset FROM ${grain.from} WHERE ${condition.sql}
    ), calls_by_key AS ${readAnew} (
      SELECT ${['*', ...keys].join(', ')} FROM calls_in_scope
    )${ranked ? placedByRank(ds, by, sortOf(request), grain) : `, placed_calls AS ${readAnew} (SELECT *, FALSE AS is_others FROM calls_by_key)`}`
  return { ctes, params, ds }
}

/** How many groups there are, that of calls without the label included. */
export function groupCount(request: Pick<GroupRequest, 'scope' | 'by'>): Query<{ readonly groups: Whole }> {
  return routed(asksOf(request, []), (grain) => {
    const { ctes, params, ds } = placedCalls(request, grain)
    const sql = `WITH ${ctes}
      SELECT count(*) AS groups FROM (SELECT DISTINCT ${ds.join(', ')} FROM placed_calls)`
    return { sql, params }
  })
}

/** The keys of a row of figures, and whether it is that of the others or of all. */
export function flags(ds: readonly string[]): string[] {
  if (ds.length === 0) return ['FALSE AS is_others', 'TRUE AS is_total']
  return [...ds, 'is_others', 'GROUPING(is_others) = 1 AS is_total']
}

/** The keys and flags of the rows of `table`, as people and programs read them. */
export function labels({ by, scope }: GroupRequest, table: string): string[] {
  return [
    ...by.map((dimension, i) => `${label(dimension, `${table}.d${i}`, scope)} AS d${i}`),
    `coalesce(${table}.is_others, FALSE) AS is_others`,
    `${table}.is_total`,
  ]
}

/** Each call with its group, or with the others when its group is not among the first. */
function placedByRank(ds: readonly string[], by: readonly Dimension[], sort: Sort, grain: Grain): string {
  const same = ds.map((d) => `calls_by_key.${d} IS NOT DISTINCT FROM kept_groups.${d}`).join(' AND ')
  const position = by.findIndex(({ key }) => key === sort.by)
  const { groups, rank } = position >= 0 ? rankedBy(ds, `d${position}`, grain) : rankedGroups(ds, sort, grain)
  const ties = ds.map((d) => `${d} ASC NULLS LAST`).join(', ')
  return /* sql */ `, kept_groups AS (
      SELECT ${ds.join(', ')}, TRUE AS is_kept FROM ${groups}
      ORDER BY ${rank} ${direction(sort)}, ${ties} LIMIT CAST($top AS BIGINT)
    ), placed_calls AS ${readAnew} (
      SELECT calls_by_key.* EXCLUDE (${ds.join(', ')}),
        ${ds.map((d) => `kept_groups.${d} AS ${d}`).join(', ')}, kept_groups.is_kept IS NULL AS is_others
      FROM calls_by_key LEFT JOIN kept_groups ON ${same}
    )`
}

interface RankedGroups {
  /** FROM item, and what follows it. */
  readonly groups: string
  readonly rank: string
}

/** Groups in the order of an aggregate, or of a key. */
const rankedBy = (ds: readonly string[], rank: string, { sketches }: Grain): RankedGroups => ({
  groups: `calls_by_key ${sketches === undefined ? '' : `WHERE ${sketches.isOther} `}GROUP BY ${ds.join(', ')}`,
  rank,
})

/** Groups in the order of a measure, which sketches may tell. */
function rankedGroups(ds: readonly string[], sort: Sort, grain: Grain): RankedGroups {
  const name = measureNamed(sort.by)
  if (grain.sketches === undefined || !isOfSketches(name))
    return rankedBy(ds, rankAggregate(name, grain.part), grain)
  const found = groupedFigures([name], { from: 'calls_by_key', keys: ds, sets: [ds] }, grain)
  return { groups: `(${found}) AS ranked`, rank: figure(name, [name], 'ranked') }
}

export const direction = ({ descending }: Sort): string => (descending ? 'DESC NULLS LAST' : 'ASC NULLS LAST')

/** The sort asked for, or the dearest first; its name is checked. */
export function sortOf({ by, sort }: GroupRequest): Sort {
  if (sort === undefined) return { by: 'cost_usd', descending: true }
  if (by.some(({ key }) => key === sort.by)) return sort
  return { by: measureNamed(sort.by), descending: sort.descending }
}

/** The closed record stands between a name and the SQL. */
export function measureNamed(name: string): MeasureName {
  const found = measureNames.find((known) => known === name)
  if (found === undefined) throw new Error(`${name} is no measure`)
  return found
}

/** The expression that calls are grouped by. @param offset `0` in UTC, else there must be a `zone_offset` */
export function groupKey(
  dimension: Dimension,
  i: number,
  offset: string,
  params: Record<string, Param>,
): string {
  if (dimension.kind === 'time') return bucketOf(dimension.bucket, offset)
  const { column, params: own } = columnOf(dimension, `tag_${i}`)
  Object.assign(params, own)
  return column
}

const bucketOf = (bucket: TimeBucket, offset: string): string =>
  bucketNumber(bucket, offset === '0' ? '0' : 'zone_offset')

function label(dimension: Dimension, key: string, scope: Scope): string {
  return dimension.kind === 'time' ? bucketLabel(dimension.bucket, key, isUtc(scope.tz)) : key
}
