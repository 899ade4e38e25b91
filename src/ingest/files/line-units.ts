/** Units of JSON, a record a line: large clean files are read in place, all others are copied into a temporary text. */
import { scratchFile } from '../../db/scratch.js'
import { readBytes } from './bytes.js'
import { jsonRecords } from './json-records.js'
import type { SourceRelation } from '../typing/normalise.js'
import { isPattern } from './parquet.js'
import type { Recognised } from './sniff.js'
import {
  Edges,
  TemporaryText,
  countLines,
  delimiterByte,
  isClean,
  lineLimit,
  newline,
} from './temporary-text.js'
import { lookThrough, segment, watched, type Reading, type Segment, type Unit } from './units.js'
import { unwrapped } from './wrapped.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Files at least this large are read in place when they are clean, bytes. */
const directSize = 8 << 20

const longest = lineLimit + 1000
const textColumns = `columns={'text': 'VARCHAR'}, delim=chr(${delimiterByte}), quote='', escape='', header=false, auto_detect=false, strict_mode=false, max_line_size=${longest}`

const linesRelation = (path: string, { mean }: Pick<LineLength, 'mean'>): SourceRelation => ({
  kind: 'json',
  header: [],
  sql: `SELECT text FROM read_csv(${quoteText(path)}, ${textColumns}${buffers(mean)})`,
})

/** Rows of a group in the engine's tables. */
const groupRows = 122_880
/** The engine's own buffers, bytes: each is read in four pieces, which threads take. */
const usualBuffer = 16 * longest
/** Larger ones would take more memory than they save time. */
const largestBuffer = 2 * usualBuffer

/**
 * Buffers of which each piece fills a group of rows, and little more: the rows of smaller ones are written into
 * groups twice, a fifth of the time that staging takes.
 * @param mean bytes of a line
 */
function buffers(mean: number): string {
  const fitting = Math.ceil(4 * 1.02 * groupRows * mean)
  return fitting > usualBuffer && fitting <= largestBuffer ? `, buffer_size=${fitting}` : ''
}

/** How long the lines are of which a file has many: those at the end of each block tell. */
class LineLength {
  #bytes = 0
  #lines = 0

  /** @param block whole lines */
  add(block: Buffer): void {
    const part = block.subarray(-65536)
    const begin = part.length < block.length ? part.indexOf(newline) + 1 : 0
    this.#bytes += part.length - begin
    this.#lines += countLines(part.subarray(begin))
  }

  /** Bytes; 0 where no line has an end. */
  get mean(): number {
    return this.#lines === 0 ? 0 : this.#bytes / this.#lines
  }
}

/** Many files in one temporary text. */
export async function copiedLines(readings: readonly Reading[]): Promise<Unit> {
  const copy = new TemporaryText(scratchFile('jsonl'))
  const segments: Segment[] = []
  for (const reading of readings) {
    const edges = new Edges()
    const bytes = watched(readBytes(reading.path, reading.encoding, reading.fromByte), edges)
    const { shape, wrapper } = reading.recognised
    const lines = shape.kind === 'document' ? jsonRecords(bytes, shape.inArray) : bytes
    const extent = await copy.copyLines(wrapper === undefined ? lines : unwrapped(lines, wrapper), true)
    segments.push(segment(reading, extent, edges))
  }
  return {
    release: copy.release,
    relation: linesRelation(copy.path, copy),
    recognised: together(readings),
    segments,
    bytes: sizeOf(readings),
  }
}

/** Most records of a unit that its plan is made from. */
const sampleLimit = 2000

/** What files of one importer are, with records of each: bodies may stand in other places in each. */
function together(readings: readonly Reading[]): Recognised {
  const { recognised } = readings[0]!
  if (readings.length === 1) return recognised
  const each = Math.max(1, Math.floor(sampleLimit / readings.length))
  const records = readings
    .slice(0, sampleLimit)
    .flatMap((one) => one.recognised.sample.records.slice(0, each))
  return { ...recognised, sample: { ...recognised.sample, records } }
}

/** Reads a large file in place when nothing in it needs mending; undefined when something does. */
export async function directLines(reading: Reading): Promise<Unit | undefined> {
  const { encoding, recognised, fromByte, file } = reading
  if (
    encoding !== 'plain' ||
    recognised.shape.kind !== 'lines' ||
    recognised.wrapper !== undefined ||
    fromByte > 0 ||
    file.size < directSize ||
    isPattern(reading.path)
  )
    return undefined
  const lengths = new LineLength()
  const seen = lookThrough(reading.path, (block) => {
    lengths.add(block)
    return isClean(block)
  })
  if (seen === undefined) return undefined
  return {
    relation: linesRelation(reading.path, lengths),
    recognised,
    segments: [{ ...segment(reading, seen), rows: undefined }],
    bytes: file.size,
  }
}

const sizeOf = (readings: readonly Reading[]): number =>
  readings.reduce((sum, r) => sum + r.file.size - r.fromByte, 0)
