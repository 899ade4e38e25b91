/**
 * Opens the store, and puts right what a run left behind that was killed within a checkpoint.
 *
 * Whoever made kept blocks had the store locked from then until it removed them. So when they are seen, and then
 * the store's lock is had, their maker is gone; they are acted on alone under a lock of its own, and only while
 * they are those that were seen. Nobody writes to a store beside which any lie.
 */
import { accessSync, closeSync, constants, fsyncSync, lstatSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemFault, UserError } from '../errors.js'
import { Database } from './database.js'
import {
  activeOf,
  follows,
  headersIn,
  headersSize,
  isOldest,
  isSameFile,
  isWhole,
  pageSize,
  type Headers,
} from './file-pages.js'
import { readAt, realPath, syncFolder, writeAll } from './file-bytes.js'
import { findKept, inTheWay, keptPath, withKept, type Found, type KeptBlocks } from './kept-blocks.js'
import { patiently, type StoreOptions } from './store-lock.js'
import { finishStub } from './stub.js'
import { quoteText } from '../domain/words/quoting.js'

/** File format of new stores: compresses text faster and smaller than DuckDB's default, which suits older readers. */
export const storageVersion = 'v1.4.0'

/** How often others may come between; each time it is because a run was killed. */
const mostRounds = 10

/**
 * Attaches the store to `db` as `store`, when nothing lies beside it.
 * @throws UserError when it cannot be opened, or put right
 */
export async function attachStore(
  db: Database,
  path: string,
  options: StoreOptions,
  to: 'read' | 'write',
): Promise<void> {
  const store = realPath(path)
  const reads = to === 'read'
  const how = reads ? 'READ_ONLY' : `STORAGE_VERSION '${storageVersion}'`
  let hopeless = false
  for (let round = 0; ; round++) {
    let before: Found | undefined
    let error: Error | undefined
    try {
      await patiently(path, options, () => {
        before = findKept(store)
        return db.run(`ATTACH ${quoteText(store)} AS store (${how})`)
      })
    } catch (failure) {
      error = failure as Error
    }
    const now = findKept(store)
    if (error === undefined) {
      // Under the lock: as long as it is held none can come.
      if (now === undefined || (reads && (hopeless || !now.ours))) return
      await letGo(db)
    } else if (!isTorn(error) || (before === undefined && now === undefined)) throw error
    if (now?.ours === false)
      throw error === undefined ? inTheWay(keptPath(store)) : halfWritten(path, error, keptPath(store))
    if (round === mostRounds || hopeless) throw halfWritten(path, error)
    // Those that were not seen before the lock was had may be of a run that goes on.
    if (now === undefined || now.id !== before?.id) continue
    try {
      await settle(store, now, options)
    } catch (failure) {
      if (!reads) throw failure
      hopeless = true
    }
  }
}

/** Detaches the store with nothing written: what its log of changes holds stays there. */
export async function letGo(db: Database): Promise<void> {
  await db.run('PRAGMA disable_checkpoint_on_shutdown')
  await db.run('DETACH store')
  await db.run('PRAGMA enable_checkpoint_on_shutdown')
}

/** The engine has met a piece of the file whose checksum is not that of what it holds, or another file's log. */
const isTorn = (error: unknown): boolean =>
  error instanceof Error &&
  (/computed checksum \d+ does not match|WAL does not match database file/.test(error.message) ||
    isTorn(error.cause))

/** @param others what is not this user's, and would be needed */
function halfWritten(path: string, cause: unknown, others?: string): UserError {
  const who =
    others === undefined ? 'a user who may write the database and its folder' : `the user whose ${others} is`
  return new UserError('a run that was killed left the database half written', {
    location: path,
    hint: `Nothing is lost: run any command as ${who}, and it is put right.`,
    cause,
  })
}

/**
 * Deals with kept blocks whose maker is gone. When it returns they are removed, by this process or another.
 * @param store its real path
 * @throws UserError when they cannot be removed or what they hold not be put back
 */
export async function settle(store: string, found: Found, options: StoreOptions): Promise<void> {
  try {
    accessSync(store, constants.R_OK | constants.W_OK)
    accessSync(dirname(store), constants.W_OK)
  } catch (error) {
    throw halfWritten(store, error)
  }
  const lock = `${keptPath(store)}.lock`
  const db = await Database.open(':memory:', 'write', { threads: 1, spills: false })
  try {
    await patiently(store, options, async () => {
      await assertLock(lock)
      return db.run(`ATTACH ${quoteText(lock)} AS mending`)
    })
    if (findKept(store)?.id === found.id && putRight(store)) options.onMended?.()
    // Only now: who waits for a lock that has lost its name finds nothing left to do.
    rmSync(lock, { force: true })
  } finally {
    db.close()
  }
}

/** The engine would follow a link, and not open what it was just making when it was killed. */
async function assertLock(lock: string): Promise<void> {
  const found = lstatSync(lock, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isFile()) throw inTheWay(lock)
  if (found.size < headersSize) await finishStub(lock, storageVersion)
}

/** @returns true when something was put back */
function putRight(store: string): boolean {
  let mended = false
  try {
    const fd = openSync(store, 'r+')
    try {
      mended = withKept(store, (kept) => kept !== undefined && putBack(fd, store, kept))
      if (mended) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    rmSync(keptPath(store), { force: true })
    syncFolder(store)
  } catch (error) {
    throw systemFault(error, store) ?? error
  }
  return mended
}

/** Puts back what was overwritten, where the checkpoint for which it was kept was not finished. */
function putBack(fd: number, store: string, kept: KeptBlocks): boolean {
  const before = headersIn(kept.headers)
  const headers = readAt(fd, 0, headersSize)
  if (headers.length < headersSize) return false
  const now = headersIn(headers)
  if (!isSameFile(before.main, now.main)) return false
  if (!activeOf(now).equals(activeOf(before))) return dropLog(store, before, now)
  const blocks = kept.blocks()
  if (blocks === undefined) return false
  const pieces = [
    ...blocks.filter(({ offset, size, read }) => {
      const piece = readAt(fd, offset, size)
      // What is overwritten in place was there before: nothing is added.
      return piece.length === size && !isWhole(piece) && isWhole(read())
    }),
    ...[before.main, ...before.databases].flatMap((page, n) => {
      const isPut = n === 0 ? !page.equals(now.main) : !isWhole(now.databases[n - 1]!)
      return isPut && isWhole(page) ? [{ offset: n * pageSize, read: () => page }] : []
    }),
  ]
  for (const { offset, read } of pieces) writeAll(fd, read(), offset)
  return pieces.length > 0
}

/**
 * A file of the oldest format loses its identifier by the checkpoint that brings it up to date, and the engine
 * then refuses the log of changes that it had: all of it is in the file, and only its removal was left to do.
 */
function dropLog(store: string, before: Headers, now: Headers): boolean {
  const log = `${store}.wal`
  if (!isOldest(before.main) || isOldest(now.main) || !follows(activeOf(before), activeOf(now))) return false
  if (lstatSync(log, { throwIfNoEntry: false }) === undefined) return false
  rmSync(log)
  return true
}
