/**
 * The ground of the search for anomalies: the hourly cost of the whole account and of each member of some
 * dimensions. A series is one of these: family 0 is the account, family 1 the members of the first dimension.
 * Hours are local, see domain/time/hours.ts.
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

/** A CTE (family, value) that names the only members wanted, and the families that it names. */
interface Only {
  readonly name: string
  readonly families: readonly number[]
}

/** A bound whole number. */
export const whole = (name: string): string => `CAST($${name} AS BIGINT)`

/**
 * CTEs `located_calls` (family columns v1, v2 …, hour, cost_usd), `hourly_costs` (family, value, hour,
 * cost_usd, paid_calls: those that cost something, max_cost_usd, square_usd; hours with calls only, those before
 * the span gathered in the one before it) and
 * `series` (family, value, first_hour, paid_hour: the first that cost something).
 */
export function hourlyCosts(request: SeriesRequest, only?: Only): Tables {
  const { by, span } = request
  const { sql, params } = locatedCalls(request)
  const cells = only === undefined ? allCells(by.map((_, i) => `v${i + 1}`)) : onlyCells(only)
  return {
    sql: /* sql */ `${sql},
    all_hourly_costs AS (${cells}), hourly_costs AS MATERIALIZED (
      SELECT * FROM all_hourly_costs WHERE value IS NOT NULL
    ), series AS MATERIALIZED (
      SELECT family, value, min(hour) AS first_hour, min(hour) FILTER (WHERE cost_usd > 0) AS paid_hour
      FROM hourly_costs GROUP BY family, value
    )`,
    params: { ...params, first_hour: span.first },
  }
}

/** What is summed of an hour. */
const sums = /* sql */ `coalesce(sum(cost_usd), 0) AS cost_usd, count(*) FILTER (WHERE cost_usd > 0) AS paid_calls,
        coalesce(max(cost_usd), 0) AS max_cost_usd,
        coalesce(sum(CAST(cost_usd AS DOUBLE) * CAST(cost_usd AS DOUBLE)), 0) AS square_usd`

/** The hours of all series, in one pass. */
function allCells(values: readonly string[]): string {
  const families = values.map((value, i) => `WHEN GROUPING(${value}) = 0 THEN ${i + 1}`)
  const chosen = values.map((value) => `WHEN GROUPING(${value}) = 0 THEN ${value}`)
  const cases = (branches: readonly string[], rest: string): string =>
    branches.length === 0 ? rest : `CASE ${branches.join(' ')} ELSE ${rest} END`
  return /* sql */ `
      SELECT ${cases(families, '0')} AS family, ${cases(chosen, "''")} AS value, hour, ${sums}
      FROM located_calls
      GROUP BY GROUPING SETS (${['(hour)', ...values.map((value) => `(${value}, hour)`)].join(', ')})
    `
}

/** The hours of the account and of the members named: a pass for each family, through which few calls go. */
const onlyCells = ({ name, families }: Only): string =>
  [
    `
      SELECT 0 AS family, '' AS value, hour, ${sums} FROM located_calls GROUP BY hour`,
    ...families
      .filter((family) => family > 0)
      .map(
        (family) => /* sql */ `
      SELECT ${family} AS family, v${family} AS value, hour, ${sums} FROM located_calls
      WHERE v${family} IN (SELECT value FROM ${name} WHERE family = ${family}) GROUP BY v${family}, hour`,
      ),
  ].join(' UNION ALL')

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
