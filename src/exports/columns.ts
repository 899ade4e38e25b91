/** What a column of an export is, and how SQL writes it. */
import { quoteName } from '../domain/words/quoting.js'

export interface ExportColumn {
  readonly name: string
  /** SQL type. A text is made harmless in CSV; a time is ISO 8601 UTC in CSV and JSONL. */
  readonly type: string
  /** One line for documentation: what it holds, with its unit. */
  readonly about: string
  /** SQL condition on a row under which a text is a number, and stands in CSV as it is. */
  readonly numberWhen?: string
  /** The text is a JSON object: what is hidden in it is escaped, so that it stays one. */
  readonly json?: true
  /** A decimal that stands in CSV without the zeros at its end. */
  readonly short?: true
}

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Ends of file names, and the format that each picks. */
export const formatEndings: Readonly<Record<string, ExportFormat>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
}

export const isText = ({ type }: ExportColumn): boolean => type === 'VARCHAR'

const isTime = ({ type }: ExportColumn): boolean => type === 'TIMESTAMP'

/** Maps, which JSON and CSV hold as a JSON object. */
export const isNested = ({ type }: ExportColumn): boolean => type.startsWith('MAP(')

/** SQL for a column as CSV and JSONL write it: times as ISO 8601 UTC text, as every answer writes them. */
export function plainValue(column: ExportColumn): string {
  const name = quoteName(column.name)
  if (column.short) return `rtrim(rtrim(CAST(${name} AS VARCHAR), '0'), '.')`
  return isTime(column) ? `concat(replace(CAST(${name} AS VARCHAR), ' ', 'T'), 'Z')` : name
}

/** Times that may be absent stay so: concat would make a letter of nothing. */
export const orNull = (column: ExportColumn, sql: string): string =>
  isTime(column) ? `CASE WHEN ${quoteName(column.name)} IS NOT NULL THEN ${sql} END` : sql
