/** Recognises a file: its shape (lines, JSON document, CSV) and its importer, from its first bytes. */
import { parse } from 'csv-parse/sync'
import { closestNames } from '../../domain/words/names.js'
import { UserError } from '../../errors.js'
import type { BillSource } from '../../billing/bill.js'
import { billIn, billSources } from '../../billing/registry.js'
import type { Importer } from '../../importers/importer.js'
import type { Sample } from '../../importers/survey.js'
import { foreign, importers } from '../../importers/registry.js'
import { accountField, type ReadOptions } from '../options.js'
import { printedIn } from './printed.js'
import { notRecognised, notText, printedOnly, refusedByName } from './unrecognised.js'
import { isLog, wrapperOf, type Wrapper } from './wrapped.js'

export type Shape =
  | { readonly kind: 'lines' }
  | { readonly kind: 'document'; readonly inArray: boolean }
  | { readonly kind: 'csv'; readonly delimiter: string; readonly header: readonly string[] }

export interface Recognised {
  readonly shape: Shape
  readonly sample: Sample
  readonly importer: Importer
  /** Of a bill, which holds no call: where it comes from; `importer` only names it. */
  readonly bill?: BillSource
  /** The records stand inside the lines of another program's log. */
  readonly wrapper?: Wrapper
}

/** Bytes looked at. */
export const sniffLength = 1 << 18
const sampleSize = 50
/** Most columns of a CSV file: each becomes a part of one statement. */
const mostColumns = 2000
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
  if (looksBinary(head)) throw notText(head, label)
  const text = head.toString('utf8').replace(/^\ufeff/, '')
  const cut = whole ? text.length : Math.max(text.lastIndexOf('\n') + 1, 0)
  const lines = (cut > 0 ? text.slice(0, cut) : text).split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
  if (lines.length === 0) return undefined
  const found = recogniseShape(text, lines)
  refuseBalance(found.sample, label)
  const bill = billOf(found.sample, options)
  if (bill !== undefined) return { ...found, bill, importer: namedBy(bill) }
  const inner = recogniseInner(found, lines, options)
  if (inner !== undefined) {
    const { sample, wrapper, shape } = inner
    return { shape, sample, wrapper, importer: chooseImporter(sample, label, options) }
  }
  refusePrinted(found, lines, label)
  const importer = chooseImporter(found.sample, label, options)
  return { ...found, importer }
}

/** @throws Unrecognised for a balance, whatever was told of it: no source of bills makes charges of it */
function refuseBalance(sample: Sample, label: string): void {
  const signature = foreign(sample)
  if (signature?.kind === 'balance') throw refusedByName(signature, label)
}

/** The source of a bill; one that is named by `--from` has its way. */
function billOf(sample: Sample, { from, map, set }: ReadOptions): BillSource | undefined {
  if (from !== undefined) return billSources.find(({ id }) => id === from)
  const isMapped =
    Object.keys(map).length + Object.keys(set).filter((name) => name !== accountField).length > 0
  return isMapped ? undefined : billIn(sample)
}

/** What stands for a bill where files are named by their importers. */
const namedBy = ({ id, about, example, recognisedBy, lacks, detects }: BillSource): Importer => ({
  id,
  about,
  example,
  recognisedBy,
  lacks,
  detects,
  writer: 'provider',
  isCertain: () => false,
  plan: () => {
    throw new Error('a bill holds no call')
  },
})

/** @throws Unrecognised for lines that print records in no format that can be read for certain */
function refusePrinted(
  { shape, sample }: Pick<Recognised, 'shape' | 'sample'>,
  lines: readonly string[],
  label: string,
): void {
  const mayBe = shape.kind === 'csv' || sample.records.length === 0
  if (!mayBe || foreign(sample) !== undefined || importers.some((one) => one.detects(sample))) return
  const printed = printedIn(lines.slice(0, printedLooked), isLog(lines))
  if (printed !== undefined) throw printedOnly(printed, label)
}

