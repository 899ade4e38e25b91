/**
 * Sameness of records of one source, within the run and against the store, as sets. Copies of a call:
 * the largest output wins, then the latest time, then the smallest revision id. No id: equal lines of one
 * file are distinct calls; across files the greatest multiplicity counts. File order never decides.
 */
import type { Database } from '../../db/database.js'
import { fieldsAgree, isKept, isStored, keyOf, ranking, ranksBefore } from '../typing/identity.js'
import { joinCopies, joinStoredCopies } from './requests.js'
import type { StoredCalls } from './stored-calls.js'

/**
 * Makes `identified` (row, source, call_id) for staged calls, `keyed`, the same under the providers that
 * their names resolve to, and `verdicts` (row, verdict) for those that are not kept: `known`, `duplicate`
 * or `superseded`.
 */
export async function dedupeStaged(db: Database): Promise<void> {
  await db.run('CREATE TEMP TABLE verdicts (row BIGINT, verdict VARCHAR)')
  await db.run('CREATE TEMP TABLE ordinals (row BIGINT, ordinal BIGINT)')
  await numberEqualLines(db)
  await db.run(`CREATE TEMP VIEW identified AS
    SELECT l.* EXCLUDE (call_id),
      coalesce(l.call_id, '#' || l.line_hash || coalesce('-' || CAST(o.ordinal AS VARCHAR), '')) AS call_id
    FROM located l LEFT JOIN ordinals o ON l.row = o.row`)
  await db.run(`CREATE TEMP VIEW keyed AS
    SELECT i.* REPLACE (coalesce(m.provider, i.provider) AS provider)
    FROM identified i LEFT JOIN resolved m ON i.model = m.model AND i.provider IS NOT DISTINCT FROM m.given_provider`)
  await db.run(
    `INSERT INTO verdicts SELECT row, 'known' FROM located WHERE known_lines > 0 AND line <= known_lines`,
  )
  await chooseAmongRepeats(db)
  await joinCopies(db)
}

/** Second and further equal lines of one file get their number: they are calls of their own. */
async function numberEqualLines(db: Database): Promise<void> {
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM (
    SELECT 1 FROM staged WHERE line_hash IS NOT NULL GROUP BY hash(line_hash) HAVING count(*) > 1)`)
  if (n === 0) return
  await db.run(`INSERT INTO ordinals SELECT row, ordinal FROM (
      SELECT row, row_number() OVER (PARTITION BY file_no, line_hash ORDER BY row) AS ordinal FROM located
      WHERE line_hash IN (SELECT line_hash FROM staged WHERE line_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1))
    WHERE ordinal > 1`)
}

/** Makes `repeated` (row) of the kept staged calls whose id others of their source carry too. */
async function chooseAmongRepeats(db: Database): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE repeated (row BIGINT)')
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM (
    SELECT 1 FROM identified WHERE state = 'call' GROUP BY hash(source, call_id) HAVING count(*) > 1)`)
  if (n === 0) return
  await db.run(`INSERT INTO repeated SELECT i.row FROM identified i WHERE ${isKept('i')} AND hash(source, call_id) IN (
      SELECT hash(source, call_id) FROM identified WHERE state = 'call' GROUP BY ALL HAVING count(*) > 1)`)
  // A copy before the chosen one was superseded by it; a copy after it says nothing new.
  await db.run(`INSERT INTO verdicts
    WITH ranked AS (
      SELECT i.row, first_value(i.row) OVER w AS chosen
      FROM keyed i WHERE i.row IN (SELECT row FROM repeated)
      WINDOW w AS (PARTITION BY i.source, i.call_id, i.id_kind, ${keyOf('i')} ORDER BY ${ranking('i')}, i.row))
    SELECT row, CASE WHEN row < chosen THEN 'superseded' ELSE 'duplicate' END FROM ranked WHERE row <> chosen`)
  // A record under the id of a call and the same record under that id as anybody's.
  await db.run(`INSERT INTO verdicts
    SELECT DISTINCT a.row, 'duplicate' FROM keyed a JOIN keyed b ON a.source = b.source AND a.call_id = b.call_id AND ${fieldsAgree('a', 'b')}
    WHERE a.id_kind = 'any' AND b.id_kind IS DISTINCT FROM 'any'
      AND a.row IN (SELECT row FROM repeated) AND b.row IN (SELECT row FROM repeated) AND ${isKept('a')} AND ${isKept('b')}`)
  await db.run('DELETE FROM repeated WHERE row IN (SELECT row FROM verdicts)')
}

/**
 * Compares with the attached store: staged calls that it has as good or better become duplicates; those
 * that are better are listed in `replaced` (row, stored_row, held). Makes `meeting` (row) of those under an
 * id of kind `any` that the store has too.
 */
export async function dedupeAgainstStore(db: Database, stored: StoredCalls): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE replaced (row BIGINT, stored_row BIGINT, held BOOLEAN)')
  await db.run('CREATE OR REPLACE TEMP TABLE meeting (row BIGINT)')
  await db.run(
    'CREATE OR REPLACE TEMP TABLE met (row BIGINT, stored_row BIGINT, held BOOLEAN, better BOOLEAN)',
  )
  if (stored.sources.length > 0) await compareCopies(db, stored)
  await joinStoredCopies(db, stored)
}

async function compareCopies(db: Database, stored: StoredCalls): Promise<void> {
  const staged = await db.one<{ any_ids: boolean; other_ids: boolean }>(
    `SELECT coalesce(bool_or(id_kind = 'any'), false) AS any_ids, coalesce(bool_or(id_kind IS DISTINCT FROM 'any'), false) AS other_ids
     FROM located WHERE state = 'call'`,
  )
  const isAny = `'any' IN (coalesce(i.id_kind, ''), coalesce(c.id_kind, ''))`
  const pairs = `${stored.relation} c JOIN identified i ON c.source = i.source AND c.plain = i.call_id`
  if (staged.other_ids)
    await db.run(`INSERT INTO met SELECT i.row, c.stored_row, c.held, ${ranksBefore('i', 'c')} FROM ${pairs}
    WHERE ${isKept('i')} AND NOT ${isAny}
      AND ('operation' NOT IN (coalesce(i.id_kind, ''), coalesce(c.id_kind, '')) OR i.operation IS NOT DISTINCT FROM c.operation)`)
  if (staged.any_ids || stored.hasAnyIds) await meetAnyIds(db, stored, isAny)
  await db.run(
    'INSERT INTO replaced SELECT row, stored_row, held FROM met WHERE row NOT IN (SELECT row FROM met WHERE NOT better)',
  )
  await db.run(`INSERT INTO verdicts SELECT DISTINCT row, 'duplicate' FROM met WHERE NOT better`)
}

/** Ids that may name several calls: first whether they meet at all, then whether the fields agree. */
async function meetAnyIds(db: Database, stored: StoredCalls, isAny: string): Promise<void> {
  await db.run(`INSERT INTO meeting SELECT i.row FROM identified i WHERE ${isKept('i')} AND i.row NOT IN (SELECT row FROM met)
    AND EXISTS (SELECT 1 FROM ${stored.relation} c WHERE c.source = i.source AND c.plain = i.call_id${stored.hasAnyIds ? '' : " AND i.id_kind = 'any'"})`)
  await db.run(`INSERT INTO met SELECT i.row, c.stored_row, c.held, ${ranksBefore('i', 'c')}
    FROM ${stored.relation} c JOIN keyed i ON c.source = i.source AND c.plain = i.call_id AND ${isStored('i', 'c')}
    WHERE i.row IN (SELECT row FROM meeting) AND ${isAny}`)
}
