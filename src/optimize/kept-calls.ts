/**
 * The calls of a window kept in a temporary table while strategies are asked: read once, with only the columns that
 * strategies need. Words of few values (features, models, users) are kept as ENUMs, so that grouping by them compares
 * small numbers; prompts and sessions have numbers of their own already. Nothing here runs a statement.
 */
import { readAnew, sizeOfEnum } from '../metrics/dialect.js'
import type { Decimal, Param, Query, Whole } from '../metrics/query.js'
import type { Scope } from '../domain/scope.js'
import {
  hasParts,
  inWindow,
  optionalColumns,
  readCalls,
  scopedCte,
  wordColumns,
  type ScopedCalls,
} from './scoped-calls.js'

/** How many calls have what strategies need; fields by the order of `needs`. */
export interface CoverageRow {
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly partly_priced_calls: Whole
  readonly cost_usd: Decimal | null
  /** Calls whose cost is one number, not parted into input and output; what strategies on tokens leave alone. */
  readonly unparted_calls: Whole
  readonly first_ts: string | null
  readonly last_ts: string | null
  readonly [need: `n${number}`]: Whole
  /** Calls that have a column. */
  readonly [has: `has_${string}`]: Whole
}

/** @param needs SQL over `calls`, true of a call that has the field */
export function coverage(scope: Scope, needs: readonly string[]): Query<CoverageRow> {
  const { sql: condition, params } = inWindow(scope)
  const sql = /* sql */ `SELECT count(*) AS calls, count(*) - count(cost_usd) AS unpriced_calls,
      count(*) FILTER (WHERE partly_priced) AS partly_priced_calls, sum(cost_usd) AS cost_usd,
      count(*) FILTER (WHERE NOT ${hasParts}) AS unparted_calls, min(ts) AS first_ts, max(ts) AS last_ts
      ${needs.map((has, i) => `, count(*) FILTER (WHERE ${has}) AS n${i}`).join('')}
      ${optionalColumns.map((name) => `, count(${name}) AS has_${name}`).join('')}
    FROM calls WHERE ${condition}`
  return { sql, params }
}

/** Columns that no call of the window has, or that say nothing there. */
export function absentColumns(row: CoverageRow): ReadonlySet<string> {
  const absent = new Set(optionalColumns.filter((name) => Number(row[`has_${name}`]) === 0))
  // Pricing asks for totals beside costs of the log's own alone.
  return absent.has('reported_cost_usd') ? absent.add('total_tokens') : absent
}

/** Words of more values are kept as they are: an ENUM of a million is slow to make. */
const mostWords = 10_000

const typeOf = (column: string): string => `optimize_${column}`

export interface Statement {
  readonly sql: string
  readonly params: Readonly<Record<string, Param>>
}

/** Makes the ENUM of a column's words in the window, with one too many where they are too many. */
export function makeWords(scope: Scope, column: string): Statement {
  const { sql: condition, params } = inWindow(scope)
  const sql = /* sql */ `CREATE TEMP TYPE ${typeOf(column)} AS ENUM (SELECT word
      FROM (SELECT DISTINCT ${column} AS word FROM calls WHERE ${condition} AND ${column} IS NOT NULL LIMIT ${mostWords + 1}) ORDER BY word)`
  return { sql, params }
}

/** One row: of each of these columns, whether its ENUM holds all its words. */
export const wordsFit = (columns: readonly string[]): Query<Readonly<Record<string, boolean>>> => ({
  sql: `SELECT ${columns.map((name) => `${sizeOfEnum(typeOf(name))} <= ${mostWords} AS ${name}`).join(', ')}`,
  params: {},
})

export const forgetWords = (columns: readonly string[]): string =>
  columns.map((name) => `DROP TYPE IF EXISTS ${typeOf(name)}`).join(';')

/** Those of the columns of words that some call has. */
export const wordsOf = (absent: ReadonlySet<string>): readonly string[] =>
  wordColumns.filter((name) => !absent.has(name))

const table = 'optimize_calls'

/** Reads the calls into the table. @param words columns that are kept as ENUMs */
export function keepCalls(
  scope: Scope,
  absent: ReadonlySet<string>,
  words: ReadonlySet<string>,
  withDetails: boolean,
): Statement {
  const word = (name: string): string => (words.has(name) ? `CAST(${name} AS ${typeOf(name)})` : name)
  const { sql, params } = readCalls(scope, { absent, withDetails, word })
  return { sql: `CREATE TEMP TABLE ${table} AS ${sql}`, params }
}

export const forgetCalls = `DROP TABLE IF EXISTS ${table}`

/** The calls of the table. */
export const keptCalls = (absent: ReadonlySet<string>): ScopedCalls => ({
  cte: scopedCte({ relation: table, callNo: 'rowid', how: readAnew, absent }),
  params: {},
  absent,
})
