/** The COPY statement of an export. Its file name and every value of the query travel as parameters. */
import { quoteName } from '../domain/words/quoting.js'
import { isNested, isText, orNull, plainValue, type ExportColumn, type ExportFormat } from './columns.js'
import { mayHide, spreadsheetJson, spreadsheetText, visibleJson } from './guard.js'

export interface ExportQuery {
  readonly columns: readonly ExportColumn[]
  /** SELECT that gives each column under its name. */
  readonly sql: string
  readonly params: Readonly<Record<string, string | number | boolean | null>>
  /** A further column of the SELECT by which the rows are parted into folders. */
  readonly partition?: string
}

/** Name of the parameter that holds where to write. */
export const targetParam = 'export_target'

/** True for a row with a text that may hide something; found out once a row, not once a column. */
const rowHides = 'llmcost_row_hides'

/** Nothing that the text of a record can hold: JSON escapes it. */
const noDelimiter = '\u0001'

export function copySql(query: ExportQuery, format: ExportFormat): string {
  const select = { csv: csvSelect, jsonl: jsonSelect, parquet: plainSelect }[format](query)
  const options = [
    ...formatOptions(query, format),
    // The file has a name of its own until it is whole; the engine need not do the same again.
    ...(query.partition === undefined
      ? ['USE_TMP_FILE false']
      : [`PARTITION_BY (${quoteName(query.partition)})`, `FILE_EXTENSION '${format}'`]),
  ]
  return `COPY (${select}) TO $${targetParam} (${options.join(', ')})`
}

function formatOptions({ columns }: ExportQuery, format: ExportFormat): string[] {
  if (format === 'parquet') return ['FORMAT parquet', 'COMPRESSION zstd']
  if (format === 'jsonl') {
    return ['FORMAT csv', 'HEADER false', "QUOTE ''", "ESCAPE ''", `DELIMITER '${noDelimiter}'`]
  }
  // Quoted always: a text that another separator would cut in two could begin a formula there.
  const quoted = columns
    .filter((column) => isText(column) || isNested(column))
    .map(({ name }) => quoteName(name))
  const force = quoted.length === 0 ? [] : [`FORCE_QUOTE (${quoted.join(', ')})`]
  return ['FORMAT csv', 'HEADER true', "DELIMITER ','", ...force]
}

const partitionOf = ({ partition }: ExportQuery): string[] =>
  partition === undefined ? [] : [quoteName(partition)]

function plainSelect(query: ExportQuery): string {
  const names = query.columns.map(({ name }) => quoteName(name))
  return `SELECT ${[...names, ...partitionOf(query)].join(', ')} FROM (${query.sql})`
}

function csvSelect(query: ExportQuery): string {
  const texts = query.columns.filter((column) => isText(column) || isNested(column))
  const fields = query.columns.map((column) => {
    const name = quoteName(column.name)
    if (!texts.includes(column)) return `${orNull(column, plainValue(column))} AS ${name}`
    const safe = (column.json || isNested(column) ? spreadsheetJson : spreadsheetText)(name, rowHides)
    const guarded =
      column.numberWhen === undefined ? safe : `CASE WHEN ${column.numberWhen} THEN ${name} ELSE ${safe} END`
    return `${guarded} AS ${name}`
  })
  const nested = query.columns.filter(isNested)
  const asText = nested.map(
    ({ name }) => `CAST(to_json(${quoteName(name)}) AS VARCHAR) AS ${quoteName(name)}`,
  )
  const rows = asText.length === 0 ? query.sql : `SELECT * REPLACE (${asText.join(', ')}) FROM (${query.sql})`
  const whole = `concat_ws('', ${texts.map(({ name }) => quoteName(name)).join(', ')})`
  const flagged = texts.length === 0 ? rows : `SELECT *, ${mayHide(whole)} AS ${rowHides} FROM (${rows})`
  return `SELECT ${[...fields, ...partitionOf(query)].join(', ')} FROM (${flagged})`
}

function jsonSelect(query: ExportQuery): string {
  const members = query.columns.map(
    (column) => `${quoteName(column.name)} := ${orNull(column, plainValue(column))}`,
  )
  const lines = `SELECT CAST(to_json(struct_pack(${members.join(', ')})) AS VARCHAR) AS line${partitionOf(
    query,
  )
    .map((name) => `, ${name}`)
    .join('')}
    FROM (${query.sql})`
  return `SELECT ${[`${visibleJson('line')} AS line`, ...partitionOf(query)].join(', ')} FROM (${lines})`
}
