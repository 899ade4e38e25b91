/**
 * How many calls an hour of a day normally has in a series, what they cost, and how surprising the hours of the
 * history were by that norm itself; from the complete days before the day alone. The method and its reasons stand
 * in docs/anomaly-method.md.
 */
import { historyNeeded, neighbours, pastHours } from './anomaly-baselines.js'
import { whole } from './anomaly-hours.js'
import { discreteQuantile, quantile, wholeNumbers } from '../dialect.js'

/** Hours over which calls and money are counted together, up to and with the judged one. */
export const widths = [1, 3, 6, 24] as const
export type Width = (typeof widths)[number]

/** Constants of the norm. */
const norm = {
  /** Days whose weight the prior has: the account's own rhythm of all days, and the account's for a series. */
  accountPrior: 1,
  prior: 2,
  /** Days from which the largest of them teaches nothing. */
  trimmed: 5,
  /** Of the mean hour: no hour is expected to have less. */
  least: 0.02,
  /** Of the hour beside it: no hour is expected to have less. */
  beside: 0.7,
  growth: { least: 0.8, most: 2, calls: 5 },
} as const

/** How far a history's own surprises may go before the bound rises with them. */
const calibration = { hourly: 2.1, share: 0.98, daily: 4, days: 6, most: 8 } as const

/** Multiplicative noise of hourly calls: of all calls and of features, and of people. */
const noise = { group: 0.1, person: 0.3 } as const

/** SQL: κ of a series, the inverse of its noise. @param person SQL that is true for a person's series */
export const shapeOf = (person: string): string =>
  `CASE WHEN ${person} THEN ${1 / noise.person} ELSE ${1 / noise.group} END`

/**
 * SQL: the log-likelihood ratio of a negative binomial by which `found` is beyond `expected`, 0 where it is not; the
 * chance of as many or more is at most e to the power of minus it (Chernoff).
 * @param shape κ: the variance is expected + expected² / κ
 */
export const surprise = (found: string, expected: string, shape: string): string => {
  const mean = `greatest(${expected}, 1e-9)`
  return `CASE WHEN ${found} <= ${expected} THEN 0.0 ELSE ${found} * ln(${found} / ${mean})
    - (${found} + ${shape}) * ln((${found} + ${shape}) / (${mean} + ${shape})) END`
}

/**
 * CTEs from `baseline_days` (id, family, value, day, first_hour; with the account on each of the days),
 * `hourly_costs` and `skipped` to `totals` (id, call_usd, unit_usd) and `norms` (id, weekday, hour_of_day, norm_calls
 * and its parts).
 * @param skipped hours that the clock skipped, a list in brackets
 * @param everyWeekday norms of each weekday, and not of the day's own alone
 */
export const surpriseNorms = (
  skipped: string,
  everyWeekday = false,
): string => /* sql */ `${pastHours(skipped)},
    ${totals},
    ${slotMeans},
    ${patterns},
    ${growths},
    ${normsOfDay(everyWeekday ? 'TRUE' : 'patterns.weekday = (totals.day + 4) % 7')}`

/** What a call costs on the mean, and the size of call of which the money is so many: Σc² / Σc. */
const totals = /* sql */ `totals AS MATERIALIZED (
      SELECT past_hours.id, any_value(family) AS family, any_value(usable_days.day) AS day,
        any_value(history_hours) AS history_hours, count(*) AS hours,
        CAST(sum(paid_calls) AS DOUBLE) / count(*) AS mean_calls,
        CAST(sum(exact_usd) AS DOUBLE) / CAST(sum(paid_calls) AS DOUBLE) AS call_usd,
        CAST(sum(CAST(square_usd AS DECIMAL(38, 18))) AS DOUBLE) / CAST(sum(exact_usd) AS DOUBLE) AS unit_usd
      FROM past_hours JOIN usable_days ON usable_days.id = past_hours.id
      GROUP BY past_hours.id HAVING sum(exact_usd) > 0
    )`

