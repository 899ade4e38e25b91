/** What a first look at calls shows: cost of today, this week and this month by feature and model. */
import { timestampText } from '../domain/words/quoting.js'
import { dimensionOf } from '../domain/dimensions.js'
import type { Filter, Scope } from '../domain/scope.js'
import { instant } from './dialect.js'
import { isCall } from './measures/aggregates.js'
import type { Decimal, Param, Query, Whole } from './query.js'
import { inFilters } from './scope.js'

/** Beginnings of what is shown, ISO 8601 UTC; all end at `until`. */
export interface LookSpans {
  /** null: the month is another than that of today, and is shown alone. */
  readonly today: string | null
  readonly week: string | null
  readonly month: string
  readonly until: string
}

export interface FirstLookRow {
  /** `others`: the groups beyond the first ones; `total`: all calls. */
  readonly kind: 'group' | 'others' | 'total'
  readonly feature: string | null
  readonly model: string | null
  /** Of the month; NULL costs where no call of the time has a price. */
  readonly calls: Whole
  readonly today_usd: Decimal | null
  readonly week_usd: Decimal | null
  readonly month_usd: Decimal | null
  readonly unpriced_calls: Whole
  /** Groups that stand in this row. */
  readonly groups: Whole
  /** One of the first groups, which people see. */
  readonly is_first: boolean
}

/** All groups, the dearest of the month first, then those beyond `top` together, then the total. */
export function firstLook(spans: LookSpans, filters: readonly Filter[], top: number): Query<FirstLookRow> {
  const { today, week, month, until } = spans
  const chosen = inFilters(filters)
  const begin = [today, week, month].flatMap((one) => one ?? []).toSorted()[0]!
  const params: Record<string, Param> = { ...chosen.params, top }
  for (const [name, iso] of Object.entries({ today, week, month, until, begin }))
    if (iso !== null) params[name] = timestampText(iso)
  const since = (name: 'today' | 'week' | 'month'): string =>
    spans[name] === null ? 'FALSE' : `ts >= ${instant(`$${name}`)}`
  const sums = ['calls', 'today_usd', 'week_usd', 'month_usd', 'unpriced_calls'].map((name) =>
    name.endsWith('_usd') ? `sum(${name}) AS ${name}` : `CAST(sum(${name}) AS BIGINT) AS ${name}`,
  )
  const together = (kind: string, where: string): string => `
    SELECT '${kind}' AS kind, NULL AS feature, NULL AS model, ${sums.join(', ')}, count(*) AS groups, TRUE AS is_first,
      NULL AS place FROM placed WHERE ${where} HAVING count(*) > 0`
  const sql = /* sql */ `
    WITH sums AS (
      SELECT ${dimensionOf('feature').key} AS feature, ${dimensionOf('model').key} AS model,
        count(*) FILTER (WHERE ${since('month')} AND ${isCall}) AS calls,
        sum(cost_usd) FILTER (WHERE ${since('today')}) AS today_usd,
        sum(cost_usd) FILTER (WHERE ${since('week')}) AS week_usd,
        sum(cost_usd) FILTER (WHERE ${since('month')}) AS month_usd,
        count(*) FILTER (WHERE ${since('month')} AND cost_usd IS NULL) AS unpriced_calls
      FROM calls WHERE ts >= ${instant('$begin')} AND ts < ${instant('$until')} AND ${chosen.sql}
      GROUP BY 1, 2
    ), placed AS (
      SELECT *, row_number() OVER (ORDER BY month_usd DESC NULLS LAST, week_usd DESC NULLS LAST, calls DESC,
        feature NULLS LAST, model NULLS LAST) AS place FROM sums
    )
    SELECT * EXCLUDE (place) FROM (
      SELECT 'group' AS kind, feature, model, calls, today_usd, week_usd, month_usd, unpriced_calls, 1 AS groups,
        place <= $top AS is_first, place FROM placed
      UNION ALL ${together('others', 'place > $top')}
      UNION ALL ${together('total', 'TRUE')}
    ) ORDER BY CASE kind WHEN 'group' THEN 0 WHEN 'others' THEN 1 ELSE 2 END, place`
  return { sql, params }
}

/** Where the calls lie. */
export interface ExtentRow {
  readonly calls: Whole
  /** Before now, ISO 8601 UTC. */
  readonly newest: string | null
  /** After now. */
  readonly future_calls: Whole
}

/** @param now ISO 8601 UTC */
export function extentOf(now: string, filters: readonly Filter[]): Query<ExtentRow> {
  const chosen = inFilters(filters)
  return {
    sql: /* sql */ `SELECT count(*) AS calls, max(ts) FILTER (WHERE ts < ${instant('$now')}) AS newest,
      count(*) FILTER (WHERE ts >= ${instant('$now')}) AS future_calls FROM calls WHERE ${chosen.sql}`,
    params: { ...chosen.params, now: timestampText(now) },
  }
}

/** What of a window cost most, by itself. */
export interface DearestRow {
  readonly kind: 'session' | 'day'
  /** Id of the session; the day, `YYYY-MM-DD`, UTC. */
  readonly name: string
  readonly feature: string | null
  readonly cost_usd: Decimal
  readonly calls: Whole
  /** Sessions, or days, that the window has. */
  readonly of_all: Whole
}

/** The dearest session and the dearest day of a scope, in UTC; none where nothing has a price. */
export function dearest({
  since,
  until,
  filters,
}: Pick<Scope, 'since' | 'until' | 'filters'>): Query<DearestRow> {
  const chosen = inFilters(filters)
  const bounds = [
    ...(since === null ? [] : [`ts >= ${instant('$since')}`]),
    ...(until === null ? [] : [`ts < ${instant('$until')}`]),
  ]
  const params: Record<string, Param> = { ...chosen.params }
  if (since !== null) params['since'] = timestampText(since)
  if (until !== null) params['until'] = timestampText(until)
  const one = (kind: string, name: string, where: string): string => /* sql */ `
    (SELECT '${kind}' AS kind, ${name} AS name, ${kind === 'session' ? 'max(feature)' : 'NULL'} AS feature,
      sum(cost_usd) AS cost_usd, count(*) AS calls, count(*) OVER () AS of_all
    FROM scoped WHERE ${where} GROUP BY 2 ORDER BY cost_usd DESC NULLS LAST, name LIMIT 1)`
  const sql = /* sql */ `
    WITH scoped AS (SELECT * FROM calls WHERE ${[...bounds, chosen.sql].join(' AND ')})
    SELECT * FROM (${one('session', 'session_id', 'session_id IS NOT NULL')}
      UNION ALL ${one('day', 'CAST(CAST(ts AS DATE) AS VARCHAR)', 'TRUE')})
    WHERE cost_usd > 0 ORDER BY kind DESC`
  return { sql, params }
}
