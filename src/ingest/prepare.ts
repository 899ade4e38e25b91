/**
 * Makes files readable for DuckDB: each becomes part of a unit, a relation with one row a line (or record)
 * in file order. Large clean files are units of their own, read in place; all others pass through a spool.
 */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { quoteText } from '../db/database.js'
import { scratchFolder } from '../db/scratch.js'
import { encodingOf, readBytes, type Encoding } from './bytes.js'
import { repairCsv } from './csv-repair.js'
import type { SourceFile } from './discover.js'
import { jsonRecords } from './json-records.js'
import type { SourceRelation } from './normalise.js'
import { recognise, sniffLength, type Recognised, type Shape } from './sniff.js'
import { Edges, Spool, delimiterByte, isClean, lineLimit, type Passage } from './spool.js'
import type { ReadOptions } from './options.js'

/** Files at least this large are read in place when they are clean, bytes. */
const directSize = 8 << 20

let spoolCount = 0
const newSpoolPath = (ending: string): string => join(scratchFolder(), `spool-${++spoolCount}.${ending}`)

/** A file that is about to be read, and from where on. */
export interface Reading {
  readonly file: SourceFile
  /** Where the bytes stand: the file itself, or the spooled stream. */
  readonly path: string
  readonly encoding: Encoding
  readonly recognised: Recognised
  /** Bytes and lines of an earlier run; 0 for a whole reading. */
  readonly fromByte: number
  readonly fromLine: number
}

/** One file's stretch of rows in a unit. */
export interface Segment {
  readonly reading: Reading
  /** Rows of this file in the unit; undefined: all there are. */
  readonly rows: number | undefined
  readonly passage: Passage
  /** Decoded bytes of the file that are read now, those of earlier runs included. */
  readonly bytesRead: number
  readonly headHash: string
  readonly tailHash: string
}

export interface Unit {
  readonly relation: SourceRelation
  readonly recognised: Recognised
  readonly segments: readonly Segment[]
  /** A relation that carries bad records too, for when DuckDB refuses the first one. */
  readonly repair?: () => Promise<SourceRelation>
  /** Compressed or plain bytes, for progress. */
  readonly bytes: number
}

/** A stream is written down first, since it is looked at more than once. */
async function settleStream(file: SourceFile): Promise<string> {
  if (!file.stream) return file.path
  const known = settled.get(file)
  if (known !== undefined) return known
  const { createWriteStream } = await import('node:fs')
  const { pipeline } = await import('node:stream/promises')
  const { createReadStream } = await import('node:fs')
  const path = newSpoolPath('stream')
  await pipeline(
    file.path === '-' ? process.stdin : createReadStream(file.path),
    createWriteStream(path, { mode: 0o600 }),
  )
  settled.set(file, path)
  return path
}

/** Where streams were written down: a run that begins anew can't read them again. */
const settled = new WeakMap<SourceFile, string>()

/** First decoded bytes of a file, and whether that was all. */
async function headOf(path: string, encoding: Encoding): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of readBytes(path, encoding)) {
    parts.push(chunk)
    length += chunk.length
    if (length >= sniffLength) break
  }
  const all = Buffer.concat(parts)
  return { head: all.subarray(0, sniffLength), whole: length < sniffLength }
}

/** What a file is and how it is read; undefined when it holds nothing. */
export async function look(
  file: SourceFile,
  options: ReadOptions,
): Promise<Omit<Reading, 'fromByte' | 'fromLine'> | undefined> {
  const path = await settleStream(file)
  const encoding = encodingOf(path)
  const { head, whole } = await headOf(path, encoding)
  const recognised = recognise(head, whole, file.label, options)
  return recognised && { file, path, encoding, recognised }
}

/**
 * Prepares readings of one importer and shape. JSON lines of many small files share one spool.
 * @returns units in the order of the readings
 */
export async function prepare(readings: readonly Reading[]): Promise<Unit[]> {
  const units: Unit[] = []
  let shared: Reading[] = []
  const flush = async (): Promise<void> => {
    if (shared.length > 0) units.push(await spooledLines(shared))
    shared = []
  }
  for (const reading of readings) {
    if (reading.recognised.shape.kind === 'csv') units.push(await csvUnit(reading))
    else {
      const direct = await directLines(reading)
      if (direct) {
        await flush()
        units.push(direct)
      } else shared.push(reading)
    }
  }
  await flush()
  return units
}

const textColumns = `columns={'text': 'VARCHAR'}, delim=chr(${delimiterByte}), quote='', escape='', header=false, auto_detect=false, strict_mode=false, max_line_size=${lineLimit + 1000}`

const linesRelation = (path: string): SourceRelation => ({
  kind: 'json',
  header: [],
  sql: `SELECT text FROM read_csv(${quoteText(path)}, ${textColumns})`,
})

async function spooledLines(readings: readonly Reading[]): Promise<Unit> {
  const spool = new Spool(newSpoolPath('jsonl'))
  const segments: Segment[] = []
  for (const reading of readings) {
    const edges = new Edges()
    const bytes = watched(readBytes(reading.path, reading.encoding, reading.fromByte), edges)
    const { shape } = reading.recognised
    const passage = await spool.copyLines(
      shape.kind === 'document' ? jsonRecords(bytes, shape.inArray) : bytes,
      true,
    )
    segments.push(segment(reading, passage, edges))
  }
  spool.close()
  return {
    relation: linesRelation(spool.path),
    recognised: readings[0]!.recognised,
    segments,
    bytes: sizeOf(readings),
  }
}

