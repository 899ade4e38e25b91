/**
 * How each figure and each column of `calls` is shown: its heading, its kind, and how soon a narrow
 * terminal leaves it out.
 */
import { callColumns, type ColumnType } from '../domain/call.js'
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { Figures } from '../metrics/figures.js'
import { measureOf, measures, type MeasureName } from '../metrics/measures/registry.js'
import type { ColumnKind } from '../domain/column-kind.js'
import type { Column } from './report.js'

export function column(key: string, title: string, kind: ColumnKind, optional?: number): Column {
  return { key, title, kind, ...(optional === undefined ? {} : { optional }) }
}

/** A column for programs alone. */
export const dataColumn = (key: string, title: string, kind: ColumnKind): Column => ({
  ...column(key, title, kind),
  dataOnly: true,
})

/** A figure's column; always shown where it was asked for by name. */
export function measureColumn(name: MeasureName, shown: 'always' | 'whereWide' = 'whereWide'): Column {
  const { title, kind, optional } = measureOf(name)
  return { ...column(name, title, kind, shown === 'always' ? undefined : optional), ...betterOf(name) }
}

/** With the mark of a figure that was read from sketches, where rows say that it was. */
export function marked(column: Column, name: MeasureName, rows: readonly Figures[]): Column {
  return rows[0]?.approximate?.includes(name) === true ? { ...column, approximate: true } : column
}

/** For the end of a sentence: that its figure was read from sketches; empty where it was not. */
export const approximateWords = (name: MeasureName, row: Figures): string =>
  row.approximate?.includes(name) === true ? ' (≈, within 0.5%)' : ''

/** Whether more of it is for the better, for its own column and for that of its change. */
export function betterOf(name: MeasureName): Pick<Column, 'better'> {
  const { better } = measureOf(name)
  return better === undefined ? {} : { better }
}

/** The relative change of a measure. */
export function changeColumn(key: string, title: string, of: MeasureName, optional?: number): Column {
  return { ...column(key, title, 'change', optional), ...betterOf(of) }
}

export function dimensionColumn(dimension: Dimension): Column {
  return { key: dimension.key, title: dimensionNoun(dimension), kind: 'text', dimension: true }
}

const endings: readonly (readonly [RegExp, ColumnKind])[] = [
  [/_usd$/, 'usd'],
  [/_share$/, 'share'],
  [/_rate$/, 'rate'],
  [/_ms$/, 'ms'],
  [/_price$/, 'price'],
]

/** The kind of a column of any query, by the name it was given and its SQL type. */
export function kindOf(name: string, sqlType: string): ColumnKind {
  const type = sqlType.toUpperCase()
  const numeric = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL.*|DOUBLE|FLOAT)$/.test(type)
  if (numeric) return endings.find(([ending]) => ending.test(name))?.[1] ?? wholeKind(name, type)
  if (type.startsWith('TIMESTAMP')) return 'time'
  if (type === 'BOOLEAN') return 'boolean'
  return /^(MAP|STRUCT|UNION|JSON)|\[\d*\]$/.test(type) ? 'json' : 'text'
}

function wholeKind(name: string, type: string): ColumnKind {
  if (!/INT/.test(type)) return 'number'
  return Object.hasOwn(measures, name) || /(calls|tokens|lines|count)$|^count/.test(name) ? 'count' : 'number'
}

const columnTypes: ReadonlyMap<string, ColumnType> = new Map(
  callColumns.map(({ name, type }) => [name, type]),
)

/** A column of `calls`, with its name in words as heading. */
export function callColumn(name: string, optional?: number): Column {
  const title = name.replace(/_id$|_usd$|_ms$/, '').replaceAll('_', ' ')
  return column(name, title, kindOf(name, columnTypes.get(name) ?? 'VARCHAR'), optional)
}
