/**
 * The tests of an hour against its baseline, each a SELECT of the hours that it flags: `kind`, series, hour,
 * what was measured over `span_hours`, its norm and noise, and `strength`, by how much it passed the bound of
 * noise. docs/anomaly-method.md tells what each is for.
 */
import { missingHours, whole, type SeriesRequest } from './anomaly-hours.js'

/**
 * Bounds of the tests, as multiples of the noise, of the norm and of the account's usual day; `rest` is the
 * share of the excess that must remain without its dearest call or hour, `calls` the number of equal calls
 * that the cost must be worth (Kish's effective number).
 */
export const bounds = {
  spike: { noise: 6, norm: 3, day: 0.05, rest: 0.5, calls: 4.5 },
  sustained: { noise: 8, norm: 2, day: 0.25, rest: 0.5, personNorm: 3, personDay: 0.15, calls: 4.5 },
  drift: { growth: 1.5, dearestDays: 2, steps: 1.3 },
  drop: { noise: 2, norm: 0.1, day: 0.1 },
} as const

export const anomalyKinds = ['spike', 'sustained', 'drift', 'drop'] as const
export type AnomalyKind = (typeof anomalyKinds)[number]

/** A person's series is small beside the account: other bounds hold. @returns a boolean expression */
export const isPerson = ({ by }: SeriesRequest): string => {
  const families = by.flatMap(({ key }, i) => (key === 'user_id' ? [i + 1] : []))
  return families.length === 0 ? 'FALSE' : `family IN (${families.join(', ')})`
}

/** SQL: what shares of a usual day are multiplied by. */
export const timesShare = 'CAST($share_times AS DOUBLE)'

/** Beside the test by likelihood: too few calls to prove anything, and yet more than a whole usual day's cost. */
const wholeDay = { day: 1, personDay: 1e9 } as const

/** @param whole what comes to a whole usual day alone, and never a person */
export const sustainedBound = (request: SeriesRequest, of: 'norm' | 'day', whole = false): string => {
  const { norm, personNorm } = bounds.sustained
  const { day, personDay } = whole ? wholeDay : bounds.sustained
  const [person, other] = of === 'norm' ? [personNorm, norm] : [personDay, day]
  const bound = `CASE WHEN ${isPerson(request)} THEN ${person} ELSE ${other} END`
  return of === 'day' && !whole ? `((${bound}) * ${timesShare})` : bound
}

/**
 * CTEs `judged_hours`: the hours of all days with a baseline, and `usual_days` (day, usual_usd): the median
 * daily cost of the account over the history of each day.
 */
export function judgedHours({ span }: SeriesRequest): string {
  const skipped = missingHours(span)
  const passed = span.missing.map(
    (_, i) => ` - CAST(24 * day + hour_of_day > ${whole(`missing_${i}`)} AS BIGINT)`,
  )
  return /* sql */ `hours_of_days AS (
      SELECT baselines.*, family, value, day, 24 * day + hour_of_day AS hour,
        24 * day + hour_of_day${passed.join('')} AS position
      FROM baselines JOIN usable_days ON usable_days.id = baselines.id
    ), judged_hours AS MATERIALIZED (
      SELECT hours_of_days.* EXCLUDE (id), usual_days.usual_usd,
        coalesce(own_costs.cost_usd, 0) AS exact_usd,
        CAST(coalesce(own_costs.cost_usd, 0) AS DOUBLE) AS cost_usd,
        CAST(coalesce(own_costs.max_cost_usd, 0) AS DOUBLE) AS max_cost_usd,
        coalesce(own_costs.square_usd, 0) AS square_usd,
        CAST(coalesce(own_costs.cost_usd, 0) AS DOUBLE) - norm_usd AS excess_usd
      FROM hours_of_days
      JOIN usual_days ON usual_days.day = hours_of_days.day
      LEFT JOIN own_costs ON own_costs.family = hours_of_days.family
        AND own_costs.value = hours_of_days.value AND own_costs.hour = hours_of_days.hour
      WHERE hours_of_days.hour < ${whole('until_hour')} AND hours_of_days.hour NOT IN ${skipped.sql}
        AND usual_days.usual_usd IS NOT NULL
    )`
}

/** Sums over the last 24 hours, or 3, where all of them have a baseline. */
export const trailing = (hours: number): string => /* sql */ `
  SELECT *, ${whole('until_hour')} AS until_hour,
    CAST(sum(exact_usd) OVER span AS DOUBLE) AS span_usd,
    CAST(sum(CAST(norm_usd AS DECIMAL(38, 18))) OVER span AS DOUBLE) AS span_norm_usd,
    sqrt(sum(noise_usd * noise_usd) OVER span) AS span_noise_usd,
    max(excess_usd) OVER span AS span_max_excess_usd,
    sum(square_usd) OVER span AS span_square_usd,
    position - min(position) OVER span = ${hours - 1} AS is_whole
  FROM judged_hours
  WHERE mean_usd > 0
  WINDOW span AS (
    PARTITION BY family, value ORDER BY position ROWS BETWEEN ${hours - 1} PRECEDING AND CURRENT ROW
  )`

const flag = (
  kind: AnomalyKind,
  hours: number,
  cost: string,
  norm: string,
  noise: string,
  bound: number,
): string =>
  `'${kind}' AS kind, family, value, hour, ${hours} AS span_hours, ${cost} AS cost_usd, ${norm} AS norm_usd,
    ${noise} AS noise_usd, usual_usd, history_hours, abs(${cost} - ${norm}) / nullif(${bound} * ${noise}, 0) AS strength`