/** Mean calls of an hour of the day with its neighbours, on such days and on all, without the largest day. */
const slotMeans = /* sql */ `smooth_hours AS MATERIALIZED (
      SELECT family, value, day, is_weekend, (hour_of_day + shift + 24) % 24 AS near_hour,
        CAST(CAST(sum(paid_calls) AS DOUBLE) / count(*) AS DECIMAL(38, 9)) AS calls
      FROM own_hours, ${neighbours}
      GROUP BY family, value, day, is_weekend, near_hour
    ), past_smooth_hours AS (
      SELECT usable_days.id, near_hour, is_weekend, calls
      FROM usable_days JOIN smooth_hours ON smooth_hours.family = usable_days.family
        AND smooth_hours.value = usable_days.value
        AND smooth_hours.day BETWEEN usable_days.day - ${whole('history_days')} AND usable_days.day - 1
    ), slot_means AS (
      SELECT id, near_hour AS hour_of_day, is_weekend, GROUPING(is_weekend) = 1 AS is_all, count(*) AS days,
        CASE WHEN count(*) >= ${norm.trimmed} THEN CAST(sum(calls) - max(calls) AS DOUBLE) / (count(*) - 1)
          ELSE CAST(sum(calls) AS DOUBLE) / count(*) END AS calls
      FROM past_smooth_hours GROUP BY GROUPING SETS ((id, near_hour), (id, near_hour, is_weekend))
    ), weekday_medians AS (
      SELECT id, weekday, hour_of_day, ${discreteQuantile('paid_calls', 0.5)} AS calls
      FROM past_hours GROUP BY id, weekday, hour_of_day HAVING count(*) >= 2
    ), all_slots AS (
      SELECT totals.*, weekday, hour_of_day
      FROM totals, ${wholeNumbers('7')} AS weekdays(weekday), ${wholeNumbers('24')} AS hours_of_day(hour_of_day)
    ), slots AS MATERIALIZED (
      SELECT all_slots.id, family, day, all_slots.weekday, all_slots.hour_of_day, mean_calls,
        coalesce(all_days.calls, 0) AS all_calls,
        CASE WHEN history_hours >= ${historyNeeded.dayTypes} THEN one_type.calls END AS type_calls,
        CASE WHEN history_hours >= ${historyNeeded.dayTypes} THEN one_type.days END AS type_days,
        CASE WHEN history_hours >= ${historyNeeded.weekdays} THEN weekday_medians.calls END AS weekday_calls
      FROM all_slots
      LEFT JOIN slot_means AS all_days ON all_days.is_all AND all_days.id = all_slots.id
        AND all_days.hour_of_day = all_slots.hour_of_day
      LEFT JOIN slot_means AS one_type ON NOT one_type.is_all AND one_type.id = all_slots.id
        AND one_type.hour_of_day = all_slots.hour_of_day
        AND one_type.is_weekend = (all_slots.weekday IN (0, 6))
      LEFT JOIN weekday_medians ON weekday_medians.id = all_slots.id
        AND weekday_medians.weekday = all_slots.weekday AND weekday_medians.hour_of_day = all_slots.hour_of_day
    )`

/** SQL: the days' mean with so many days of the prior's. */
const shrunk = (prior: string, days: number): string => `greatest(
          CASE WHEN type_days > 0 THEN (type_days * type_calls + ${days} * ${prior}) / (type_days + ${days})
            ELSE (2 * all_calls + ${days} * ${prior}) / (2 + ${days}) END,
          coalesce(weekday_calls, 0), ${norm.least} * mean_calls)`

