/**
 * Days on which an account is bursty: its people make calls in sessions, so that calls are not independent, and
 * counts of calls vary by far more than chance and the hour of the day explain. See docs/anomaly-method.md.
 */
import { locatedCalls, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import { wholeNumbers } from '../dialect.js'
import type { Query, Whole } from '../query.js'

/**
 * `dispersion`: of hourly calls beyond chance, from which an account is bursty (the variance beyond that of
 * Poisson's law over the square of the mean, each day's mean by its own number of calls); `days`: of history that it takes; `leftOut`: the days that
 * vary most do not count, so that an incident makes nobody bursty; `named`: the share of calls with a user or
 * a session.
 */
const burstyBounds = { dispersion: 0.12, days: 14, leftOut: 4, named: 0.5 } as const

export interface BurstyDayRow {
  /** Local day since 1970-01-01. */
  readonly day: Whole
  readonly dispersion: number
}

/** A day of the week as its type; 1970-01-01 was a Thursday. */
export const isWeekend = (day: string): string => `(${day} + 4) % 7 IN (0, 6)`

/** The judged days that are bursty by the complete days before each. */
export function burstyDays(request: SeriesRequest): Query<BurstyDayRow> {
  const { span, historyDays } = request
  const calls = locatedCalls(
    { ...request, by: [] },
    {
      is_named: 'user_id IS NOT NULL OR session_id IS NOT NULL',
    },
  )
  const { dispersion, days, leftOut, named } = burstyBounds
  const sql = /* sql */ `
    WITH ${calls.sql},
    hourly_calls AS MATERIALIZED (
      SELECT hour, count(*) AS calls, count(*) FILTER (WHERE is_named) AS named_calls
      FROM located_calls GROUP BY hour
    ), account AS (SELECT min(hour) AS first_hour FROM hourly_calls),
    judged_days AS (
      SELECT ${whole('since_hour')} // 24 + after.days AS day
      FROM ${wholeNumbers(`(${whole('until_hour')} - 1) // 24 - ${whole('since_hour')} // 24 + 1`)} AS after(days)
    ), past_slots AS (
      SELECT day, day - 1 - ago.days AS past_day, hour_of_day
      FROM judged_days, ${wholeNumbers(whole('history_days'))} AS ago(days),
        ${wholeNumbers('24')} AS hours(hour_of_day)
    ), past_hours AS MATERIALIZED (
      SELECT day, past_day, ${isWeekend('past_day')} AS is_weekend, hour_of_day,
        coalesce(calls, 0) AS calls, coalesce(named_calls, 0) AS named_calls
      FROM past_slots
      JOIN account ON 24 * past_day >= first_hour
      LEFT JOIN hourly_calls ON hourly_calls.hour = 24 * past_day + hour_of_day
    ), slots AS (
      SELECT day, is_weekend, hour_of_day, count(*) - 1 AS others, CAST(sum(calls) - max(calls) AS HUGEINT) AS other_calls
      FROM past_hours GROUP BY day, is_weekend, hour_of_day HAVING count(*) > 2
    ), shapes AS (
      SELECT day, is_weekend, sum(other_calls) AS all_calls, sum(other_calls * other_calls) AS squares
      FROM slots GROUP BY day, is_weekend HAVING sum(other_calls) > 0
    ), day_sums AS (
      SELECT past_hours.day, past_day, past_hours.is_weekend, CAST(sum(calls) AS HUGEINT) AS calls,
        sum(named_calls) AS named_calls, CAST(sum(calls * calls) AS HUGEINT) AS call_squares,
        sum(calls * other_calls) AS products
      FROM past_hours JOIN slots USING (day, is_weekend, hour_of_day)
      GROUP BY past_hours.day, past_day, past_hours.is_weekend
    ), past_days AS (
      -- The day's calls, as many as they were, spread over its hours as those of the others.
      SELECT day, past_day, day_sums.calls, named_calls,
        CAST((call_squares - calls) * all_calls * all_calls - 2 * calls * all_calls * products
          + calls * calls * squares AS DOUBLE) / CAST(all_calls * all_calls AS DOUBLE) AS beyond_chance,
        CAST(calls * calls * squares AS DOUBLE) / CAST(all_calls * all_calls AS DOUBLE) AS squares
      FROM day_sums JOIN shapes USING (day, is_weekend)
    ), ordered_days AS (
      SELECT *, row_number() OVER (PARTITION BY day ORDER BY beyond_chance DESC, past_day) AS place FROM past_days
    ), dispersions AS (
      SELECT day, sum(calls) AS calls, sum(named_calls) AS named_calls,
        CAST(sum(CAST(beyond_chance AS DECIMAL(38, 6))) FILTER (WHERE place > ${leftOut}) AS DOUBLE) AS beyond_chance,
        CAST(sum(CAST(squares AS DECIMAL(38, 6))) FILTER (WHERE place > ${leftOut}) AS DOUBLE) AS squares
      FROM ordered_days GROUP BY day HAVING count(*) >= ${days}
    )
    SELECT day, beyond_chance / squares AS dispersion FROM dispersions
    WHERE squares > 0 AND beyond_chance > ${dispersion} * squares AND named_calls >= ${named} * calls
    ORDER BY day`
  const params = {
    ...calls.params,
    first_hour: span.first,
    history_days: historyDays,
    since_hour: span.since,
    until_hour: span.until,
  }
  return { sql, params: withoutUnused(params, sql) }
}
