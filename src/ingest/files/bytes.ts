/** The bytes of a source as UTF-8 text: decompressed (.gz, .zst by content), brought out of UTF-16 or of a database. */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs'
import { Transform, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { isOfTheMachine, UserError } from '../../errors.js'
import { sqliteLines } from './sqlite.js'
import { beyond, BeyondLimit, unzstd } from './zstd.js'

export type Encoding = 'plain' | 'gzip' | 'zstd' | 'utf-16' | 'sqlite' | 'parquet'

/** How an SQLite database begins. */
const sqliteMagic = Buffer.from('SQLite format 3\0')

/** A file that grows by more than this when decompressed, beyond the floor, is taken for a bomb. */
const expansionLimit = 400
const expansionFloor = 256 * 1024 ** 2

/** Bytes that a compressed file may hold. */
const mostBytes = (path: string): number => Math.max(expansionFloor, statSync(path).size * expansionLimit)

/** How a file is encoded, by its first bytes. @throws UserError when it can't be read */
export function encodingOf(path: string): Encoding {
  const head = Buffer.alloc(sqliteMagic.length)
  let read: number
  try {
    const file = openSync(path, 'r')
    read = readSync(file, head, 0, head.length, 0)
    closeSync(file)
  } catch (error) {
    throw new UserError('the file cannot be read', {
      location: path,
      hint: 'Check its permissions.',
      cause: error,
    })
  }
  if (read >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (read >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  if (read === head.length && head.equals(sqliteMagic)) return 'sqlite'
  if (read >= 8 && head.toString('latin1', 0, 4) === 'PAR1') return 'parquet'
  if (read >= 2 && ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)))
    return 'utf-16'
  return 'plain'
}

/**
 * The decoded bytes of a file from `start` (plain files only) on, in chunks.
 * @throws UserError when compressed data is damaged or expands beyond reason
 */
export async function* readBytes(path: string, encoding: Encoding, start = 0): AsyncGenerator<Buffer> {
  if (encoding === 'sqlite') {
    yield* sqliteLines(path)
    return
  }
  const raw = createReadStream(path, { start: encoding === 'plain' ? start : 0, highWaterMark: 1 << 20 })
  const limit = isCompressed(encoding) ? mostBytes(path) : Number.POSITIVE_INFINITY
  let size = 0
  try {
    for await (const chunk of decoded(raw, encoding, limit)) {
      size += chunk.length
      if (size > limit) throw beyond(limit)
      yield chunk
    }
  } catch (error) {
    if (error instanceof BeyondLimit) throw bomb(path, error)
    if (error instanceof UserError || isOfTheMachine(error)) throw error
    const what =
      encoding === 'plain' ? 'the file cannot be read' : `the ${encoding} data is damaged or ends too early`
    throw new UserError(what, {
      location: path,
      hint: 'Nothing of it was kept. Fetch or compress the file again.',
      cause: error,
    })
  } finally {
    raw.destroy()
  }
}

const isCompressed = (encoding: Encoding): boolean => encoding === 'gzip' || encoding === 'zstd'

const bomb = (path: string, { message }: BeyondLimit): UserError =>
  new UserError(message, {
    code: 'refused',
    location: path,
    hint: 'Nothing of it was kept. Decompress it yourself if it is to be trusted, then ingest the result.',
  })

function decoded(raw: Readable, encoding: Encoding, limit: number): AsyncIterable<Buffer> {
  if (encoding === 'zstd') return unzstd(raw as AsyncIterable<Buffer>, limit)
  if (encoding === 'gzip') return pipe(raw, createGunzip())
  if (encoding === 'utf-16') return pipe(raw, utf16Decoder())
  return raw
}

function pipe(raw: Readable, transform: Transform): Readable {
  raw.on('error', (error) => transform.destroy(error))
  return raw.pipe(transform)
}

function utf16Decoder(): Transform {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      decoder ??= new TextDecoder(chunk[0] === 0xfe ? 'utf-16be' : 'utf-16le')
      done(null, Buffer.from(decoder.decode(chunk, { stream: true })))
    },
    flush(done) {
      done(null, Buffer.from(decoder?.decode() ?? ''))
    },
  })
}
