/** Units of JSON, a record a line: large clean files are read in place, all others are copied into a temporary text. */
import { scratchFile } from '../../db/scratch.js'
import { readBytes } from './bytes.js'
import { jsonRecords } from './json-records.js'
import type { SourceRelation } from '../typing/normalise.js'
import { isPattern } from './parquet.js'
import type { Recognised } from './sniff.js'
import { Edges, TemporaryText, delimiterByte, isClean, lineLimit } from './temporary-text.js'
import { lookThrough, segment, watched, type Reading, type Segment, type Unit } from './units.js'
import { unwrapped } from './wrapped.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Files at least this large are read in place when they are clean, bytes. */
const directSize = 8 << 20

const textColumns = `columns={'text': 'VARCHAR'}, delim=chr(${delimiterByte}), quote='', escape='', header=false, auto_detect=false, strict_mode=false, max_line_size=${lineLimit + 1000}`

const linesRelation = (path: string): SourceRelation => ({
  kind: 'json',
  header: [],
  sql: `SELECT text FROM read_csv(${quoteText(path)}, ${textColumns})`,
})

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
    relation: linesRelation(copy.path),
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
  const seen = lookThrough(reading.path, isClean)
  if (seen === undefined) return undefined
  return {
    relation: linesRelation(reading.path),
    recognised,
    segments: [{ ...segment(reading, seen), rows: undefined }],
    bytes: file.size,
  }
}

const sizeOf = (readings: readonly Reading[]): number =>
  readings.reduce((sum, r) => sum + r.file.size - r.fromByte, 0)
