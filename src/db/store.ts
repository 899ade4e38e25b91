/** The store: one DuckDB file, opened for questions or attached for one transaction. */
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFilesAs } from '../machine/umask.js'
import { guardAbsentCalls, heldCalls, type Lent } from './absent-calls.js'
import { copyArchived, lendablePaths, lendArchive } from './archive/lending.js'
import { Database, ensureFolder } from './database.js'
import { realPath } from './file-bytes.js'
import { Keeper } from './keeper.js'
import { attachStore, letGo, settle, storageVersion } from './mending.js'
import { schemaVersion } from './schema.js'
import { tablesAt } from './shape.js'
import { assertDuckDbFile, isAbsent } from './store-file.js'
import type { StoreOptions, Written, WrittenStore } from './store-lock.js'
import { isEmpty, migrate, noStore, notOfLlmcost, readVersion } from './store-version.js'
import { finishStub } from './stub.js'

/**
 * Opens the store read-only for a look before it is written. Undefined when there is none yet: no file, or
 * one that a first ingest was making when it was killed. An older schema is no hindrance.
 */
export async function openStoreBeforeWriting(
  path: string,
  options: StoreOptions,
): Promise<Database | undefined> {
  if (path === ':memory:' || isAbsent(path)) return undefined
  assertDuckDbFile(path)
  const db = await openSealed(path, options)
  try {
    if (!(await isEmpty(db))) {
      await nameTables(db, await readVersion(db, path))
      return db
    }
    await assertNoViews(db, path)
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

/**
 * Opens the store for questions: read-only, sealed before it is even attached, and by our own tables alone. A
 * store of an older version of the program is brought up to date first, once, as any writer would.
 * @param writes files, or folders, that an answer is to be written to
 * @throws UserError when there is no store or it can't be read
 */
export async function openStoreForReading(
  path: string,
  options: StoreOptions,
  writes: readonly string[] = [],
): Promise<Database> {
  if (isAbsent(path)) throw noStore(path)
  assertDuckDbFile(path)
  let copied: Lent | undefined
  const db = await openSealed(path, options, writes, async (opened) => {
    copied = await copiesFor(opened, path, options)
  })
  try {
    const version = await readVersion(db, path)
    if (version === schemaVersion) {
      const isGuarded = await nameTables(db, version)
      if (isGuarded && copied !== undefined) await guardAbsentCalls(db, copied)
      else if (isGuarded && options.archive !== undefined) lendArchive(db, options.archive)
      return db
    }
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  await bringUpToDate(path, options)
  return openStoreForReading(path, options, writes)
}

/**
 * Bytes of a store that one thread reads: its calls are no more than the engine gives to one thread at once, and
 * others would only wait for each other.
 */
const readByOne = 10_000_000

/** The store as `store`, read-only, in a database that reaches nothing else. */
async function openSealed(
  path: string,
  options: StoreOptions,
  writes: readonly string[] = [],
  attached: (db: Database) => Promise<void> = async () => undefined,
): Promise<Database> {
  const file = realPath(path)
  const isSmall = options.archive === undefined && statSync(file).size < readByOne
  const threads = options.threads ?? (isSmall ? 1 : undefined)
  const files = ['', '.wal', '.wal.checkpoint', '.wal.recovery'].map((ending) => file + ending)
  const lent = await lendablePaths(options.archive)
  return Database.openSealed({ ...options, threads }, [...files, ...writes, ...lent], async (db) => {
    await attachStore(db, path, options, 'read')
    await attached(db)
  })
}

/** What is copied of the archive; undefined where nothing is asked for. */
async function copiesFor(
  db: Database,
  path: string,
  { archive, copies }: StoreOptions,
): Promise<Lent | undefined> {
  if (archive === undefined || copies === undefined || (await readVersion(db, path)) !== schemaVersion)
    return undefined
  return copyArchived(db, archive, copies)
}

/**
 * Makes the plain names of the attached store's tables known. They are views of our own, so that no name of the
 * file, a macro's say, is ever looked up. What needs calls that the store does not hold fails.
 * @returns whether there are such calls
 */
export async function nameTables(db: Database, version: number = schemaVersion): Promise<boolean> {
  const names = ['meta', ...tablesAt(version).keys()]
  const views = names.map((name) =>
    name === 'calls'
      ? `CREATE TEMP VIEW ${heldCalls} AS FROM store.main.calls; CREATE TEMP VIEW calls AS FROM ${heldCalls}`
      : `CREATE TEMP VIEW ${name} AS FROM store.main.${name}`,
  )
  await db.run(views.join(';'))
  return version === schemaVersion && guardAbsentCalls(db)
}

/** A first ingest that was interrupted left nothing at all. */
async function assertNoViews(db: Database, path: string): Promise<void> {
  const { n } = await db.one<{ n: number }>(
    "SELECT count(*) AS n FROM duckdb_views() WHERE database_name = 'store' AND NOT internal",
  )
  if (n > 0) throw notOfLlmcost(path)
}

async function bringUpToDate(path: string, options: StoreOptions): Promise<void> {
  // Its answer may be one that does not spill; this must.
  const db = await Database.open(':memory:', 'write', { ...options, spills: true })
  try {
    await writeStore(db, path, options, async () => undefined)
  } finally {
    db.close()
  }
}

/**
 * Attaches the store to `db` as `store` for writing, makes it if it is not there, brings its schema up
 * to date, runs `work` in one transaction and detaches. The lock is held only in between.
 */
export async function writeStore<T>(
  db: Database,
  path: string,
  options: StoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  const fresh = path === ':memory:' || isAbsent(path)
  if (!fresh) assertDuckDbFile(path)
  if (path !== ':memory:') ensureFolder(dirname(path))
  // Its log of changes is for whom the store itself is for.
  const restore = path === ':memory:' ? undefined : makeFilesAs(storeMode(path, options))
  try {
    if (fresh && existsSync(path)) await finishStub(path, storageVersion)
    return await writeAttached(db, path, options, work)
  } finally {
    restore?.()
  }
}

/** A store that is there keeps its permissions; calls are for the user alone unless more is asked for. */
function storeMode(path: string, options: StoreOptions): number {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? (options.mode ?? 0o600) : found.mode & 0o666
}

async function writeAttached<T>(
  db: Database,
  path: string,
  options: StoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (path === ':memory:') {
    await db.run("ATTACH ':memory:' AS store")
    return inTransaction(db, path, work)
  }
  await attachStore(db, path, options, 'write')
  let keeper: Keeper | undefined
  let isDone = false
  try {
    keeper = new Keeper(path)
    const before = keeper.headersIfAll()
    const result = await inTransaction(db, path, work, keeper)
    isDone = await checkpoint(db, keeper)
    if (isDone && options.written !== undefined)
      // Who writes calls says which.
      await tellWritten(db, { path, headers: keeper.headers(), before, changed: 'none' }, options.written)
    return result
  } finally {
    const left = letGo(db)
    // What failed is told, and not what fails after it.
    await (isDone ? left : left.catch(() => undefined))
    if (!isDone && keeper?.kept !== undefined)
      await settle(realPath(path), keeper.kept, options).catch(() => undefined)
    keeper?.close()
  }
}

/**
 * Writes what was committed from the log of changes into the file, unless the commit did so itself.
 * @returns false when that failed: it is the log's then, and the next run that writes tries again
 */
async function checkpoint(db: Database, keeper: Keeper): Promise<boolean> {
  try {
    // Twice is once too often: what is kept is from before the first.
    if (!keeper.isOvertaken) await db.run('CHECKPOINT store')
    keeper.remove()
    return true
  } catch {
    return false
  }
}

/** What is done is done: nothing that fails here fails it. */
async function tellWritten(db: Database, store: WrittenStore, written: Written): Promise<void> {
  try {
    await db.beside(async (reader) => {
      await nameTables(reader)
      await written.tell(reader, store)
    })
  } catch (error) {
    written.failed(error)
  }
}

async function inTransaction<T>(
  db: Database,
  path: string,
  work: () => Promise<T>,
  keeper?: Keeper,
): Promise<T> {
  try {
    await db.run('BEGIN')
    await migrate(db, path)
    const result = await work()
    // A commit of much writes it into the file itself.
    await keeper?.keep(db)
    await db.run('COMMIT')
    return result
  } catch (error) {
    await db.run('ROLLBACK').catch(() => undefined)
    throw error
  }
}
/** Attaches the store to `db` as `store` read-only, runs `work` and detaches. */
export async function readStore<T>(
  db: Database,
  path: string,
  options: StoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  assertDuckDbFile(path)
  await attachStore(db, path, options, 'read')
  try {
    await readVersion(db, path)
    return await work()
  } finally {
    await db.run('DETACH store')
  }
}
