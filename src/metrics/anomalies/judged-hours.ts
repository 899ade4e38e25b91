/**
 * The hours that the search for anomalies judges by: of the account, and of those series alone that spend enough in
 * the judged days to be told of. How they are judged is src/anomalies/method.
 */
import { hourStart } from '../../domain/time/hours.js'
import { timestampText } from '../../domain/words/quoting.js'
import { instant, rowsOfJson } from '../dialect.js'
import type { Param, Query, Whole } from '../query.js'
import { locatedCalls, whole, withoutUnused, type SeriesRequest } from './anomaly-hours.js'

/**
 * The hours of a series that have calls; those before the span are gathered in the hour before it. Thousands of rows of
 * five values each take longer to come over than to be summed: a series comes as one text.
 */
export interface SeriesRow {
  /** 0 the account, else the dimension by its place from 1 on. */
  readonly family: number
  readonly value: string
  /**
   * A JSON array, five values an hour: local hour (see domain/time/hours.ts), exact USD as text, calls that cost
   * something, USD of the dearest, sum of their costs' squares.
   */
  readonly hours: string
}

/** What a series must cost in a day and the one before it, taken together, for the day to be looked at. USD. */
export interface LeastDay {
  readonly day: number
  readonly least_usd: number
}

export interface SeriesName {
  readonly family: number
  readonly value: string
}

/** A local day of a series. */
export interface SeriesDay extends SeriesName {
  /** Days since 1970-01-01. */
  readonly day: number
}

/** What is summed of an hour. */
const sums = /* sql */ `coalesce(sum(cost_usd), 0) AS exact_usd, count(*) FILTER (WHERE cost_usd > 0) AS paid_calls,
        CAST(coalesce(max(cost_usd), 0) AS DOUBLE) AS max_cost_usd,
        coalesce(sum(CAST(cost_usd AS DOUBLE) * CAST(cost_usd AS DOUBLE)), 0) AS square_usd`

/** A row a series, from its hours. @param hours a SELECT */
const asSeries = (family: number, hours: string): string => /* sql */ `
    SELECT ${family} AS family, value,
      '[' || string_agg(concat(hour, ',"', exact_usd, '",', paid_calls, ',', max_cost_usd, ',', square_usd), ','
        ORDER BY hour) || ']' AS hours
    FROM (${hours}) GROUP BY value`

const accountPart = asSeries(0, `SELECT '' AS value, hour, ${sums} FROM located_calls GROUP BY hour`)

/** The hours of the account. */
export function accountHours(request: SeriesRequest): Query<SeriesRow> {
  const { sql, params } = locatedCalls({ ...request, by: [] })
  return {
    sql: /* sql */ `WITH ${sql} ${accountPart}`,
    params: { ...params, first_hour: request.span.first },
  }
}

/** The hours of the members of these families that the CTE `names` (family, value) names; a pass for each, through which few calls go. */
const namedParts = (families: readonly number[]): string =>
  families
    .map((family) =>
      asSeries(
        family,
        /* sql */ `SELECT v${family} AS value, hour, ${sums} FROM located_calls
      WHERE v${family} IN (SELECT value FROM names WHERE family = ${family}) GROUP BY v${family}, hour`,
      ),
    )
    .join(' UNION ALL ')

/**
 * The hours of the series that on some day come to what that day asks for. A part of a sum is no more than the sum of
 * what is above 0 in it, so no series that any hour or hours of two days could flag is left out.
 * @param days at least one; the request has dimensions
 * @param leastOfDay what any one day of the span must come to, instead; for falls, which need a past alone
 */
