/**
 * Zstandard, block by block: whatever a few bytes claim to expand to, no more than a block is in memory, and
 * the limit is looked at after each. A frame that states its size, or asks for a window, beyond the limits is
 * refused before a byte of it is decoded.
 */
/** A file would expand to more than is believed. The message says by how much. */
export class BeyondLimit extends Error {}

/** Largest window that is made room for, bytes: what the `zstd` command allows by default. */
const windowLimit = 128 * 1024 ** 2
/** Largest block by the format, bytes. */
const blockLimit = 128 * 1024

const damaged = (what: string): Error => new Error(`zstd: ${what}`)

/**
 * What is said of a file that expands to more than it may.
 * @param content bytes that it says it holds
 */
export const beyond = (limit: number, content?: number): BeyondLimit =>
  new BeyondLimit(
    content === undefined
      ? `the file expands to more than the ${megabytes(limit)} that one of its size may hold`
      : `the file says that it expands to ${megabytes(content)}; one of its size may hold ${megabytes(limit)}`,
  )

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en')} MB`

interface Frame {
  /** Bytes of its header. */
  readonly header: number
  readonly checksum: boolean
  readonly window: number
  /** Bytes that it says it holds; 0 where it does not. */
  readonly content: number
}

/** The header that some bytes begin with; undefined where more of them are needed. */
function frameAt(bytes: Buffer): Frame | undefined {
  if (bytes.length < 5) return undefined
  const flags = bytes[4]!
  const single = (flags >> 5) & 1
  const dictionary = [0, 1, 2, 4][flags & 3]!
  const sizeBytes = flags >> 6 === 0 ? single : 1 << (flags >> 6)
  const at = 6 - single + dictionary
  const header = at + sizeBytes
  if (bytes.length < header) return undefined
  const content = sizeBytes === 0 ? 0 : readSize(bytes, at, sizeBytes)
  const descriptor = bytes[5]!
  const base = 2 ** (10 + (descriptor >> 3))
  const window = single === 1 ? content : base + (base / 8) * (descriptor & 7)
  return { header, checksum: ((flags >> 2) & 1) === 1, window, content }
}

function readSize(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at))
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0)
}

/** Bytes of a stream that are asked for piece by piece. */
class Source {
  readonly #chunks: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** The next bytes, at least `length` of them where the stream has as many; they stay. */
  async peek(length: number): Promise<Buffer> {
    while (this.#held.length < length) {
      const next = await this.#chunks.next()
      if (next.done === true) break
      this.#held = this.#held.length === 0 ? next.value : Buffer.concat([this.#held, next.value])
    }
    return this.#held
  }

  /** Takes the next bytes. @throws where the stream ends before */
  async take(length: number): Promise<Buffer> {
    const held = await this.peek(length)
    if (held.length < length) throw damaged('unexpected end of data')
    this.#held = held.subarray(length)
    return held.subarray(0, length)
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const held = await this.peek(1)
      if (held.length === 0) throw damaged('unexpected end of data')
      const taken = Math.min(left, held.length)
      await this.take(taken)
      left -= taken
    }
  }
}

/**
 * The decoded bytes of a stream of frames.
 * @param limit most bytes that they may be
 * @throws BeyondLimit when a frame asks for more than is allowed; other errors for damaged data
 */
export async function* unzstd(stream: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Buffer> {
  const source = new Source(stream)
  for (;;) {
    const start = await source.peek(18)
    if (start.length === 0) return
    if (start.length < 8) throw damaged('unexpected end of data')
    const magic = start.readUInt32LE(0)
    if (magic >>> 4 === 0x184d2a5) await source.skip(8 + start.readUInt32LE(4))
    else if (magic === 0xfd2fb528) yield* frame(source, limit)
    else throw damaged('no frame where one should begin')
  }
}

async function* frame(source: Source, limit: number): AsyncGenerator<Buffer> {
  const found = frameAt(await source.peek(18))
  if (found === undefined) throw damaged('unexpected end of data')
  const { header, checksum, window, content } = found
  if (content > limit) throw beyond(limit, content)
  if (window > windowLimit)
    throw new BeyondLimit(
      `the file asks for ${megabytes(window)} of memory to be decompressed, more than the ${megabytes(windowLimit)} that it may`,
    )
  // Loaded late: hardly any file needs it.
  const { Decompress } = await import('fzstd')
  let out: Uint8Array[] = []
  const decoder = new Decompress((data) => void out.push(data))
  decoder.push(await source.take(header), false)
  for (let last = false; !last;) {
    const head = (await source.peek(3)).subarray(0, 3)
    if (head.length < 3) throw damaged('unexpected end of data')
    const bits = head.readUIntLE(0, 3)
    last = (bits & 1) === 1
    const isRepeated = ((bits >> 1) & 3) === 1
    if (bits >> 3 > blockLimit) throw damaged('a block is too large')
    decoder.push(await source.take(3 + (isRepeated ? 1 : bits >> 3)), last && !checksum)
    if (last && checksum) decoder.push(await source.take(4), true)
    const blocks = out
    out = []
    for (const block of blocks) if (block.length > 0) yield Buffer.from(block)
  }
}
