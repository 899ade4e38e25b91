/** Which schema a store has: whether it is ours, and how it is brought up to date. */
import { UserError } from '../errors.js'
import type { Database } from './database.js'
import { inStore, metaTable, migrations, newestTables, schemaVersion } from './schema.js'
import { assertOurTables, isMeta, tablesOf } from './shape.js'

/** Runs the missing migrations inside the caller's transaction. */
export async function migrate(db: Database, path: string): Promise<void> {
  let version = 0
  if (!(await isEmpty(db))) version = await readVersion(db, path)
  else {
    await db.run(inStore(metaTable))
    await db.run("INSERT INTO store.main.meta VALUES ('application', 'llmcost'), ('schema_version', '0')")
  }
  if (version === schemaVersion) return
  const missing = version === 0 ? newestTables() : migrations.slice(version).flat()
  for (const statement of missing) await db.run(inStore(statement))
  assertOurTables(await tablesOf(db, 'store'), schemaVersion, path)
  await db.run(`UPDATE store.main.meta SET value = '${schemaVersion}' WHERE key = 'schema_version'`)
}

/**
 * The schema version of the attached store, whose tables are all as llmcost makes them.
 * @throws UserError when there is none, or the file is not ours
 */
export async function readVersion(db: Database, path: string): Promise<number> {
  const tables = await tablesOf(db, 'store')
  if (tables.size === 0 && (await isEmpty(db))) throw noStore(path)
  const version = isMeta(tables.get('meta')) ? await versionIn(db, path) : undefined
  if (version === undefined) throw notOfLlmcost(path)
  if (version > schemaVersion) {
    throw new UserError(`the database has schema version ${version}; this program knows ${schemaVersion}`, {
      location: path,
      hint: 'A newer llmcost wrote it: update llmcost. The file was left as it was.',
    })
  }
  assertOurTables(tables, version, path)
  return version
}

async function versionIn(db: Database, path: string): Promise<number | undefined> {
  const { rows } = await db.query<{ key: string; value: string }>('SELECT key, value FROM store.main.meta')
  const values = new Map(rows.map((row) => [row.key, row.value]))
  if (values.get('application') !== 'llmcost') return undefined
  const said = values.get('schema_version')
  if (/^\d{1,6}$/.test(said ?? '')) return Number(said)
  const what = `the database says no version of its tables: schema_version is ${said ?? 'missing'}`
  throw new UserError(what, {
    location: path,
    hint: 'It is damaged, and was left as it was. Restore a copy, or move it away and ingest the logs again.',
  })
}

/** True for a database that an interrupted first ingest left behind. */
export async function isEmpty(db: Database): Promise<boolean> {
  const { n } = await db.one<{ n: number }>(
    "SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = 'store'",
  )
  return n === 0
}

/** What is said of a DuckDB file that somebody else made. */
export function notOfLlmcost(path: string): UserError {
  return new UserError('this is a DuckDB file, but not one of llmcost', {
    location: path,
    hint: 'Name another file with --db; this one was left as it was.',
  })
}

/** What is said of a store that is not there. */
export function noStore(path: string): UserError {
  return new UserError('no calls have been ingested yet', {
    location: path,
    hint: [
      'llmcost ingest <logs>          read call logs into the database',
      'llmcost report                 then ask',
      'llmcost report --input <logs>  or ask without a database',
    ],
  })
}
