/**
 * Takes the cells of another store in, so that several machines may ingest beside each other: each hour of a source
 * belongs to one of them. The caller's transaction is that of `writeCalls`.
 */
import type { Database } from '../db/database.js'
import { UserError } from '../errors.js'
import { hourOf } from '../rollups/hours.js'
import { hourlyLabelColumns } from '../rollups/labels.js'
import { cellColumn } from '../rollups/parts.js'
import { addUpSources, deletePulled, deleteSource, dropDaysOf } from '../rollups/pulled-hours.js'
import { deleteCalls } from '../rollups/upkeep.js'
import { impossibleCells } from './answer-sql.js'
import { keepRowsOfDays, type KeptDays, type RowsOfDays } from './days/keep-days.js'
import type { Kept } from './keep.js'
import { sourceRow } from './source-row.js'

export interface ShardRequest {
  /** FROM item with the columns of `hourly_labels`. */
  readonly cells: string
  /** Sketches and users of its days. */
  readonly days: RowsOfDays
  /** What `files` calls the other store. */
  readonly source: string
  /** Take out what the store has of these hours from elsewhere. */
  readonly replace: boolean
  readonly now: Date
}

export interface KeptShard extends Kept {
  readonly daysLeftOut: KeptDays['leftOut']
}

const columns = hourlyLabelColumns.filter(({ name }) => name !== 'owner')

/** @throws UserError where cells cannot be believed, or would count calls twice */
export async function keepShard(db: Database, request: ShardRequest): Promise<KeptShard> {
  const list = columns.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE new_cells AS SELECT ${list.join(', ')} FROM ${request.cells}`)
  const { wrong } = await db.one<{ wrong: number }>(
    `SELECT count(*) AS wrong FROM new_cells WHERE ${impossibleCells} OR source IS NULL`,
  )
  if (wrong > 0)
    throw new UserError(`${wrong} of its sums have figures that no calls have`, {
      code: 'refused',
      location: request.source,
      hint: 'Nothing of it was kept. Build its sums anew: ingest into it once with rollups: never, then with always.',
    })
  await db.run(`CREATE OR REPLACE TEMP TABLE new_hours AS SELECT ${hourOf('ts')} AS hour, source,
    CAST(sum(${cellColumn('rows')}) AS BIGINT) AS row_count FROM new_cells GROUP BY ALL`)
  const { fileId } = await sourceRow(db, { ...request, options: '{}' })
  await deleteSource(db, fileId)
  if (request.replace) await takeOut(db)
  else await assertFree(db)
  const cells = await db.run(
    "INSERT INTO store.main.hourly_labels BY NAME SELECT *, 'cube' AS owner FROM new_cells",
  )
  await db.run(
    "INSERT INTO store.main.pulled_hours BY NAME SELECT CAST($file AS BIGINT) AS file_id, hour, source, row_count, NULL AS refused, '' AS fingerprint, '' AS prices FROM new_hours",
    { file: fileId },
  )
  await addUpSources(db)
  const { leftOut: daysLeftOut } = await keepRowsOfDays(db, request.days, request.source)
  const told = await db.one<{ hours: number; rows: number }>(
    'SELECT count(DISTINCT hour) AS hours, CAST(coalesce(sum(row_count), 0) AS BIGINT) AS rows FROM new_hours',
  )
  return { ...told, cells, refused: {}, leftOut: [], daysLeftOut }
}

const hours = 'SELECT hour FROM new_hours'

/** Other shards keep what is theirs: a source in an hour. */
async function takeOut(db: Database): Promise<void> {
  await deleteCalls(db, `${hourOf('ts')} IN (${hours})`)
  await deletePulled(
    db,
    `SELECT hour FROM store.main.pulled_hours WHERE source IS NULL AND hour IN (${hours})`,
  )
  await dropDaysOf(db, '(hour, source) IN (SELECT (hour, source) FROM new_hours)')
  await db.run(
    `DELETE FROM store.main.pulled_hours WHERE (hour, source) IN (SELECT (hour, source) FROM new_hours)`,
  )
  await db.run(
    `DELETE FROM store.main.hourly_labels WHERE owner = 'cube' AND (${hourOf('ts')}, source) IN (SELECT (hour, source) FROM new_hours)`,
  )
}

/** @throws UserError where somebody else has a source in an hour, or the whole of it */
async function assertFree(db: Database): Promise<void> {
  const calls = await db.one<{ first: string | null }>(
    `SELECT CAST(min(ts) AS VARCHAR) AS first FROM (
      SELECT ts FROM store.main.calls UNION ALL SELECT ts FROM store.main.hourly_labels WHERE owner = 'archive')
    WHERE ${hourOf('ts')} IN (${hours})`,
  )
  if (calls.first !== null)
    throw taken(`the database holds calls of these hours itself, the first of ${calls.first}`)
  const other = await db.one<{ path: string | null }>(
    `SELECT min(f.path) AS path FROM new_hours n JOIN store.main.pulled_hours p ON p.hour = n.hour AND (p.source IS NULL OR p.source = n.source)
      JOIN store.main.files f ON f.file_id = p.file_id`,
  )
  if (other.path !== null) throw taken(`the database has these hours from ${other.path}`)
  const dropped = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM store.main.hourly_labels WHERE owner = 'cube' AND (${hourOf('ts')}, source) IN (SELECT (hour, source) FROM new_hours)`,
  )
  if (dropped.n > 0) throw taken('the database has sums of these hours, whose calls were dropped')
}

const taken = (what: string): UserError =>
  new UserError(`${what}: they would count twice`, {
    hint: 'Nothing was changed. Each hour of a source is ingested by one machine; --replace takes out what the database has of them.',
  })
