/**
 * engines: the engines in which a team's calls already are. They are asked for the cells of `hourly_labels`, where
 * the calls are, in three kinds of statement: survey, fingerprints, cubes.
 *
 * This file says what the statements need of an engine's SQL. All money is whole numbers: engines round decimals and
 * divide them each in its own way, but none of them gets a product of whole numbers wrong.
 */

/** How a column of somebody's table holds its values. */
export type ValueKind = 'text' | 'whole' | 'decimal' | 'double' | 'boolean' | TimeKind

/** A time: one without a zone is UTC; or so many seconds or milliseconds since 1970. */
export type TimeKind = 'timestamp' | 'epoch_s' | 'epoch_ms'

/** A column of a table of constants within a statement. */
export interface InlineColumn {
  readonly name: string
  readonly type: 'text' | 'whole'
}

export type InlineValue = string | number | bigint | null

/** What of its SQL is an engine's own. `whole` has 64 bits, `wide` 128 or more than 37 digits. */
export interface Dialect {
  readonly id: string
  /** A name as it is. */
  name(name: string): string
  /** A text that stands in the statement. */
  literal(text: string): string
  asText(sql: string): string
  asWhole(sql: string): string
  asWide(sql: string): string
  asDouble(sql: string): string
  /** An aggregate: texts, with spaces between them, in no order. */
  joined(sql: string): string
  /** Of numbers from 0 on, without what is left over. */
  divided(whole: string, by: string): string
  /** Of numbers from 0 on, without what is left over. */
  wideDivided(wide: string, by: number): string
  /** A decimal of at most 18 places × 1e12, rounded half up, as `wide`; from 0 to 1e7. */
  decimalUnits(sql: string): string
  /** Microseconds since 1970 as `whole`. */
  micros(sql: string, kind: TimeKind): string
  /** A moment as a column of that kind is compared with it. */
  moment(micros: number, kind: TimeKind): string
  /** A condition that is true, or fails the statement: where the session's time zone would move such times. */
  readonly unmoved?: (kind: TimeKind) => string | undefined
  /** FROM item: rows that stand in the statement, at least one. */
  inline(alias: string, columns: readonly InlineColumn[], rows: readonly (readonly InlineValue[])[]): string
}

/** A row of constants. */
export const tuple = (dialect: Dialect, values: readonly InlineValue[]): string =>
  `(${values.map((value) => (value === null ? 'NULL' : typeof value === 'string' ? dialect.literal(value) : String(value))).join(', ')})`

/** A moment of microseconds, UTC, in digits. */
const digitsOf = (micros: number): string => {
  const text = new Date(Math.floor(micros / 1000)).toISOString()
  return `${text.slice(0, 19).replace('T', ' ')}.${String(micros % 1_000_000).padStart(6, '0')}`
}

/** Of a time that is a number, what it is multiplied by. */
export const microsOfUnit = { epoch_s: 1_000_000, epoch_ms: 1_000 } as const

/** `moment` as the standard has it. */
export const standardMoment: Dialect['moment'] = (micros, kind) =>
  kind === 'timestamp' ? `TIMESTAMP '${digitsOf(micros)}'` : String(Math.floor(micros / microsOfUnit[kind]))

/** `inline` as the standard has it. */
export function standardRows(
  dialect: Dialect,
  alias: string,
  columns: readonly InlineColumn[],
  rows: readonly (readonly InlineValue[])[],
): string {
  const types = columns.map(
    ({ name, type }) => `CAST(${name} AS ${type === 'text' ? 'VARCHAR' : 'BIGINT'}) AS ${name}`,
  )
  return `(SELECT ${types.join(', ')} FROM (VALUES ${rows.map((row) => tuple(dialect, row)).join(',\n')}) v (${columns.map(({ name }) => name).join(', ')})) ${alias}`
}
