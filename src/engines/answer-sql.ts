/** An engine's answer to the question for cells, as cells of the store: texts become the columns of `hourly_labels`. */
import { comparableFinishReason, finishReason } from '../ingest/typing/finish-reason.js'
import * as casts from '../ingest/typing/casts.js'
import { labels, type Label } from '../rollups/labels.js'
import { cellColumn, partNames, partOfCells, parts } from '../rollups/parts.js'
import { hourMicros, quarterMicros } from './calls-sql.js'

/** Labels of which we say the words. */
const words: Readonly<Partial<Record<Label, readonly string[]>>> = {
  cost_basis: ['list', 'reported', 'response_cache', 'no_usage'],
  status: ['ok', 'error'],
}

/** A label in the words of `calls`, as it would be read from a log. */
function labelSql(label: Label): string {
  const raw = `nullif(${label}, '')`
  if (label === 'cache_hit') return `CASE ${raw} WHEN '1' THEN true WHEN '0' THEN false END`
  const known = words[label]
  if (known !== undefined)
    return `CASE WHEN ${raw} IN (${known.map((word) => `'${word}'`).join(', ')}) THEN ${raw} END`
  if (label === 'finish_reason') return finishReason(comparableFinishReason(raw))
  return casts.label(raw)
}

/** A part's whole number of its smallest unit as a value of its column. */
export function partSql(column: string, type: string): string {
  const raw = `nullif(${column}, '')`
  const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1]
  if (scale !== undefined)
    return `CAST(CAST(CAST(${raw} AS HUGEINT) AS DECIMAL(38,0)) * CAST(0.${'0'.repeat(Number(scale) - 1)}1 AS DECIMAL(${scale},${scale})) AS ${type})`
  if (type === 'TIMESTAMP') return `make_timestamp(CAST(${raw} AS BIGINT))`
  return `CAST(${raw} AS ${type})`
}

/**
 * SELECT of cells, with the columns of `hourly_labels` but for their owner.
 * @param answer FROM item with the texts of an engine's answer
 */
export function cellsOfAnswer(answer: string): string {
  const columns = [
    `make_timestamp(CAST(quarter AS BIGINT) * ${quarterMicros}) AS ts`,
    ...labels.map((label) => `${labelSql(label)} AS ${label}`),
    ...partNames.map((name) => `${partSql(cellColumn(name), parts[name].type)} AS ${cellColumn(name)}`),
  ]
  const read = `SELECT ${columns.join(', ')} FROM ${answer} WHERE nullif(refused, '') IS NULL`
  const folded = ['ts', ...labels, ...partNames.map((name) => `${partOfCells(name)} AS ${cellColumn(name)}`)]
  return `SELECT ${folded.join(', ')} FROM (${read}) GROUP BY ALL`
}

/** SQL: the hour of a row of an answer, counted from 1970. */
export const hourOfAnswer = `CAST(quarter AS BIGINT) // ${hourMicros / quarterMicros}`

/** SQL: a cell says what no calls can: times or sums that are beyond any. Scores alone may be below 0. */
export const impossibleCells = [
  `${cellColumn('rows')} < 1`,
  "ts < TIMESTAMP '2015-01-01' OR ts >= TIMESTAMP '2101-01-01'",
  `${cellColumn('first_ts')} < ts OR ${cellColumn('last_ts')} >= ts + INTERVAL 15 MINUTE OR ${cellColumn('first_ts')} > ${cellColumn('last_ts')}`,
  ...partNames
    .filter((name) => parts[name].type !== 'TIMESTAMP' && !/quality|ground|retrieval|feedback/.test(name))
    .map((name) => `${cellColumn(name)} < 0`),
  ...partNames
    .filter((name) => parts[name].fold === 'count')
    .map((name) => `${cellColumn(name)} > ${cellColumn('rows')}`),
  `${cellColumn('cost_usd')} > 100000 * ${cellColumn('rows')} AND cost_basis = 'reported'`,
].join(' OR ')
