/** What is said of a file that no importer takes: what it is, and a map of its fields only where one can work. */
import type { CallField } from '../../domain/call.js'
import { UserError } from '../../errors.js'
import { comparable } from '../../importers/records/comparable.js'
import { fieldNames, totalTokenNames } from '../../importers/records/field-names.js'
import { foreignWords, type Signature } from '../../importers/foreign/foreign.js'
import { isObject } from '../../importers/sample-values.js'
import type { Sample } from '../../importers/survey.js'
import { bearsOnMoney, freeOfMoney, isLookedInto } from '../../importers/unread/money.js'
import { scaleOf } from '../../importers/records/scaled-names.js'
import { printedAs, printedWords, type Printed } from './printed.js'
import { shellWord } from '../../domain/words/quoting.js'

/** A file that is not read. In a folder those that hold no money pass as no call logs. */
export class Unrecognised extends UserError {
  /** True when calls or money may stand in it, so that it is named even in a folder. */
  readonly mayHoldCalls: boolean

  constructor(message: string, label: string, mayHoldCalls: boolean, hint: string | readonly string[]) {
    super(message, { code: 'refused', location: label, hint })
    this.mayHoldCalls = mayHoldCalls
  }
}

/** The hint for what is no log at all. */
const logsAre = 'Call logs are JSON lines, JSON or CSV, plain, .gz or .zst.'

/** The error for bytes that are no text, by the first of them. */
export function notText(head: Buffer, label: string): Unrecognised {
  const kind = binaryKinds.find(({ magic }) => head.subarray(0, magic.length).equals(magic))
  if (kind === undefined) return new Unrecognised('this is not a text log', label, false, logsAre)
  return new Unrecognised(`this is ${kind.what}, which is not read`, label, kind.table === true, kind.next)
}

/** The error for a database in which no importer knows a table. */
export const withoutKnownTable = (tables: readonly string[], label: string): Unrecognised =>
  new Unrecognised(
    `no importer knows a table of this SQLite database: ${tables.length === 0 ? 'it has none' : listed(tables)}`,
    label,
    false,
    'Write its table of calls out as CSV: sqlite3 -header -csv FILE "SELECT * FROM …" > calls.csv.',
  )

const binaryKinds: readonly {
  readonly magic: Buffer
  readonly what: string
  readonly next: string
  /** It may hold a table of calls. */
  readonly table?: true
}[] = [
  {
    magic: Buffer.from([0x37, 0x7f, 0x06]),
    what: 'the write-ahead log of an SQLite database',
    next: 'It belongs to the database beside it.',
  },
  {
    magic: Buffer.from('PK\x03\x04'),
    what: 'a zip archive or an Excel workbook',
    table: true,
    next: 'Unpack it, or save the sheet as CSV.',
  },
  {
    magic: Buffer.from('BZh'),
    what: 'a bzip2 file',
    table: true,
    next: 'Pipe it in: bzcat FILE | llmcost ingest -.',
  },
  {
    magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]),
    what: 'an xz file',
    table: true,
    next: 'Pipe it in: xzcat FILE | llmcost ingest -.',
  },
]

/** The error for a file whose shape is known and is not read. */
export function refusedByName(signature: Signature, label: string): Unrecognised {
  return new Unrecognised(foreignWords(signature), label, signature.kind !== 'no-calls', signature.next)
}

/** The error for a file of records that are printed in no format that can be read for certain. */
export const printedOnly = (printed: Printed, label: string): Unrecognised =>
  new Unrecognised(printedWords[printed].file, label, true, printedWords[printed].next)

/** The error for records that no importer takes. */
export function notRecognised(
  sample: Sample,
  label: string,
  detects: (sample: Sample) => boolean,
): Unrecognised {
  const fields =
    sample.kind === 'csv' ? sample.header : [...new Set(sample.records.flatMap((r) => Object.keys(r)))]
  if (fields.length === 0 || (sample.kind === 'csv' && fields.length === 1 && sample.records.length === 0)) {
    const message = 'this is not a call log: neither JSON records nor CSV with a header'
    return new Unrecognised(message, label, false, logsAre)
  }
  const what = `no importer knows these fields: ${listed(fields)}`
  const list = listOfCalls(sample, detects)
  if (list !== undefined) {
    const hint = [
      `The records stand in the list "${list}". Write them one a line:`,
      `  jq -c '.${list}[]' FILE > calls.jsonl`,
    ]
    return new Unrecognised(what, label, true, hint)
  }
  const printed = isTable(sample) ? printedIn(sample) : undefined
  if (printed !== undefined) {
    const hint = `"${printed.path}" holds printed text, not JSON, and tells tokens: log it as JSON.`
    return new Unrecognised(what, label, true, hint)
  }
  const found = fieldsIn(sample)
  return new Unrecognised(what, label, found.mayHoldCalls, mapHint(found))
}

