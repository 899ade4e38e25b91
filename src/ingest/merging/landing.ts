/** Under which numbers the files of a run come into the store, and what they take the place of. */
import type { Database } from '../../db/database.js'
import type { KnownFile } from '../files.js'
import type { Refused } from '../refuse.js'
import type { Run } from '../stage-files.js'

/** What the landing files are called in the store, and what they take the place of. */
export interface Landing {
  readonly ingestId: number
  /** Staged file number and file_id, in order. */
  readonly ids: readonly (readonly [number, number])[]
  readonly continued: ReadonlyMap<number, KnownFile>
  readonly replaced: readonly { readonly file: KnownFile; readonly grown: boolean }[]
}

/** Gives the files their numbers, in the table `file_ids`. */
export async function planLanding(db: Database, run: Run, refused: Refused): Promise<Landing> {
  const { id, file } = await db.one<{ id: number; file: number }>(
    'SELECT coalesce((SELECT max(ingest_id) FROM store.ingests), 0) + 1 AS id, coalesce((SELECT max(file_id) FROM store.files), 0) + 1 AS file',
  )
  const landing = run.entries.filter((e) => e.fileNo !== undefined && !refused.has(e.fileNo))
  const continued = new Map<number, KnownFile>()
  for (const { verdict, fileNo } of landing) {
    const goesOn = verdict.action === 'continue' || verdict.action === 'recount'
    if (goesOn && run.stage.files[fileNo!]!.segment.reading.fromLine > 0)
      continued.set(fileNo!, verdict.known)
  }
  let next = file
  const ids = landing.map((e) => [e.fileNo!, continued.get(e.fileNo!)?.file_id ?? next++] as const)
  await db.run('CREATE OR REPLACE TEMP TABLE file_ids (file_no BIGINT, file_id BIGINT)')
  for (let at = 0; at < ids.length; at += 500) {
    const pairs = ids.slice(at, at + 500).map((pair) => `(${pair.join(', ')})`)
    await db.run(`INSERT INTO file_ids VALUES ${pairs.join(', ')}`)
  }
  const replaced = landing.flatMap(({ verdict }) =>
    verdict.action === 'read' && verdict.replaces
      ? [{ file: verdict.replaces, grown: verdict.grown === true }]
      : [],
  )
  return { ingestId: id, ids, continued, replaced }
}

/** FROM item: the calls that this run brought into the store. */
export function mergedCalls(landing: Landing): string {
  // What earlier runs read of a file that grew is not of this one.
  if (landing.continued.size === 0)
    return '(SELECT * FROM store.calls WHERE file_id IN (SELECT file_id FROM file_ids))'
  return `(SELECT c.* FROM store.calls c JOIN file_ids f ON c.file_id = f.file_id JOIN segments g ON f.file_no = g.file_no
    WHERE c.line > greatest(g.line_base, g.known_lines))`
}
