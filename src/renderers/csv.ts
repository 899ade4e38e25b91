/**
 * CSV by RFC 4180, but for its line ends, which are LF as in all that llmcost writes: one header line of keys, one record a row, raw numbers, rates as 0–1, ISO times.
 *
 * There is no totals row, so that a sum over the file is right. A report of several sections prints one
 * table after another with an empty line between, each with its own header and its section's id in a
 * leading column `section`. Sections beside the answer are left out. A series is a JSON array. A key that ends in `_approx` is of figures read from sketches. An absent value is an empty field; an empty text is "".
 */
import { quoteField } from '../domain/words/quoting.js'
import { formulaClass } from '../domain/words/hidden.js'
import type { Cell, Column, Section } from '../reports/report.js'
import { jsonText } from './json.js'
import type { Renderer } from './renderer.js'
import { digitsOf, isAbsent, seriesDigits } from './values.js'
import { visible } from '../domain/words/hidden.js'

/** Tables for spreadsheets and scripts; nothing in them is taken for a formula. */
export const csv: Renderer = {
  id: 'csv',
  title: 'for spreadsheets and scripts: raw numbers, no totals',
  endings: ['csv'],
  wordless: true,
  render: (report) => {
    const sections = report.sections.filter(({ beside }) => !beside)
    const tables = sections.filter(({ columns }) => columns.length > 0)
    const several = sections.length > 1
    return tables.map((section) => sectionText(section, several)).join('\n')
  },
}

function sectionText(section: Section, lead: boolean): string {
  const { columns, rows } = section
  const header = columns.map(({ key, approximate }) => text(approximate ? `${key}_approx` : key))
  const records = rows.map((row) => columns.map((column) => field(row[column.key], column)))
  const lines = [
    lead ? ['section', ...header] : header,
    ...records.map((record) => (lead ? [text(section.id), ...record] : record)),
  ]
  return lines.map((fields) => `${fields.join(',')}\n`).join('')
}

function field(cell: Cell | undefined, { kind }: Column): string {
  if (isAbsent(cell)) return ''
  const series = kind === 'series' ? seriesDigits(cell) : undefined
  if (series !== undefined) return text(`[${series.map((digits) => digits ?? 'null').join(',')}]`)
  const digits = digitsOf(cell, kind)
  if (digits !== undefined) return digits
  return text(typeof cell === 'string' ? cell : jsonText(cell))
}

const formula = new RegExp(`^${formulaClass}`)

/** A text as a field; a leading quote mark keeps a spreadsheet from computing it. */
function text(value: string): string {
  const safe = (formula.test(value) ? "'" : '') + visible(value)
  return safe === '' || /[",;|]|^\s|\s$/.test(safe) ? quoteField(safe) : safe
}
