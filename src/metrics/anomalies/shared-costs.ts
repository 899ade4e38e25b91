/**
 * What the calls that two series have in common cost, beside the same hours of their history: whether the burst of a
 * feature is that of a user.
 */
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { zoneOffset } from '../buckets.js'
import { historyNeeded } from '../../domain/surprise.js'
import { epochMicros, rowsOfJson, wholeQuotient } from '../dialect.js'
import { slotWeights } from './incident-parts.js'
import type { Decimal, Param, Query } from '../query.js'
import { columnOf, inScope } from '../scope.js'

/** Two series of two dimensions, the first of which comes first in `by`; local hours, ends not included. */
export interface SharedSpan {
  readonly id: number
  readonly family: number
  readonly value: string
  readonly other_family: number
  readonly other_value: string
  readonly since_hour: number
  readonly until_hour: number
  readonly past_since_hour: number
  readonly past_until_hour: number
}

export interface SharedRow {
  readonly id: number
  readonly cost_usd: Decimal
  /** The history's cost, weighted to as many hours of each kind as the span has. */
  readonly past_usd: number
}

const spanTypes = {
  id: 'INTEGER',
  family: 'INTEGER',
  value: 'VARCHAR',
  other_family: 'INTEGER',
  other_value: 'VARCHAR',
  since_hour: 'BIGINT',
  until_hour: 'BIGINT',
  past_since_hour: 'BIGINT',
  past_until_hour: 'BIGINT',
}

export interface SharedRequest {
  readonly scope: Scope
  /** Instants, ISO 8601 UTC, within which all hours lie. */
  readonly since: string
  readonly until: string
  readonly by: readonly Dimension[]
}

/** Spans without a common call have no row. */
export function sharedCosts(request: SharedRequest, spans: readonly SharedSpan[]): Query<SharedRow> {
  const { scope, since, until, by } = request
  const window = { ...scope, since, until }
  const condition = inScope(window)
  const offset = zoneOffset(window)
  const params: Record<string, Param> = { ...condition.params, ...offset.params }
  const columns = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `v_tag_${i + 1}`)
    Object.assign(params, own)
    return `, CAST(${column} AS VARCHAR) AS v${i + 1}`
  })
  const hour = wholeQuotient(`(${epochMicros('ts')} + ${offset.sql})`, 3_600_000_000)
  const pairs = [...new Set(spans.map((one) => `${one.family} ${one.other_family}`))].map((text) =>
    text.split(' ').map(Number),
  )
  // One join a pair of dimensions, by their values: only calls of both series are looked at hour by hour.
  const common = pairs.map(
    ([a, b]) => /* sql */ `
      SELECT id, hour, hour < past_until_hour AS is_past, past_until_hour - past_since_hour AS past_hours, cost_usd
      FROM located_calls JOIN (SELECT * FROM spans WHERE family = ${a} AND other_family = ${b}) AS own
        ON v${a} = own.value AND v${b} = own.other_value AND hour >= past_since_hour AND hour < until_hour
      WHERE hour >= since_hour OR hour < past_until_hour`,
  )
  const sql = /* sql */ `
    WITH spans AS MATERIALIZED (SELECT * FROM (SELECT ${rowsOfJson('$spans', spanTypes)})),
    ${slotWeights},
    located_calls AS MATERIALIZED (
      SELECT ${hour} AS hour, cost_usd ${columns.join('')}
      FROM calls WHERE ${condition.sql} AND cost_usd > 0
    ), common_slots AS (
      SELECT id, is_past, hour % 24 AS hour_of_day,
        past_hours >= ${historyNeeded.dayTypes} AND (hour // 24 + 4) % 7 IN (0, 6) AS is_weekend, sum(cost_usd) AS cost_usd
      FROM (${common.join(' UNION ALL ')})
      GROUP BY id, is_past, hour_of_day, is_weekend
    )
    SELECT common_slots.id, coalesce(sum(cost_usd) FILTER (WHERE NOT is_past), 0) AS cost_usd,
      coalesce(CAST(sum(CAST(weight * CAST(cost_usd AS DOUBLE) AS DECIMAL(38, 12))) FILTER (WHERE is_past) AS DOUBLE), 0)
        AS past_usd
    FROM common_slots LEFT JOIN weights ON weights.id = common_slots.id
      AND weights.hour_of_day = common_slots.hour_of_day AND weights.is_weekend = common_slots.is_weekend
    GROUP BY common_slots.id ORDER BY common_slots.id`
  return { sql, params: { ...params, spans: JSON.stringify(spans) } }
}