/** Lines of a file's beginning in which printed records are looked for. */
const printedLooked = 5000

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
  if (isArray(text) && (objects.length === 0 || /^\s*\[\s*[\n\r{]/.test(text))) {
    return { shape: { kind: 'document', inArray: true }, sample: json(documentRecords(text)) }
  }
  const overLines = first === '{' && isPretty(lines)
  if (objects.length > 0 && !overLines) return { shape: { kind: 'lines' }, sample: json(objects) }
  if (first === '{') {
    const records = documentRecords(text)
    // One long line, cut off by the sample, is a line all the same.
    const shape: Shape = lines.length > 1 ? { kind: 'document', inArray: false } : { kind: 'lines' }
    return { shape, sample: json(records) }
  }
  return recogniseCsv(lines)
}

/** True for the beginning of a list; `[2026-10-05 …]` is what a logger writes before its message. */
const isArray = (text: string): boolean => /^\s*\[\s*(?:[{[\]"]|$)/.test(text)

/** True when the first record goes over several lines: it does not end on its own, and the next line is inside it. */
const isPretty = (lines: readonly string[]): boolean =>
  lines.length > 1 && parseObject(lines[0]!) === undefined && /^(?:\s+\S|["}\]])/.test(lines[1]!)

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
  if (records.length > 0 || start < 0) return records
  const begun = parseObject(closed(text.slice(start)))
  return begun ? [begun] : []
}

/** The beginning of a JSON object, cut after its last whole member and closed: its keys tell what it is. */
function closed(text: string): string {
  let open: Open | undefined
  let inString = false
  let end = 0
  let openAtEnd: Open | undefined
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i += 1
      else if (c === '"') inString = false
      continue
    }
    if (c === '"') inString = true
    else if (c === '{' || c === '[') open = { close: c === '{' ? '}' : ']', around: open }
    else if (c === '}' || c === ']') open = open?.around
    if (c === ',' || c === '}' || c === ']' || c === '{' || c === '[') {
      end = c === ',' ? i : i + 1
      openAtEnd = open
    }
  }
  const ending: string[] = []
  for (let one = openAtEnd; one !== undefined; one = one.around) ending.push(one.close)
  return text.slice(0, end) + ending.join('')
}

/** An object or list that is open, in those around it: cheap to keep, however deep. */
interface Open {
  readonly close: string
  readonly around: Open | undefined
}

function recogniseCsv(lines: readonly string[]): { shape: Shape; sample: Sample } {
  const text = lines.slice(0, sampleSize).join('\n')
  const tries = delimiters.map((delimiter) => ({ delimiter, rows: csvRows(text, delimiter) }))
  const width = (rows: readonly string[][]): number => rows[0]?.length ?? 0
  const best = tries.reduce((a, b) => (width(b.rows) > width(a.rows) ? b : a))
  const header = uniqueNames(best.rows[0] ?? [])
  if (header.length > mostColumns)
    throw new UserError(
      `it has ${header.length.toLocaleString('en')} columns; at most ${mostColumns.toLocaleString('en')} are read`,
      { code: 'refused', hint: 'Leave out those that say nothing of calls, then ingest the rest.' },
    )
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

/** Records inside the lines of another program's log, where the lines themselves are no calls. */
function recogniseInner(
  { shape, sample }: Pick<Recognised, 'shape' | 'sample'>,
  lines: readonly string[],
  options: ReadOptions,
): Required<Omit<Recognised, 'importer' | 'bill'>> | undefined {
  const known = (one: Sample): boolean =>
    foreign(one) !== undefined || importers.some((importer) => importer.detects(one))
  if (sample.records.length > 0 && known(sample)) return undefined
  const inDocument = shape.kind === 'document' && sample.records.length > 0
  const found = wrapperOf(inDocument ? sample.records.map((record) => JSON.stringify(record)) : lines)
  if (found === undefined || (inDocument && found.wrapper !== 'envelope')) return undefined
  const inner: Sample = { kind: 'json', header: [], records: found.records }
  const told = Object.keys(options.map).length > 0 || options.from !== undefined
  if (!known(inner) && !told && found.wrapper === 'envelope') return undefined
  return { shape: inDocument ? shape : { kind: 'lines' }, sample: inner, wrapper: found.wrapper }
}

function chooseImporter(sample: Sample, label: string, options: ReadOptions): Importer {
  refuseForeign(sample, label, options.from)
  if (options.from !== undefined) {
    const named = importers.find((importer) => importer.id === options.from)
    if (named) return named
    const known = [...importers, ...billSources].map(({ id }) => id)
    throw new UserError(`no importer "${options.from}"`, {
      code: 'usage',
      hint: `The closest: ${closestNames(options.from, known, 1).join()}. All: ${known.join(', ')}.`,
    })
  }
  const fits = importers.find((importer) => importer.detects(sample))
  if (fits) return fits
  const ours = importers.find((importer) => importer.id === 'llmcost')!
  if (Object.keys(options.map).length > 0 || Object.keys(options.set).length > 0) return ours
  throw notRecognised(sample, label, (inner) => importers.some((importer) => importer.detects(inner)))
}

/** @throws Unrecognised for shapes that only look like calls; an importer that was named has its way, but for the generic one */
function refuseForeign(sample: Sample, label: string, from: string | undefined): void {
  const signature = foreign(sample)
  if (signature === undefined) return
  if (signature.kind === 'not-read-yet' && from !== undefined && from !== 'llmcost') return
  throw refusedByName(signature, label)
}
