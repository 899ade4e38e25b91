/**
 * Calls that are known by the ids of their requests beside their own: the sessions of an agent have the id of the
 * answer and of the request, its telemetry has that of the request alone. What copies of a call know of its
 * requests is put together, whichever of them is kept, so that no order of the files decides whom it meets.
 */
import type { Database } from '../../db/database.js'
import { isKept } from '../typing/identity.js'
import { anyIn, stagedFacts } from '../staged-facts.js'
import type { StoredCalls } from './stored-calls.js'

/** SQL: the ids of joined texts together, each once, in their own order. */
export const joinedIds = (texts: string): string =>
  `nullif(array_to_string(list_sort(list_distinct(string_split(string_agg(${texts}, ' '), ' '))), ' '), '')`

/** SQL: a list of the ids that a text joins. */
const idsIn = (text: string): string => `string_split(${text}, ' ')`

const anyStaged = async (db: Database): Promise<boolean> => (await stagedFacts(db)).requests > 0

/** Gives the kept copy of each staged call the requests that the others know. */
export async function joinCopies(db: Database): Promise<void> {
  if (!(await anyStaged(db))) return
  await db.run(`UPDATE staged SET request_ids = t.ids FROM (
      SELECT k.row, any_value(k.request_ids) AS own, ${joinedIds('i.request_ids')} AS ids
      FROM identified k JOIN identified i ON i.source = k.source AND i.call_id = k.call_id
      WHERE (k.source, k.call_id) IN (SELECT (source, call_id) FROM identified WHERE state = 'call' AND id_kind IS NULL
          GROUP BY source, call_id HAVING count(DISTINCT coalesce(request_ids, '')) > 1)
        AND ${isKept('k')} AND k.id_kind IS NULL AND i.state = 'call' AND i.id_kind IS NULL
      GROUP BY k.row) t
    WHERE staged.rowid = t.row AND t.ids IS DISTINCT FROM t.own`)
}

/**
 * Makes `told_requests` (stored_row, held, plain, source, request_ids) of the stored calls that a copy in this run
 * knows more requests of, and `joined_requests` (row, request_ids) of the staged calls that replace one which knows
 * some. Needs `met` and `replaced`.
 */
export async function joinStoredCopies(db: Database, stored: StoredCalls): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE told_requests (stored_row BIGINT, held BOOLEAN, plain VARCHAR, source VARCHAR, request_ids VARCHAR)',
  )
  await db.run('CREATE OR REPLACE TEMP TABLE joined_requests (row BIGINT, request_ids VARCHAR)')
  const staged = await anyStaged(db)
  const copies = `${stored.relation} c JOIN met m ON m.stored_row = c.stored_row AND m.held = c.held JOIN identified i ON i.row = m.row`
  const ofOneCall = 'i.id_kind IS NULL AND c.id_kind IS NULL'
  if (staged)
    await db.run(`INSERT INTO told_requests
      SELECT stored_row, held, plain, source, ids FROM (
        SELECT c.stored_row, c.held, any_value(c.plain) AS plain, any_value(c.source) AS source,
          any_value(c.request_ids) AS own, ${joinedIds("concat_ws(' ', c.request_ids, i.request_ids)")} AS ids
        FROM ${copies} WHERE ${ofOneCall} AND i.request_ids IS NOT NULL AND i.row NOT IN (SELECT row FROM replaced)
        GROUP BY c.stored_row, c.held)
      WHERE ids IS DISTINCT FROM own`)
  if (stored.namingRequests.length > 0)
    await db.run(`INSERT INTO joined_requests
      SELECT i.row, ${joinedIds("concat_ws(' ', c.request_ids, i.request_ids)")} FROM ${copies}
      WHERE ${ofOneCall} AND c.request_ids IS NOT NULL AND i.row IN (SELECT row FROM replaced) GROUP BY i.row`)
}

/** Writes what copies of this run know of the requests of stored calls; those of `same_calls` are written anew. */
export async function writeToldRequests(db: Database): Promise<void> {
  if (!(await anyIn(db, 'told_requests'))) return
  await db.run(`UPDATE store.calls SET request_ids = t.request_ids FROM told_requests t
    WHERE calls.rowid = t.stored_row AND NOT t.held`)
}

/** SELECT of the ids of staged calls with each of their requests, as far as this run brings them. */
const brought = `SELECT i.source, i.call_id AS id, unnest(${idsIn('i.request_ids')}) AS request FROM identified i
    WHERE i.request_ids IS NOT NULL AND ${isKept('i')}
  UNION ALL SELECT i.source, i.call_id, unnest(${idsIn('j.request_ids')}) FROM joined_requests j JOIN identified i ON i.row = j.row
  UNION ALL SELECT source, plain, unnest(${idsIn('request_ids')}) FROM told_requests`

