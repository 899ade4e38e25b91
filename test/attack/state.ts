/** What a store holds, to the last value, as one hash; and which values name the moment of a run. */
import { createHash } from 'node:crypto'
import { Database } from '../../src/db/database.js'
import { openStoreBeforeWriting } from '../../src/db/store.js'

/** Columns that say when a run was, by table; all others follow from what was read. */
const ofTheRun: Readonly<Record<string, readonly string[]>> = {
  ingests: ['started_at', 'finished_at'],
}

/**
 * Hash of all rows of all tables, in any order; `no store` for one that a first ingest was about to make.
 * @param tables those alone, where given
 */
export async function stateOf(path: string, tables?: readonly string[]): Promise<string> {
  // What a killed run left half written is put right by whoever opens the store, as any command does.
  const looked = await openStoreBeforeWriting(path, { threads: 1, lockTimeoutMs: 60_000 })
  if (looked === undefined) return 'no store'
  looked.close()
  const db = await Database.open(path, 'read', { threads: 1 })
  try {
    const hash = createHash('sha256')
    const { rows } = await db.query<{ name: string; columns: string }>(
      `SELECT table_name AS name, string_agg(column_name || ' ' || data_type, ', ' ORDER BY column_index) AS columns
       FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'
         AND table_name IN (SELECT table_name FROM duckdb_tables()) GROUP BY table_name ORDER BY table_name`,
    )
    if (rows.length === 0) return 'no store'
    for (const { name, columns } of rows.filter((row) => tables?.includes(row.name) ?? true)) {
      hash.update(`\n${name} (${columns})\n`)
      const volatile = ofTheRun[name]
      const kept = volatile === undefined ? '*' : `* EXCLUDE (${volatile.join(', ')})`
      const lines = await db.query<{ line: string }>(
        `SELECT CAST(to_json(r) AS VARCHAR) AS line FROM (SELECT ${kept} FROM ${name}) r ORDER BY line`,
      )
      for (const { line } of lines.rows) hash.update(`${line}\n`)
    }
    return hash.digest('hex')
  } finally {
    db.close()
  }
}
