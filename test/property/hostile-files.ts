/** Files of a few bytes that ask for gigabytes. Each begins as a log does, so that it is recognised. */
import { createGzip } from 'node:zlib'
import { once } from 'node:events'

const block = 128 * 1024

const first = Buffer.from(
  '{"ts":"2026-09-05T08:00:00Z","id":"bomb","model":"gpt-4o","input_tokens":1,"output_tokens":5}\n',
)

/** The header of a block of zstd: bytes, or one byte that is repeated. */
function blockHead(length: number, kind: 'raw' | 'repeated', isLast = false): Buffer {
  const head = Buffer.alloc(3)
  head.writeUIntLE((length << 3) | (kind === 'repeated' ? 2 : 0) | (isLast ? 1 : 0), 0, 3)
  return head
}

const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
/** A frame with a window of 128 KiB, that does not say how much it holds. */
const silentFrame = Buffer.concat([magic, Buffer.from([0x00, (17 - 10) << 3])])

/** A frame of zstd of 4 bytes for each 128 KiB of what it holds. */
export function zstdBomb(blocks: number, fill: string): Buffer {
  const repeated = Buffer.concat([blockHead(block, 'repeated'), Buffer.from(fill)])
  return Buffer.concat([
    silentFrame,
    blockHead(first.length, 'raw'),
    first,
    ...Array.from({ length: blocks }, () => repeated),
    blockHead(1, 'repeated', true),
    Buffer.from('\n'),
  ])
}

/** A frame of a hundred bytes that says that it holds a terabyte. */
export function zstdThatBoasts(): Buffer {
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(1n << 40n)
  return Buffer.concat([
    magic,
    Buffer.from([0xc0, (17 - 10) << 3]),
    size,
    blockHead(first.length, 'raw', true),
    first,
  ])
}

/** A frame that asks for a window of nearly two gigabytes. */
export const zstdOfWideWindow = (): Buffer =>
  Buffer.concat([
    magic,
    Buffer.from([0x00, ((30 - 10) << 3) | 7]),
    blockHead(first.length, 'raw', true),
    first,
  ])

/** Thousands of frames, one after the other, with frames to skip between them: a log that is appended to. */
export const zstdOfManyFrames = (frames: number): Buffer =>
  Buffer.concat(
    Array.from({ length: frames }, (_, i) => {
      const line = Buffer.from(first.toString().replace('bomb', `frame-${i}`))
      const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
      return Buffer.concat([silentFrame, blockHead(line.length, 'raw', true), line, skipped])
    }),
  )

/** Megabytes of one byte, at a thousandth of their size. */
export async function gzipBomb(megabytes: number, fill: string): Promise<Buffer> {
  const gzip = createGzip({ level: 9 })
  const parts: Buffer[] = []
  gzip.on('data', (part: Buffer) => parts.push(part))
  gzip.write(first)
  const piece = Buffer.alloc(1 << 20, fill)
  for (let i = 0; i < megabytes; i++) if (!gzip.write(piece)) await once(gzip, 'drain')
  gzip.end()
  await once(gzip, 'end')
  return Buffer.concat(parts)
}

/** A CSV file of so many columns. */
export function wideCsv(columns: number): string {
  const names = Array.from({ length: columns }, (_, i) => `k${i}`)
  const row = (cells: readonly string[]): string => `2026-09-05T08:00:00Z,gpt-4o,1,2,${cells.join(',')}\n`
  return `ts,model,input_tokens,output_tokens,${names.join(',')}\n${row(names)}${row(names)}`
}
