/**
 * The kinds of statement that an engine is asked: what is in a table (survey), whether an hour is still as it was
 * (fingerprints), the cells of hours (cubes), and sketches and users of days. All their columns are texts, '' for none, so that they travel
 * through CSV, Parquet and HTTP alike.
 */
import type { CostBasis } from '../domain/costs/basis.js'
import { priceNames } from '../domain/costs/rate.js'
import { hourMicros, judgedCalls, layered, readCalls, ruledCalls, type HourRange } from './calls-sql.js'
import { cells, fingerprintCost, fingerprintTokens, hourColumns, keyColumns } from './cells-sql.js'
import { days } from './days/days-sql.js'
import type { Dialect, InlineColumn } from './dialect.js'
import { priceColumn, pricedCalls } from './priced-sql.js'
import { cellColumn, partNames } from '../rollups/parts.js'
import type { Resolved } from './resolve.js'
import type { ForeignTable } from './table.js'

export interface EngineQuery {
  readonly dialect: Dialect
  readonly table: ForeignTable
  readonly hours: readonly HourRange[]
}

/** Fields that together say what a call is priced as. */
const priceFields = ['provider', 'model', 'service_tier', 'speed', 'region'] as const
export const surveyColumns = [
  'kind',
  'v1',
  'v2',
  'v3',
  'v4',
  'v5',
  'row_count',
  'first_us',
  'last_us',
] as const

/** Which providers, models, tiers and places there are, which words for a status, and when. */
export function surveyStatement({ dialect, table, hours }: EngineQuery): string {
  const calls = readCalls(dialect, table, hours)
  const asked = (kind: string, fields: readonly string[]): string => {
    const values = surveyColumns
      .slice(1, 6)
      .map((_, i) => (fields[i] === undefined ? "''" : `a_${fields[i]}`))
    const list = [
      `${dialect.asText(dialect.literal(kind))} AS kind`,
      ...values.map((sql, i) => `${dialect.asText(sql)} AS v${i + 1}`),
      `${dialect.asText('count(*)')} AS row_count`,
      `${dialect.asText('min(a_us)')} AS first_us`,
      `${dialect.asText('max(a_us)')} AS last_us`,
    ]
    return `SELECT ${list.join(', ')}\nFROM (${calls}) c GROUP BY ${fields.map((field) => `a_${field}`).join(', ')}`
  }
  const words = (['status', 'unread_usage'] as const).map((field) => asked(field, [field]))
  return [asked('price', priceFields), ...words].join('\nUNION ALL\n')
}

/** Columns of the answer to `fingerprintStatement`. */
export const fingerprintColumns = ['hour', 'hour_rows', 'hour_version', 'hour_tokens', 'hour_cost'] as const

/** For each hour its rows, and sums that show a change. */
export function fingerprintStatement({ dialect, table, hours }: EngineQuery): string {
  const calls = readCalls(dialect, table, hours)
  const list = [
    ['g_hour', 'hour'],
    ['h_rows', 'hour_rows'],
    ['h_version', 'hour_version'],
    ['h_tokens', 'hour_tokens'],
    ['h_cost', 'hour_cost'],
  ] as const
  return `SELECT ${list.map(([sql, name]) => `${dialect.asText(sql)} AS ${name}`).join(', ')} FROM (
SELECT g_hour, count(*) AS h_rows, max(a_version) AS h_version, sum(${fingerprintTokens(dialect)}) AS h_tokens, sum(${fingerprintCost(dialect)}) AS h_cost
FROM (${layered({ g_hour: dialect.divided('a_us', String(hourMicros)) }, calls)}) h GROUP BY g_hour) t ORDER BY g_hour`
}

/** Columns of the answer to `cubeStatement`. */
export const cubeColumns: readonly string[] = [...keyColumns, ...partNames.map(cellColumn), ...hourColumns]

/** The cells of the hours, priced. */
export function cubeStatement(query: EngineQuery, prices: Resolved, basis: CostBasis): string {
  return `${cells(query.dialect, pricedRows(query, prices, basis))}\nORDER BY g_quarter`
}

/** Sketches and sums by user of the days of these hours, as far as they are of them. */
export const dayStatement = (query: EngineQuery, prices: Resolved, basis: CostBasis): string =>
  days(query.dialect, pricedRows(query, prices, basis))

/** The rows of the table, read, judged and priced. */
function pricedRows({ dialect, table, hours }: EngineQuery, prices: Resolved, basis: CostBasis): string {
  const keyed = withKeys(dialect, prices, readCalls(dialect, table, hours))
  const judged = judgedCalls(table, ruledCalls(table, withWords(dialect, prices, keyed)))
  const surveyed = refusedUnlessSurveyed(judged)
  return pricedCalls(dialect, basis, withRates(dialect, prices, surveyed))
}

