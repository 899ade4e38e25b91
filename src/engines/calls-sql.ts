/**
 * The calls of somebody's table, in layers of SELECT that every engine understands: read (`a_`), with the tokens as
 * rules leave them (`t_`), and with the reason why a row is refused (`r_`). Each layer has names of its own, since
 * engines differ in what a name means that stands twice.
 */
import { usageFields } from '../domain/call.js'
import type { Dialect, TimeKind } from './dialect.js'
import {
  countFields,
  isTime,
  measureFields,
  textFields,
  type ForeignColumn,
  type ForeignField,
  type ForeignTable,
} from './table.js'

export const hourMicros = 3_600_000_000
export const quarterMicros = 900_000_000

/** Hours since 1970, from the first up to but without the second. */
export type HourRange = readonly [from: number, to: number]

export const layered = (columns: Readonly<Record<string, string>>, from: string, rest = ''): string =>
  `SELECT *, ${Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(',\n  ')}\nFROM (${from}) f${rest}`

/** Where a double is rounded to a whole number, half away from zero as DuckDB does: no two engines' `round` agree. */
export function roundedWhole(dialect: Dialect, double: string): string {
  const half = (size: string): string =>
    `floor(${size}) + CASE WHEN ${size} - floor(${size}) >= 0.5 THEN 1 ELSE 0 END`
  return dialect.asWhole(
    `CASE WHEN ${double} < 0 THEN -(${half(`(-(${double}))`)}) ELSE ${half(`(${double})`)} END`,
  )
}

/** The time of a row in microseconds since 1970. */
function timeOf(dialect: Dialect, { columns }: ForeignTable): { micros: string; column: ForeignColumn } {
  const column = columns.ts
  if (column === undefined || !isTime(column.kind)) throw new Error('a table of calls has a time')
  return { micros: dialect.asWhole(dialect.micros(column.sql, column.kind)), column }
}

/** SQL: a time lies within some hours. */
export const readRange = (dialect: Dialect, sql: string, kind: TimeKind, [from, to]: HourRange): string =>
  `${sql} >= ${dialect.moment(from * hourMicros, kind)} AND ${sql} < ${dialect.moment(to * hourMicros, kind)}`

