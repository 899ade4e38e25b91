/** Cells for machines: the digits of a number as they are, whatever the format around them. */
import { plain, readDecimal } from '../domain/costs/decimal.js'
import type { ColumnKind } from '../domain/column-kind.js'
import type { Cell, Column, Report, Section } from '../reports/report.js'

const wordKinds: ReadonlySet<ColumnKind> = new Set(['text', 'time', 'boolean', 'json', 'status', 'series'])

/** Whether cells of this kind are numbers, also where they arrive as text. */
export function isNumeric(kind: ColumnKind): boolean {
  return !wordKinds.has(kind)
}

/** A number's own digits; undefined when the cell is no finite number. */
export function digitsOf(cell: Cell | undefined, kind: ColumnKind): string | undefined {
  if (typeof cell === 'bigint') return cell.toString()
  if (typeof cell === 'number') return Number.isFinite(cell) ? JSON.stringify(cell) : undefined
  if (typeof cell !== 'string' || !isNumeric(kind)) return undefined
  const decimal = readDecimal(cell)
  return decimal === undefined ? undefined : plain(decimal)
}

/** A number without a value (NaN, infinity) is as absent as null. */
export function isAbsent(cell: Cell | undefined): cell is null | undefined {
  return cell === null || cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell))
}

/** The digits of each number of a series; null for a gap. Undefined when the cell is no list. */
export function seriesDigits(cell: Cell | undefined): readonly (string | null)[] | undefined {
  if (!Array.isArray(cell)) return undefined
  return (cell as readonly Cell[]).map((item) => digitsOf(item, 'number') ?? null)
}

/** A section as people see it. */
export function shownSection(section: Section): Section {
  const { shownRows: rows, shownColumns: columns, shownTotals: totals } = section
  return { ...section, ...(rows && { rows }), ...(columns && { columns }), ...(totals && { totals }) }
}

/** The sections that have something to show to people. */
export const shownSections = ({ sections }: Report): Section[] =>
  sections
    .filter((one) => one.rows.length === 0 || one.shownRows?.length !== 0 || notesOf(one).length > 0)
    .map(shownSection)

/** Notes that people see. */
export const notesOf = ({ shownNotes, notes = [] }: Section): readonly string[] => shownNotes ?? notes

/** Columns that people see. */
export function shownColumns(columns: readonly Column[]): readonly Column[] {
  return columns.filter((column) => !column.dataOnly)
}