/** The usual calls of each weekday and hour, before growth; a series is drawn towards the account's rhythm. */
const patterns = /* sql */ `account_patterns AS MATERIALIZED (
      SELECT id, family, day, weekday, hour_of_day, all_calls AS prior_calls, all_calls, type_calls, weekday_calls,
        ${shrunk('all_calls', norm.accountPrior)} AS pattern_calls
      FROM slots WHERE family = 0
    ), account_hours AS (
      SELECT past_hours.id, avg(pattern_calls) AS mean_calls
      FROM past_hours JOIN account_patterns ON account_patterns.id = past_hours.id
        AND account_patterns.weekday = past_hours.weekday AND account_patterns.hour_of_day = past_hours.hour_of_day
      GROUP BY past_hours.id
    ), profiles AS (
      SELECT day, weekday, hour_of_day, pattern_calls / mean_calls AS profile
      FROM account_patterns JOIN account_hours ON account_hours.id = account_patterns.id
    ), other_slots AS (
      SELECT slots.*, mean_calls * coalesce(profile, 1) AS prior_calls
      FROM slots LEFT JOIN profiles ON profiles.day = slots.day AND profiles.weekday = slots.weekday
        AND profiles.hour_of_day = slots.hour_of_day
      WHERE family <> 0
    ), patterns AS MATERIALIZED (
      SELECT * FROM account_patterns UNION ALL
      SELECT id, family, day, weekday, hour_of_day, prior_calls, all_calls, type_calls, weekday_calls,
        ${shrunk('prior_calls', norm.prior)} AS pattern_calls
      FROM other_slots
    )`

/** By how much the last seven days were above the pattern; few calls say little, and follow the account. */
const growths = /* sql */ `last_hours AS MATERIALIZED (
      SELECT past_hours.id, family, judged_day, past_hours.day, weekday, hour_of_day, paid_calls
      FROM past_hours JOIN (SELECT id, family, day AS judged_day FROM totals) AS judged USING (id)
      WHERE past_hours.day >= judged_day - 7
    ), last_days AS (
      SELECT last_hours.id, last_hours.family, judged_day AS day, CAST(sum(paid_calls) AS DOUBLE) AS calls,
        CAST(sum(CAST(pattern_calls AS DECIMAL(38, 9))) AS DOUBLE) AS pattern_calls
      FROM last_hours JOIN patterns USING (id, weekday, hour_of_day)
      GROUP BY last_hours.id, last_hours.family, judged_day, last_hours.day
    ), account_growths AS (
      SELECT day, ${clipped(quantile('calls / (pattern_calls + 1e-12)', 0.5))} AS growth
      FROM last_days WHERE family = 0 GROUP BY day
    ), growths AS (
      SELECT last_days.id, CASE WHEN last_days.family = 0 THEN any_value(account_growths.growth) ELSE
        ${clipped(
          quantile(
            `(calls + ${norm.growth.calls} * coalesce(account_growths.growth, 1)) / (pattern_calls + ${norm.growth.calls})`,
            0.5,
          ),
        )} END AS growth
      FROM last_days LEFT JOIN account_growths ON account_growths.day = last_days.day
      GROUP BY last_days.id, last_days.family
    )`

function clipped(ratio: string): string {
  return `least(${norm.growth.most}, greatest(${norm.growth.least}, ${ratio}))`
}

/**
 * The calls that each hour of a weekday normally has; offices in another zone begin an hour off.
 * @param weekdays SQL over `patterns` and `totals`: the weekdays whose norms are asked for
 */
const normsOfDay = (weekdays: string): string => /* sql */ `asked_patterns AS MATERIALIZED (
      SELECT patterns.*, growth FROM patterns
      JOIN totals ON totals.id = patterns.id
      JOIN growths ON growths.id = patterns.id
      WHERE ${weekdays}
    ), norms AS MATERIALIZED (
      SELECT own.id, own.weekday, own.hour_of_day, prior_calls, all_calls, type_calls, weekday_calls, pattern_calls, growth,
        growth * greatest(pattern_calls, ${norm.beside} * most_beside) AS norm_calls
      FROM asked_patterns AS own JOIN (
        SELECT id, weekday, (hour_of_day + shift + 24) % 24 AS hour_of_day, max(pattern_calls) AS most_beside
        FROM asked_patterns, (VALUES (-1), (1)) AS shifts(shift) GROUP BY ALL
      ) AS beside USING (id, weekday, hour_of_day)
    )`

