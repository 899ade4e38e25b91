/**
 * What a source says that a session used in all gives way to the session's calls, whichever comes first: both
 * would count the same tokens twice. Costs nothing where no importer of the run states totals.
 */
import type { Database } from '../../db/database.js'
import { sessionTotal } from '../../domain/call.js'
import { isOneOf } from '../typing/columns.js'
import { isKept } from '../typing/identity.js'
import { anyIn, stagedFacts } from '../staged-facts.js'
import type { StoredCalls } from './stored-calls.js'

/** SQL: true for a total. */
const isTotal = (x: string): string => `${x}.operation IS NOT DISTINCT FROM '${sessionTotal}'`

/**
 * Gives totals their verdict whose session has calls, staged or stored, and lists stored totals in `replaced`
 * with a call that takes their place.
 * @param sources ids of the run's importers that state totals
 */
export async function preferCalls(
  db: Database,
  stored: StoredCalls,
  sources: readonly string[],
): Promise<void> {
  if (sources.length === 0) return
  await db.run(
    'CREATE OR REPLACE TEMP TABLE outdone (row BIGINT, stored_row BIGINT, held BOOLEAN, file_id BIGINT)',
  )
  if (!stored.holdsTotals && (await stagedFacts(db)).totals === 0) return
  const mine = (x: string): string => `${isOneOf(`${x}.source`, sources)} AND ${x}.session_id IS NOT NULL`
  await db.run(`CREATE OR REPLACE TEMP TABLE told_sessions AS
    SELECT i.source, i.session_id, min(i.row) FILTER (i.row NOT IN (SELECT row FROM verdicts)) AS row FROM identified i
    WHERE i.state = 'call' AND NOT ${isTotal('i')} AND ${mine('i')} GROUP BY ALL`)
  await db.run(`INSERT INTO outdone
    SELECT t.row, c.stored_row, c.held, c.file_id FROM ${stored.relation} c
    JOIN told_sessions t ON t.source = c.source AND t.session_id = c.session_id
    WHERE ${isTotal('c')} AND t.row IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM replaced r WHERE r.stored_row = c.stored_row AND r.held = c.held)`)
  await db.run('INSERT INTO replaced SELECT row, stored_row, held FROM outdone')
  await db.run(`INSERT INTO verdicts SELECT i.row, 'duplicate' FROM identified i
    WHERE ${isKept('i')} AND ${isTotal('i')} AND ${mine('i')} AND ((i.source, i.session_id) IN (SELECT (source, session_id) FROM told_sessions)
      OR (i.source, i.session_id) IN (SELECT (c.source, c.session_id) FROM ${stored.relation} c WHERE NOT ${isTotal('c')} AND ${mine('c')}))`)
}

/** Notes in the store which files have totals that gave way: where the calls are forgotten, they are read again. */
export async function bookOutdone(db: Database, sources: readonly string[]): Promise<void> {
  if (sources.length === 0 || !(await anyIn(db, 'outdone'))) return
  await db.run(`UPDATE store.files SET imported = imported - o.n, superseded = superseded + o.n
    FROM (SELECT file_id, count(*) AS n FROM outdone GROUP BY file_id) o WHERE files.file_id = o.file_id`)
}