/** Reads a large file in place when nothing in it needs mending; undefined when something does. */
async function directLines(reading: Reading): Promise<Unit | undefined> {
  const { encoding, recognised, fromByte, file } = reading
  if (encoding !== 'plain' || recognised.shape.kind !== 'lines' || fromByte > 0 || file.size < directSize)
    return undefined
  const seen = lookThrough(reading.path, isClean)
  if (seen === undefined) return undefined
  return {
    relation: linesRelation(reading.path),
    recognised,
    segments: [{ ...segment(reading, seen), rows: undefined }],
    bytes: file.size,
  }
}

/**
 * Looks through a plain file, block by block of whole lines.
 * @returns what was seen; undefined as soon as a block is not fine or a line is too long for DuckDB
 */
function lookThrough(path: string, isFine: (block: Buffer) => boolean): Passage | undefined {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(lineLimit)
    let kept = 0
    let bytes = 0
    for (;;) {
      const read = readSync(file, buffer, kept, buffer.length - kept, null)
      bytes += read
      const filled = kept + read
      const cut = read === 0 ? filled : buffer.lastIndexOf(0x0a, filled - 1) + 1
      if (read > 0 && cut === 0 && filled === buffer.length) return undefined
      if (!isFine(buffer.subarray(0, cut))) return undefined
      if (read === 0) return { lines: 0, bytes, endsWithNewline: kept === 0, replaced: false }
      buffer.copyWithin(0, cut, filled)
      kept = filled - cut
    }
  } finally {
    closeSync(file)
  }
}

async function csvUnit(reading: Reading): Promise<Unit> {
  const shape = reading.recognised.shape as Extract<Shape, { kind: 'csv' }>
  let edges: Edges | undefined
  let path = reading.path
  let passage: Passage
  const clean =
    reading.encoding === 'plain' && reading.fromByte === 0 ? lookThrough(reading.path, isCleanCsv) : undefined
  if (clean) passage = clean
  else {
    const spool = new Spool(newSpoolPath('csv'))
    edges = new Edges()
    const bytes = watched(readBytes(reading.path, reading.encoding, reading.fromByte), edges)
    passage = await spool.copyLines(reading.fromByte > 0 ? withHeader(shape, bytes) : bytes, false)
    spool.close()
    path = spool.path
  }
  const relation = (sql: string): SourceRelation => ({ kind: 'csv', header: shape.header, sql })
  return {
    relation: relation(csvSql(path, shape.header.length, shape.delimiter, false)),
    repair: async () => {
      const repaired = newSpoolPath('csv')
      const { endsInQuote } = await repairCsv(path, repaired, shape.delimiter, shape.header.length)
      // What follows the last newline may belong to the record before it.
      if (endsInQuote) passage.endsWithNewline = false
      return relation(csvSql(repaired, shape.header.length, ',', true))
    },
    recognised: reading.recognised,
    segments: [{ ...segment(reading, passage, edges), rows: undefined }],
    bytes: reading.file.size - reading.fromByte,
  }
}

/** A CSV block needs no mending: UTF-8, no NUL. CRLF is left to DuckDB. */
const isCleanCsv = (block: Buffer): boolean => isUtf8(block) && !block.includes(0)

function csvSql(path: string, width: number, delimiter: string, repaired: boolean): string {
  const names = Array.from({ length: width }, (_, i) => `c${i}`)
  const columns = [...names, ...(repaired ? ['reject'] : [])].map((name) => `'${name}': 'VARCHAR'`)
  const read = `read_csv(${quoteText(path)}, columns={${columns.join(', ')}}, delim=${quoteText(delimiter)}, quote='"', escape='"', header=true, auto_detect=false, strict_mode=true, max_line_size=${lineLimit + 1000})`
  return `SELECT ${names.join(', ')}, ${repaired ? 'reject' : 'CAST(NULL AS VARCHAR) AS reject'} FROM ${read}`
}

async function* withHeader(
  shape: Extract<Shape, { kind: 'csv' }>,
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield headerBytes(shape)
  yield* rest
}

const headerBytes = (shape: Extract<Shape, { kind: 'csv' }>): Buffer =>
  Buffer.from(shape.header.map((name) => `"${name.replaceAll('"', '""')}"`).join(shape.delimiter) + '\n')

async function* watched(source: AsyncIterable<Buffer>, edges: Edges): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    edges.add(chunk)
    yield chunk
  }
}

function segment(reading: Reading, passage: Passage, edges?: Edges): Segment {
  const bytesRead = reading.fromByte + (edges?.bytes ?? passage.bytes)
  const hashes =
    edges === undefined || reading.encoding === 'plain' ? fingerprint(reading.path, bytesRead) : edges.hashes
  return { reading, rows: passage.lines, passage, bytesRead, headHash: hashes.head, tailHash: hashes.tail }
}

/** Hashes of the first and the last bytes before `bytesRead` of a plain file. */
export function fingerprint(
  path: string,
  bytesRead: number,
): { readonly head: string; readonly tail: string } {
  const length = Math.min(Edges.length, bytesRead)
  return { head: hashOfRange(path, 0, length), tail: hashOfRange(path, bytesRead - length, length) }
}

const sizeOf = (readings: readonly Reading[]): number =>
  readings.reduce((sum, r) => sum + r.file.size - r.fromByte, 0)

/** Hash of a stretch of a plain file. */
function hashOfRange(path: string, start: number, length: number): string {
  const buffer = Buffer.alloc(length)
  const file = openSync(path, 'r')
  try {
    const read = readSync(file, buffer, 0, length, start)
    return createHash('sha256').update(buffer.subarray(0, read)).digest('hex')
  } finally {
    closeSync(file)
  }
}