/** SELECT of those of the store, also of the files that are about to be taken out. */
const kept = ['calls', 'same_calls']
  .map(
    (table) =>
      `SELECT source, coalesce(logged_id, call_id) AS id, unnest(${idsIn('request_ids')}) AS request FROM store.${table} WHERE request_ids IS NOT NULL`,
  )
  .join(' UNION ALL ')

/** Adds to `across_ids` what this run brings of calls that another source names by their request. */
export async function noteRequests(db: Database, stored: StoredCalls): Promise<void> {
  const added = async (ids: string): Promise<unknown> =>
    db.run(
      `INSERT INTO across_ids SELECT DISTINCT id FROM (${ids}) WHERE id NOT IN (SELECT id FROM across_ids)`,
    )
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM (${brought})`)
  if (n > 0)
    await added(`SELECT b.request AS id FROM (${brought}) b WHERE
        EXISTS (SELECT 1 FROM identified i WHERE i.call_id = b.request AND i.source <> b.source AND ${isKept('i')})
        OR EXISTS (SELECT 1 FROM ${stored.relation} c WHERE c.plain = b.request AND c.source <> b.source)`)
  if (stored.namingRequests.length > 0)
    await added(`SELECT i.call_id AS id FROM identified i WHERE ${isKept('i')}
        AND EXISTS (SELECT 1 FROM (${kept}) k WHERE k.request = i.call_id AND k.source <> i.source)`)
}

/** Adds to `across_ids` all names of the calls whose names it has, those of their requests and of other calls of them. */
export async function noteOtherNames(db: Database, stored: StoredCalls): Promise<void> {
  if (!(await anyStaged(db)) && stored.namingRequests.length === 0) return
  for (;;) {
    const more = await db.run(`INSERT INTO across_ids
      SELECT DISTINCT name FROM (SELECT unnest([id, request]) AS name FROM (${brought} UNION ALL ${kept})
        WHERE id IN (SELECT id FROM across_ids) OR request IN (SELECT id FROM across_ids))
      WHERE name NOT IN (SELECT id FROM across_ids)`)
    if (more === 0) return
  }
}

/**
 * Gives each of `sides` that is named by a request the name of the call that the request is of, `meant`; where
 * their inputs agree both have the larger output: one of them may have been written before the answer ended. Of
 * several calls of one request it is the one whose counts agree, and of several requests of one call, too.
 */
export async function meetByRequests(db: Database): Promise<void> {
  const { n } = await db.one<{ n: number }>('SELECT count(request_ids) AS n FROM sides')
  if (n === 0) return
  await db.run(`CREATE OR REPLACE TEMP TABLE named_by_request AS
    WITH owners AS (SELECT *, unnest(${idsIn('request_ids')}) AS request FROM sides WHERE request_ids IS NOT NULL),
    candidates AS (
      SELECT s.member, any_value(s.source) AS source, any_value(s.plain) AS plain, o.plain AS meant,
        bool_or(list_has_any(s.inputs, o.inputs)) AS fits, bool_or(list_has_any(s.inputs, o.inputs) AND s.output = o.output) AS equal
      FROM sides s JOIN owners o ON o.request = s.plain AND o.source <> s.source AND o.plain <> s.plain GROUP BY s.member, o.plain),
    chosen AS (SELECT * FROM candidates
      QUALIFY row_number() OVER (PARTITION BY member ORDER BY equal DESC, fits DESC, meant) = 1)
    SELECT member, meant, plain, fits FROM chosen
    QUALIFY row_number() OVER (PARTITION BY meant, source ORDER BY equal DESC, fits DESC, plain) = 1`)
  await db.run(`CREATE OR REPLACE TEMP TABLE largest AS
    WITH together AS (
      SELECT r.meant, s.member, s.output FROM named_by_request r JOIN sides s ON s.member = r.member WHERE r.fits
      UNION ALL
      SELECT r.meant, o.member, o.output FROM named_by_request r JOIN sides s ON s.member = r.member
        JOIN sides o ON o.plain = r.meant AND list_contains(${idsIn('o.request_ids')}, r.plain) AND list_has_any(s.inputs, o.inputs)
      WHERE r.fits)
    SELECT DISTINCT member, max(output) OVER (PARTITION BY meant) AS output FROM together`)
  await db.run('UPDATE sides SET output = l.output FROM largest l WHERE sides.member = l.member')
  await db.run('UPDATE sides SET meant = r.meant FROM named_by_request r WHERE sides.member = r.member')
}
