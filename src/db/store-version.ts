/** Which schema a store has: whether it is ours, and how it is brought up to date. */
import { UserError } from '../errors.js'
import { quoteText, type Database } from './database.js'
import { migrations, schemaVersion, views } from './schema.js'

/** Runs the missing migrations inside the caller's transaction. */
export async function migrate(db: Database, path: string): Promise<void> {
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

export async function readVersion(db: Database, catalog: string, path: string): Promise<number> {
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
export async function isEmpty(db: Database, catalog: string): Promise<boolean> {
  const name = catalog === 'main' ? 'current_database()' : quoteText(catalog)
  const { n } = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = ${name}`,
  )
  return n === 0
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
