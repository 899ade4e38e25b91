/**
 * What a file is made of when it is read: a reading, its segment of a unit, and the unit, a relation with one
 * row a line (or record) in file order.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import type { Encoding } from './bytes.js'
import type { SourceFile } from './discover.js'
import type { SourceRelation } from '../typing/normalise.js'
import type { Recognised } from './sniff.js'
import { Edges, lineLimit, type TextExtent } from './temporary-text.js'

/** A file that is about to be read, and from where on. */
export interface Reading {
  readonly file: SourceFile
  /** Where the bytes stand: the file itself, or the stream written down. */
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
  readonly extent: TextExtent
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
  /** To be called when it is staged: gives the room of its temporary texts back. */
  readonly release?: () => void
}

/** The same bytes, whose edges are noted as they pass. */
export async function* watched(source: AsyncIterable<Buffer>, edges: Edges): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    edges.add(chunk)
    yield chunk
  }
}

/** A reading's segment, after what passed of it. */
export function segment(reading: Reading, extent: TextExtent, edges?: Edges): Segment {
  const bytesRead = reading.fromByte + (edges?.bytes ?? extent.bytes)
  const hashes =
    edges === undefined || reading.encoding === 'plain' ? fingerprint(reading.path, bytesRead) : edges.hashes
  return { reading, rows: extent.lines, extent, bytesRead, headHash: hashes.head, tailHash: hashes.tail }
}

/** Hashes of the first and the last bytes before `bytesRead` of a plain file. */
export function fingerprint(
  path: string,
  bytesRead: number,
): { readonly head: string; readonly tail: string } {
  const length = Math.min(Edges.length, bytesRead)
  return { head: hashOfRange(path, 0, length), tail: hashOfRange(path, bytesRead - length, length) }
}

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

/**
 * Looks through a plain file, block by block of whole lines.
 * @returns what was seen; undefined as soon as a block is not fine or a line is too long for DuckDB
 */
export function lookThrough(path: string, isFine: (block: Buffer) => boolean): TextExtent | undefined {
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
