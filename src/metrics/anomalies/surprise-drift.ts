/**
 * Drift of all calls together, proven against its own noise: weeks of calls, or of cost, that rise one after another
 * by more than their days' spread explains. docs/anomaly-method.md tells the method.
 */
import { whole } from './anomaly-hours.js'
import { quantile, wholeNumbers } from '../dialect.js'

/** Bounds of the test: the last week against that of three weeks before, without the dearest days of each. */
const drift = {
  dearestDays: 2,
  calls: { growth: 1.35, errors: 2, cost: 1.25 },
  cost: { growth: 1.4, errors: 2.5 },
  /** Growth that must be beyond doubt, each week's least step, and the largest step over the smallest. */
  proven: 1.2,
  step: 1.02,
  steps: 1.3,
  mostSpread: 0.5,
} as const

/** CTE `week_sums`: for each day and each of the four weeks up to it, calls and cost without the dearest days. */
export const driftWeeks = /* sql */ `week_days AS (
      SELECT ends.day AS last_day, weeks.week, account_days.*,
        row_number() OVER (PARTITION BY ends.day, weeks.week ORDER BY account_days.exact_usd DESC, account_days.day) AS by_cost,
        row_number() OVER (PARTITION BY ends.day, weeks.week ORDER BY account_days.calls DESC, account_days.day) AS by_calls
      FROM account_days AS ends, ${wholeNumbers('4')} AS weeks(week)
      JOIN account_days ON account_days.day BETWEEN ends.day - 7 * weeks.week - 6 AND ends.day - 7 * weeks.week
    ), week_sums AS MATERIALIZED (
      SELECT last_day, week, count(*) AS days, CAST(sum(exact_usd) AS DOUBLE) AS week_usd, sum(calls) AS week_calls,
        coalesce(sum(calls) FILTER (WHERE by_calls > ${drift.dearestDays}), 0) AS calls,
        CAST(coalesce(sum(exact_usd) FILTER (WHERE by_cost > ${drift.dearestDays}), 0) AS DOUBLE) AS cost_usd,
        coalesce(sum(square_usd) FILTER (WHERE by_cost > ${drift.dearestDays}), 0) AS square_usd
      FROM week_days GROUP BY last_day, week
    ), week_ratios AS (
      SELECT ends.day AS last_day, ln(greatest(now.calls, 1) / greatest(before.calls, 1)) AS ratio
      FROM account_days AS ends
      JOIN account_days AS now ON now.day BETWEEN ends.day - 20 AND ends.day
      JOIN account_days AS before ON before.day = now.day - 7
    ), ratio_middles AS (
      SELECT last_day, ${quantile('ratio', 0.5)} AS middle FROM week_ratios GROUP BY last_day
    ), spreads_of_days AS MATERIALIZED (
      SELECT week_ratios.last_day,
        least(${drift.mostSpread}, 1.4826 * ${quantile('abs(ratio - middle)', 0.5)} / sqrt(2)) AS spread
      FROM week_ratios JOIN ratio_middles USING (last_day) GROUP BY week_ratios.last_day
    )`

/** The days on which drift is proven; cost and calls are those of whole weeks. */
export function provenDrifts(): string {
  const rises = (
    name: string,
    { growth, errors }: { growth: number; errors: number },
    error: string,
  ): string => {
    const steps = [0, 1, 2].map((i) => `w${i}.${name} / w${i + 1}.${name}`).join(', ')
    const kept = 7 - drift.dearestDays
    return `(w0.${name} > ${growth} * w3.${name} AND least(${steps}) > ${drift.step}
      AND greatest(${steps}) < ${drift.steps} * least(${steps})
      AND ln(w0.${name} / w3.${name}) > ln(${drift.proven}) + ${errors} * sqrt(2 * spread * spread / ${kept} + ${error}))`
  }
  const ofCalls = rises('calls', drift.calls, '1 / w0.calls + 1 / w3.calls')
  const ofCost = rises(
    'cost_usd',
    drift.cost,
    'w0.square_usd / (w0.cost_usd * w0.cost_usd) + w3.square_usd / (w3.cost_usd * w3.cost_usd)',
  )
  const least = ['w0', 'w1', 'w2', 'w3'].map((week) => `${week}.calls, ${week}.cost_usd`).join(', ')
  return /* sql */ `
  SELECT 'drift' AS kind, 0 AS family, '' AS value, 24 * w0.last_day + 23 AS hour, 168 AS span_hours,
    w0.week_usd AS cost_usd, w3.week_usd AS norm_usd, NULL AS noise_usd, usual_usd,
    24 * (w0.last_day + 1) - (SELECT first_hour FROM series WHERE family = 0) AS history_hours,
    CAST(NULL AS DOUBLE) AS strength, w0.week_calls AS calls, w3.week_calls AS norm_calls
  FROM week_sums AS w0
  JOIN week_sums AS w1 ON w1.last_day = w0.last_day AND w1.week = 1
  JOIN week_sums AS w2 ON w2.last_day = w0.last_day AND w2.week = 2
  JOIN week_sums AS w3 ON w3.last_day = w0.last_day AND w3.week = 3
  JOIN spreads_of_days ON spreads_of_days.last_day = w0.last_day
  JOIN usual_days ON usual_days.day = w0.last_day
  WHERE w0.week = 0 AND w3.days = 7 AND 24 * w0.last_day + 23 BETWEEN ${whole('since_hour')} AND ${whole('until_hour')} - 1
    AND w0.week_usd - w3.week_usd >= CAST($min_usd AS DOUBLE)
    AND CASE WHEN least(${least}) > 0
      THEN (${ofCalls} AND w0.cost_usd > ${drift.calls.cost} * w3.cost_usd) OR ${ofCost} ELSE FALSE END`
}
