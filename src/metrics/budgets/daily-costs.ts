/** What each local day cost, of all calls and of each group: what forecasts and budgets are made from. */
import { timestampText } from '../../domain/words/quoting.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { isUtc } from '../../domain/time/zones.js'
import { routed, type Grain } from '../../rollups/router.js'
import { bucketLabel, bucketNumber, clockTime, zoneOffset } from '../buckets.js'
import { instant } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { columnOf, inScope } from '../scope.js'

export interface DailyCostsRequest {
  readonly scope: Scope
  /** Columns or tags; none: all calls alone. */
  readonly by?: readonly Dimension[]
  /** Keep the dearest so many groups and make one of all others. */
  readonly top?: number | undefined
  /** Groups rank by their cost from here on, ISO 8601 UTC; null: from the scope's beginning. */
  readonly rankSince?: string | null
  /** Time of the local day up to which `cost_by_now_usd` counts, ms since midnight on the clock. */
  readonly clockMs: number
}

/**
 * Days with calls only: groups from the dearest on, then the others, then the total; days in order.
 * `d0`, `d1` … are the dimensions in their order.
 */
export interface DailyCostRow {
  /** Local day, `2026-10-02`. */
  readonly day: string
  readonly is_total: boolean
  readonly is_others: boolean
  /** null when no call of the day is priced. */
  readonly cost_usd: Decimal | null
  /** Of the calls before `clockMs` on the clock. */
  readonly cost_by_now_usd: Decimal | null
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  readonly [dimension: `d${number}`]: string | number | boolean | null
}

export function dailyCosts(request: DailyCostsRequest): Query<DailyCostRow> {
  const { scope, by = [], rankSince = null, clockMs } = request
  const asks = {
    scope,
    by,
    instants: [rankSince],
    buckets: true,
    clock: { of: clockTime(zoneOffset(scope).sql), ms: clockMs },
    additive: true,
  }
  return routed(asks, (grain) => dailyCostsOver(grain, request))
}

function dailyCostsOver({ from, part }: Grain, request: DailyCostsRequest): Query<DailyCostRow> {
  const { scope, by = [] } = request
  const condition = inScope(scope)
  const offset = zoneOffset(scope)
  const params: Record<string, Param> = { ...condition.params, ...offset.params, ...rankParams(request) }
  params['clock'] = String(Math.round(request.clockMs * 1000))
  const keys = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `tag_${i}`)
    Object.assign(params, own)
    return `${column} AS d${i}`
  })
  const shift = offset.sql === '0' ? '0' : 'zone_offset'
  const recent = 'rank_since' in params ? `ts >= ${instant('$rank_since')}` : undefined
  const ds = by.map((_, i) => `d${i}`)
  const sql = /* sql */ `
    WITH calls_in_scope AS (
      SELECT *, ${offset.sql} AS zone_offset FROM ${from} WHERE ${condition.sql}
    ), group_days AS (
      SELECT ${[...keys, `${bucketNumber('day', shift)} AS day_number`].join(', ')},
        ${part('cost_usd')} AS cost_usd, ${part('cost_usd', undefined, recent)} AS recent_cost_usd,
        ${part('cost_usd', undefined, `${clockTime(shift)} < CAST($clock AS BIGINT)`)} AS cost_by_now_usd,
        ${part('rows')} AS calls, ${part('rows')} - ${part('priced_rows')} AS unpriced_calls,
        ${part('partly_priced_rows')} AS partly_priced_calls
      FROM calls_in_scope
      GROUP BY ALL
    )${placedGroups(request)}
    SELECT ${[`${bucketLabel('day', 'day_number', isUtc(scope.tz))} AS day`, ...ds].join(', ')},
      ${ds.length === 0 ? 'FALSE AS is_others, TRUE AS is_total' : `coalesce(place > ${last(request)}, FALSE) AS is_others, GROUPING(place) = 1 AS is_total`},
      ${sums.map((sum) => `sum(${sum}) AS ${sum}`).join(', ')}
    FROM placed_days
    GROUP BY ${ds.length === 0 ? 'day_number, place' : `GROUPING SETS ((${['day_number', 'place', ...ds].join(', ')}), (day_number))`}
    ORDER BY is_total, place, day_number`
  return { sql, params }
}

/** Sums of groups' days, which add up to those of any union of groups. */
const sums = ['cost_usd', 'cost_by_now_usd', 'calls', 'unpriced_calls', 'partly_priced_calls'] as const

/** Places beyond this are the others'. */
const last = ({ top, by = [] }: DailyCostsRequest): string =>
  top === undefined || by.length === 0 ? String(Number.MAX_SAFE_INTEGER) : 'CAST($top AS BIGINT)'

function rankParams({ by = [], top, rankSince = null }: DailyCostsRequest): Record<string, Param> {
  if (by.length === 0) return {}
  return {
    ...(top === undefined ? {} : { top }),
    ...(rankSince === null ? {} : { rank_since: timestampText(rankSince) }),
  }
}

/** Each group's days with the group's place, the others all on one place after the last and without keys. */
function placedGroups(request: DailyCostsRequest): string {
  const ds = (request.by ?? []).map((_, i) => `d${i}`)
  if (ds.length === 0) return ', placed_days AS (SELECT *, 1 AS place FROM group_days)'
  const same = ds.map((d) => `group_days.${d} IS NOT DISTINCT FROM ranked_groups.${d}`).join(' AND ')
  const kept = ds.map((d) => `CASE WHEN place <= ${last(request)} THEN group_days.${d} END AS ${d}`)
  return /* sql */ `, ranked_groups AS (
      SELECT ${ds.join(', ')}, row_number() OVER (
        ORDER BY sum(recent_cost_usd) DESC NULLS LAST, sum(cost_usd) DESC NULLS LAST,
          ${ds.map((d) => `${d} ASC NULLS LAST`).join(', ')}
      ) AS place
      FROM group_days GROUP BY ${ds.join(', ')}
    ), placed_days AS (
      SELECT day_number, ${sums.map((sum) => `group_days.${sum}`).join(', ')}, ${kept.join(', ')},
        least(place, ${last(request)} + 1) AS place
      FROM group_days JOIN ranked_groups ON ${same}
    )`
}
