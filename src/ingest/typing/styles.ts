/**
 * How the dates and numbers of a file are written, where a first reading stumbled over some: 10/05/2026,
 * 05.10.2026, 45935.33, 1,812, 1.812, 0,0055 €. The whole column decides; what it leaves open is refused,
 * with both readings named. Clean files are never asked.
 */
import type { Database } from '../../db/database.js'
import { usageFields } from '../../domain/call.js'
import type { ReadPlan } from '../../importers/importer.js'
import { currencyOf, isPlain } from './amounts.js'
import { datePattern } from './casts.js'
import { rawSql, type SourceRelation } from './normalise.js'
import type { DateOrder, ReadOptions } from '../options.js'
import { Unrecognised } from '../files/unrecognised.js'

/** Reasons of rejects that another way of writing may explain. */
export const stumbled = `(reason LIKE 'ts: not a time%' OR reason LIKE 'ts: a relative time%' OR reason LIKE '%: not a whole number' OR reason LIKE 'cost_usd: not an amount%')`

/** What the columns say of how they are written; undefined where they say nothing new. */
export interface Styles {
  readonly dateOrder?: DateOrder
  readonly decimal?: '.' | ','
  readonly excelDates?: true
  readonly costUnits?: true
  /** What to tell of it. */
  readonly note: string | null
}

/**
 * Looks at the columns of a source.
 * @param label the file, for errors
 * @throws Unrecognised where the columns allow two readings: names both, and the option that decides
 */
export async function stylesOf(
  db: Database,
  source: SourceRelation,
  plan: ReadPlan,
  options: ReadOptions,
  label: string,
): Promise<Styles | undefined> {
  const { sql, fields } = rawSql(source, plan, options)
  const numbers = [...usageFields, 'reported_cost_usd'].filter((field) => fields.has(field))
  const dates = fields.has('ts') ? await dateFacts(db, sql) : undefined
  const counts = numbers.length === 0 ? undefined : await numberFacts(db, sql, numbers)
  const date = dates && dateStyle(dates, source.kind, options, label)
  const decimal = counts && decimalOf(counts, source.kind, options, label)
  const costUnits = counts !== undefined && counts.units > 0
  if (date === undefined && decimal === undefined && !costUnits) return undefined
  const said = [date?.said, decimal === undefined ? undefined : decimalSaid(decimal, options)]
  const told = said.filter((one) => one !== undefined)
  return {
    ...(date?.dateOrder === undefined ? {} : { dateOrder: date.dateOrder }),
    ...(date?.excelDates === undefined ? {} : { excelDates: true }),
    ...(decimal === undefined ? {} : { decimal }),
    ...(costUnits ? { costUnits: true } : {}),
    note: told.length === 0 ? null : `${told.join('; ')}, as the whole column allows nothing else`,
  }
}

const decimalSaid = (decimal: '.' | ',', options: ReadOptions): string | undefined =>
  options.decimal === undefined
    ? `numbers are read with a decimal ${decimal === ',' ? 'comma' : 'point'} and grouped thousands`
    : undefined

interface DateFacts {
  /** Dates in numbers that are not ISO's. */
  readonly dated: number
  readonly max_a: number | null
  readonly max_b: number | null
  readonly max_c: number | null
  readonly min_a: number | null
  readonly min_c: number | null
  /** The first part, or the last, has four digits everywhere. */
  readonly year_first: boolean | null
  readonly year_last: boolean | null
  /** Day and month are the same number everywhere. */
  readonly same: boolean | null
  readonly example: string | null
  readonly present: number
  /** Plain numbers, and their bounds. */
  readonly numeric: number
  readonly low: number | null
  readonly high: number | null
}

async function dateFacts(db: Database, sql: string): Promise<DateFacts> {
  const part = (i: number): string => `regexp_extract(raw_ts, '${datePattern}', ${i})`
  const isDate = `regexp_matches(raw_ts, '${datePattern}') AND (NOT regexp_matches(raw_ts, '^\\s*\\d{4}[-/]') OR regexp_matches(raw_ts, '(?i)[ap]\\.?m\\.?\\s*$'))`
  return db.one<DateFacts>(
    `SELECT count(a) AS dated, max(a) AS max_a, max(b) AS max_b, max(c) AS max_c, min(a) AS min_a, min(c) AS min_c,
       bool_and(a > 999) AS year_first, bool_and(c > 999) AS year_last, bool_and(a = b) AS same,
       any_value(raw_ts) FILTER (a IS NOT NULL) AS example, count(raw_ts) AS present, count(n) AS numeric, min(n) AS low, max(n) AS high
     FROM (SELECT raw_ts, TRY_CAST(raw_ts AS DOUBLE) AS n, CASE WHEN d THEN CAST(${part(1)} AS INTEGER) END AS a,
         CASE WHEN d THEN CAST(${part(2)} AS INTEGER) END AS b, CASE WHEN d THEN CAST(${part(3)} AS INTEGER) END AS c
       FROM (SELECT nullif(trim(raw_ts), '') AS raw_ts, ${isDate} AS d FROM (${sql})))`,
  )
}

