/**
 * The hours of a window that are abnormal, in all series at once. Hours and days that cannot be flagged are
 * left out before any baseline is worked out: all costs are at least 0, so no excess is above the cost itself.
 */
import { baselines } from './anomaly-baselines.js'
import { hourlyCosts, missingHours, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import {
  accountWeeks,
  bounds,
  drifts,
  drops,
  judgedHours,
  spikes,
  sustained,
  sustainedBound,
  type AnomalyKind,
} from './anomaly-tests.js'
import { quantile, wholeNumbers } from './dialect.js'
import type { Param, Query, Whole } from './query.js'

export interface AnomalyRequest extends SeriesRequest {
  readonly kinds: readonly AnomalyKind[]
  /** The bounds of noise of spikes and sustained excess are multiplied by it. */
  readonly noiseScale: number
}

/** One flag: a series, the hour, the test; and apart from these, series that began to cost in the window. */
export interface FlagRow {
  /** `account`: no flag, but where the history of all calls begins (`hour`), and a usual day's cost. */
  readonly kind: AnomalyKind | 'first_spend' | 'account'
  /** 0 the account, else the dimension by its place from 1 on. */
  readonly family: number
  readonly value: string
  /** Local hour, see domain/hours.ts. */
  readonly hour: Whole
  /** The hours up to and with this one that cost and norm are of. */
  readonly span_hours: number
  readonly cost_usd: number
  readonly norm_usd: number
  readonly noise_usd: number | null
  /** Median daily cost of the account over the history. */
  readonly usual_usd: number | null
  readonly history_hours: Whole
  /** Excess over the bound of noise; above 1 for a flag. Null where there is no noise at all. */
  readonly strength: number | null
}

/** Days of daily costs that a drift is judged by. */
const driftDays = 28

/** Days to read before the first judged day: that of the day before too, whose hours 24-hour sums reach into. */
export const reachOf = (historyDays: number): number => historyDays + 1

export function anomalies(request: AnomalyRequest): Query<FlagRow> {
  const { span, historyDays, kinds, noiseScale } = request
  const hours = hourlyCosts(request)
  const skipped = missingHours(span)
  const hourly = kinds.some((kind) => kind !== 'drift')
  // Fewer days of history than the four weeks that it compares: no drift.
  const drift = kinds.includes('drift') && historyDays >= driftDays
  const tests = [
    ...(kinds.includes('spike') ? [spikes()] : []),
    ...(kinds.includes('sustained') ? [sustained(request)] : []),
    ...(kinds.includes('drop') ? [drops()] : []),
    ...(drift ? [drifts()] : []),
    firstSpends(request),
    accountRow,
  ]
  const params: Record<string, Param> = {
    ...hours.params,
    ...skipped.params,
    history_days: historyDays,
    since_hour: span.since,
    until_hour: span.until,
    scale: noiseScale,
  }
  const sql = /* sql */ `
    WITH ${hours.sql},
    ${usualDays},
    ${dailyCosts},
    ${hourly ? `${candidates(request)}, ${baselines(skipped.sql)}, ${judgedHours(request)}, ` : ''}
    ${drift ? `${accountWeeks},` : ''}
    flags AS (${tests.join(' UNION ALL ')})
    SELECT * FROM flags ORDER BY hour, family, value, kind`
  return { sql, params: withoutUnused(params, sql) }
}

/** CTEs `days` of the span and `usual_days`: what the account costs on the median day before each. */
export const usualDays = /* sql */ `days AS (
      SELECT ${whole('first_hour')} // 24 + after.days AS day
      FROM ${wholeNumbers(`(${whole('until_hour')} - ${whole('first_hour')}) // 24 + 1`)} AS after(days)
    ), account_days AS (
      SELECT days.day, coalesce(sum(hourly_costs.cost_usd), 0) AS exact_usd
      FROM days
      JOIN series ON series.family = 0 AND days.day >= series.first_hour // 24
      LEFT JOIN hourly_costs ON hourly_costs.family = 0 AND hourly_costs.hour // 24 = days.day
      GROUP BY days.day
    ), usual_days AS MATERIALIZED (
      SELECT days.day, ${quantile('account_days.exact_usd', 0.5)} AS usual_usd
      FROM days JOIN account_days
        ON account_days.day < days.day AND account_days.day >= days.day - ${whole('history_days')}
      GROUP BY days.day
    )`

/** Every day of every series from its first call on. */
const dailyCosts = /* sql */ `day_sums AS MATERIALIZED (
      SELECT family, value, hour // 24 AS day, sum(cost_usd) AS exact_usd, max(cost_usd) AS max_hour_usd
      FROM hourly_costs WHERE hour >= ${whole('first_hour')} GROUP BY family, value, hour // 24
    ), daily_costs AS (
      SELECT series.family, series.value, series.first_hour, days.day,
        coalesce(day_sums.exact_usd, 0) AS exact_usd, coalesce(day_sums.max_hour_usd, 0) AS max_hour_usd
      FROM series JOIN days ON days.day >= series.first_hour // 24
      LEFT JOIN day_sums ON day_sums.family = series.family AND day_sums.value = series.value
        AND day_sums.day = days.day
    )`

/** CTE `baseline_days`: the days of a series on which an hour may be flagged, and the days before these. */
function candidates(request: AnomalyRequest): string {
  const { kinds } = request
  const branch = (test: string, also: string): string => /* sql */ `
      SELECT family, value, first_hour, day${also} AS day FROM possible_days WHERE ${test}`
  const branches = [
    ...(kinds.includes('spike') ? [branch('may_spike', '')] : []),
    ...(kinds.includes('sustained') ? [branch('may_last', ''), branch('may_last', ' - 1')] : []),
    ...(kinds.includes('drop') ? [branch('may_drop', ''), branch('may_drop', ' - 1')] : []),
  ]
  // A norm is at most 1.5 times the dearest hour of the history, growth and all.
  const highestNorm = `1.5 * CAST(max(max_hour_usd) OVER past AS DOUBLE)`
  return /* sql */ `two_days AS (
      SELECT family, value, first_hour, day, max_hour_usd,
        sum(exact_usd) OVER (PARTITION BY family, value ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
          AS two_day_usd${kinds.includes('drop') ? `, 3 * ${highestNorm} AS highest_norm_usd` : ''}
      FROM daily_costs
      ${
        kinds.includes('drop')
          ? `WINDOW past AS (PARTITION BY family, value ORDER BY day ROWS BETWEEN ${whole('history_days')} PRECEDING AND 1 PRECEDING)`
          : ''
      }
    ), possible_days AS (
      SELECT two_days.*,
        CAST(max_hour_usd AS DOUBLE) > ${bounds.spike.day} * usual_usd AS may_spike,
        CAST(two_day_usd AS DOUBLE) > (${sustainedBound(request, 'day')}) * usual_usd AS may_last
        ${kinds.includes('drop') ? `, highest_norm_usd > ${bounds.drop.day} * usual_usd AS may_drop` : ''}
      FROM two_days JOIN usual_days ON usual_days.day = two_days.day
      WHERE two_days.day BETWEEN ${whole('since_hour')} // 24 AND (${whole('until_hour')} - 1) // 24
    ), baseline_days AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY family, value, day) AS id, *
      FROM (${branches.join(' UNION ')})
    )`
}

/** Series that first cost anything in the window, with what their first 24 hours came to. */
const firstSpends = (request: SeriesRequest): string => /* sql */ `
  SELECT 'first_spend' AS kind, begun.family, begun.value, begun.paid_hour AS hour, 24 AS span_hours,
    CAST(sum(hourly_costs.cost_usd) AS DOUBLE) AS cost_usd, 0.0 AS norm_usd, NULL AS noise_usd,
    any_value(usual_usd) AS usual_usd, 0 AS history_hours, NULL AS strength
  FROM (
    SELECT family, value, min(hour) AS paid_hour FROM hourly_costs WHERE cost_usd > 0 GROUP BY family, value
  ) AS begun
  JOIN hourly_costs ON hourly_costs.family = begun.family AND hourly_costs.value = begun.value
    AND hourly_costs.hour BETWEEN begun.paid_hour AND begun.paid_hour + 23
  JOIN usual_days ON usual_days.day = begun.paid_hour // 24
  WHERE begun.paid_hour BETWEEN ${whole('since_hour')} AND ${whole('until_hour')} - 1
  GROUP BY begun.family, begun.value, begun.paid_hour
  HAVING CAST(sum(hourly_costs.cost_usd) AS DOUBLE)
    > ${sustainedBound(request, 'day').replace('family', 'begun.family')} * any_value(usual_usd)`

const accountRow = /* sql */ `
  SELECT 'account' AS kind, family, value, first_hour AS hour, 24 AS span_hours, 0.0 AS cost_usd, 0.0 AS norm_usd,
    NULL AS noise_usd,
    (SELECT usual_usd FROM usual_days WHERE day = (${whole('until_hour')} - 1) // 24) AS usual_usd,
    ${whole('until_hour')} - first_hour AS history_hours, NULL AS strength
  FROM series WHERE family = 0`
