/** Recognises a file: its shape (lines, JSON document, CSV) and its importer, from its first bytes. */
import { parse } from 'csv-parse/sync'
import { closestNames } from '../domain/names.js'
import { UserError } from '../errors.js'
import type { Importer, Sample } from '../importers/importer.js'
import { importers } from '../importers/registry.js'
import type { ReadOptions } from './options.js'

export type Shape =
  | { readonly kind: 'lines' }
  | { readonly kind: 'document'; readonly inArray: boolean }
  | { readonly kind: 'csv'; readonly delimiter: string; readonly header: readonly string[] }

export interface Recognised {
  readonly shape: Shape
  readonly sample: Sample
  readonly importer: Importer
}

/** Bytes looked at. */
export const sniffLength = 1 << 18
const sampleSize = 50
const delimiters = [',', ';', '\t', '|']

/**
 * @param head first decoded bytes of the file
 * @param whole true when `head` is all of it
 * @returns undefined for a file without records
 * @throws UserError when no importer knows the content: names the fields found and what is missing
 */
export function recognise(
  head: Buffer,
  whole: boolean,
  label: string,
  options: ReadOptions,
): Recognised | undefined {
  if (looksBinary(head)) {
    throw new UserError('this is not a text log', { code: 'refused', location: label, hint: notALog })
  }
  const text = head.toString('utf8').replace(/^\ufeff/, '')
  const cut = whole ? text.length : Math.max(text.lastIndexOf('\n') + 1, 0)
  const lines = (cut > 0 ? text.slice(0, cut) : text).split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
  if (lines.length === 0) return undefined
  const found = recogniseShape(text, lines)
  const importer = chooseImporter(found.sample, label, options)
  return { ...found, importer }
}

const notALog = 'Call logs are JSON lines, JSON or CSV, plain, .gz or .zst.'

/** More control bytes than any text has. */
function looksBinary(head: Buffer): boolean {
  const start = head.subarray(0, 4096)
  const controls = start.filter((byte) => byte < 9 || (byte > 13 && byte < 32)).length
  return controls > start.length / 20
}

function recogniseShape(text: string, lines: readonly string[]): { shape: Shape; sample: Sample } {
  const objects = lines
    .slice(0, sampleSize)
    .map(parseObject)
    .filter((o) => o !== undefined)
  const first = text.trimStart()[0]
  const json = (records: readonly Record<string, unknown>[]): Sample => ({
    kind: 'json',
    records,
    header: [],
  })
  if (first === '[' && (objects.length === 0 || /^\s*\[\s*[\n\r{]/.test(text))) {
    return { shape: { kind: 'document', inArray: true }, sample: json(documentRecords(text)) }
  }
  if (objects.length > 0) return { shape: { kind: 'lines' }, sample: json(objects) }
  if (first === '{') {
    const records = documentRecords(text)
    // One long line, cut off by the sample, is a line all the same.
    const shape: Shape = lines.length > 1 ? { kind: 'document', inArray: false } : { kind: 'lines' }
    return { shape, sample: json(records) }
  }
  return recogniseCsv(lines)
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Records of a document's beginning: whole objects at the outermost level, by matching braces. */
function documentRecords(text: string): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = []
  let depth = 0
  let start = -1
  let inString = false
  for (let i = 0; i < text.length && records.length < sampleSize; i++) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i += 1
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '{') {
      if (depth === 0) start = i
      depth += 1
    } else if (c === '}' && depth > 0) {
      depth -= 1
      if (depth === 0) {
        const record = parseObject(text.slice(start, i + 1))
        if (record) records.push(record)
      }
    }
  }
  return records
}

function recogniseCsv(lines: readonly string[]): { shape: Shape; sample: Sample } {
  const text = lines.slice(0, sampleSize).join('\n')
  const tries = delimiters.map((delimiter) => ({ delimiter, rows: csvRows(text, delimiter) }))
  const width = (rows: readonly string[][]): number => rows[0]?.length ?? 0
  const best = tries.reduce((a, b) => (width(b.rows) > width(a.rows) ? b : a))
  const header = uniqueNames(best.rows[0] ?? [])
  const records = best.rows.slice(1).map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])))
  return {
    shape: { kind: 'csv', delimiter: best.delimiter, header },
    sample: { kind: 'csv', records, header },
  }
}

function csvRows(text: string, delimiter: string): string[][] {
  try {
    return parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      to_line: sampleSize,
    })
  } catch {
    return parse(text.split('\n')[0] ?? '', {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      quote: null,
    })
  }
}

/** Header names, trimmed; empty and repeated ones get their position. */
function uniqueNames(names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.map((raw, i) => {
    const name = raw.trim()
    const unique = name === '' || seen.has(name) ? `${name || 'column'}_${i + 1}` : name
    seen.add(unique)
    return unique
  })
}

function chooseImporter(sample: Sample, label: string, options: ReadOptions): Importer {
  if (options.from !== undefined) {
    const named = importers.find((importer) => importer.id === options.from)
    if (named) return named
    const known = importers.map(({ id }) => id)
    throw new UserError(`no importer "${options.from}"`, {
      code: 'usage',
      hint: `The closest: ${closestNames(options.from, known, 1).join()}. All: ${known.join(', ')}.`,
    })
  }
  const fits = importers.find((importer) => importer.detects(sample))
  if (fits) return fits
  const ours = importers.find((importer) => importer.id === 'llmcost')!
  if (Object.keys(options.map).length > 0 || Object.keys(options.set).length > 0) return ours
  throw notRecognised(sample, label)
}

function notRecognised(sample: Sample, label: string): UserError {
  const fields =
    sample.kind === 'csv' ? sample.header : [...new Set(sample.records.flatMap((r) => Object.keys(r)))]
  const shown = fields
    .slice(0, 12)
    .map((f) => (f.length > 30 ? `${f.slice(0, 30)}…` : f))
    .join(', ')
  const more = fields.length > 12 ? `, and ${fields.length - 12} more` : ''
  if (fields.length === 0 || (sample.kind === 'csv' && fields.length === 1 && sample.records.length === 0)) {
    return new UserError('this is not a call log: neither JSON records nor CSV with a header', {
      code: 'refused',
      location: label,
      hint: notALog,
    })
  }
  const time = fields.find((f) => /time|date|when|stamp/i.test(f)) ?? '<time field>'
  const output =
    fields.find((f) => /out.*tok|complet|generat|^out(put)?$/i.test(f)) ?? '<output tokens field>'
  const tokens = fields.find((f) => /in.*tok|prompt|^in(put)?$/i.test(f)) ?? '<input tokens field>'
  return new UserError(`no importer knows these fields: ${shown}${more}`, {
    code: 'refused',
    location: label,
    hint: `A call needs a time, and tokens or a cost. Say which fields they are:\n  --map ts=${time} --map input_tokens=${tokens} --map output_tokens=${output} --set model=<model>`,
  })
}
