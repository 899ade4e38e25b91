/**
 * What an incident's cost is made of, beside the same hours of its history: calls, tokens and cost, in all and
 * by the dimensions that may drive it.
 */
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { zoneOffset } from '../buckets.js'
import { historyNeeded } from '../../domain/surprise.js'
import { epochMicros, rowsOfJson, wholeNumbers, wholeQuotient } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { columnOf, inScope } from '../scope.js'

/** One incident's leading series, its hours and those of its history; local hours, ends not included. */
export interface IncidentSpan {
  readonly id: number
  /** 0 the account, else the dimension by its place in `by`, from 1 on. */
  readonly family: number
  readonly value: string
  readonly since_hour: number
  readonly until_hour: number
  readonly past_since_hour: number
  readonly past_until_hour: number
  /** What the series normally costs in these hours, USD; the history's cost is scaled to it. */
  readonly norm_usd: number
}

export interface PartsRequest {
  readonly scope: Scope
  /** Instants, ISO 8601 UTC, within which all hours lie. */
  readonly since: string
  readonly until: string
  readonly by: readonly Dimension[]
  readonly drivers: readonly Dimension[]
  /** Members of each driving dimension to answer with, those with the largest excess. */
  readonly top: number
}

/** A member of a driving dimension within an incident; `driver` 0 is the whole incident. */
export interface PartRow {
  readonly id: number
  readonly driver: number
  readonly value: string | null
  readonly calls: Whole
  readonly cost_usd: Decimal
  /** Of calls that log their tokens. */
  readonly tokens: Whole | null
  readonly token_calls: Whole
  /** The same of the history, weighted to as many hours of each kind as the incident has. */
  readonly past_calls: number
  readonly past_cost_usd: number
  readonly past_tokens: number | null
  readonly past_token_calls: number
}

const spanTypes = {
  id: 'INTEGER',
  family: 'INTEGER',
  value: 'VARCHAR',
  since_hour: 'BIGINT',
  until_hour: 'BIGINT',
  past_since_hour: 'BIGINT',
  past_until_hour: 'BIGINT',
  norm_usd: 'DOUBLE',
}

export function incidentParts(request: PartsRequest, spans: readonly IncidentSpan[]): Query<PartRow> {
  const { scope, since, until, by, drivers, top } = request
  const window = { ...scope, since, until }
  const condition = inScope(window)
  const offset = zoneOffset(window)
  const params: Record<string, Param> = { ...condition.params, ...offset.params }
  const columns = (dimensions: readonly Dimension[], name: string): string =>
    dimensions
      .map((dimension, i) => {
        const { column, params: own } = columnOf(dimension, `${name}_tag_${i + 1}`)
        Object.assign(params, own)
        return `, CAST(${column} AS VARCHAR) AS ${name}${i + 1}`
      })
      .join('')
  const hour = wholeQuotient(`(${epochMicros('ts')} + ${offset.sql})`, 3_600_000_000)
  const sql = /* sql */ `
    WITH spans AS MATERIALIZED (SELECT * FROM (SELECT ${rowsOfJson('$spans', spanTypes)})),
    ${slotWeights},
    located_calls AS (
      SELECT ${hour} AS hour, cost_usd, input_tokens + output_tokens AS tokens
        ${columns(by, 'v')}${columns(drivers, 'd')}
      FROM calls WHERE ${condition.sql}
    ),
    ${sums(by.length, drivers.length)}
    SELECT id, driver, value, calls, cost_usd, tokens, token_calls, past_calls, past_cost_usd, past_tokens,
      past_token_calls
    FROM (
      SELECT parts.*, row_number() OVER (
          PARTITION BY parts.id, parts.driver
          ORDER BY CAST(parts.cost_usd AS DOUBLE)
            - coalesce(spans.norm_usd * parts.past_cost_usd / nullif(wholes.past_cost_usd, 0), 0) DESC,
            parts.value NULLS LAST
        ) AS place
      FROM parts JOIN spans ON spans.id = parts.id
      JOIN parts AS wholes ON wholes.id = parts.id AND wholes.driver = 0
    )
    WHERE place <= CAST($top AS BIGINT)
    ORDER BY id, driver, place`
  return { sql, params: { ...params, spans: JSON.stringify(spans), top } }
}

