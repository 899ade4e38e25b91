/**
 * What a checkpoint may overwrite in place, kept beside the store until the checkpoint is over.
 *
 * The engine changes a file by writing what is new into unused room and then one header. But its metadata stands
 * in blocks of 64 parts, and a block that has parts in use and parts to fill is written whole, over itself. A
 * process that is killed within that one write, or a machine that loses power, leaves a block whose checksum is
 * neither the old one nor the new one, and a file that the engine refuses, though nothing in it is lost. So a
 * copy of those blocks and of the headers is on the disk before a commit, the first thing that may bring a
 * checkpoint about, and is removed when no write is left to come.
 *
 * The file: a mark, a number of its own, how many blocks and their size, the three pages of headers, the ids of
 * the blocks, the blocks, and a hash of all that.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, statSync, type Stats } from 'node:fs'
import { UserError } from '../errors.js'
import { readAt } from './file-bytes.js'
import { blockOffset, headersSize, isBlockSize } from './file-pages.js'

export const mark = Buffer.from('llmcost blocks 1')
export const numberSize = 16
const prefixSize = mark.length + numberSize + 8
const hashSize = 32
/** More blocks of metadata than any store has. */
const mostBlocks = 2 ** 20

/** @param store its real path */
export const keptPath = (store: string): string => `${store}.blocks`

/** What stands in the place of kept blocks. */
export interface Found {
  /** Another than that of any file that stood there before or will. */
  readonly id: string
  /** False for what is not to be touched: another user's, a link, a pipe, another file, what cannot be read. */
  readonly ours: boolean
}

/** Undefined where nothing is, as nearly always. @param store its real path */
export function findKept(store: string): Found | undefined {
  const path = keptPath(store)
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const none: Found = { id: 'not ours', ours: false }
  let fd: number
  try {
    fd = openKept(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : none
  }
  try {
    const stat = fstatSync(fd)
    if (!isOurs(stat, statSync(store, { throwIfNoEntry: false })) || !isMarked(fd)) return none
    const number = readAt(fd, mark.length, numberSize).toString('hex')
    return { id: `${stat.ino} ${stat.mtimeMs} ${number}`, ours: true }
  } finally {
    closeSync(fd)
  }
}

/** Never what stands behind a link, and no waiting for a pipe. */
function openKept(path: string): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  return openSync(path, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0))
}

/** Made by this user, or by whoever the store belongs to. */
function isOurs(kept: Stats, store: Stats | undefined): boolean {
  if (!kept.isFile()) return false
  return process.getuid === undefined || kept.uid === process.getuid() || kept.uid === store?.uid
}

/**
 * Begun by this program: with its mark, a part of it, or nothing yet, which a loss of power leaves as zeros. Whatever
 * else a person keeps under this name is not ours to remove.
 */
function isMarked(fd: number): boolean {
  const head = readAt(fd, 0, mark.length)
  return head.equals(mark.subarray(0, head.length)) || head.every((byte) => byte === 0)
}

/** Kept blocks as they are read again. */
export interface KeptBlocks {
  readonly headers: Buffer
  /** The blocks with their places in the file, bytes; undefined where they are not whole. */
  readonly blocks: () => readonly KeptBlock[] | undefined
}

export interface KeptBlock {
  readonly offset: number
  readonly size: number
  readonly read: () => Buffer
}

/**
 * Reads kept blocks; undefined for what was never finished: nothing was overwritten yet when it was written.
 * @param work has the file open
 */
export function withKept<T>(store: string, work: (kept: KeptBlocks | undefined) => T): T {
  const fd = openKept(keptPath(store))
  try {
    const prefix = readAt(fd, 0, prefixSize + headersSize)
    const isOne = prefix.length === prefixSize + headersSize && prefix.subarray(0, mark.length).equals(mark)
    return work(
      isOne ? { headers: prefix.subarray(prefixSize), blocks: () => blocksIn(fd, prefix) } : undefined,
    )
  } finally {
    closeSync(fd)
  }
}

function blocksIn(fd: number, prefix: Buffer): readonly KeptBlock[] | undefined {
  const count = prefix.readUInt32LE(prefixSize - 8)
  const size = prefix.readUInt32LE(prefixSize - 4)
  const begin = prefix.length + 8 * count
  const end = begin + count * size
  if (!isBlockSize(size) || count > mostBlocks || fstatSync(fd).size !== end + hashSize) return undefined
  const list = readAt(fd, prefix.length, 8 * count)
  const blocks = Array.from({ length: count }, (_, i) => ({
    offset: blockOffset(Number(list.readBigUInt64LE(8 * i)), size),
    size,
    read: () => readAt(fd, begin + i * size, size),
  }))
  const hash = createHash('sha256').update(prefix).update(list)
  for (const block of blocks) hash.update(block.read())
  return hash.digest().equals(readAt(fd, end, hashSize)) ? blocks : undefined
}

/** What is said of something that stands where blocks are to be kept. */
export const inTheWay = (path: string): UserError =>
  new UserError('a file of another user, or not of this database, is in the way', {
    location: path,
    hint: [
      'If a run of that user was killed: run any command as that user, and it is gone.',
      'Else move it away. Nothing was changed.',
    ],
  })