/** Days since 1899-12-30 of 2015 and of 2100. */
const [excelFirst, excelLast] = [42_005, 73_416]

interface DateStyle {
  readonly dateOrder?: DateOrder
  readonly excelDates?: true
  readonly said: string | undefined
}

function dateStyle(
  facts: DateFacts,
  kind: 'json' | 'csv',
  options: ReadOptions,
  label: string,
): DateStyle | undefined {
  const { low, high, numeric, present } = facts
  const allDays =
    numeric === present && low !== null && low >= excelFirst && high !== null && high < excelLast
  if (kind === 'csv' && allDays && options.baseTime === undefined)
    return { excelDates: true, said: `times are read as a spreadsheet's numbers of days` }
  if (facts.dated === 0 || options.dateOrder !== undefined) return undefined
  const orders = possibleOrders(facts)
  if (orders.length === 0) return undefined
  if (orders.length === 1 || facts.same === true) {
    const [order] = orders
    const said =
      facts.year_first === true
        ? undefined
        : `dates such as ${facts.example} are read as ${orderWords[order!]}`
    return { dateOrder: order!, said }
  }
  const readings = orders.map((order) => orderWords[order]).join(' or as ')
  throw new Unrecognised(
    `dates such as ${facts.example} can be read as ${readings}`,
    label,
    true,
    `Nothing in the column decides. Say it: ${orders.map((order) => `--date-order ${order}`).join(' or ')}.`,
  )
}

const orderWords: Readonly<Record<DateOrder, string>> = {
  dmy: 'day, month, year',
  mdy: 'month, day, year',
  ymd: 'year, month, day',
}

/** Orders under which every date of the column is one. */
function possibleOrders(facts: DateFacts): DateOrder[] {
  const [a, b, c] = [facts.max_a ?? 0, facts.max_b ?? 0, facts.max_c ?? 0]
  if (facts.year_first === true) return b <= 12 && c <= 31 ? ['ymd'] : []
  // Years of two digits: no log is older than 2015.
  const yearLast = facts.year_last === true || (c < 100 && (facts.min_c ?? 0) >= 15)
  const yearFirst = a < 100 && (facts.min_a ?? 0) >= 15 && b <= 12 && c <= 31
  return [
    ...(yearLast && a <= 31 && b <= 12 ? ['dmy' as const] : []),
    ...(yearLast && a <= 12 && b <= 31 ? ['mdy' as const] : []),
    ...(yearFirst ? ['ymd' as const] : []),
  ]
}

interface NumberFacts {
  /** Values that only a decimal point, or only a decimal comma, explains. */
  readonly points: number
  readonly commas: number
  /** One mark with three digits behind it: thousands, or a fraction. */
  readonly comma_tokens: string | null
  readonly comma_costs: string | null
  readonly point_tokens: string | null
  readonly point: string | null
  readonly comma: string | null
  /** A value that has any mark beside one point. */
  readonly grouped: string | null
  /** Costs with something beside the number. */
  readonly units: number
}

/** Whole shapes of numbers; what is neither is a plain whole number, or none. */
function onlyWith(mark: '.' | ','): string {
  const [own, other] = mark === '.' ? ['\\.', ','] : [',', '\\.']
  const grouped = `[0-9]{1,3}(?:[${other}'' ’][0-9]{3})+${own}[0-9]*|[0-9]{1,3}(?:${other}[0-9]{3}){2,}`
  const fraction = `[0-9]*${own}[0-9]{1,2}|[0-9]*${own}[0-9]{4,}|0*${own}[0-9]+|[0-9]{4,}${own}[0-9]+`
  return `[-+]?(?:${grouped}|${fraction})(?:[eE][-+]?[0-9]+)?`
}

