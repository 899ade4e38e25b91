/** An answer whose amounts are in another currency: no key says dollars, and each column of money knows what it is in. */
import { keyIn, type Currency } from '../../domain/costs/currency.js'
import type { Brief, Cell, Chart, Column, Finding, Report, Row, Section } from '../report.js'

/** The one place where an answer is named anew; its amounts are in the currency already. */
export function inCurrency(report: Report, currency: Currency): Report {
  return {
    ...report,
    currency,
    sections: report.sections.map((section) => sectionIn(section, currency)),
    ...(report.findings && { findings: report.findings.map((finding) => findingIn(finding, currency)) }),
    ...(report.brief && { brief: briefIn(report.brief, currency) }),
    ...(report.data && { data: recordIn(report.data, currency) }),
  }
}

const briefIn = (brief: Brief, currency: Currency): Brief => ({
  ...brief,
  sections: brief.sections.map((section) => sectionIn(section, currency)),
})

function sectionIn(section: Section, currency: Currency): Section {
  const { columns, shownColumns = columns, rows, shownRows, totals, shownTotals, chart } = section
  // A label of a log may be called as an amount is.
  const labels = new Set([...columns, ...shownColumns].flatMap((one) => (one.dimension ? [one.key] : [])))
  const named = (key: string): string => (labels.has(key) ? key : keyIn(key, currency))
  const columnIn = (column: Column): Column => ({
    ...column,
    key: named(column.key),
    ...(column.against !== undefined && { against: named(column.against) }),
    ...((column.kind === 'usd' || column.kind === 'price') && { currency }),
  })
  const rowIn = (row: Row): Row =>
    Object.fromEntries(Object.entries(row).map(([key, cell]) => [named(key), cell]))
  return {
    ...section,
    columns: columns.map(columnIn),
    rows: rows.map(rowIn),
    ...(section.shownColumns && { shownColumns: shownColumns.map(columnIn) }),
    ...(shownRows && { shownRows: shownRows.map(rowIn) }),
    ...(totals && { totals: rowIn(totals) }),
    ...(shownTotals && { shownTotals: rowIn(shownTotals) }),
    ...(chart && { chart: chartIn(chart, { named, columnIn, rowIn }) }),
  }
}

interface Naming {
  readonly named: (key: string) => string
  readonly columnIn: (column: Column) => Column
  readonly rowIn: (row: Row) => Row
}

/** Of a chart each text but its kind and the title of its level is a key. */
function chartIn(chart: Chart, { named, columnIn, rowIn }: Naming): Chart {
  const { kind, bound, parts, columns, points, x, y, ...keys } = chart
  return {
    ...Object.fromEntries(Object.entries(keys).map(([place, key]) => [place, named(key)])),
    kind,
    x: named(x),
    y: named(y),
    ...(bound && { bound }),
    ...(parts && { parts: parts.map(named) }),
    ...(columns && { columns: columns.map(columnIn) }),
    ...(points && { points: points.map(rowIn) }),
  }
}

const findingIn = (finding: Finding, currency: Currency): Finding => ({
  ...finding,
  ...(finding.details && { details: recordIn(finding.details, currency) }),
})

const recordIn = (
  record: Readonly<Record<string, Cell>>,
  currency: Currency,
): Readonly<Record<string, Cell>> =>
  Object.fromEntries(Object.entries(record).map(([key, cell]) => [keyIn(key, currency), cell]))