export function loudSeries(
  request: SeriesRequest,
  days: readonly LeastDay[],
  leastOfDay?: number,
): Query<SeriesRow> {
  const { sql, params } = locatedCalls(request, { ts: 'ts' })
  const families = request.by.map((_, i) => i + 1)
  const groups = families.map((family) => `(v${family}, hour // 24)`).join(', ')
  const names = families.map((family) => `WHEN GROUPING(v${family}) = 0 THEN`)
  const { first } = request.span
  const from = leastOfDay === undefined ? 24 * (Math.min(...days.map(({ day }) => day)) - 1) : first
  const anyDay = /* sql */ `
      UNION SELECT family, value FROM day_sums WHERE usd > CAST($least_of_day AS DOUBLE)`
  const text = /* sql */ `
    WITH ${sql},
    all_day_sums AS (
      SELECT CASE ${names.map((name, i) => `${name} ${i + 1}`).join(' ')} END AS family,
        CASE ${names.map((name, i) => `${name} v${i + 1}`).join(' ')} END AS value, hour // 24 AS day,
        CAST(coalesce(sum(cost_usd) FILTER (WHERE cost_usd > 0), 0) AS DOUBLE) AS usd
      FROM located_calls WHERE ts >= ${instant('$from')} AND hour >= ${whole('from_hour')} GROUP BY GROUPING SETS (${groups})
    ), day_sums AS MATERIALIZED (
      SELECT * FROM all_day_sums WHERE value IS NOT NULL AND usd > 0
    ), names AS MATERIALIZED (
      SELECT family, value FROM (
        SELECT family, value, day_sums.day + ago.days AS day, sum(usd) AS usd
        FROM day_sums, (VALUES (0), (1)) AS ago(days) GROUP BY family, value, day_sums.day + ago.days
      ) AS two_days
      JOIN (SELECT ${rowsOfJson('$least_days', { day: 'BIGINT', least_usd: 'DOUBLE' })}) AS least_days USING (day)
      WHERE usd > least_usd GROUP BY family, value${leastOfDay === undefined ? '' : anyDay}
    )
    ${namedParts(families)} ORDER BY family, value`
  const all: Record<string, Param> = {
    ...params,
    first_hour: first,
    from_hour: from,
    // Lets the engine pass over what is older, whatever the clock did at that midnight.
    from: timestampText(new Date(hourStart(from - 3, request.scope.tz)).toISOString()),
    least_days: JSON.stringify(days),
    ...(leastOfDay === undefined ? {} : { least_of_day: leastOfDay }),
  }
  return { sql: text, params: withoutUnused(all, text) }
}

/** The hours of the account and of these series. */
export function namedSeries(request: SeriesRequest, names: readonly SeriesName[]): Query<SeriesRow> {
  const families = [...new Set(names.map(({ family }) => family))].filter((family) => family > 0)
  if (families.length === 0) return accountHours(request)
  const { sql, params } = locatedCalls(request)
  const text = /* sql */ `
    WITH ${sql}, names AS MATERIALIZED (
      SELECT ${rowsOfJson('$names', { family: 'INTEGER', value: 'VARCHAR' })}
    )
    ${accountPart} UNION ALL ${namedParts(families)} ORDER BY family, value`
  const all = { ...params, first_hour: request.span.first, names: JSON.stringify(names) }
  return { sql: text, params: withoutUnused(all, text) }
}

export interface SeriesCountRow {
  readonly day: Whole
  readonly series_count: Whole
}

/** How many series, the account among them, have calls before each of these days. */
export function seriesCounts(request: SeriesRequest, days: readonly number[]): Query<SeriesCountRow> {
  const { sql, params } = locatedCalls(request)
  const values = request.by.map((_, i) => `v${i + 1}`)
  const sets = ['()', ...values.map((value) => `(${value})`)].join(', ')
  const none = values.map((value) => `WHEN GROUPING(${value}) = 0 THEN ${value} IS NOT NULL`)
  const isSeries = none.length === 0 ? 'TRUE' : `CASE ${none.join(' ')} ELSE TRUE END`
  const text = /* sql */ `
    WITH ${sql}, series AS (
      SELECT ${isSeries} AS is_series, min(hour) AS first_hour FROM located_calls GROUP BY GROUPING SETS (${sets})
    )
    SELECT asked.day, count(*) AS series_count
    FROM (SELECT ${rowsOfJson('$days', { day: 'BIGINT' })}) AS asked
    JOIN series ON is_series AND series.first_hour < 24 * asked.day
    GROUP BY asked.day`
  const all = {
    ...params,
    first_hour: request.span.first,
    days: JSON.stringify(days.map((day) => ({ day }))),
  }
  return { sql: text, params: withoutUnused(all, text) }
}
