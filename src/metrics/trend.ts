/** Figures over time: of each bucket, of each group in it, and of the whole window. */
import type { Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import type { Every } from '../domain/time/timeline.js'
import { isUtc } from '../domain/time/zones.js'
import { bucketLabel } from './buckets.js'
import { approximateItem, figure, groupedFigures, type Figures } from './figures.js'
import { routed, type Grain } from '../rollups/router.js'
import { asksOf, flags, labels, placedCalls, type GroupKeys, type GroupRequest } from './groups.js'
import { emptinessOf, type MeasureName } from './measures/registry.js'
import type { Query } from './query.js'

export interface TrendRequest {
  readonly scope: Scope
  readonly every: Every
  /** No time buckets. None: the total alone. */
  readonly by: readonly Dimension[]
  readonly measures: readonly MeasureName[]
  /** Keep so many groups, by `rankedBy`, and make one of all others. */
  readonly top: number
}

/**
 * Groups in their order, then the others, then the total; of each its buckets in time, then the whole
 * window. Buckets without calls have no row.
 */
export interface TrendRow extends Figures, GroupKeys {
  /** The whole window; its `bucket` is null. */
  readonly is_window: boolean
  /** As domain/timeline labels it. */
  readonly bucket: string | null
}

/** What groups are ranked by: the first measure where it counts or sums; the rate of a few calls ranks nothing. */
function rankedBy(measures: readonly MeasureName[]): MeasureName {
  const [first = 'cost_usd'] = measures
  return emptinessOf(first) === 'zero' ? first : 'cost_usd'
}

export function trend(request: TrendRequest): Query<TrendRow> {
  const { every, measures } = request
  const rank = rankedBy(measures)
  const names = [...new Set<MeasureName>([...measures, rank])]
  const sort = { by: rank, descending: true }
  const groups = { ...request, bucket: every, sort }
  return routed(asksOf(groups, names), (grain) => trendOver(grain, request, groups, names))
}

function trendOver(
  grain: Grain,
  request: TrendRequest,
  groups: GroupRequest,
  names: readonly MeasureName[],
): Query<TrendRow> {
  const { scope, every, by } = request
  const rank = rankedBy(request.measures)
  const { ctes, ds, params } = placedCalls(groups, grain)
  const among = 'PARTITION BY figures.is_window, figures.bucket_number'
  const sql = /* sql */ `
    WITH ${ctes}, figures AS (${groupedFigures(names, { from: 'placed_calls', keys: [...flags(ds), 'bucket_number', 'GROUPING(bucket_number) = 1 AS is_window'], sets: sets(ds) }, grain)})
    SELECT ${[
      ...labels({ by, scope }, 'figures'),
      'figures.is_window',
      `${bucketLabel(every, 'figures.bucket_number', isUtc(scope.tz))} AS bucket`,
      ...names.map((name) => `${figure(name, names, 'figures', 'figures.is_total', among)} AS ${name}`),
      ...approximateItem(names, grain),
    ].join(', ')}
    FROM figures
    ORDER BY ${[
      'figures.is_total',
      'coalesce(figures.is_others, FALSE)',
      ...lineOrder(ds, rank),
      'figures.is_window',
      'figures.bucket_number',
    ].join(', ')}`
  return { sql, params }
}

function sets(ds: readonly string[]): (readonly string[])[] {
  const whole = [['bucket_number'], []]
  if (ds.length === 0) return whole
  const group = [...ds, 'is_others']
  return [[...group, 'bucket_number'], group, ...whole]
}

/** Groups by what they have over the whole window. */
function lineOrder(ds: readonly string[], rank: MeasureName): string[] {
  if (ds.length === 0) return []
  const line = ['figures.is_total', 'figures.is_others', ...ds.map((d) => `figures.${d}`)]
  const whole = `max(CASE WHEN figures.is_window THEN figures.${rank} END)`
  return [
    `${whole} OVER (PARTITION BY ${line.join(', ')}) DESC NULLS LAST`,
    ...ds.map((d) => `figures.${d} ASC NULLS LAST`),
  ]
}
