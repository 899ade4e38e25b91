/**
 * How the engine lays out a database file, as far as it takes to tell a piece that is whole from one that was
 * half written: three pages of headers, then blocks. Each piece begins with the checksum of the rest of it.
 *
 * Of the two database headers the one with the higher iteration counts. A checkpoint writes blocks, then the
 * header that did not count.
 */

export const pageSize = 4096
/** The main header, and the two database headers. */
export const headersSize = 3 * pageSize
const checksumSize = 8

/** Where things stand within a page of headers, bytes. */
const at = { version: 12, iteration: 8, blockSize: 40 }
const defaultBlockSize = 262_144
/** Files of this version get a newer main header by their next checkpoint; in all others it never changes. */
const oldestVersion = 64n

/** The three pages, as they stand in a file. */
export interface Headers {
  readonly main: Buffer
  readonly databases: readonly [Buffer, Buffer]
}

/** @param bytes the first `headersSize` of a file, which are shared and not copied */
export function headersIn(bytes: Buffer): Headers {
  const page = (n: number): Buffer => bytes.subarray(n * pageSize, (n + 1) * pageSize)
  return { main: page(0), databases: [page(1), page(2)] }
}

/** The database header that counts, where the engine would find one. */
export function activeOf({ databases: [first, second] }: Headers): Buffer {
  return isWhole(first) && (!isWhole(second) || iterationOf(first) > iterationOf(second)) ? first : second
}

const iterationOf = (page: Buffer): bigint => page.readBigUInt64LE(at.iteration)

/** True for a database header from before the first checkpoint. */
export const isUnused = (page: Buffer): boolean => iterationOf(page) === 0n

/** Size of a block, bytes. @throws Error for one that the engine does not make */
export function blockSizeOf(active: Buffer): number {
  const size = Number(active.readBigUInt64LE(at.blockSize)) || defaultBlockSize
  if (!isBlockSize(size)) throw new Error(`blocks of ${size} bytes`)
  return size
}

export const isBlockSize = (size: number): boolean =>
  size >= 4 * pageSize && size <= defaultBlockSize && (size & (size - 1)) === 0

export const blockOffset = (id: number, blockSize: number): number => headersSize + id * blockSize

/** True for a main header that the next checkpoint replaces, identifier of the file and all. */
export const isOldest = (main: Buffer): boolean => main.readBigUInt64LE(at.version) === oldestVersion

/** True where a main header may be that of the file that once had `before`. */
export const isSameFile = (before: Buffer, now: Buffer): boolean =>
  before.equals(now) || !isWhole(now) || isOldest(before)

/** True where a database header is that of the very next checkpoint. */
export const follows = (before: Buffer, now: Buffer): boolean => iterationOf(now) === iterationOf(before) + 1n

const factor = 0xbf58476d1ce4e5b9n

/** True for a page or a block that ends as it began: its checksum is that of what it holds. */
export function isWhole(piece: Buffer): boolean {
  if (piece.length === 0 || piece.length % pageSize > 0) return false
  let sum = 5381n
  for (let i = checksumSize; i + 8 <= piece.length; i += 8)
    sum ^= BigInt.asUintN(64, piece.readBigUInt64LE(i) * factor)
  return sum === piece.readBigUInt64LE(0)
}
