/**
 * Hours of chosen days of chosen series beside what they normally cost: the figures of an incident, and what
 * --explain shows of one hour.
 */
import { baselineParts, baselines } from './anomaly-baselines.js'
import { hourlyCosts, missingHours, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import { usualDays } from './anomalies.js'
import { judgedHours, trailing } from './anomaly-tests.js'
import { rowsOfJson } from '../dialect.js'
import type { Decimal, Query, Whole } from '../query.js'

/** A local day of a series. */
export interface SeriesDay {
  readonly family: number
  readonly value: string
  /** Days since 1970-01-01. */
  readonly day: number
}

/** One hour with the parts of its baseline, and sums of the 24 hours that end with it. */
export interface SeriesHourRow extends Readonly<Record<(typeof baselineParts)[number], number | null>> {
  readonly family: number
  readonly value: string
  readonly hour: Whole
  readonly exact_usd: Decimal
  readonly cost_usd: number
  readonly norm_usd: number
  readonly noise_usd: number
  readonly excess_usd: number
  readonly max_cost_usd: number
  readonly square_usd: number
  readonly usual_usd: number
  readonly span_usd: number | null
  readonly span_norm_usd: number | null
  readonly span_noise_usd: number | null
  readonly span_max_excess_usd: number | null
  readonly span_square_usd: number | null
  /** All of the last 24 hours have a baseline and are among the chosen days. */
  readonly is_whole: boolean | null
}

/**
 * The hours of these days, up to the end of the span.
 * @param spanHours how many hours the sums reach back over: 24, or 3 for a drop
 */
export function seriesHours(
  request: SeriesRequest,
  wanted: readonly SeriesDay[],
  spanHours = 24,
): Query<SeriesHourRow> {
  const only = [...new Set(wanted.map(({ family }) => family))]
  const hours = hourlyCosts(request, { name: 'wanted_days', families: only })
  const skipped = missingHours(request.span)
  const types = { family: 'INTEGER', value: 'VARCHAR', day: 'BIGINT' }
  const sql = /* sql */ `
    WITH wanted_days AS MATERIALIZED (
      SELECT DISTINCT family, value, day FROM (SELECT ${rowsOfJson('$wanted', types)})
    ), ${hours.sql},
    ${usualDays},
    baseline_days AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY family, value, wanted_days.day) AS id, family, value, first_hour,
        wanted_days.day
      FROM wanted_days JOIN series USING (family, value)
    ), ${baselines(skipped.sql)}, ${judgedHours(request)},
    trailing_sums AS (${trailing(spanHours)})
    SELECT judged_hours.* EXCLUDE (position), span_usd, span_norm_usd, span_noise_usd, span_max_excess_usd,
      span_square_usd, is_whole
    FROM judged_hours LEFT JOIN trailing_sums USING (family, value, hour)
    ORDER BY family, value, hour`
  const params = {
    ...hours.params,
    ...skipped.params,
    history_days: request.historyDays,
    until_hour: request.span.until,
    wanted: JSON.stringify(wanted),
  }
  return { sql, params: withoutUnused(params, sql) }
}
