/**
 * The store: one DuckDB file. Who may open it how, who waits for whom, and what is said when it is
 * not there, not ours, too new, damaged or locked.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { Database, ensureFolder, quoteText, type Resources } from './database.js'
import { migrations, schemaVersion, views } from './schema.js'

/** File format of new stores: compresses text faster and smaller than DuckDB's default, which suits older readers. */
const storageVersion = 'v1.4.0'

/** Another process holds the store's lock, and held it as long as one would wait. */
export class StoreInUse extends UserError {}

export interface StoreOptions extends Resources {
  /** How long to wait for another process's lock, ms. */
  readonly lockTimeoutMs: number
  /** Called once when waiting begins, with the process waited for. */
  readonly onWait?: (pid: string) => void
}

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
  const db = await patiently(path, options, () => Database.open(path, 'read', options))
  try {
    if (!(await isEmpty(db, 'main'))) {
      await readVersion(db, 'main', path)
      return db
    }
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  return undefined
}

const isAbsent = (path: string): boolean => !existsSync(path) || statSync(path).size === 0

/**
 * Opens the store for questions: read-only. A store of an older version of the program is brought up to
 * date first, once, as any writer would.
 * @throws UserError when there is no store or it can't be read
 */
export async function openStoreForReading(path: string, options: StoreOptions): Promise<Database> {
  if (isAbsent(path)) throw noStore(path)
  assertDuckDbFile(path)
  const read = (): Promise<Database> => patiently(path, options, () => Database.open(path, 'read', options))
  const db = await read()
  try {
    if ((await readVersion(db, 'main', path)) === schemaVersion) return db
  } catch (error) {
    db.close()
    throw error
  }
  db.close()
  await bringUpToDate(path, options)
  return read()
}

