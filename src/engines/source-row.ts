/** The row of `files` that names a source of cells, with what all of its hours come to. */
import type { Database } from '../db/database.js'
import type { KeepRequest } from './keep.js'

/** Importer of rows of `files` whose calls are not in the store, only sums of them. */
export const rollupImporter = 'rollup'

/** The row of a source, made where there is none. */
export async function sourceRow(
  db: Database,
  { source, options, now }: KeepRequest,
): Promise<{ readonly fileId: number }> {
  const { id } = await db.one<{ id: number }>(
    `SELECT coalesce((SELECT max(file_id) FROM store.main.files WHERE path = $source AND importer = '${rollupImporter}'),
      (SELECT coalesce(max(file_id), 0) + 1 FROM store.main.files)) AS id`,
    { source },
  )
  await db.run('DELETE FROM store.main.files WHERE file_id = $id', { id })
  await db.run(
    `INSERT INTO store.main.files BY NAME
    SELECT CAST($id AS BIGINT) AS file_id, $source AS path, '${rollupImporter}' AS importer, $options AS options,
      0 AS size, CAST($now AS BIGINT) AS mtime_ms, 0 AS bytes_read, true AS ends_with_newline, '' AS head_hash, '' AS tail_hash,
      0 AS lines, 0 AS imported, 0 AS duplicates, 0 AS superseded, 0 AS skipped, 0 AS rejected,
      NULL AS repairs, false AS content_ids, true AS current,
      (SELECT coalesce(max(ingest_id), 0) FROM store.main.ingests) AS ingest_id`,
    { id, source, options, now: now.getTime() },
  )
  return { fileId: id }
}

/** Adds up what each source has brought: rows of the table there that count, and those that were refused. */
export const addUpSources = (db: Database): Promise<number> =>
  db.run(`UPDATE store.main.files AS f SET lines = t.lines, imported = t.lines - t.rejected, rejected = t.rejected
    FROM (SELECT g.file_id, CAST(coalesce(sum(row_count), 0) AS BIGINT) AS lines,
        CAST(coalesce(sum(CASE WHEN refused IS NULL THEN 0 ELSE list_sum(map_values(refused)) END), 0) AS BIGINT) AS rejected
      FROM store.main.files g LEFT JOIN store.main.pulled_hours h ON h.file_id = g.file_id
      WHERE g.importer = '${rollupImporter}' GROUP BY g.file_id) t
    WHERE t.file_id = f.file_id`)
