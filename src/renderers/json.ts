/** JSON with every number in its own digits; the shape is documented at Report. */
import { LosslessNumber, stringify } from 'lossless-json'
import {
  schemaVersion,
  type Cell,
  type Column,
  type Finding,
  type Report,
  type Row,
  type Section,
} from '../reports/report.js'
import type { Renderer } from './renderer.js'
import { digitsOf, isAbsent, seriesDigits } from './values.js'
import { visibleJson } from './visible.js'

/** An answer as data: exact numbers, null for absent, UTC times. */
export const json: Renderer = {
  id: 'json',
  title: 'for programs: exact numbers, every column',
  endings: ['json'],
  render: (report) => `${jsonText(reportValue(report), 2)}\n`,
}

/** Any value as JSON text: exact, and with nothing in it that could act. */
export function jsonText(value: unknown, indent?: number): string {
  return visibleJson(stringify(value, undefined, indent) ?? 'null')
}

function reportValue(report: Report): unknown {
  const { kind, currency, period, warnings } = report
  const sections = report.sections.filter(({ beside }) => !beside)
  const [only] = sections
  const head = {
    schemaVersion,
    kind,
    ...(currency === undefined ? {} : { currency }),
    period: { since: period.since, until: period.until, tz: period.tz },
  }
  if (only === undefined || sections.length > 1) {
    return { ...head, sections: sections.map(sectionValue), ...further(report), warnings }
  }
  // Notes are doubts about these numbers; where there are any, machines get them too.
  const notes = only.notes?.length ? { notes: only.notes } : {}
  return { ...head, ...tableValue(only), ...notes, ...further(report), warnings }
}

function further({ findings, data, sections, currency = 'USD' }: Report): object {
  const unit = currency.toLowerCase()
  const beside = sections.filter((section) => section.beside)
  return {
    ...Object.fromEntries(beside.map(({ id, ...section }) => [id, besideValue(section)])),
    ...(findings === undefined ? {} : { findings: findings.map((finding) => findingValue(finding, unit)) }),
    ...Object.fromEntries(Object.entries(data ?? {}).map(([key, cell]) => [key, dataValue(key, cell, unit)])),
  }
}

function besideValue(section: Omit<Section, 'id'>): object {
  return { title: section.title, ...tableValue(section), notes: section.notes ?? [] }
}

/** Amounts are exact decimals below a key that says so; they are printed as numbers, as in rows. */
function dataValue(key: string, cell: Cell, unit: string): unknown {
  if (isAbsent(cell)) return null
  if (Array.isArray(cell)) return (cell as readonly Cell[]).map((one) => dataValue(key, one, unit))
  if (typeof cell === 'object') {
    return Object.fromEntries(Object.entries(cell).map(([name, one]) => [name, dataValue(name, one, unit)]))
  }
  return value(cell, key.endsWith(`_${unit}`) ? 'usd' : 'text')
}

function findingValue(finding: Finding, unit: string): object {
  const { kind, severity, dimension, value: about, measured, bound, ...more } = finding
  const { touchedUsd, command, details, text } = more
  return {
    kind,
    severity,
    dimension,
    value: about,
    measured,
    bound,
    ...(touchedUsd === undefined ? {} : { [`touched_${unit}`]: touchedUsd }),
    ...details,
    text,
    ...(command === undefined ? {} : { command }),
  }
}

function sectionValue(section: Section): unknown {
  return { id: section.id, title: section.title, ...tableValue(section), notes: section.notes ?? [] }
}

function tableValue({ columns, rows, totals, empty }: Omit<Section, 'id' | 'title'>): object {
  return {
    columns: columns.map(({ key, title, kind, approximate, currency }) => ({
      key,
      title,
      kind: kind === 'usd' && currency !== undefined ? currency.toLowerCase() : kind,
      ...(approximate && { approximate }),
    })),
    rows: rows.map((row) => record(columns, row)),
    // Why there are none; people read it in the place of the table.
    ...(rows.length === 0 && empty !== undefined ? { empty } : {}),
    totals: totals === undefined ? null : record(totalColumns(columns, totals), totals),
  }
}

/** Totals may say more than the columns do; what they leave out stays out. */
function totalColumns(columns: readonly Column[], totals: Row): readonly Column[] {
  const known = columns.filter(({ key }) => totals[key] !== undefined)
  const keys = new Set(columns.map(({ key }) => key))
  const others = Object.keys(totals).filter((key) => !keys.has(key))
  return [...known, ...others.map((key): Column => ({ key, title: key, kind: 'text' }))]
}

function record(columns: readonly Column[], row: Row): object {
  return Object.fromEntries(columns.map(({ key, kind }) => [key, value(row[key], kind)]))
}

function value(cell: Cell | undefined, kind: Column['kind']): unknown {
  if (isAbsent(cell)) return null
  const series = kind === 'series' ? seriesDigits(cell) : undefined
  if (series !== undefined) return series.map((digits) => digits && new LosslessNumber(digits))
  const digits = digitsOf(cell, kind)
  return digits === undefined ? cell : new LosslessNumber(digits)
}