/** A field whose text prints the record of a call. */
const printedIn = (sample: Sample): Leaf | undefined =>
  leavesOf(sample).find(({ values }) =>
    values.some(
      (value) => typeof value === 'string' && !value.startsWith('{"') && printedAs(value) !== undefined,
    ),
  )

function listed(fields: readonly string[]): string {
  const shown = fields.slice(0, 12).map((f) => (f.length > 30 ? `${f.slice(0, 30)}…` : f))
  return shown.join(', ') + (fields.length > 12 ? `, and ${fields.length - 12} more` : '')
}

/** The top-level key under which a list of records stands that an importer would take. */
function listOfCalls(sample: Sample, detects: (sample: Sample) => boolean): string | undefined {
  if (sample.kind === 'csv' || sample.records.length === 0) return undefined
  const [record] = sample.records
  return Object.entries(record!).find(
    ([key, value]) =>
      /^[A-Za-z_]\w*$/.test(key) &&
      Array.isArray(value) &&
      value.some(isObject) &&
      detects({ kind: 'json', header: [], records: value.filter(isObject).slice(0, 50) }),
  )?.[0]
}

interface Leaf {
  readonly path: string
  readonly name: string
  readonly values: readonly unknown[]
}

interface Found {
  readonly map: ReadonlyMap<CallField, string>
  readonly model: string | undefined
  /** Counts of tokens that no field of the map takes. */
  readonly left: readonly string[]
  /** A field that tells tokens or a cost, whatever its name means. */
  readonly telling: string | undefined
  /** A field whose name says that it counts something else than single tokens of one call, and what. */
  readonly scaled: { readonly path: string; readonly scale: string } | undefined
  readonly mayHoldCalls: boolean
}

const mapped: readonly CallField[] = [
  'ts',
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
  'reported_cost_usd',
]

/** Names that tell a field of the map where none of the usual ones does. */
const looser: Partial<Record<CallField, RegExp>> = {
  ts: /time|date|when|stamp|created/i,
  input_tokens: /\bin(?:put)?.*tok|tok.*[ _-]?in(?:put)?$|prompt.*(?:tok|count)|^in(?:put)?$/i,
  output_tokens: /out.*tok|tok.*out|complet.*(?:tok|count)|generat.*(?:tok|count)|^out(?:put)?$/i,
}

/** Names of counts of tokens that do not say so. */
const countedAlone =
  /^(?:un)?cached|cached$|^(?:input|prompt|output|completion|thinking|thoughts|reasoning)$/i

function fieldsIn(sample: Sample): Found {
  const leaves = leavesOf(sample)
  const map = new Map<CallField, string>()
  const taken = new Set<Leaf>()
  for (const field of mapped) {
    const fits = (leaf: Leaf): boolean =>
      !taken.has(leaf) && leaf.values.some(field === 'ts' ? isTime : isCount)
    const names = fieldNames[field] ?? []
    const leaf =
      names.flatMap((name) => leaves.filter((l) => l.name === name && fits(l)))[0] ??
      leaves.find((l) => looser[field]?.test(lastOf(l.path)) && isPlainCount(l, field) && fits(l))
    if (leaf === undefined) continue
    map.set(field, leaf.path)
    taken.add(leaf)
  }
  const model = leaves.find(
    (l) =>
      [...(fieldNames.response_model ?? []), ...(fieldNames.request_model ?? []), 'modelversion'].includes(
        l.name,
      ) && l.values.some((value) => typeof value === 'string' && value !== ''),
  )
  const left = leaves.filter(
    (l) =>
      !taken.has(l) &&
      (/tok|usage\b.*count/i.test(l.path) || countedAlone.test(lastOf(l.path))) &&
      !totalTokenNames.includes(l.name) &&
      !/total|max|limit|per/i.test(l.name) &&
      l.values.some((value) => isCount(value) && Number(value) > 0),
  )
  const scaled = leaves.flatMap(({ path, values }) => {
    const scale =
      bearsOnMoney(lastOf(path)) && !/max|min|limit/i.test(path) ? scaleOf(lastOf(path)) : undefined
    return scale === undefined || !values.some(isCount) ? [] : [{ path, scale }]
  })[0]
  const telling = (leaves.find(tellsMoney) ?? leavesOf(sample, true).find(tellsMoney))?.path
  const has = (...names: CallField[]): boolean => names.every((name) => map.has(name))
  const money = has('input_tokens') || has('output_tokens') || has('reported_cost_usd')
  return {
    map,
    model: model?.path,
    left: left.map((l) => l.path),
    telling,
    scaled,
    mayHoldCalls:
      isTable(sample) &&
      ((has('ts') && money) || has('input_tokens', 'output_tokens') || telling !== undefined),
  }
}

