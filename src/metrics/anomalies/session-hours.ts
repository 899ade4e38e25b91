/**
 * Sessions by the hour, for the search for anomalies in bursty accounts: how many began, and how far the calls of
 * each and their price were from what is usual for the same person. A session is a user's calls with one session
 * id; without ids, those of hours that follow each other.
 */
import { whole, type SeriesRequest } from './anomaly-hours.js'

/** A person's usual is learned from this many hours of sessions of everybody, beside their own. */
const priorUnits = 5

/** Least noise, of natural logarithms, squared. */
const leastNoise = 0.001

/**
 * CTEs from `located_calls` (with person and session) to `session_series` (family, value, first_hour),
 * `session_parts` (a session within an hour and series) and `session_days` (family, value, day, begun, cost_usd).
 */
export function sessionTables({ by }: SeriesRequest): string {
  const values = by.map((_, i) => `v${i + 1}`)
  const family = values.map((value, i) => `WHEN GROUPING(${value}) = 0 THEN ${i + 1}`).join(' ')
  const chosen = values.map((value) => `WHEN GROUPING(${value}) = 0 THEN ${value}`).join(' ')
  const sets = [[], ...values.map((value) => [value])].map(
    (set) => `(${[...set, 'person', 'session', 'hour'].join(', ')})`,
  )
  return /* sql */ `session_cells AS MATERIALIZED (
      SELECT ${family === '' ? '0' : `CASE ${family} ELSE 0 END`} AS family,
        ${chosen === '' ? "''" : `CASE ${chosen} ELSE '' END`} AS value,
        person, session, hour, count(*) AS calls, sum(cost_usd) AS cost_usd
      FROM located_calls WHERE cost_usd > 0 GROUP BY GROUPING SETS (${sets.join(', ')})
    ), session_series AS MATERIALIZED (
      SELECT family, value, min(hour) AS first_hour FROM session_cells WHERE value IS NOT NULL GROUP BY family, value
    ), session_parts AS MATERIALIZED (
      SELECT family, value, person, hour, hour // 24 AS day, cost_usd,
        CAST(coalesce(lag(hour) OVER own < hour - 1, TRUE) AS BIGINT) AS begun,
        CAST(ln(CAST(cost_usd AS DOUBLE) / calls) AS DECIMAL(18, 9)) AS price_log,
        CAST(ln(calls) AS DECIMAL(18, 9)) AS calls_log
      FROM session_cells WHERE value IS NOT NULL
      WINDOW own AS (PARTITION BY family, value, person, session ORDER BY hour)
    ), session_days AS MATERIALIZED (
      SELECT family, value, day, sum(begun) AS begun, sum(cost_usd) AS cost_usd
      FROM session_parts GROUP BY family, value, day
    )`
}

const double = (sum: string): string => `CAST(${sum} AS DOUBLE)`

/** Sums of the history of a person, of which the variance of their days about their usual is made. */
const moments = (log: string): string =>
  [
    `${double(`sum(${log})`)} AS ${log}`,
    `${double(`sum(CAST(${double(log)} * ${double(log)} AS DECIMAL(38, 9)))`)} AS ${log}_squares`,
    `${double(`sum(units * ${log})`)} AS ${log}_units`,
  ].join(', ')

/** Of one person, about what is usual for them. */
const variation = (log: string): string =>
  `sum(CAST(${log}_squares - 2 * usual_${log} * ${log}_units + usual_${log} * usual_${log} * unit_squares AS DECIMAL(38, 9)))`

/** CTEs to `noises` (day, price_noise, calls_noise) and `series_hours` of base days and all days before. */
export const sessionHours = /* sql */ `person_days AS MATERIALIZED (
      SELECT person, day, count(*) AS units, sum(price_log) AS price_log, sum(calls_log) AS calls_log
      FROM session_parts WHERE family = 0 GROUP BY person, day
    ), persons AS MATERIALIZED (
      SELECT base_days.day, person, ${double('sum(units)')} AS units, ${double('sum(units * units)')} AS unit_squares,
        ${moments('price_log')}, ${moments('calls_log')}
      FROM base_days JOIN person_days
        ON person_days.day BETWEEN base_days.day - ${whole('history_days')} AND base_days.day - 1
      GROUP BY base_days.day, person
    ), everybody AS MATERIALIZED (
      SELECT base_days.day, ${double('sum(units)')} AS units, ${double('sum(price_log)')} / sum(units) AS price_log,
        ${double('sum(calls_log)')} / sum(units) AS calls_log
      FROM base_days JOIN person_days
        ON person_days.day BETWEEN base_days.day - ${whole('history_days')} AND base_days.day - 1
      GROUP BY base_days.day
    ), usual_persons AS MATERIALIZED (
      SELECT persons.*,
        (persons.price_log + ${priorUnits} * everybody.price_log) / (persons.units + ${priorUnits}) AS usual_price_log,
        (persons.calls_log + ${priorUnits} * everybody.calls_log) / (persons.units + ${priorUnits}) AS usual_calls_log
      FROM persons JOIN everybody ON everybody.day = persons.day
    ), noises AS MATERIALIZED (
      SELECT day, greatest(${leastNoise}, ${double(variation('price_log'))} / sum(units)) AS price_noise,
        greatest(${leastNoise}, ${double(variation('calls_log'))} / sum(units)) AS calls_noise
      FROM usual_persons GROUP BY day
    ), series_hours AS MATERIALIZED (
      SELECT family, value, hour, sum(begun) AS begun, count(*) AS units, sum(cost_usd) AS cost_usd,
        sum(session_parts.price_log - CAST(coalesce(usual_price_log, everybody.price_log) AS DECIMAL(18, 9))) AS price,
        sum(session_parts.calls_log - CAST(coalesce(usual_calls_log, everybody.calls_log) AS DECIMAL(18, 9))) AS calls
      FROM session_parts
      LEFT JOIN everybody ON everybody.day = session_parts.day
      LEFT JOIN usual_persons ON usual_persons.day = session_parts.day
        AND usual_persons.person = session_parts.person
      GROUP BY family, value, hour
    )`
