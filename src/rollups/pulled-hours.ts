/** Hours whose cells came from an engine or another store, and the days whose sketches and users came with them. */
import type { Database } from '../db/database.js'
import { hourOf } from './hours.js'

/** Importer of rows of `files` whose calls are not in the store, only sums of them. */
export const rollupImporter = 'rollup'

/** SQL: `file_id` and beginning of each UTC day of which a source has brought hours. */
export const daysOfPulled =
  'SELECT DISTINCT file_id, make_timestamp(hour // 24 * 86400000000) AS ts FROM store.main.pulled_hours'

/** Takes out what is known of days beside their cells. @param days SELECT of `file_id` and `ts` */
export async function dropDays(db: Database, days: string): Promise<void> {
  for (const table of ['daily_sketches', 'daily_users'])
    await db.run(
      `DELETE FROM store.main.${table} WHERE file_id IS NOT NULL AND (file_id, ts) IN (SELECT (file_id, ts) FROM (${days}))`,
    )
}

/** The same for all days of hours that are about to change. @param hours condition on `pulled_hours` */
export const dropDaysOf = (db: Database, hours: string): Promise<void> =>
  dropDays(db, `${daysOfPulled} WHERE ${hours}`)

/**
 * Takes such hours out.
 * @param hours SELECT of hours
 * @param returning SELECT of those of which the same comes again at once: what is known of their days stays
 */
export async function deletePulled(db: Database, hours: string, returning?: string): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE leaving_hours AS ${hours}`)
  await dropDaysOf(db, `hour IN (FROM leaving_hours${returning === undefined ? '' : ` EXCEPT ${returning}`})`)
  await db.run(
    `DELETE FROM store.main.hourly_labels WHERE owner = 'cube' AND ${hourOf('ts')} IN (FROM leaving_hours)`,
  )
  await db.run('DELETE FROM store.main.pulled_hours WHERE hour IN (FROM leaving_hours)')
  await addUpSources(db)
}

/** Takes out what a source has brought, and of an hour that it shares its own part alone. */
export async function deleteSource(db: Database, fileId: number): Promise<void> {
  await dropDaysOf(db, `file_id = ${fileId}`)
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
