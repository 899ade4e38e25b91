/** The store: one DuckDB file, opened for questions or attached for one transaction. */
import { closeSync, openSync, readSync, statSync, type Stats } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { machineFault, systemFault, UserError } from '../errors.js'
import { makeFilesAs } from '../umask.js'
import { Database, ensureFolder, quoteText } from './database.js'
import { schemaVersion } from './schema.js'
import { tablesAt } from './shape.js'
import { patiently, type StoreOptions } from './store-lock.js'
import { isEmpty, migrate, noStore, notOfLlmcost, readVersion } from './store-version.js'

/** File format of new stores: compresses text faster and smaller than DuckDB's default, which suits older readers. */
const storageVersion = 'v1.4.0'

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
 * True where no store is yet: nothing, or an empty file.
 * @throws UserError for what can be none: a folder, a pipe, a device; and where nobody may look
 */
export function isAbsent(path: string): boolean {
  const stat = statOf(path)
  if (stat === undefined) return true
  if (stat.isDirectory()) throw refused(path, 'the database path is a folder', 'Name a file with --db.')
  if (!stat.isFile())
    throw refused(path, 'the database path is a pipe or a device, not a file', 'Name a file with --db.')
  return stat.size === 0
}

/** Undefined where nothing is. @throws UserError where that cannot be told */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EACCES' || code === 'EPERM')
      throw refused(
        path,
        'the database cannot be looked at: its folder is not readable',
        'Make the folder readable, or name another database with --db.',
      )
    throw systemFault(error, path) ?? error
  }
}

const refused = (path: string, what: string, hint: string): UserError =>
  new UserError(what, { location: path, hint })

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
  const db = await openSealed(path, options, writes)
  try {
    const version = await readVersion(db, path)
    if (version === schemaVersion) {
      await nameTables(db, version)
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

/** The store as `store`, read-only, in a database that reaches nothing else. */
async function openSealed(
  path: string,
  options: StoreOptions,
  writes: readonly string[] = [],
): Promise<Database> {
  const file = resolve(path)
  const files = ['', '.wal', '.wal.checkpoint', '.wal.recovery'].map((ending) => file + ending)
  return Database.openSealed(options, [...files, ...writes], (db) =>
    patiently(path, options, () => db.run(`ATTACH ${quoteText(file)} AS store (READ_ONLY)`)),
  )
}

/**
 * Makes the plain names of the attached store's tables known. They are views of our own, so that no name of the
 * file, a macro's say, is ever looked up.
 */
export async function nameTables(db: Database, version: number = schemaVersion): Promise<void> {
  const names = ['meta', ...tablesAt(version).keys()]
  await db.run(names.map((name) => `CREATE TEMP VIEW ${name} AS FROM store.main.${name}`).join(';'))
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
  await patiently(path, options, () =>
    db.run(
      `ATTACH ${quoteText(path)} AS store${path === ':memory:' ? '' : ` (STORAGE_VERSION '${storageVersion}')`}`,
    ),
  )
  const detach = async (): Promise<void> => {
    if (path !== ':memory:') await db.run('DETACH store')
  }
  let result: T
  try {
    await db.run('BEGIN')
    await migrate(db, path)
    result = await work()
    await db.run('COMMIT')
  } catch (error) {
    // What failed is told, and not what fails after it.
    await db.run('ROLLBACK').catch(() => undefined)
    await detach().catch(() => undefined)
    throw error
  }
  await detach()
  return result
}

/** Attaches the store to `db` as `store` read-only, runs `work` and detaches. */
export async function readStore<T>(
  db: Database,
  path: string,
  options: StoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  assertDuckDbFile(path)
  await patiently(path, options, () => db.run(`ATTACH ${quoteText(path)} AS store (READ_ONLY)`))
  try {
    await readVersion(db, path)
    return await work()
  } finally {
    await db.run('DETACH store')
  }
}

/** DuckDB files carry "DUCK" at byte 8; anything else is refused before DuckDB touches it. */
function assertDuckDbFile(path: string): void {
  const head = Buffer.alloc(12)
  let read = 0
  try {
    const file = openSync(path, 'r')
    read = readSync(file, head, 0, 12, 0)
    closeSync(file)
  } catch (error) {
    throw (
      machineFault(error, path) ??
      new UserError('the database cannot be read: no permission', {
        location: path,
        hint: 'Make it readable, or name another with --db.',
        cause: error,
      })
    )
  }
  if (read < 12 || head.toString('latin1', 8, 12) !== 'DUCK') {
    throw refused(
      path,
      'this file is not a database of llmcost',
      'Name another file with --db; this one was left as it was.',
    )
  }
}
