/** Cost of each of the last weeks by group: what growth is read from. */
import type { Dimension } from '../domain/dimensions.js'
import type { Scope, Window } from '../domain/scope.js'
import { dayMs, localAt } from '../domain/time/zones.js'
import { bucketNumber, zoneOffset } from './buckets.js'
import { wholeQuotient } from './dialect.js'
import { routed, type Grain } from '../rollups/router.js'
import type { Decimal, Query, Whole } from './query.js'
import { columnOf, inScope, labelled } from './scope.js'

export interface GrowthRequest {
  /** Its filters and zone count; its window does not. */
  readonly scope: Scope
  /** No time buckets. */
  readonly by: readonly Dimension[]
  /** Blocks of seven local days, one after the other, oldest first; at least one. */
  readonly weeks: readonly Window[]
  /** Groups kept: the dearest of the last week, and all that cost at least so much in it. */
  readonly top: number
  readonly leastUsd: number
}

/** Groups, the dearest of the last week first, then the total. */
export interface GrowthRow {
  readonly is_total: boolean
  /** Groups with calls in these weeks, kept or not. */
  readonly groups: Whole
  /** Local day of the group's first call in these weeks, from 0. */
  readonly first_day: Whole
  readonly unpriced_calls: Whole
  readonly [dimension: `d${number}`]: string | number | boolean | null
  /** Cost of each week: 0 without calls, null where none has a price. */
  readonly [week: `w${number}`]: Decimal | null
}

export function growth(request: GrowthRequest): Query<GrowthRow> {
  const { scope, by, weeks } = request
  const read = { ...scope, since: weeks[0]?.since ?? null, until: weeks.at(-1)?.until ?? null }
  return routed({ scope: read, by, buckets: true, additive: true }, (grain) =>
    growthOver(grain, request, read),
  )
}

/** @param read the scope of all weeks */
function growthOver(
  { from, part }: Grain,
  { scope, by, weeks, top, leastUsd }: GrowthRequest,
  read: Scope,
): Query<GrowthRow> {
  const condition = inScope(read)
  const offset = zoneOffset(read)
  const params = {
    ...condition.params,
    ...offset.params,
    top,
    least_usd: String(leastUsd),
    first_day: read.since === null ? 0 : Math.round(localAt(Date.parse(read.since), scope.tz) / dayMs),
  }
  const ds = by.map((_, i) => `d${i}`)
  const keys = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `tag_${i}`)
    Object.assign(params, own)
    return `${labelled(dimension, column, scope)} AS d${i}`
  })
  const day = bucketNumber('day', offset.sql === '0' ? '0' : 'zone_offset')
  const last = `w${weeks.length - 1}`
  const grouped = ds.length > 0
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, ${offset.sql} AS zone_offset FROM ${from} WHERE ${condition.sql}
    ), calls_by_day AS (
      SELECT ${['*', ...keys, `${day} - CAST($first_day AS BIGINT) AS day`].join(', ')} FROM calls_in_scope
    ), weekly_costs AS (
      SELECT ${[...ds, `${wholeQuotient('day', 7)} AS week`].join(', ')}, ${grouped ? `GROUPING(${ds[0]}) = 1` : 'TRUE'} AS is_total,
        min(day) AS first_day, ${part('cost_usd')} AS week_usd, ${part('rows')} - ${part('priced_rows')} AS unpriced_calls
      FROM calls_by_day
      GROUP BY ${grouped ? `GROUPING SETS ((${ds.join(', ')}, week), (week))` : 'week'}
    ), weeks_by_group AS (
      SELECT ${[...ds, 'is_total'].join(', ')}, min(first_day) AS first_day,
        CAST(sum(unpriced_calls) AS BIGINT) AS unpriced_calls, ${weeks.map((_, i) => weekCost(i)).join(', ')}
      FROM weekly_costs
      GROUP BY ${[...ds, 'is_total'].join(', ')}
    ), ranked_groups AS (
      SELECT *, count(*) OVER (PARTITION BY is_total) AS groups,
        row_number() OVER (PARTITION BY is_total ORDER BY ${[`${last} DESC NULLS LAST`, ...ds.map((d) => `${d} ASC NULLS LAST`)].join(', ')}) AS place
      FROM weeks_by_group
    )
    SELECT * EXCLUDE (place) FROM ranked_groups
    WHERE place <= CAST($top AS BIGINT) OR ${last} >= CAST($least_usd AS DECIMAL(38, 12))
    ORDER BY is_total, place`
  return { sql, params }
}

function weekCost(week: number): string {
  const cost = `max(CASE WHEN week = ${week} THEN week_usd END)`
  const none = 'CAST(0 AS DECIMAL(38, 12))'
  return `CASE WHEN count(CASE WHEN week = ${week} THEN 1 END) = 0 THEN ${none} ELSE ${cost} END AS w${week}`
}