/**
 * CTEs from `past_hours`, `patterns`, `totals` and `suspect_days` (id) to `measures` (id, calibrations by width): sums over
 * each width of the hours of the history of suspect days, and how surprising they were.
 * @param person SQL that is true for a person's series, over `family`
 */
export const measures = (person: string): string => {
  const sums = widths.map((width) => {
    const over = (value: string): string => (width === 1 ? value : `sum(${value}) OVER span_${width}`)
    return /* sql */ `
        ${over('paid_calls')} AS calls_${width}, ${over('pattern_calls')} AS pattern_${width},
        ${over('cost_usd')} AS cost_${width}, ${over('square_usd')} AS square_${width}`
  })
  const spans = widths
    .filter((width) => width > 1)
    .map(
      (width) =>
        `span_${width} AS (PARTITION BY expected_hours.id ORDER BY expected_hours.day, hour_of_day ROWS BETWEEN ${width - 1} PRECEDING AND CURRENT ROW)`,
    )
  const unit = (width: Width): string =>
    `greatest(unit_usd, CASE WHEN cost_${width} > 1e-12 THEN square_${width} / cost_${width} ELSE 0 END)`
  const ofCalls = (width: Width): string =>
    surprise(`CAST(calls_${width} AS DOUBLE)`, `pattern_${width}`, 'shape')
  const ofMoney = (width: Width): string =>
    surprise(`(cost_${width} / ${unit(width)})`, `(pattern_${width} * call_usd / ${unit(width)})`, 'shape')
  const maxima = widths.map(
    (width) => /* sql */ `
        coalesce(max(${ofCalls(width)}) FILTER (WHERE is_above), 0) AS calls_day_${width},
        coalesce(max(${ofMoney(width)}) FILTER (WHERE is_above), 0) AS money_day_${width}`,
  )
  const second = (name: string): string => `list_sort(list(${name}), 'DESC')[2]`
  const calibrated = (kind: 'calls' | 'money', width: Width): string => /* sql */ `
        greatest(${kind}_base, CASE WHEN count(*) >= ${calibration.days}
          THEN least(${calibration.most}, ${second(`${kind}_day_${width}`)} / ${calibration.daily}) ELSE 1 END)
          AS ${kind}_calibration_${width}`
  const base = (kind: 'calls' | 'money', value: string): string =>
    `greatest(1, ${quantile(value, calibration.share)} / ${calibration.hourly}) AS ${kind}_base`
  return /* sql */ `suspect_hours AS MATERIALIZED (
      SELECT * FROM past_hours WHERE id IN (SELECT id FROM suspect_days)
    ), expected_hours AS (
      SELECT suspect_hours.*, pattern_calls FROM suspect_hours JOIN patterns USING (id, weekday, hour_of_day)
    ), past_sums AS MATERIALIZED (
      SELECT expected_hours.id, expected_hours.day, call_usd, unit_usd, ${shapeOf(person)} AS shape,
        cost_usd > pattern_calls * call_usd AS is_above, ${sums.join(',')}
      FROM expected_hours JOIN totals ON totals.id = expected_hours.id
      WINDOW ${spans.join(', ')}
    ), bases AS (
      SELECT id, ${base('calls', ofCalls(1))}, ${base('money', ofMoney(1))} FROM past_sums GROUP BY id
    ), daily_surprises AS (
      SELECT id, day, ${maxima.join(',')} FROM past_sums GROUP BY id, day
    ), measures AS MATERIALIZED (
      SELECT daily_surprises.id, ${widths.flatMap((width) => [calibrated('calls', width), calibrated('money', width)]).join(',')}
      FROM daily_surprises JOIN bases ON bases.id = daily_surprises.id
      GROUP BY daily_surprises.id, calls_base, money_base
    )`
}
