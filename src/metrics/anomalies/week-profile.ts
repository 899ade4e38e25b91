/**
 * How the calls of an account lie over the hours of the local week: whether they look like office hours of another
 * zone. The largest week of each hour does not count, so that an incident shapes nothing.
 */
import type { HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { locatedCalls, whole, withoutUnused } from './anomaly-hours.js'
import type { Query, Whole } from '../query.js'

export interface WeekHourRow {
  /** Hours since Monday 00:00 local time, 0–167; hours without calls have no row. */
  readonly hour_of_week: Whole
  readonly calls: number
}

/** 1970-01-01 was a Thursday. */
const mondayShift = 72

/** The calls of the last so many days before the end of the span. */
export function weekProfile(scope: Scope, span: HourSpan, days: number): Query<WeekHourRow> {
  const first = Math.max(span.first, span.until - 24 * days)
  const calls = locatedCalls({ scope, span: { ...span, first }, by: [], historyDays: days })
  const sql = /* sql */ `
    WITH ${calls.sql}, hourly_calls AS (
      SELECT hour, count(*) AS calls FROM located_calls WHERE hour >= ${whole('first_hour')} GROUP BY hour
    )
    SELECT (hour + ${mondayShift}) % 168 AS hour_of_week, CAST(sum(calls) - max(calls) AS DOUBLE) AS calls
    FROM hourly_calls GROUP BY hour_of_week ORDER BY hour_of_week`
  return { sql, params: withoutUnused({ ...calls.params, first_hour: first }, sql) }
}