async function numberFacts(db: Database, sql: string, fields: readonly string[]): Promise<NumberFacts> {
  const values = fields.map((field) => `{'cost': ${field === 'reported_cost_usd'}, 'raw': raw_${field}}`)
  const number = `trim(regexp_extract(raw, '[-+]?[0-9.,][0-9.,''’ ]*(?:[eE][-+]?[0-9]+)?'))`
  const three = (mark: string): string => `regexp_full_match(n, '[-+]?[1-9][0-9]{0,2}${mark}[0-9]{3}')`
  const isPoint = `regexp_full_match(n, '${onlyWith('.')}')`
  const isComma = `regexp_full_match(n, '${onlyWith(',')}')`
  return db.one<NumberFacts>(
    `SELECT count(*) FILTER (${isPoint}) AS points, count(*) FILTER (${isComma}) AS commas,
       any_value(raw) FILTER (${isPoint}) AS point, any_value(raw) FILTER (${isComma}) AS comma,
       any_value(raw) FILTER (NOT cost AND ${three(',')}) AS comma_tokens, any_value(raw) FILTER (cost AND ${three(',')}) AS comma_costs,
       any_value(raw) FILTER (NOT cost AND ${three('\\.')}) AS point_tokens, any_value(raw) FILTER (regexp_matches(n, '[,'' ’]')) AS grouped,
       count(*) FILTER (cost AND n <> '' AND n <> raw AND NOT regexp_matches(raw, '[{\\[]')) AS units
     FROM (SELECT cost, raw, ${number} AS n FROM (SELECT unnest([${values.join(', ')}], recursive := true) FROM (${sql} WHERE NOT skip))
       -- A list or an object is no number, however it is written.
       WHERE raw <> '' AND NOT starts_with(raw, '[') AND NOT starts_with(raw, '{'))`,
  )
}

function decimalOf(
  facts: NumberFacts,
  kind: 'json' | 'csv',
  options: ReadOptions,
  label: string,
): '.' | ',' | undefined {
  if (options.decimal !== undefined) return undefined
  // A number of JSON has a point for its decimals; only texts have anything else.
  const oddPoint = kind === 'csv' ? facts.point_tokens : null
  const odd = facts.comma ?? facts.comma_tokens ?? facts.comma_costs ?? facts.grouped ?? oddPoint
  if (odd === null) return undefined
  if (facts.points > 0 && facts.commas > 0 && kind === 'csv')
    throw ambiguous(`numbers are written both ways: ${facts.point} and ${facts.comma}`, label)
  if (facts.commas > 0) return ','
  if (facts.points > 0) return '.'
  // A token has no fraction, and programs write theirs with a point: a comma parts thousands.
  if (facts.comma_tokens !== null && facts.point_tokens === null) return '.'
  const digits = odd.replaceAll(/[^\d]/g, '')
  throw ambiguous(`${odd} can be read as ${digits}, with grouped thousands, or as a fraction`, label)
}

const ambiguous = (what: string, label: string): Unrecognised =>
  new Unrecognised(
    what,
    label,
    true,
    'Nothing in the column decides. Say which mark the decimals have: --decimal , or --decimal .',
  )

/**
 * A rate that is given for a run is that of one currency.
 * @param before the currency that other files of the run are in
 * @returns the currency other than dollars that the costs of a source are in, if any
 * @throws Unrecognised where there is more than one
 */
export async function oneCurrency(
  db: Database,
  source: SourceRelation,
  plan: ReadPlan,
  options: ReadOptions,
  label: string,
  before: string | undefined,
): Promise<string | undefined> {
  if (options.set['currency_rate'] === undefined) return undefined
  const { sql, fields } = rawSql(source, plan, options)
  if (!fields.has('reported_cost_usd')) return before
  const raw = 'raw_reported_cost_usd'
  const { rows } = await db.query<{ code: string | null }>(
    `SELECT DISTINCT ${currencyOf(raw)} AS code FROM (${sql}) WHERE NOT skip AND ${raw} <> '' AND NOT (${isPlain(raw, options.decimal)}) ORDER BY code`,
  )
  const own = rows.map(({ code }) => code).filter((code) => code !== null && code !== 'USD')
  const codes = [...new Set(before === undefined ? own : [before, ...own])]
  if (codes.length < 2 || own.length === 0) return own[0] ?? before
  throw new Unrecognised(
    `its costs are in ${own.join(' and ')}${own.length === 1 ? `, those of files before it in ${before}` : ''}, and --set currency_rate is the rate of one currency`,
    label,
    true,
    'Give the rates in a file: currency_rates in the config, with the columns currency, valid_from, usd.',
  )
}
