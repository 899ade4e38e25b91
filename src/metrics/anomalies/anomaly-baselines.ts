/**
 * What each hour of a day normally costs in a series, and how far from it an ordinary hour may be, from the
 * complete days before that day alone. The method and its reasons stand in docs/anomaly-method.md.
 */
import { discreteQuantile, quantile, wholeNumbers } from '../dialect.js'
import { whole } from './anomaly-hours.js'

/** Hours of history from which a day has a baseline at all, tells weekdays from weekends, and weekdays apart. */
export const historyNeeded = { any: 24, dayTypes: 7 * 24, weekdays: 14 * 24 } as const

/** The hour of an hour's window that its neighbours' medians are taken over; the hour itself counts twice. */
export const neighbours = '(VALUES (-1), (0), (0), (1)) AS shifts(shift)'

/** Parts of a baseline that explain it, beside the key (id, hour_of_day). */
export const baselineParts = [
  'history_hours',
  'type_median_usd',
  'all_median_usd',
  'day_usd',
  'weekday_usd',
  'pattern_usd',
  'mean_usd',
  'noise',
  'growth',
  'norm_usd',
  'noise_usd',
] as const

/**
 * CTEs from `baseline_days` (id, family, value, day, first_hour), `hourly_costs` and `skipped` to
 * `baselines`: one row a baseline day and hour of the day, with `baselineParts`.
 * @param skipped hours that the clock skipped, a list in brackets
 */
export const baselines = (skipped: string): string => /* sql */ `${pastHours(skipped)},
    ${patterns},
    ${spread},
    baselines AS MATERIALIZED (
      SELECT usable_days.id, patterns.hour_of_day, usable_days.history_hours, type_median_usd, all_median_usd,
        day_usd, weekday_usd, pattern_usd, mean_usd, noise, growth, growth * pattern_usd AS norm_usd,
        greatest(noise * sqrt(growth * pattern_usd + 0.1 * mean_usd + 1e-12), 0.05 * growth * pattern_usd)
          AS noise_usd
      FROM usable_days
      JOIN patterns ON patterns.id = usable_days.id AND patterns.weekday = (usable_days.day + 4) % 7
      JOIN spreads ON spreads.id = usable_days.id
      JOIN growths ON growths.id = usable_days.id
      JOIN means ON means.id = usable_days.id
    )`

/**
 * CTEs `own_costs`, the hours of the few series that have days to judge, and `own_hours`: each of their hours that is
 * some day's history, once, since the histories of following days overlap. 1970-01-01 was a Thursday.
 */
const seriesHours = (skipped: string): string => /* sql */ `own_costs AS MATERIALIZED (
      SELECT hourly_costs.* FROM hourly_costs
      JOIN (SELECT DISTINCT family, value FROM baseline_days) AS judged_series
        ON judged_series.family = hourly_costs.family AND judged_series.value = hourly_costs.value
    ), own_spans AS (
      SELECT family, value, min(24 * day - history_hours) AS since, max(24 * day) AS until
      FROM usable_days GROUP BY family, value
    ), own_slots AS (
      SELECT family, value, unnest(range(since, until)) AS hour FROM own_spans
    ), own_hours AS MATERIALIZED (
      SELECT own_slots.family, own_slots.value, own_slots.hour, own_slots.hour // 24 AS day,
        own_slots.hour % 24 AS hour_of_day, (own_slots.hour // 24 + 4) % 7 AS weekday,
        (own_slots.hour // 24 + 4) % 7 IN (0, 6) AS is_weekend, coalesce(own_costs.cost_usd, 0) AS exact_usd,
        CAST(coalesce(own_costs.cost_usd, 0) AS DOUBLE) AS cost_usd,
        coalesce(own_costs.paid_calls, 0) AS paid_calls, coalesce(own_costs.square_usd, 0) AS square_usd
      FROM own_slots
      LEFT JOIN own_costs ON own_costs.family = own_slots.family
        AND own_costs.value = own_slots.value AND own_costs.hour = own_slots.hour
      WHERE own_slots.hour NOT IN ${skipped}
    )`

/** Each hour of the history of each day that has one, hours without calls as 0. */
export const pastHours = (skipped: string): string => /* sql */ `usable_days AS MATERIALIZED (
      SELECT id, family, value, day, first_hour,
        24 * day - greatest(first_hour, 24 * (day - ${whole('history_days')})) AS history_hours
      FROM baseline_days
      WHERE 24 * day - greatest(first_hour, 24 * (day - ${whole('history_days')})) >= ${historyNeeded.any}
    ), ${seriesHours(skipped)}, past_hours AS MATERIALIZED (
      SELECT usable_days.id, own_hours.* EXCLUDE (family, value, hour)
      FROM usable_days JOIN own_hours ON own_hours.family = usable_days.family
        AND own_hours.value = usable_days.value
        AND own_hours.hour BETWEEN 24 * usable_days.day - history_hours AND 24 * usable_days.day - 1
    ), means AS (
      SELECT id, CAST(sum(exact_usd) AS DOUBLE) / count(*) AS mean_usd FROM past_hours GROUP BY id
    )`