/** Reason of rows with a model or a word that no survey has told: their hour is not taken. */
export const unsurveyed = 'not surveyed'

const refusedUnlessSurveyed = (calls: string): string =>
  `SELECT j.*, CASE WHEN k_known IS NULL OR w_known = 0 THEN '${unsurveyed}' ELSE r_reason END AS r_refused FROM (${calls}) j`

const keyNames = ['k_raw1', 'k_raw2', 'k_raw3', 'k_raw4', 'k_raw5'] as const

function withKeys(dialect: Dialect, { keys }: Resolved, calls: string): string {
  const columns: readonly InlineColumn[] = [
    ...keyNames.map((name) => ({ name, type: 'text' as const })),
    ...(['k_provider', 'k_model', 'k_tier'] as const).map((name) => ({ name, type: 'text' as const })),
    ...(['k_group', 'k_unknown', 'k_known'] as const).map((name) => ({ name, type: 'whole' as const })),
  ]
  const rows = keys.map((key) => [
    ...key.raw,
    key.provider,
    key.model,
    key.tier,
    key.group,
    key.isUnknown ? 1 : 0,
    1,
  ])
  // Where nothing was surveyed one row stands that no call has: the table must have one.
  if (rows.length === 0) rows.push(['\u{1}', '', '', '', '', '', '', '', 0, 0, 1])
  const on = priceFields.map((field, i) => `a.a_${field} = k.${keyNames[i]}`)
  const own = columns.slice(5).map(({ name }) => `k.${name} AS ${name}`)
  return `SELECT a.*, ${own.join(', ')} FROM (${calls}) a LEFT JOIN ${dialect.inline('k', columns, rows)} ON ${on.join(' AND ')}`
}

/** Words that bear on money, as they were resolved. */
function withWords(dialect: Dialect, { statuses, unread }: Resolved, calls: string): string {
  const literal = (text: string): string => dialect.literal(text)
  const status = statuses.map(([raw, word]) => `WHEN ${literal(raw)} THEN ${literal(word)}`)
  const known = statuses.map(([raw]) => literal(raw))
  return layered(
    {
      w_status: status.length === 0 ? "''" : `CASE a_status ${status.join(' ')} ELSE '' END`,
      w_known: known.length === 0 ? '0' : `CASE WHEN a_status IN (${known.join(', ')}) THEN 1 ELSE 0 END`,
      w_unread:
        unread.length === 0
          ? '0'
          : `CASE WHEN a_unread_usage IN (${unread.map(literal).join(', ')}) THEN 1 ELSE 0 END`,
    },
    calls,
  )
}

const boxColumns = ['r_group', 'r_from', 'r_to', 'r_above', 'r_up_to', 'r_minute', 'r_minute_end', 'r_rated', 'r_lacks'] // prettier-ignore

function withRates(dialect: Dialect, { boxes }: Resolved, calls: string): string {
  const whole = (name: string): InlineColumn => ({ name, type: 'whole' })
  const columns = [...boxColumns, ...priceNames.map(priceColumn)].map(whole)
  const rows = boxes.map((box) => [
    box.group,
    ...[...box.micros, ...box.size, ...box.minute].map(BigInt),
    box.prices === undefined ? 0 : 1,
    box.lacks ? 1 : 0,
    ...priceNames.map((name) => box.prices?.[name] ?? null),
  ])
  const where = `j_us >= r_from AND j_us < r_to AND j_size > r_above AND j_size <= r_up_to AND j_minute >= r_minute AND j_minute < r_minute_end`
  // A refused row has no price, whatever its numbers are.
  const joined = layered(
    {
      j_group: 'CASE WHEN r_refused IS NULL THEN coalesce(k_group, 0) ELSE 0 END',
      j_us: 'CASE WHEN r_refused IS NULL THEN a_us ELSE 0 END',
      j_size: 'CASE WHEN r_refused IS NULL THEN coalesce(t_input, 0) ELSE 0 END',
      j_minute: `CASE WHEN r_refused IS NULL THEN mod(${dialect.divided('a_us', '60000000')}, 1440) ELSE 0 END`,
    },
    calls,
  )
  return `SELECT j.*, ${columns
    .slice(7)
    .map(({ name }) => `r.${name} AS ${name}`)
    .join(
      ', ',
    )} FROM (${joined}) j JOIN ${dialect.inline('r', columns, rows)} ON j.j_group = r.r_group WHERE ${where}`
}