const judged = `hour >= ${whole('since_hour')}`
const scale = 'CAST($scale AS DOUBLE)'

/** The conditions of each test. */
const conditions = {
  spike: [
    `excess_usd > ${bounds.spike.noise} * ${scale} * noise_usd`,
    `cost_usd > ${bounds.spike.norm} * norm_usd`,
    `excess_usd > ${bounds.spike.day} * ${timesShare} * usual_usd`,
    `excess_usd - max_cost_usd > ${bounds.spike.rest} * excess_usd`,
    `cost_usd * cost_usd > ${bounds.spike.calls} * square_usd`,
  ],
  sustained: (request: SeriesRequest, whole: boolean): readonly string[] => [
    `span_usd - span_norm_usd > ${bounds.sustained.noise} * ${scale} * span_noise_usd`,
    `span_usd > (${sustainedBound(request, 'norm')}) * span_norm_usd`,
    `span_usd - span_norm_usd > (${sustainedBound(request, 'day', whole)}) * usual_usd`,
    'cost_usd > norm_usd',
    `span_usd - span_norm_usd - span_max_excess_usd > ${bounds.sustained.rest} * (span_usd - span_norm_usd)`,
    `span_usd * span_usd > ${bounds.sustained.calls} * span_square_usd`,
  ],
  drop: [
    `span_usd < ${bounds.drop.norm} * span_norm_usd`,
    `span_norm_usd - span_usd > ${bounds.drop.noise} * span_noise_usd`,
    `span_norm_usd - span_usd > ${bounds.drop.day} * ${timesShare} * usual_usd`,
  ],
} as const

export const spikes = (): string => /* sql */ `
  SELECT ${flag('spike', 1, 'cost_usd', 'norm_usd', 'noise_usd', bounds.spike.noise)}
  FROM judged_hours WHERE ${[judged, 'mean_usd > 0', ...conditions.spike].join(' AND ')}`

/** @param whole what comes to a whole usual day alone, and never a person */
export const sustained = (request: SeriesRequest, whole = false): string => /* sql */ `
  SELECT ${flag('sustained', 24, 'span_usd', 'span_norm_usd', 'span_noise_usd', bounds.sustained.noise)}
  FROM (${trailing(24)}) WHERE ${[judged, 'is_whole', ...conditions.sustained(request, whole)].join(' AND ')}`

export const drops = (): string => /* sql */ `
  SELECT ${flag('drop', 3, 'span_usd', 'span_norm_usd', 'span_noise_usd', bounds.drop.noise)}
  FROM (${trailing(3)}) WHERE ${[judged, 'is_whole', ...conditions.drop].join(' AND ')}`

/**
 * Weeks of the account that rise steadily, day by day, from `account_days`. The dearest days of each week do not count, and no week's step
 * is far above another's: one jump is no drift. The account's alone: the weeks of one user or feature rise by
 * chance too often.
 */
export const drifts = (): string => {
  const double = (sum: string): string => `CAST(${sum}.rest_usd AS DOUBLE)`
  const [w0, w1, w2, w3] = ['week_0', 'week_1', 'week_2', 'week_3'].map(double)
  const steps = `${w0} / ${w1}, ${w1} / ${w2}, ${w2} / ${w3}`
  return /* sql */ `
  SELECT 'drift' AS kind, 0 AS family, '' AS value, 24 * week_0.day + 23 AS hour, 168 AS span_hours,
    CAST(week_0.week_usd AS DOUBLE) AS cost_usd, CAST(week_3.week_usd AS DOUBLE) AS norm_usd, NULL AS noise_usd,
    usual_usd, 24 * (week_0.day + 1) - week_0.first_hour AS history_hours,
    ${w0} / (${bounds.drift.growth} * ${w3}) AS strength
  FROM account_weeks AS week_0
  JOIN account_weeks AS week_1 ON week_1.day = week_0.day - 7
  JOIN account_weeks AS week_2 ON week_2.day = week_0.day - 14
  JOIN account_weeks AS week_3 ON week_3.day = week_0.day - 21
  JOIN usual_days ON usual_days.day = week_0.day
  WHERE week_0.first_hour <= 24 * (week_0.day - 27)
    AND 24 * week_0.day + 23 BETWEEN ${whole('since_hour')} AND ${whole('until_hour')} - 1
    AND week_3.rest_usd > 0 AND ${w0} > ${bounds.drift.growth} * ${w3}
    AND week_0.rest_usd > week_1.rest_usd AND week_1.rest_usd > week_2.rest_usd
    AND week_2.rest_usd > week_3.rest_usd
    AND greatest(${steps}) < ${bounds.drift.steps} * least(${steps})`
}

/** CTE `account_weeks`: the seven days up to each, all of them and without the dearest. */
export const accountWeeks = /* sql */ `account_week_days AS (
      SELECT last_days.day, week_days.exact_usd,
        row_number() OVER (PARTITION BY last_days.day ORDER BY week_days.exact_usd DESC) AS place
      FROM account_days AS last_days
      JOIN account_days AS week_days ON week_days.day BETWEEN last_days.day - 6 AND last_days.day
    ), account_weeks AS (
      SELECT day, first_hour, sum(exact_usd) AS week_usd,
        sum(CASE WHEN place > ${bounds.drift.dearestDays} THEN exact_usd ELSE 0 END) AS rest_usd
      FROM account_week_days JOIN series ON family = 0 GROUP BY day, first_hour
    )`
