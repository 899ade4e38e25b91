/** The row of `files` that names a source of cells, with what all of its hours come to. */
import type { Database } from '../db/database.js'
import { rollupImporter } from '../rollups/pulled-hours.js'
import type { KeepRequest } from './keep.js'

/** The row of a source, made where there is none. */
export async function sourceRow(
  db: Database,
  { source, options, now }: Pick<KeepRequest, 'source' | 'options' | 'now'>,
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