/** Hours of each kind in the incident over hours of that kind in its history; weekends apart from a week on. */
export const slotWeights = /* sql */ `kinds AS (
      SELECT *, past_until_hour - past_since_hour >= ${historyNeeded.dayTypes} AS knows_weekends FROM spans
    ), slot_hours AS (
      SELECT id, FALSE AS is_past, since_hour + steps.step AS hour, knows_weekends
      FROM kinds JOIN ${wholeNumbers('(SELECT max(until_hour - since_hour) FROM spans)')} AS steps(step)
        ON steps.step < until_hour - since_hour
      UNION ALL
      SELECT id, TRUE, past_since_hour + steps.step, knows_weekends
      FROM kinds JOIN ${wholeNumbers('(SELECT max(past_until_hour - past_since_hour) FROM spans)')} AS steps(step)
        ON steps.step < past_until_hour - past_since_hour
    ), slots AS (
      SELECT id, is_past, hour, hour % 24 AS hour_of_day,
        knows_weekends AND (hour // 24 + 4) % 7 IN (0, 6) AS is_weekend
      FROM slot_hours
    ), weights AS MATERIALIZED (
      SELECT id, hour_of_day, is_weekend,
        CAST(count(*) FILTER (WHERE NOT is_past) AS DOUBLE) / nullif(count(*) FILTER (WHERE is_past), 0) AS weight
      FROM slots GROUP BY id, hour_of_day, is_weekend
    )`

/** CTE `parts`: sums of each incident (driver 0) and of each member of each driving dimension. */
function sums(families: number, drivers: number): string {
  const led = Array.from({ length: families }, (_, i) => `OR (family = ${i + 1} AND v${i + 1} = value)`)
  const names = Array.from({ length: drivers }, (_, i) => `d${i + 1}`)
  const sets = [
    '(id, is_past, hour_of_day, is_weekend)',
    ...names.map((name) => `(id, is_past, hour_of_day, is_weekend, ${name})`),
  ]
  const driver = names.map((name, i) => `WHEN GROUPING(${name}) = 0 THEN ${i + 1}`)
  const value = names.map((name) => `WHEN GROUPING(${name}) = 0 THEN ${name}`)
  // Summed as decimals: a sum of doubles depends on the order in which threads add.
  const past = (sum: string): string =>
    `CAST(sum(CAST(weight * CAST(${sum} AS DOUBLE) AS DECIMAL(38, 12))) FILTER (WHERE is_past) AS DOUBLE)`
  return /* sql */ `calls_of_incidents AS (
      SELECT id, hour >= past_since_hour AND hour < past_until_hour AS is_past, hour % 24 AS hour_of_day,
        past_until_hour - past_since_hour >= ${historyNeeded.dayTypes} AND (hour // 24 + 4) % 7 IN (0, 6)
          AS is_weekend, located_calls.* EXCLUDE (hour)
      FROM spans JOIN located_calls
        ON hour >= past_since_hour AND hour < until_hour AND (hour >= since_hour OR hour < past_until_hour)
      WHERE family = 0 ${led.join(' ')}
    ), slot_sums AS (
      SELECT id, is_past, hour_of_day, is_weekend, CASE ${driver.join(' ')} ELSE 0 END AS driver,
        CASE ${value.join(' ')} END AS value, count(*) AS calls, coalesce(sum(cost_usd), 0) AS cost_usd,
        sum(tokens) AS tokens, count(tokens) AS token_calls
      FROM calls_of_incidents GROUP BY GROUPING SETS (${sets.join(', ')})
    ), parts AS MATERIALIZED (
      SELECT slot_sums.id, driver, slot_sums.value,
        coalesce(sum(calls) FILTER (WHERE NOT is_past), 0) AS calls,
        coalesce(sum(cost_usd) FILTER (WHERE NOT is_past), 0) AS cost_usd,
        sum(tokens) FILTER (WHERE NOT is_past) AS tokens,
        coalesce(sum(token_calls) FILTER (WHERE NOT is_past), 0) AS token_calls,
        coalesce(${past('calls')}, 0) AS past_calls, coalesce(${past('cost_usd')}, 0) AS past_cost_usd,
        ${past('tokens')} AS past_tokens, coalesce(${past('token_calls')}, 0) AS past_token_calls
      FROM slot_sums LEFT JOIN weights ON weights.id = slot_sums.id
        AND weights.hour_of_day = slot_sums.hour_of_day AND weights.is_weekend = slot_sums.is_weekend
      GROUP BY slot_sums.id, driver, slot_sums.value
    )`
}
