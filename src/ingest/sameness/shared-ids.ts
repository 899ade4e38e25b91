/**
 * Names of calls that share an id with others of their source: the id as logged, `~` and a hash of what
 * tells them apart. A call that is alone under its id keeps the id as logged, whatever was there before.
 */
import type { Database } from '../../db/database.js'
import { readColumns } from '../../domain/call.js'
import { apartId, isKept } from '../typing/identity.js'
import { anyIn } from '../staged-facts.js'
import type { StoredCalls } from './stored-calls.js'

/** How many staged calls share an id with others, and how many ids that are. */
export interface Shared {
  readonly calls: number
  readonly ids: number
}

/**
 * Makes `lost_ids` (source, id): ids, as logged, of calls in files that are about to be taken out which
 * have an effect on the calls that stay.
 */
export async function noteLostIds(db: Database, files: readonly number[]): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE lost_ids (source VARCHAR, id VARCHAR)')
  if (files.length === 0) return
  const of = `file_id IN (${files.join(', ')})`
  await db.run(`INSERT INTO lost_ids SELECT source, logged_id FROM store.calls WHERE ${of} AND logged_id IS NOT NULL
    UNION SELECT source, coalesce(logged_id, call_id) FROM store.same_calls WHERE ${of}`)
}

/**
 * Makes `names` (row or stored_row and held, call_id, logged_id) of the staged calls that can't have the id
 * as logged, and of the stored ones whose name changes. Needs what `dedupeAgainstStore` and `noteLostIds` made.
 */
export async function nameSharedIds(db: Database, stored: StoredCalls): Promise<Shared> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE names (row BIGINT, stored_row BIGINT, held BOOLEAN, plain VARCHAR, call_id VARCHAR, logged_id VARCHAR)',
  )
  if (!(await anyIn(db, 'repeated', 'meeting', 'replaced', 'lost_ids'))) return { calls: 0, ids: 0 }
  await db.run(`CREATE OR REPLACE TEMP TABLE shared_ids AS
    SELECT source, call_id AS id FROM identified i WHERE i.row IN (SELECT row FROM repeated) AND ${isKept('i')}
      GROUP BY ALL HAVING count(*) > 1 AND count(id_kind) > 0
    UNION SELECT source, call_id FROM identified i WHERE i.row IN (SELECT row FROM meeting UNION ALL SELECT row FROM replaced)
      AND i.id_kind IS NOT NULL AND ${isKept('i')}
    UNION SELECT source, id FROM lost_ids`)
  const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM shared_ids')
  if (n === 0) return { calls: 0, ids: 0 }
  const columns = readColumns.map(({ name }) => name).filter((name) => name !== 'file_id')
  const own = columns.filter((name) => !['call_id', 'logged_id'].includes(name)).map((name) => `i.${name}`)
  const kept = columns.map((name) => `c.${name}`)
  await db.run(`INSERT INTO names
    WITH namesakes AS (
      SELECT i.row, CAST(NULL AS BIGINT) AS stored_row, false AS held, i.call_id AS plain,
        i.call_id, CAST(NULL AS VARCHAR) AS logged_id, ${own.join(', ')}
      FROM keyed i JOIN shared_ids s ON s.source = i.source AND s.id = i.call_id WHERE ${isKept('i')}
      UNION ALL BY NAME
      SELECT CAST(NULL AS BIGINT) AS row, c.stored_row, c.held, c.plain, ${kept.join(', ')}
      FROM ${stored.relation} c JOIN shared_ids s ON s.source = c.source AND s.id = c.plain
      WHERE NOT EXISTS (SELECT 1 FROM replaced r WHERE r.stored_row = c.stored_row AND r.held = c.held)),
    named AS (
      SELECT *, CASE WHEN id_kind IS NOT NULL AND count(*) OVER (PARTITION BY source, plain) > 1 THEN ${apartId('x.plain', 'x')} ELSE plain END AS new_id
      FROM namesakes x)
    SELECT row, stored_row, held, plain, new_id, CASE WHEN new_id <> plain THEN plain END FROM named WHERE new_id <> call_id`)
  return db.one<{ calls: number; ids: number } & Shared>(
    'SELECT count(*) AS calls, count(DISTINCT plain) AS ids FROM names WHERE row IS NOT NULL',
  )
}

/** Gives stored calls their new names; those of `same_calls` are written anew with what came of them. */
export async function renameStored(db: Database): Promise<void> {
  if (!(await anyIn(db, 'names'))) return
  await db.run(`UPDATE store.calls SET call_id = n.call_id, logged_id = n.logged_id FROM names n
    WHERE calls.rowid = n.stored_row AND NOT n.held`)
}
