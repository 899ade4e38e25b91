/** The file of sums beside the store, and what tells which state of the store they are of. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { headersSize } from '../db/file-pages.js'
import { readSums, sumsText, type Sums } from './sums.js'

/** More is none of ours: a month of quarter-hours and fifty budgets come to less. */
const mostBytes = 32_000_000

/** The store by its real name: what lies beside it is found by every other. */
const sumsPath = (store: string): string => `${realpathSync.native(store)}.sums.json`

/** The state of a store, from its headers: every change that reaches the file changes them. */
export const markOf = (headers: Uint8Array): string => createHash('sha256').update(headers).digest('hex')

export interface StoreState {
  readonly mark: string
  /** When the file was last written, ms since 1970. */
  readonly changedMs: number
  /** Something is in its log of changes that is not in the file. */
  readonly hasLog: boolean
}

/**
 * The state of a store that no connection of this process has open: a system forgets all locks of a process on a file
 * that it closes once. Undefined where there is no such file.
 */
export function storeState(store: string): StoreState | undefined {
  try {
    const fd = openSync(store, 'r')
    try {
      const headers = Buffer.alloc(headersSize)
      const size = readSync(fd, headers, 0, headersSize, 0)
      const log = statSync(`${realpathSync.native(store)}.wal`, { throwIfNoEntry: false })
      return {
        mark: markOf(headers.subarray(0, size)),
        changedMs: fstatSync(fd).mtimeMs,
        hasLog: log !== undefined && log.size > 0,
      }
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

/** `none` where there is no file; `foreign` where it is no such file, or of another version. */
export function readSumsOf(store: string): Sums | 'none' | 'foreign' {
  let fd: number
  try {
    // What is no file may have no end.
    fd = openSync(sumsPath(store), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch {
    return 'none'
  }
  try {
    const stat = fstatSync(fd)
    return (stat.isFile() && stat.size <= mostBytes && readSums(readFileSync(fd, 'utf8'))) || 'foreign'
  } catch {
    return 'foreign'
  } finally {
    closeSync(fd)
  }
}

/** Longer no writing takes: what is older was left by a run that was killed. */
const longestMs = 60_000

/**
 * Puts the file in its place whole, for this user alone; not while another run is about it.
 * @throws what the system says
 */
export function writeSumsOf(store: string, sums: Sums): void {
  const path = sumsPath(store)
  const making = `${path}.partial`
  const before = lstatSync(making, { throwIfNoEntry: false })
  if (before !== undefined) {
    if (Date.now() - before.mtimeMs < longestMs) return
    rmSync(making, { force: true })
  }
  writeFileSync(making, sumsText(sums), { flag: 'wx', mode: 0o600 })
  try {
    renameSync(making, path)
  } catch (error) {
    rmSync(making, { force: true })
    throw error
  }
}