/** True for a number above 0 under a key of tokens or of a cost. */
function tellsMoney({ path, values }: Leaf): boolean {
  const keys = path.split('.')
  return (
    /tok|usage|cost|spen[dt]|usd/i.test(keys.at(-1)!) &&
    keys.some(bearsOnMoney) &&
    keys.every(isLookedInto) &&
    freeOfMoney(keys) === undefined &&
    values.some((value) => isCount(value) && Number(String(value).replaceAll(/[^\d.]/g, '')) > 0)
  )
}

/** False for a name that says a limit, a rate, thousands of tokens or their mean: no count of one call. */
const isPlainCount = ({ path }: Leaf, field: CallField): boolean =>
  field === 'ts' || (scaleOf(lastOf(path)) === undefined && freeOfMoney([lastOf(path)]) === undefined)

/** False for text that only has commas: a table has names in its header and as many cells in each row. */
function isTable({ kind, header, records }: Sample): boolean {
  if (kind === 'json') return true
  const whole = records.filter((row) => header.every((name) => row[name] !== undefined)).length
  return (
    header.length > 2 &&
    header.every((name) => /^[^[\]{}=]{1,60}$/.test(name)) &&
    whole >= records.length * 0.8
  )
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/**
 * Values that are no objects, by their path.
 * @param inLists also those inside lists, to which no path leads
 */
function leavesOf(sample: Sample, inLists = false): Leaf[] {
  const found = new Map<string, unknown[]>()
  const walk = (value: unknown, path: string, depth: number): void => {
    const inner = typeof value === 'string' && value.startsWith('{') ? parsed(value) : value
    if (inLists && Array.isArray(inner)) for (const item of inner.slice(0, 20)) walk(item, path, depth + 1)
    else if (isObject(inner) && depth < 5)
      for (const [key, next] of Object.entries(inner))
        walk(next, path === '' ? key : `${path}.${key}`, depth + 1)
    else if (!isObject(inner) && !Array.isArray(inner)) found.set(path, [...(found.get(path) ?? []), inner])
  }
  for (const record of sample.records.slice(0, 20)) walk(record, '', 0)
  for (const name of sample.header) if (!found.has(name)) found.set(name, [])
  return [...found].map(([path, values]) => ({ path, name: comparable(lastOf(path)), values }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const isCount = (value: unknown): boolean =>
  (typeof value === 'number' || (typeof value === 'string' && /^\s*[$€£]?\s*\d[\d.,]*/.test(value))) &&
  !isDated(value)

const isDated = (value: unknown): boolean => typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)

function isTime(value: unknown): boolean {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value)))
    return Number(value) > 1.4e9
  return typeof value === 'string' && /\d{4}-\d\d|\d[/.]\d{1,2}[/.]\d|\d:\d\d/.test(value)
}

const calls = 'A call needs a time, and tokens or a cost'

function mapHint({ map, model, left, scaled, telling }: Found): string | string[] {
  if (scaled !== undefined)
    return `${calls}. No map of fields is offered: by its name "${scaled.path}" holds ${scaled.scale}, not the count of one call. Export whole tokens, a row a call.`
  const counts = map.has('input_tokens') || map.has('output_tokens') || map.has('reported_cost_usd')
  if (!counts && telling !== undefined)
    return `${calls}. "${telling}" tells one of them, but not which: write it as input_tokens, output_tokens, total_tokens or cost_usd.`
  if (!map.has('ts') && !counts) return `${calls}: none of these fields looks like one. ${logsAre}`
  if (!counts)
    return `${calls}. "${map.get('ts')}" looks like a time, but no field looks like tokens or a cost.`
  if (left.length > 0) {
    const names = left.slice(0, 5).join(', ') + (left.length > 5 ? ', …' : '')
    return `${calls}. No map of fields is offered: ${names} would be left out of it.`
  }
  const pairs = [...map].map(([field, path]) => `--map ${shellWord(`${field}=${path}`)}`)
  if (!map.has('ts')) pairs.unshift('--set ts=2026-10-05T08:00:00Z')
  pairs.push(model === undefined ? '--set model=<model>' : `--map ${shellWord(`model=${model}`)}`)
  return [
    `${calls}. Say which fields they are:`,
    `  ${pairs.join(' ')}`,
    ...(map.has('ts') ? [] : ['No field looks like a time; --set gives one to all.']),
  ]
}