/** The usual cost of each weekday and hour of the day, before growth. */
const patterns = /* sql */ `near_hours AS (
      SELECT id, day, is_weekend, (hour_of_day + shift + 24) % 24 AS hour_of_day, cost_usd
      FROM past_hours, ${neighbours}
    ), near_medians AS (
      SELECT id, hour_of_day, is_weekend, GROUPING(is_weekend) = 1 AS is_all,
        ${quantile('cost_usd', 0.5)} AS median_usd, count(DISTINCT day) AS days
      FROM near_hours GROUP BY GROUPING SETS ((id, hour_of_day), (id, hour_of_day, is_weekend))
    ), weekday_medians AS (
      SELECT id, weekday, hour_of_day, ${discreteQuantile('cost_usd', 0.5)} AS median_usd
      FROM past_hours GROUP BY id, weekday, hour_of_day HAVING count(*) >= 2
    ), slots AS (
      SELECT id, history_hours, weekday, weekday IN (0, 6) AS is_weekend, hour_of_day
      FROM usable_days, ${wholeNumbers('7')} AS weekdays(weekday), ${wholeNumbers('24')} AS hours(hour_of_day)
    ), slot_medians AS (
      SELECT slots.id, slots.weekday, slots.hour_of_day, all_days.median_usd AS all_median_usd,
        CASE WHEN history_hours >= ${historyNeeded.dayTypes} THEN one_type.median_usd END AS type_median_usd,
        CASE WHEN history_hours >= ${historyNeeded.dayTypes} THEN one_type.days END AS type_days,
        CASE WHEN history_hours >= ${historyNeeded.weekdays} THEN weekday_medians.median_usd END AS weekday_usd
      FROM slots
      LEFT JOIN near_medians AS all_days
        ON all_days.is_all AND all_days.id = slots.id AND all_days.hour_of_day = slots.hour_of_day
      LEFT JOIN near_medians AS one_type
        ON NOT one_type.is_all AND one_type.id = slots.id AND one_type.hour_of_day = slots.hour_of_day
        AND one_type.is_weekend = slots.is_weekend
      LEFT JOIN weekday_medians ON weekday_medians.id = slots.id
        AND weekday_medians.weekday = slots.weekday AND weekday_medians.hour_of_day = slots.hour_of_day
    ), day_patterns AS (
      SELECT *, coalesce((type_days * type_median_usd + all_median_usd) / (type_days + 1), all_median_usd, 0)
        AS day_usd
      FROM slot_medians
    ), patterns AS MATERIALIZED (
      SELECT *, greatest(day_usd, coalesce(weekday_usd, 0)) AS pattern_usd FROM day_patterns
    )`

/** How far hours were from their pattern, and by how much the last week was above it. */
const spread = /* sql */ `deviations AS MATERIALIZED (
      SELECT past_hours.id, past_hours.day, past_hours.exact_usd, patterns.pattern_usd,
        abs(past_hours.cost_usd - patterns.pattern_usd)
          / sqrt(patterns.pattern_usd + 0.1 * means.mean_usd + 1e-12) AS deviation
      FROM past_hours
      JOIN patterns ON patterns.id = past_hours.id AND patterns.weekday = past_hours.weekday
        AND patterns.hour_of_day = past_hours.hour_of_day
      JOIN means ON means.id = past_hours.id
    ), spreads AS (
      SELECT id, greatest(1.4826 * ${quantile('deviation', 0.5)}, ${quantile('deviation', 0.98)} / 2.3263) AS noise
      FROM deviations GROUP BY id
    ), daily_growths AS (
      SELECT deviations.id,
        CAST(sum(exact_usd) AS DOUBLE)
          / (CAST(sum(CAST(pattern_usd AS DECIMAL(38, 18))) AS DOUBLE) + 1e-12) AS ratio
      FROM deviations JOIN usable_days ON usable_days.id = deviations.id
      WHERE deviations.day >= usable_days.day - 7
      GROUP BY deviations.id, deviations.day
    ), growths AS (
      SELECT id, least(1.5, greatest(0.8, ${quantile('ratio', 0.5)})) AS growth FROM daily_growths GROUP BY id
    )`