/** Rows of the table in some hours, with each field as a value of one of four types. */
export function readCalls(dialect: Dialect, table: ForeignTable, hours: readonly HourRange[]): string {
  const { micros, column } = timeOf(dialect, table)
  if (!isTime(column.kind)) throw new Error('a table of calls has a time')
  const { kind } = column
  const ranges = hours.map((range) => `(${readRange(dialect, column.sql, kind, range)})`)
  const columns: Record<string, string> = {
    a_us: micros,
    a_version: dialect.asWhole(table.version ?? '0'),
    ...Object.fromEntries(textFields.map((field) => [`a_${field}`, textOf(dialect, table, field)])),
    ...Object.fromEntries(countFields.map((field) => [`a_${field}`, wholeOf(dialect, table, field)])),
    ...Object.fromEntries(
      Object.keys(measureFields).map((field) => [
        `a_${field}`,
        measureOf(dialect, table, field as keyof typeof measureFields),
      ]),
    ),
    ...costOf(dialect, table),
    a_cache_hit: truthOf(dialect, table.columns.cache_hit),
  }
  const list = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`)
  const where = ranges.length === 0 ? '1 = 0' : ranges.join(' OR ')
  const unmoved = dialect.unmoved?.(kind)
  return `SELECT ${list.join(',\n  ')}\nFROM ${table.from}\nWHERE ${unmoved === undefined ? where : `(${where}) AND ${unmoved}`}`
}

/** '' where there is none. */
function textOf(dialect: Dialect, { columns, source }: ForeignTable, field: ForeignField): string {
  const column = columns[field]
  const missing = field === 'source' ? dialect.literal(source) : "''"
  if (column === undefined) return missing
  const text = `coalesce(${dialect.asText(column.sql)}, '')`
  return field === 'source' ? `CASE WHEN ${text} = '' THEN ${missing} ELSE ${text} END` : text
}

function wholeOf(dialect: Dialect, { columns }: ForeignTable, field: ForeignField): string {
  const column = columns[field]
  return dialect.asWhole(column === undefined ? 'NULL' : column.sql)
}

/** What is beyond belief is left out, as it is where a log is read. */
function measureOf(dialect: Dialect, { columns }: ForeignTable, field: keyof typeof measureFields): string {
  const column = columns[field]
  if (column === undefined) return dialect.asDouble('NULL')
  const [low, high] = measureFields[field]
  const value = dialect.asDouble(column.sql)
  return `CASE WHEN ${value} >= ${low} AND ${value} <= ${high} THEN ${value} END`
}

/** The logged cost in 1e-12 USD, and what is wrong with it. */
function costOf(dialect: Dialect, { columns }: ForeignTable): Record<string, string> {
  const column = columns.reported_cost_usd
  if (column === undefined) return { a_cost: dialect.asWide('NULL'), a_cost_problem: dialect.asWhole('NULL') }
  const double = dialect.asDouble(column.sql)
  const units =
    column.kind === 'decimal'
      ? dialect.decimalUnits(column.sql)
      : dialect.asWide(roundedWhole(dialect, `(${double} * 1e12)`))
  const isFine = `${double} >= 0 AND ${double} <= 100000`
  return {
    a_cost: `CASE WHEN ${isFine} THEN ${units} END`,
    a_cost_problem: dialect.asWhole(
      `CASE WHEN ${double} IS NULL OR (${isFine}) THEN NULL WHEN ${double} < 0 THEN -1 ELSE 1 END`,
    ),
  }
}

/** 1, 0 or NULL. */
function truthOf(dialect: Dialect, column: ForeignColumn | undefined): string {
  if (column === undefined) return dialect.asWhole('NULL')
  const isTrue = column.kind === 'boolean' ? column.sql : `${column.sql} <> 0`
  return dialect.asWhole(`CASE WHEN ${column.sql} IS NULL THEN NULL WHEN ${isTrue} THEN 1 ELSE 0 END`)
}

const known = (name: string): string => `coalesce(${name}, 0)`

/** Counts as the rules leave them that hold for every source: cached tokens within input, reasoning within output. */
export function ruledCalls({ cacheTokens }: ForeignTable, calls: string): string {
  const write = `greatest(${known('a_cache_creation_input_tokens')}, ${known('a_cache_creation_1h_input_tokens')})`
  const sums = layered(
    { t_write: write, t_cached: `(${known('a_cache_read_input_tokens')} + ${write})` },
    calls,
  )
  const isBeside =
    cacheTokens === 'excluded' ? 't_cached > 0' : `t_cached > 0 AND t_cached > ${known('a_input_tokens')}`
  const ruled = layered(
    {
      t_input: `CASE WHEN ${isBeside} THEN ${known('a_input_tokens')} + t_cached ELSE a_input_tokens END`,
      t_output: `CASE WHEN a_output_tokens IS NULL THEN CASE WHEN a_reasoning_output_tokens > 0 THEN a_reasoning_output_tokens END
    WHEN a_reasoning_output_tokens > a_output_tokens THEN a_output_tokens + a_reasoning_output_tokens ELSE a_output_tokens END`,
      t_creation:
        'CASE WHEN a_cache_creation_input_tokens IS NOT NULL OR a_cache_creation_1h_input_tokens IS NOT NULL THEN t_write END',
    },
    sums,
  )
  return layered(
    {
      t_total: `CASE WHEN t_input IS NULL AND t_output IS NULL THEN a_total_tokens ELSE ${known('t_input')} + ${known('t_output')} END`,
      t_max_tokens: 'CASE WHEN a_max_tokens >= 1 AND a_max_tokens <= 1000000000 THEN a_max_tokens END',
      t_attempt: 'CASE WHEN a_attempt >= 1 AND a_attempt <= 1000000000 THEN a_attempt END',
    },
    ruled,
  )
}

const firstMicros = Date.UTC(2015, 0, 1) * 1000
const lastMicros = Date.UTC(2101, 0, 1) * 1000

/** The rows with the reason why one is no call that can be believed: that of a log's records. */
export function judgedCalls({ isOurs, keepsUsageless }: ForeignTable, calls: string): string {
  const counts = usageFields.flatMap((field) => [
    `WHEN a_${field} < 0 THEN '${field}: below 0'`,
    `WHEN a_${field} > 1000000000 THEN '${field}: above 1,000,000,000'`,
  ])
  const isNothing =
    "t_input IS NULL AND t_output IS NULL AND t_total IS NULL AND a_cost IS NULL AND w_status <> 'error' AND coalesce(a_cache_hit, 0) = 0"
  return layered(
    {
      r_reason: `CASE WHEN a_us < ${firstMicros} OR a_us >= ${lastMicros} THEN 'ts: outside 2015 to 2100'
    ${counts.join('\n    ')}
    WHEN a_cost_problem < 0 THEN 'cost_usd: below 0' WHEN a_cost_problem > 0 THEN 'cost_usd: above $100,000'
    ${isOurs || keepsUsageless ? '' : `WHEN ${isNothing} THEN 'neither tokens nor a cost'`}
    WHEN t_cached > ${known('t_input')} THEN 'cache tokens beyond input_tokens'
    WHEN t_input > 1000000000 OR t_output > 1000000000 OR t_total < 0 OR t_total > 2000000000 THEN 'tokens: above 1,000,000,000' END`,
    },
    calls,
  )
}
