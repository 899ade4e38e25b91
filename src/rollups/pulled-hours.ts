/** Hours whose cells came from an engine or another store. */
import type { Database } from '../db/database.js'
import { hourOf } from './hours.js'

/** Importer of rows of `files` whose calls are not in the store, only sums of them. */
export const rollupImporter = 'rollup'

/** Takes such hours out. @param hours SELECT of hours */
export async function deletePulled(db: Database, hours: string): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE leaving_hours AS ${hours}`)
  await db.run(
    `DELETE FROM store.main.hourly_labels WHERE owner = 'cube' AND ${hourOf('ts')} IN (FROM leaving_hours)`,
  )
  await db.run('DELETE FROM store.main.pulled_hours WHERE hour IN (FROM leaving_hours)')
  await addUpSources(db)
}

/** Takes out what a source has brought, and of an hour that it shares its own part alone. */
export async function deleteSource(db: Database, fileId: number): Promise<void> {
  await db.run(
    `DELETE FROM store.main.hourly_labels AS h WHERE owner = 'cube' AND EXISTS (
      SELECT 1 FROM store.main.pulled_hours p WHERE p.file_id = $file AND p.hour = ${hourOf('h.ts')} AND (p.source IS NULL OR p.source = h.source))`,
    { file: fileId },
  )
  await db.run('DELETE FROM store.main.pulled_hours WHERE file_id = $file', { file: fileId })
  await addUpSources(db)
}

/** Adds up what each source has brought: rows of the table there that count, and those that were refused. */
export const addUpSources = (db: Database): Promise<number> =>
  db.run(`UPDATE store.main.files AS f SET lines = t.lines, imported = t.lines - t.rejected, rejected = t.rejected
    FROM (SELECT g.file_id, CAST(coalesce(sum(row_count), 0) AS BIGINT) AS lines,
        CAST(coalesce(sum(CASE WHEN refused IS NULL THEN 0 ELSE list_sum(map_values(refused)) END), 0) AS BIGINT) AS rejected
      FROM store.main.files g LEFT JOIN store.main.pulled_hours h ON h.file_id = g.file_id
      WHERE g.importer = '${rollupImporter}' GROUP BY g.file_id) t
    WHERE t.file_id = f.file_id`)
