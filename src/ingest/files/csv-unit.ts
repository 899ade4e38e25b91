/** A CSV file as a unit: read in place when it is clean, else by way of a temporary text; repaired when DuckDB refuses a record. */
import { isUtf8 } from 'node:buffer'
import { scratchFile, type ScratchFile } from '../../db/scratch.js'
import { readBytes } from './bytes.js'
import { repairCsv } from './csv-repair.js'
import type { SourceRelation } from '../typing/normalise.js'
import type { Shape } from './sniff.js'
import { Edges, TemporaryText, lineLimit, type TextExtent } from './temporary-text.js'
import { lookThrough, segment, watched, type Reading, type Unit } from './units.js'
import { quoteField, quoteText } from '../../domain/words/quoting.js'

/** One file, header and all. */
export async function csvUnit(reading: Reading): Promise<Unit> {
  const shape = reading.recognised.shape as Extract<Shape, { kind: 'csv' }>
  let edges: Edges | undefined
  let path = reading.path
  const scratch: Pick<ScratchFile, 'release'>[] = []
  let extent: TextExtent
  const clean =
    reading.encoding === 'plain' && reading.fromByte === 0 ? lookThrough(reading.path, isCleanCsv) : undefined
  if (clean) extent = clean
  else {
    const copy = new TemporaryText(scratchFile('csv'))
    scratch.push(copy)
    edges = new Edges()
    const bytes = watched(readBytes(reading.path, reading.encoding, reading.fromByte), edges)
    extent = await copy.copyLines(reading.fromByte > 0 ? withHeader(shape, bytes) : bytes, false)
    path = copy.path
  }
  const relation = (sql: string): SourceRelation => ({ kind: 'csv', header: shape.header, sql })
  return {
    relation: relation(csvSql(path, shape.header.length, shape.delimiter, false)),
    repair: async () => {
      const repaired = scratchFile('csv')
      scratch.push(repaired)
      const { endsInQuote } = await repairCsv(path, repaired.fd, shape.delimiter, shape.header.length)
      // What follows the last newline may belong to the record before it.
      if (endsInQuote) extent.endsWithNewline = false
      return relation(csvSql(repaired.path, shape.header.length, ',', true))
    },
    recognised: reading.recognised,
    segments: [{ ...segment(reading, extent, edges), rows: undefined }],
    bytes: reading.file.size - reading.fromByte,
    release: () => scratch.forEach(({ release }) => release()),
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
  Buffer.from(shape.header.map((name) => quoteField(name)).join(shape.delimiter) + '\n')
