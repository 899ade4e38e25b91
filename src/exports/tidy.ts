/** A report as tidy rows: one row a value, so that many reports can be put under one another and asked. */
import { quoteText, timestampText } from '../domain/words/quoting.js'
import type { Cell, Column, Report, Row, Section } from '../reports/report.js'
import { digitsOf, isAbsent } from '../renderers/values.js'
import type { ExportColumn } from './columns.js'
import type { ExportQuery } from './copy.js'

export interface TidyRow {
  readonly section: string
  /** row, total, note, finding or warning */
  readonly part: string
  /** Within the part of the section, from 1. */
  readonly row: number
  /** Of a row: its group, the dimensions' values with ` / ` between; null where the row is no group. */
  readonly label: string | null
  readonly column: string
  readonly kind: string
  /** Every digit of a number; texts as they are; null where there is none. */
  readonly value: string | null
  /** The value where it is a number. */
  readonly number: number | null
}

const text = (name: string, about: string): ExportColumn => ({ name, type: 'VARCHAR', about })

/** In the order of the file. */
export const tidyColumns: readonly ExportColumn[] = [
  { name: 'since', type: 'TIMESTAMP', about: "start of the report's window, UTC" },
  { name: 'until', type: 'TIMESTAMP', about: 'its end, not included, UTC' },
  text('section', 'id of the section; report for what is said of the whole'),
  text('part', 'row, total, note, finding or warning'),
  { name: 'row', type: 'BIGINT', about: 'number within the part of the section, from 1' },
  text('label', 'group of a row: the values of its dimensions, with / between'),
  text('column', 'key of the value, as in JSON'),
  text('kind', 'what the value is: text, time, count, usd, rate (0 to 1), ms …'),
  { ...text('value', 'the value, a number with all its digits'), numberWhen: 'number IS NOT NULL' },
  { name: 'number', type: 'DOUBLE', about: 'the value where it is a number' },
]

/** Every cell of every section, then what is said beside them. */
export function tidyRows(report: Report): TidyRow[] {
  const said = (part: string, texts: readonly string[], section = 'report'): TidyRow[] =>
    texts.map((value, i) => ({
      section,
      part,
      row: i + 1,
      label: null,
      column: 'text',
      kind: 'text',
      value,
      number: null,
    }))
  return [
    ...report.sections.flatMap((section) => [
      ...sectionRows(section),
      ...said('note', section.notes ?? [], section.id),
    ]),
    ...(report.findings ?? []).flatMap((finding, i) =>
      (['kind', 'severity', 'dimension', 'value', 'measured', 'bound', 'text'] as const).map((key) =>
        cell({ section: 'report', part: 'finding', row: i + 1, label: null }, finding[key], {
          key,
          kind: key === 'measured' || key === 'bound' ? 'number' : 'text',
        }),
      ),
    ),
    ...said('warning', report.warnings),
  ]
}

function sectionRows({ id: section, columns, rows, totals }: Section): TidyRow[] {
  const values = (part: string, row: Row, number: number): TidyRow[] => {
    const label = part === 'total' ? null : labelOf(row, columns)
    return columns.map((column) => cell({ section, part, row: number, label }, row[column.key], column))
  }
  return [
    ...rows.flatMap((row, i) => values('row', row, i + 1)),
    ...(totals === undefined ? [] : values('total', totals, 1)),
  ]
}

function labelOf(row: Row, columns: readonly Column[]): string | null {
  const dimensions = columns.filter(({ dimension }) => dimension)
  if (dimensions.length === 0) return null
  return dimensions.map(({ key }) => labelText(row[key])).join(' / ')
}

const labelText = (value: Cell | undefined): string =>
  isAbsent(value) ? '(none)' : typeof value === 'object' ? JSON.stringify(value, exact) : String(value)

function cell(
  place: Pick<TidyRow, 'section' | 'part' | 'row' | 'label'>,
  value: Cell | undefined,
  { key, kind }: Pick<Column, 'key' | 'kind'>,
): TidyRow {
  const head = { ...place, column: key, kind }
  if (isAbsent(value)) return { ...head, value: null, number: null }
  const digits = digitsOf(value, kind)
  if (digits !== undefined) return { ...head, value: digits, number: Number(digits) }
  return {
    ...head,
    value: typeof value === 'object' ? JSON.stringify(value, exact) : String(value),
    number: null,
  }
}

const exact = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

/** The rows as a query that needs no table. */
export function tidyQuery(report: Report): ExportQuery {
  const types = Object.fromEntries(tidyColumns.slice(2).map(({ name, type }) => [name, type]))
  const structure = quoteText(JSON.stringify([types]))
  const { since, until } = report.period
  const bare = (time: string | null): string | null => time && timestampText(time)
  return {
    columns: tidyColumns,
    sql: /* sql */ `
      SELECT CAST($since AS TIMESTAMP) AS since, CAST($until AS TIMESTAMP) AS until, *
      FROM (SELECT unnest(from_json(CAST($rows AS JSON), ${structure}), max_depth := 2))`,
    params: { since: bare(since), until: bare(until), rows: JSON.stringify(tidyRows(report)) },
  }
}
