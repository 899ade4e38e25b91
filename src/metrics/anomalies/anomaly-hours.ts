/**
 * The ground of the search for anomalies: calls with their local hour (see domain/time/hours.ts) and the members of some
 * dimensions. The calls of all, and of each member, are a series: family 0 is the account, family 1 the members of the
 * first dimension.
 */
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { zoneOffset } from '../buckets.js'
import { epochMicros, wholeQuotient } from '../dialect.js'
import type { Param } from '../query.js'
import { columnOf, inScope } from '../scope.js'

export interface SeriesRequest {
  /** Filters and zone; its window is not used. */
  readonly scope: Scope
  readonly span: HourSpan
  /** Each of their members is a series, calls without the value are in the account's alone. */
  readonly by: readonly Dimension[]
  /** Complete days before a day that its hours are judged by. */
  readonly historyDays: number
}

interface Tables {
  /** CTEs, without WITH. */
  readonly sql: string
  readonly params: Record<string, Param>
}

/** A bound whole number. */
export const whole = (name: string): string => `CAST($${name} AS BIGINT)`

/**
 * CTE `located_calls`: every call up to the end of the span, with its local hour.
 * @param also further columns, expressions over `calls`
 */
export function locatedCalls(
  { scope, span, by }: SeriesRequest,
  also: Readonly<Record<string, string>> = {},
): Tables {
  const until = hourIso(hourStart(span.until, scope.tz))
  const condition = inScope({ ...scope, since: null, until })
  // Offsets matter within the span only: what is older is one bucket.
  const offset = zoneOffset({ ...scope, since: hourIso(hourStart(span.first, scope.tz)), until })
  const params: Record<string, Param> = { ...condition.params, ...offset.params }
  const values = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `series_tag_${i + 1}`)
    Object.assign(params, own)
    return `, CAST(${column} AS VARCHAR) AS v${i + 1}`
  })
  const others = Object.entries(also).map(([name, expression]) => `, ${expression} AS ${name}`)
  const local = wholeQuotient(`(${epochMicros('ts')} + ${offset.sql})`, 3_600_000_000)
  return {
    sql: /* sql */ `located_calls AS NOT MATERIALIZED (
      SELECT cost_usd, greatest(${local}, ${whole('first_hour')} - 1) AS hour${values.join('')}${others.join('')}
      FROM calls WHERE ${condition.sql}
    )`,
    params,
  }
}

/** The hours that the clock skipped, as a list in brackets; one that never comes where there are none. */
export function missingHours({ missing }: HourSpan): Tables {
  const params = Object.fromEntries(missing.map((hour, i) => [`missing_${i}`, hour]))
  const list = missing.map((_, i) => whole(`missing_${i}`))
  return { sql: `(${list.length === 0 ? '-1' : list.join(', ')})`, params }
}

/** A value that a statement does not name may not be bound. */
export function withoutUnused(params: Record<string, Param>, sql: string): Record<string, Param> {
  const named = new Set([...sql.matchAll(/\$(\w+)/g)].map(([, name]) => name))
  return Object.fromEntries(Object.entries(params).filter(([name]) => named.has(name)))
}
