/**
 * Abnormal hours of an account whose people work in sessions: a session counts once, and how long it is and what
 * its calls cost is judged by the sessions of the same person. The method and its reasons: docs/anomaly-method.md.
 */
import { shareTimes } from '../../domain/materiality.js'
import type { AnomalyKind, FlagRow } from './flags.js'
import { locatedCalls, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'
import { isWeekend } from './bursty-days.js'
import { quantile, rowsOfJson, wholeNumbers } from '../dialect.js'
import type { Query, Whole } from '../query.js'
import type { SeriesDay } from './judged-hours.js'
import { sessionHours, sessionTables } from './session-hours.js'

export interface SessionRequest extends SeriesRequest {
  /** Bursty local days, see bursty-days.ts; the only ones that are judged. */
  readonly days: readonly number[]
  readonly kinds: readonly AnomalyKind[]
  /** The bound of surprise, before the logarithm of the series is added, is multiplied by it. */
  readonly noiseScale: number
  /** Smallest excess of an hour as a share of a usual day, which the share of sessions moves with. */
  readonly minShare: number
}

/**
 * `surprise`: the bound, to which the logarithm of the number of series is added; `norm`, `day`: bounds as
 * multiples of the norm and of the account's usual day; `shape`: of the negative binomial law of sessions (1 over
 * its dispersion); `profile`: the least of an hour's share of the day, 1 being an even one; `spans`: hours.
 */
export const sessionBounds = {
  surprise: 9,
  norm: 1.5,
  day: 0.25,
  shape: 5,
  profile: 0.1,
  spans: [1, 3, 6, 24],
} as const

/** Days to read before the first judged day: one more, for sessions that went on over midnight. */
export const sessionReach = (historyDays: number): number => historyDays + 2

export function sessionFlags(request: SessionRequest): Query<FlagRow> {
  const spans = sessionBounds.spans.filter((hours) => request.kinds.includes(kindOf(hours)))
  return termsQuery(
    request,
    dearDays,
    spans,
    /* sql */ `SELECT * EXCLUDE (place) FROM (
      SELECT *, row_number() OVER (PARTITION BY family, value, hour, kind ORDER BY strength DESC, span_hours) AS place
      FROM (
        SELECT CASE WHEN span_hours < ${dayHours} THEN 'spike' ELSE 'sustained' END AS kind, family, value, hour, span_hours,
          span_usd AS cost_usd, span_norm_usd AS norm_usd, CAST(NULL AS DOUBLE) AS noise_usd, usual_usd,
          history_hours, surprise / bound AS strength, surprise, series AS series_count, {
            sessions: span_sessions, begun: span_begun, norm_begun: span_norm_begun,
            price_times: exp(span_price / span_units), calls_times: exp(span_calls / span_units),
            begun_surprise: session_surprise, price_surprise: price_surprise, calls_surprise: calls_surprise
          } AS session_terms
        FROM terms WHERE ${conditions.join(' AND ')}
      )
    ) WHERE place = 1 ORDER BY hour, family, value, kind`,
  )
}

/** One hour of one series with the terms of its verdict over each span; sums of the span but for `hour_…`. */
export interface SessionTermRow {
  readonly span_hours: number
  readonly span_begun: number
  readonly span_norm_begun: number
  readonly span_units: number
  readonly span_usd: number
  readonly span_norm_usd: number
  readonly span_price: number
  readonly span_calls: number
  readonly price_noise: number
  readonly calls_noise: number
  readonly session_surprise: number
  readonly price_surprise: number
  readonly calls_surprise: number
  readonly surprise: number
  readonly bound: number
  readonly hour_usd: number
  readonly hour_norm_usd: number
  readonly usual_usd: number
  readonly series: Whole
  readonly history_hours: Whole
}

/** @param request its days hold the hour's */
export function sessionTerms(
  request: SessionRequest,
  { family, value, hour }: { readonly family: number; readonly value: string; readonly hour: number },
): Query<SessionTermRow> {
  const chosen = /* sql */ `dear_days AS (
      SELECT family, value, day FROM session_series, judged_days
      WHERE family = ${whole('family')} AND value = $value
    )`
  const { sql, params } = termsQuery<SessionTermRow>(
    request,
    chosen,
    sessionBounds.spans,
    `SELECT * FROM terms WHERE hour = CAST($hour AS BIGINT) AND is_whole ORDER BY span_hours`,
  )
  return { sql, params: { ...params, family, value, hour } }
}

/** What an hour of a series normally costs by its sessions. */
export interface SessionNormRow {
  readonly family: number
  readonly value: string
  readonly hour: Whole
  readonly norm_usd: number
}

/** The norms of the hours of these days of series; `request.days` hold the days. */
export function sessionNorms(request: SessionRequest, wanted: readonly SeriesDay[]): Query<SessionNormRow> {
  const types = { family: 'INTEGER', value: 'VARCHAR', day: 'BIGINT' }
  const chosen = /* sql */ `dear_days AS (SELECT DISTINCT family, value, day FROM (SELECT ${rowsOfJson('$wanted', types)}))`
  const { sql, params } = termsQuery<SessionNormRow>(
    request,
    chosen,
    [1],
    `SELECT family, value, hour, hour_norm_usd AS norm_usd FROM terms WHERE is_judged ORDER BY family, value, hour`,
  )
  return { sql, params: withoutUnused({ ...params, wanted: JSON.stringify(wanted) }, sql) }
}

function termsQuery<R>(
  request: SessionRequest,
  series: string,
  spans: readonly number[],
  answer: string,
): Query<R> {
  const { span, historyDays, noiseScale, minShare, days } = request
  const calls = locatedCalls(request, {
    person: "coalesce(user_id, '')",
    session: "coalesce(session_id, '')",
  })
  const sql = /* sql */ `
    WITH judged_days AS MATERIALIZED (
      SELECT DISTINCT day FROM (SELECT ${rowsOfJson('$days', { day: 'BIGINT' })})
    ), base_days AS MATERIALIZED (
      SELECT day FROM judged_days UNION SELECT day - 1 FROM judged_days
    ), ${calls.sql},
    ${sessionTables(request)},
    ${sessionHours},
    ${usualDays},
    ${profiles},
    ${series},
    ${norms},
    terms AS (${spans.map(termsOf).join(' UNION ALL ')})
    ${answer}`
  const params = {
    ...calls.params,
    first_hour: span.first,
    history_days: historyDays,
    since_hour: span.since,
    until_hour: span.until,
    scale: noiseScale,
    share_times: shareTimes(minShare),
    days: JSON.stringify(days.map((day) => ({ day }))),
  }
  return { sql, params: withoutUnused(params, sql) }
}

/** CTE `usual_days`: each base day's median cost of a day before, how many these are, and the series known before. */
const usualDays = /* sql */ `past_days AS (
      SELECT base_days.day, base_days.day - 1 - ago.days AS past_day
      FROM base_days, ${wholeNumbers(whole('history_days'))} AS ago(days), session_series
      WHERE session_series.family = 0 AND base_days.day - 1 - ago.days >= session_series.first_hour // 24
    ), known_series AS (
      SELECT base_days.day, count(*) AS series
      FROM base_days JOIN session_series ON session_series.first_hour < 24 * base_days.day GROUP BY base_days.day
    ), usual_days AS MATERIALIZED (
      SELECT past_days.day, any_value(known_series.series) AS series, count(*) AS past_days,
        count(*) FILTER (WHERE ${isWeekend('past_days.past_day')} = ${isWeekend('past_days.day')}) AS type_days,
        ${quantile('coalesce(session_days.cost_usd, 0)', 0.5)} AS usual_usd
      FROM past_days JOIN known_series ON known_series.day = past_days.day
      LEFT JOIN session_days ON session_days.family = 0 AND session_days.day = past_days.past_day
      GROUP BY past_days.day
    )`

/**
 * CTE `profiles`: how the account's sessions begin over the hours of each base day, 1 being an even share: on such
 * days and, with the weight of one more day, on all; the hour counts twice beside its neighbours.
 */
const profiles = /* sql */ `near_begins AS MATERIALIZED (
      SELECT hour // 24 AS day, (hour + shifts.shift + 24) % 24 AS hour_of_day, sum(begun * shifts.weight) AS begun
      FROM series_hours, (VALUES (-1, 1), (0, 2), (1, 1)) AS shifts(shift, weight)
      WHERE family = 0 GROUP BY hour // 24, (hour + shifts.shift + 24) % 24
    ), slot_begins AS (
      SELECT past_days.day, hour_of_day, CAST(sum(begun) AS DOUBLE) / 4 AS begun,
        CAST(coalesce(sum(begun) FILTER (
          WHERE ${isWeekend('past_days.past_day')} = ${isWeekend('past_days.day')}), 0) AS DOUBLE) / 4 AS type_begun
      FROM past_days JOIN near_begins ON near_begins.day = past_days.past_day
      GROUP BY past_days.day, hour_of_day
    ), day_begins AS (
      SELECT day, sum(begun) AS begun FROM slot_begins GROUP BY day
    ), profiles AS MATERIALIZED (
      SELECT usual_days.day, hours.hour_of_day, greatest(${sessionBounds.profile},
        (coalesce(type_begun, 0) + coalesce(slot_begins.begun, 0) / past_days) / (type_days + 1)
          / (day_begins.begun / (24 * past_days))) AS profile
      FROM usual_days JOIN day_begins ON day_begins.day = usual_days.day
      CROSS JOIN ${wholeNumbers('24')} AS hours(hour_of_day)
      LEFT JOIN slot_begins
        ON slot_begins.day = usual_days.day AND slot_begins.hour_of_day = hours.hour_of_day
      WHERE day_begins.begun > 0
    )`

/** CTE `dear_days`: the series that cost enough on a judged day and the day before it to be flagged. */
const dearDays = /* sql */ `dear_days AS (
      SELECT session_days.family, session_days.value, judged_days.day
      FROM judged_days
      JOIN usual_days ON usual_days.day = judged_days.day
      JOIN session_days ON session_days.day BETWEEN judged_days.day - 1 AND judged_days.day
      GROUP BY session_days.family, session_days.value, judged_days.day
      HAVING CAST(sum(session_days.cost_usd) AS DOUBLE) > ${sessionBounds.day} * CAST($share_times AS DOUBLE) * any_value(usual_usd)
    )`

/** CTE `judged_hours`: the hours of `dear_days` and of the days before these. */
const norms = /* sql */ `norm_days AS (
      SELECT family, value, day FROM dear_days UNION SELECT family, value, day - 1 FROM dear_days
    ), series_norms AS (
      SELECT norm_days.family, norm_days.value, norm_days.day,
        norm_days.day - any_value(greatest(norm_days.day - ${whole('history_days')}, first_hour // 24)) AS days,
        CAST(sum(session_days.begun) AS DOUBLE) AS begun, CAST(sum(session_days.cost_usd) AS DOUBLE) AS cost_usd
      FROM norm_days
      JOIN session_series USING (family, value)
      JOIN session_days ON session_days.family = norm_days.family AND session_days.value = norm_days.value
        AND session_days.day BETWEEN norm_days.day - ${whole('history_days')} AND norm_days.day - 1
      GROUP BY norm_days.family, norm_days.value, norm_days.day HAVING sum(session_days.begun) > 0
    ), judged_hours AS MATERIALIZED (
      SELECT series_norms.family, series_norms.value, 24 * profiles.day + profiles.hour_of_day AS hour, 24 * days AS history_hours,
        CAST(series_norms.begun / (24 * days) * profile AS DECIMAL(38, 18)) AS norm_begun,
        CAST(series_norms.cost_usd / (24 * days) * profile AS DECIMAL(38, 18)) AS norm_usd,
        usual_usd, usual_days.series, noises.price_noise, noises.calls_noise,
        judged_days.day IS NOT NULL AS is_judged,
        coalesce(series_hours.begun, 0) AS begun, coalesce(series_hours.units, 0) AS units,
        coalesce(series_hours.cost_usd, 0) AS cost_usd, coalesce(series_hours.price, 0) AS price,
        coalesce(series_hours.calls, 0) AS calls
      FROM series_norms
      JOIN profiles ON profiles.day = series_norms.day
      JOIN usual_days ON usual_days.day = series_norms.day
      JOIN noises ON noises.day = series_norms.day
      LEFT JOIN judged_days ON judged_days.day = series_norms.day
      LEFT JOIN series_hours ON series_hours.family = series_norms.family
        AND series_hours.value = series_norms.value
        AND series_hours.hour = 24 * profiles.day + profiles.hour_of_day
      WHERE 24 * profiles.day + profiles.hour_of_day < ${whole('until_hour')}
    )`

const dayHours = 24
const kindOf = (hours: number): 'spike' | 'sustained' => (hours < dayHours ? 'spike' : 'sustained')

/** SQL over `terms`: the hour is flagged. */
const conditions = [
  'is_judged AND is_whole',
  `hour >= ${whole('since_hour')}`,
  'hour_units > 0',
  'hour_usd > hour_norm_usd',
  `span_usd - span_norm_usd > ${sessionBounds.day} * CAST($share_times AS DOUBLE) * usual_usd`,
  `span_usd > ${sessionBounds.norm} * span_norm_usd`,
  'surprise > bound',
]

/** Every judged hour with the surprise of the hours up to it, and what it is made of. */
function termsOf(hours: number): string {
  const { shape, surprise } = sessionBounds
  const double = (sum: string): string => `CAST(${sum} OVER last AS DOUBLE)`
  // Of a negative binomial law; 0 where there are no more sessions than usual.
  const sessions = /* sql */ `CASE WHEN span_begun <= span_norm_begun THEN 0 ELSE
      span_begun * ln(span_begun / span_norm_begun)
        - (span_begun + ${shape}) * ln((span_begun + ${shape}) / (span_norm_begun + ${shape})) END`
  const shift = (sum: string, noise: string): string =>
    `CASE WHEN ${sum} <= 0 THEN 0 ELSE ${sum} * ${sum} / (2 * span_units * ${noise}) END`
  return /* sql */ `
      SELECT *, session_surprise + price_surprise + calls_surprise AS surprise
      FROM (
        SELECT *, ${sessions} AS session_surprise, ${shift('span_price', 'price_noise')} AS price_surprise,
          ${shift('span_calls', 'calls_noise')} AS calls_surprise,
          CAST($scale AS DOUBLE) * ${surprise} + ln(series) AS bound
        FROM (
          SELECT family, value, hour, ${hours} AS span_hours, is_judged, units AS hour_units, history_hours, usual_usd,
            series, price_noise, calls_noise, CAST(cost_usd AS DOUBLE) AS hour_usd, CAST(norm_usd AS DOUBLE) AS hour_norm_usd,
            ${double('sum(begun)')} AS span_begun, ${double('sum(norm_begun)')} AS span_norm_begun,
            ${double('sum(cost_usd)')} AS span_usd, ${double('sum(norm_usd)')} AS span_norm_usd,
            ${double('sum(units)')} AS span_units, ${double('sum(begun)')} + CAST(first_value(units - begun) OVER last AS DOUBLE) AS span_sessions, ${double('sum(price)')} AS span_price,
            ${double('sum(calls)')} AS span_calls, hour - min(hour) OVER last = ${hours - 1} AS is_whole
          FROM judged_hours
          WINDOW last AS (
            PARTITION BY family, value ORDER BY hour ROWS BETWEEN ${hours - 1} PRECEDING AND CURRENT ROW
          )
        )
      )`
}
