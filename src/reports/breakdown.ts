/** Groups of calls with their figures, as one table: `llmcost breakdown`. */
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import type { BreakdownRow } from '../metrics/breakdown.js'
import type { Figures } from '../metrics/figures.js'
import type { MeasureName } from '../metrics/measures/registry.js'
import { dimensionColumn, marked, measureColumn } from './columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Cell, Column, Report, Row, Section } from './report.js'

/** What stands in each dimension of the row that gathers all groups but the first. */
export const othersLabel = '(others)'

interface TableSpec {
  readonly id: string
  readonly title: string
  readonly by: readonly Dimension[]
  readonly measures: readonly MeasureName[]
  /** Figures that were asked for by name are shown however narrow the terminal. */
  readonly shown?: 'always' | 'whereWide'
  /** Those among the usual figures that were asked for by name. */
  readonly named?: readonly MeasureName[]
}

/** A section of groups and their total; `rows` as the metric answers them. */
export function groupSection(spec: TableSpec, rows: readonly BreakdownRow[]): Section {
  const total = rows.find(({ is_total: isTotal }) => isTotal)
  const groups = spec.by.length === 0 ? rows : rows.filter(({ is_total: isTotal }) => !isTotal)
  return {
    id: spec.id,
    title: spec.title,
    columns: [...spec.by.map(dimensionColumn), ...spec.measures.map((name) => shownColumn(name, spec, rows))],
    rows: groups.map((row) => ({ ...keysOf(spec.by, row), ...figuresOf(spec.measures, row) })),
    ...(total === undefined || spec.by.length === 0 ? {} : { totals: figuresOf(spec.measures, total) }),
  }
}

/**
 * What says nothing is left to the data: a count of doubts that is nought everywhere, and a total that is
 * everywhere the sum of the input and output beside it.
 */
function shownColumn(name: MeasureName, spec: TableSpec, rows: readonly BreakdownRow[]): Column {
  const shown = spec.named?.includes(name) ? 'always' : spec.shown
  const column = marked(measureColumn(name, shown), name, rows)
  if (shown === 'always') return column
  const quiet = quietWhere[name]
  return quiet !== undefined && rows.every(quiet) ? { ...column, dataOnly: true } : column
}

const quietWhere: Readonly<Partial<Record<MeasureName, (row: BreakdownRow) => boolean>>> = {
  unpriced_calls: (row) => Number(row.unpriced_calls ?? 0) === 0,
  total_tokens: isSumOfParts,
}

/** True where no call has a total of tokens beyond its input and output. */
export function isSumOfParts(row: BreakdownRow | Figures): boolean {
  return Number(row.total_tokens ?? 0) === Number(row.input_tokens ?? 0) + Number(row.output_tokens ?? 0)
}

function keysOf(by: readonly Dimension[], row: BreakdownRow): Row {
  const entries = by.map(({ key }, i): [string, Cell] => [
    key,
    row.is_others ? othersLabel : (row[`d${i}`] ?? null),
  ])
  return Object.fromEntries(entries)
}

function figuresOf(measures: readonly MeasureName[], row: BreakdownRow): Row {
  return Object.fromEntries(measures.map((name): [string, Cell] => [name, row[name] ?? null]))
}

interface BreakdownAnswer {
  readonly scope: Scope
  readonly table: Omit<TableSpec, 'id' | 'title'>
  readonly rows: readonly BreakdownRow[]
  readonly doubts: Doubts
}

export function breakdownReport({ scope, table, rows, doubts }: BreakdownAnswer): Report {
  const title = table.by.length === 0 ? 'Cost' : `Cost by ${table.by.map(dimensionNoun).join(' and ')}`
  const section = groupSection({ ...table, id: 'breakdown', title }, rows)
  const empty = emptyText(doubts)
  const { columns, id } = section
  const warnings = warningsOf(doubts)
  return {
    kind: 'breakdown',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [Number(doubts.calls ?? 0) === 0 ? { id, title, columns, rows: [], empty } : section],
    warnings,
    footer: footerOf(doubts.history),
  }
}
