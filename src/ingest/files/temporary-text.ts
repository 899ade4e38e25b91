/**
 * A temporary text is a file that DuckDB can read without surprises: valid UTF-8, LF line ends, no
 * NUL and no delimiter byte, no line beyond DuckDB's limit. Compressed, damaged, small and partly read
 * files are written into one; large clean files are read where they are.
 */
import { isUtf8 } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { ScratchFile } from '../../db/scratch.js'
import { machineFault } from '../../errors.js'

/** Longest line that DuckDB is asked to read, bytes; `max_line_size` is set a little above. */
export const lineLimit = 8_000_000
/** Longest line that is looked at at all, bytes; the rest is rejected unread. */
export const hugeLine = 80_000_000
/** What stands in the place of a longer one. */
export const tooLong = `\x1freject:line longer than ${hugeLine / 1e6} MB`
/** Delimiter that splits nothing: no clean file holds this byte. */
export const delimiterByte = 0x01

const newline = 0x0a

/** What was seen of a file while its bytes went by. */
export interface TextExtent {
  /** Lines written: for JSON documents, records. */
  lines: number
  /** Bytes seen in place; a temporary text's bytes are counted by its Edges. */
  bytes: number
  endsWithNewline: boolean
  /** Some bytes were not UTF-8, or were NUL, and were replaced. */
  replaced: boolean
}

export class TemporaryText {
  readonly path: string
  readonly release: () => void
  readonly #file: number
  /** Lines written so far. */
  lines = 0

  constructor({ path, fd, release }: ScratchFile) {
    this.path = path
    this.release = release
    this.#file = fd
  }

  /** Copies the lines of a source; every line ends with LF afterwards. */
  async copyLines(source: AsyncIterable<Buffer>, json: boolean): Promise<TextExtent> {
    const extent: TextExtent = { lines: 0, bytes: 0, endsWithNewline: true, replaced: false }
    let carry: Buffer[] = []
    let carried = 0
    let first = true
    for await (const bytes of source) {
      const chunk =
        first && bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
          ? bytes.subarray(3)
          : bytes
      first = false
      const cut = chunk.lastIndexOf(newline)
      if (cut < 0) {
        // Of a line without end only what might still be used is kept in memory.
        if (carried <= hugeLine) carry.push(chunk)
        carried += chunk.length
        continue
      }
      carry.push(chunk.subarray(0, cut + 1))
      this.#block(Buffer.concat(carry), carried + cut > hugeLine, extent, json)
      carry = [chunk.subarray(cut + 1)]
      carried = chunk.length - cut - 1
    }
    if (carried > 0) {
      extent.endsWithNewline = false
      carry.push(Buffer.from('\n'))
      this.#block(Buffer.concat(carry), carried > hugeLine, extent, json)
    }
    this.lines += extent.lines
    return extent
  }

  /** Whole lines, the last byte being LF. */
  #block(block: Buffer, huge: boolean, extent: TextExtent, json: boolean): void {
    if (!huge && block.length <= lineLimit && isClean(block)) {
      extent.lines += countLines(block)
      this.#write(block)
      return
    }
    for (let at = 0; at < block.length;) {
      const end = block.indexOf(newline, at)
      this.#write(this.#line(block.subarray(at, end), extent, json))
      this.#write(Buffer.from('\n'))
      extent.lines += 1
      at = end + 1
    }
  }

  #line(bytes: Buffer, extent: TextExtent, json: boolean): Buffer {
    const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes
    if (line.length > hugeLine) return Buffer.from(tooLong)
    const clean = isClean(line)
    if (!clean) extent.replaced = true
    const text = clean ? line : Buffer.from(line.toString('utf8').replaceAll(/[\0\x01\r]/g, '\ufffd'))
    return text.length <= lineLimit
      ? text
      : json
        ? withoutContent(text)
        : Buffer.from('\x1freject:line longer than 8 MB')
  }

  #write(bytes: Buffer): void {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at)
    } catch (error) {
      throw machineFault(error, tmpdir()) ?? error
    }
  }
}

/** True when the bytes need no mending: UTF-8, no NUL, no CR, no delimiter. */
export function isClean(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0x0d) && !bytes.includes(0) && !bytes.includes(delimiterByte)
}

/** Counts LF bytes. */
function countLines(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
  return lines
}

/**
 * A JSON line too long for DuckDB, with its long strings (which are content, not fields of a call) replaced
 * by their hash, so that two lines that differ there still differ.
 */
function withoutContent(line: Buffer): Buffer {
  const shorten = (_key: string, value: unknown): unknown =>
    typeof value === 'string' && value.length > 1000
      ? `sha256:${createHash('sha256').update(value).digest('hex')}`
      : value
  try {
    const short = Buffer.from(JSON.stringify(JSON.parse(line.toString('utf8'), shorten)))
    return short.length <= lineLimit
      ? short
      : Buffer.from('\x1freject:line longer than 8 MB, even without its texts')
  } catch {
    return Buffer.from('\x1freject:not JSON')
  }
}

/** Hashes the first and the last bytes of what goes by, for recognising the file when it has grown. */
export class Edges {
  static readonly length = 65536
  #head: Hash = createHash('sha256')
  #headLength = 0
  #tail = Buffer.alloc(0)
  /** Bytes seen. */
  bytes = 0

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.#headLength < Edges.length) {
      const part = chunk.subarray(0, Edges.length - this.#headLength)
      this.#head.update(part)
      this.#headLength += part.length
    }
    this.#tail =
      chunk.length >= Edges.length
        ? Buffer.from(chunk.subarray(chunk.length - Edges.length))
        : Buffer.concat([this.#tail, chunk]).subarray(-Edges.length)
  }

  get hashes(): { readonly head: string; readonly tail: string } {
    return {
      head: this.#head.copy().digest('hex'),
      tail: createHash('sha256').update(this.#tail).digest('hex'),
    }
  }
}