async function bringUpToDate(path: string, options: StoreOptions): Promise<void> {
  const db = await Database.open(':memory:', 'write', options)
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
  await patiently(path, options, () =>
    db.run(
      `ATTACH ${quoteText(path)} AS store${path === ':memory:' ? '' : ` (STORAGE_VERSION '${storageVersion}')`}`,
    ),
  )
  try {
    await db.run('BEGIN')
    try {
      await migrate(db, path)
      const result = await work()
      await db.run('COMMIT')
      return result
    } catch (error) {
      await db.run('ROLLBACK').catch(() => undefined)
      throw error
    }
  } finally {
    if (path !== ':memory:') await db.run('DETACH store')
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
  await patiently(path, options, () => db.run(`ATTACH ${quoteText(path)} AS store (READ_ONLY)`))
  try {
    await readVersion(db, 'store', path)
    return await work()
  } finally {
    await db.run('DETACH store')
  }
}

/** Runs the missing migrations inside the caller's transaction. */
async function migrate(db: Database, path: string): Promise<void> {
  let version = 0
  if (!(await isEmpty(db, 'store'))) version = await readVersion(db, 'store', path)
  else {
    await db.run('CREATE TABLE store.meta (key VARCHAR NOT NULL, value VARCHAR)')
    await db.run("INSERT INTO store.meta VALUES ('application', 'llmcost'), ('schema_version', '0')")
  }
  if (version === schemaVersion) return
  await db.run('USE store')
  for (const step of migrations.slice(version)) for (const statement of step) await db.run(statement)
  for (const view of views) await db.run(`CREATE OR REPLACE VIEW ${view.name} AS ${view.select}`)
  await db.run('USE memory')
  await db.run(`UPDATE store.meta SET value = '${schemaVersion}' WHERE key = 'schema_version'`)
}

async function readVersion(db: Database, catalog: string, path: string): Promise<number> {
  const name = catalog === 'main' ? 'meta' : `${catalog}.meta`
  const meta = await db
    .query<{ key: string; value: string }>(`SELECT key, value FROM ${name}`)
    .catch(() => ({ rows: [] as { key: string; value: string }[] }))
  if (meta.rows.length === 0 && (await isEmpty(db, catalog))) throw noStore(path)
  const values = new Map(meta.rows.map((row) => [row.key, row.value]))
  if (values.get('application') !== 'llmcost') {
    throw new UserError('this is a DuckDB file, but not one of llmcost', {
      location: path,
      hint: 'Name another file with --db; this one was left as it was.',
    })
  }
  const version = Number(values.get('schema_version'))
  if (version > schemaVersion) {
    throw new UserError(`the database has schema version ${version}; this program knows ${schemaVersion}`, {
      location: path,
      hint: 'A newer llmcost wrote it: update llmcost. The file was left as it was.',
    })
  }
  return version
}

/** True for a database that an interrupted first ingest left behind. */
async function isEmpty(db: Database, catalog: string): Promise<boolean> {
  const name = catalog === 'main' ? 'current_database()' : quoteText(catalog)
  const { n } = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = ${name}`,
  )
  return n === 0
}

/** Tries to open until it works or the lock's time is up. */
async function patiently<T>(path: string, options: StoreOptions, open: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + options.lockTimeoutMs
  let told = false
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 250)) {
    try {
      return await open()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const pid = lockHolder(message)
      if (pid === undefined) throw openError(path, error, message)
      if (Date.now() >= deadline) {
        throw new StoreInUse(`the database is in use by process ${pid}`, {
          location: path,
          hint: 'Wait for it to end, or wait longer with --lock-timeout 5m.',
          cause: error,
        })
      }
      if (!told) options.onWait?.(pid)
      told = true
      await sleep(pause)
    }
  }
}

/** The process id in DuckDB's words about a lock, or undefined when the error is another one. */
function lockHolder(message: string): string | undefined {
  if (!/lock/i.test(message) || !/conflicting lock|could not set lock|used by another process/i.test(message))
    return undefined
  return /PID (\d+)/.exec(message)?.[1] ?? 'unknown'
}

function openError(path: string, error: unknown, message: string): Error {
  if (error instanceof UserError) return error
  if (/permission denied|read-only|readonly/i.test(message)) {
    return new UserError('the database cannot be written: no permission', {
      location: path,
      hint: 'Make the file and its folder writable, or name another with --db.',
      cause: error,
    })
  }
  if (/no such file|cannot open|does not exist/i.test(message)) {
    return new UserError('the database cannot be opened', {
      location: path,
      hint: 'Check the path given by --db.',
      cause: error,
    })
  }
  return new UserError('the database is damaged or was written by another DuckDB', {
    location: path,
    hint: 'It was left as it was. Restore a copy, or move it away and ingest the logs again.',
    cause: error,
  })
}

function noStore(path: string): UserError {
  return new UserError('no calls have been ingested yet', {
    location: path,
    hint: 'llmcost ingest <logs>          read call logs into the database\nllmcost report                 then ask\nllmcost report --input <logs>  or ask without a database',
  })
}

/** DuckDB files carry "DUCK" at byte 8; anything else is refused before DuckDB touches it. */
function assertDuckDbFile(path: string): void {
  const stat = statSync(path)
  const refuse = (what: string, hint: string): never => {
    throw new UserError(what, { location: path, hint })
  }
  if (stat.isDirectory()) refuse('the database path is a folder', 'Name a file with --db.')
  const head = Buffer.alloc(12)
  let read = 0
  try {
    const file = openSync(path, 'r')
    read = readSync(file, head, 0, 12, 0)
    closeSync(file)
  } catch (error) {
    throw new UserError('the database cannot be read: no permission', {
      location: path,
      hint: 'Make it readable, or name another with --db.',
      cause: error,
    })
  }
  if (read < 12 || head.toString('latin1', 8, 12) !== 'DUCK') {
    refuse(
      'this file is not a database of llmcost',
      'Name another file with --db; this one was left as it was.',
    )
  }
}
