/**
 * The textbook method, for comparison: the hours of the account whose cost is more than three standard
 * deviations above the mean of the whole look-back. It is masked by its own spikes and knows no day or week.
 */
import { locatedCalls, missingHours, whole, type SeriesRequest } from './anomaly-hours.js'
import type { FlagRow } from './flags.js'
import { wholeNumbers } from '../dialect.js'
import type { Query } from '../query.js'

const bound = 3

export function zscores(request: Omit<SeriesRequest, 'by'>): Query<FlagRow> {
  const { span, historyDays } = request
  const calls = locatedCalls({ ...request, by: [] })
  const skipped = missingHours(span)
  const sql = /* sql */ `
    WITH ${calls.sql},
    hourly_costs AS MATERIALIZED (
      SELECT hour, coalesce(sum(cost_usd), 0) AS cost_usd FROM located_calls GROUP BY hour
    ), series AS (SELECT min(hour) AS first_hour FROM hourly_costs),
    account_hours AS (
      SELECT slots.hour, coalesce(hourly_costs.cost_usd, 0) AS exact_usd,
        CAST(coalesce(hourly_costs.cost_usd, 0) AS DOUBLE) AS cost_usd
      FROM (
        SELECT ${whole('first_hour')} + steps.step AS hour
        FROM ${wholeNumbers(`${whole('until_hour')} - ${whole('first_hour')}`)} AS steps(step)
      ) AS slots
      JOIN series ON slots.hour >= series.first_hour
      LEFT JOIN hourly_costs ON hourly_costs.hour = slots.hour
      WHERE slots.hour NOT IN ${skipped.sql}
        AND slots.hour >= 24 * (${whole('since_hour')} // 24 - ${whole('history_days')})
    ), look_back AS (
      SELECT count(*) AS hours, CAST(sum(exact_usd) AS DOUBLE) / count(*) AS mean_usd,
        stddev_samp(cost_usd) AS deviation_usd
      FROM account_hours
    )
    SELECT 'spike' AS kind, 0 AS family, '' AS value, hour, 1 AS span_hours, cost_usd, mean_usd AS norm_usd,
      deviation_usd AS noise_usd, 24 * mean_usd AS usual_usd, hours AS history_hours,
      (cost_usd - mean_usd) / (${bound} * deviation_usd) AS strength
    FROM account_hours, look_back
    WHERE hour >= ${whole('since_hour')} AND deviation_usd > 0
      AND (cost_usd - mean_usd) / deviation_usd > ${bound}
    ORDER BY hour`
  const params = {
    ...calls.params,
    first_hour: span.first,
    ...skipped.params,
    since_hour: span.since,
    until_hour: span.until,
    history_days: historyDays,
  }
  return { sql, params }
}
