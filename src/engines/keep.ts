/**
 * Keeps an engine's cells in the store: each hour wholly or not at all, under the source that it came from. The
 * caller's transaction is that of `writeCalls`.
 */
import type { Database } from '../db/database.js'
import { UserError } from '../errors.js'
import { hourOf } from '../rollups/hours.js'
import { hourlyLabelColumns } from '../rollups/labels.js'
import { addUpSources, deletePulled, dropDaysOf } from '../rollups/pulled-hours.js'
import { deleteCalls } from '../rollups/upkeep.js'
import { cellColumn } from '../rollups/parts.js'
import { cellsOfAnswer, hourOfAnswer, impossibleCells } from './answer-sql.js'
import { sourceRow } from './source-row.js'
import { unsurveyed } from './statements.js'

export interface KeepRequest {
  /** Temporary table with the texts of the answer. */
  readonly answer: string
  /** What `files` calls its source. */
  readonly source: string
  /** How the table was read, for comparing. */
  readonly options: string
  /** Which prices the cells have; changes whenever a price could. */
  readonly prices: string
  /** Take out what the store has of these hours from elsewhere. */
  readonly replace: boolean
  /** Hours that were asked for: those that the answer does not have are empty there now. */
  readonly asked?: readonly number[]
  readonly now: Date
}

export interface Kept {
  readonly hours: number
  readonly cells: number
  readonly rows: number
  readonly refused: Readonly<Record<string, number>>
  /** Hours that were left out, with the reason. */
  readonly leftOut: readonly { readonly hour: number; readonly reason: string }[]
}

/** @throws UserError where the answer cannot be believed, or would count calls twice */
export async function keepAnswer(db: Database, request: KeepRequest): Promise<Kept> {
  await makeHours(db, request)
  await makeCells(db, request)
  const { fileId } = await sourceRow(db, request)
  await assertFree(db, request, fileId)
  await takeOut(db, request, fileId)
  const cells = await db.run(
    "INSERT INTO store.main.hourly_labels BY NAME SELECT *, 'cube' AS owner FROM new_cells",
  )
  await db.run(
    `INSERT INTO store.main.pulled_hours BY NAME SELECT CAST($file AS BIGINT) AS file_id, hour, row_count, refused, fingerprint, $prices AS prices FROM new_hours`,
    { file: fileId, prices: request.prices },
  )
  await addUpSources(db)
  return { ...(await whatWasKept(db)), cells, leftOut: await leftOut(db) }
}

/** Makes `answer_hours`: every hour of the answer, and why it is not taken; `new_hours` are those that are. */
async function makeHours(db: Database, { answer }: KeepRequest): Promise<void> {
  try {
    await db.run(`CREATE OR REPLACE TEMP TABLE answer_hours AS
      SELECT ${hourOfAnswer} AS hour, CAST(sum(CAST(row_count AS BIGINT)) AS BIGINT) AS row_count,
        concat_ws(' ', any_value(hour_rows), any_value(hour_version), any_value(hour_tokens), any_value(hour_cost)) AS fingerprint,
        CASE WHEN bool_or(refused = '${unsurveyed}') THEN 'it has a model or a status that the survey did not find'
          WHEN count(*) <> max(CAST(hour_cells AS BIGINT)) OR sum(CAST(row_count AS BIGINT)) <> max(CAST(hour_rows AS BIGINT))
            OR count(DISTINCT (hour_rows, hour_cells)) > 1 THEN 'not all of its rows are there' END AS reason
      FROM ${answer} GROUP BY 1`)
    await db.run(`CREATE OR REPLACE TEMP TABLE new_hours AS
      SELECT h.hour, h.row_count, h.fingerprint, r.refused FROM answer_hours h LEFT JOIN (
        SELECT hour, map_from_entries(list((refused, n))) AS refused FROM (
          SELECT ${hourOfAnswer} AS hour, refused, CAST(sum(CAST(row_count AS BIGINT)) AS BIGINT) AS n
          FROM ${answer} WHERE refused <> '' GROUP BY ALL) GROUP BY hour) r ON r.hour = h.hour
      WHERE h.reason IS NULL`)
  } catch (error) {
    throw unbelievable(error)
  }
}

async function makeCells(db: Database, { answer }: KeepRequest): Promise<void> {
  const taken = `(SELECT * FROM ${answer} WHERE ${hourOfAnswer} IN (SELECT hour FROM new_hours))`
  try {
    await db.run(`CREATE OR REPLACE TEMP TABLE new_cells AS ${cellsOfAnswer(taken)}`)
  } catch (error) {
    throw unbelievable(error)
  }
  const { n } = await db.one<{ n: number }>(`SELECT count(*) AS n FROM new_cells WHERE ${impossibleCells}`)
  if (n > 0) throw unbelievable(new Error(`${n} cells have figures that no calls have`))
}

/** What is said of an answer whose figures are no calls'. */
export const unbelievable = (error: unknown): UserError => {
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return new UserError(`this is no answer to a statement of llmcost: ${what.slice(0, 200)}`, {
    code: 'refused',
    hint: 'Nothing of it was kept. Run the statement of llmcost rollup --print-sql anew.',
    cause: error,
  })
}

const asked = ({ asked = [] }: KeepRequest): string =>
  asked.length === 0
    ? ''
    : ` UNION ${asked.length === 1 ? `SELECT ${asked[0]}` : `SELECT unnest([${asked.join(', ')}])`}`

/** SQL: the hours that are replaced; one that was left out stays as it is. */
const replaced = (request: KeepRequest): string =>
  `(SELECT hour FROM new_hours${asked(request)} EXCEPT SELECT hour FROM answer_hours WHERE reason IS NOT NULL)`

/** @throws UserError where other owners have the hours, and nobody said to replace them */
async function assertFree(db: Database, request: KeepRequest, fileId: number): Promise<void> {
  const hours = 'SELECT hour FROM new_hours'
  const held = await db.one<{ calls: number; hour: string | null }>(
    `SELECT count(*) AS calls, CAST(min(ts) AS VARCHAR) AS hour FROM store.main.calls WHERE ${hourOf('ts')} IN (${hours})`,
  )
  if (held.calls > 0 && !request.replace)
    throw taken(`the database holds ${held.calls} calls of these hours itself, the first of ${held.hour}`)
  const archived = await db.one<{ hour: string | null }>(
    `SELECT CAST(min(ts) AS VARCHAR) AS hour FROM store.main.hourly_labels WHERE owner = 'archive' AND ${hourOf('ts')} IN (${hours})`,
  )
  if (archived.hour !== null)
    throw new UserError(
      `an archive holds calls of these hours, the first of ${archived.hour}: they would count twice`,
      {
        hint: 'Take others with --since and --until, or llmcost archive --restore and then --replace.',
      },
    )
  const other = await db.one<{ path: string | null }>(
    `SELECT min(path) AS path FROM store.main.files WHERE file_id IN (
      SELECT file_id FROM store.main.pulled_hours WHERE file_id <> $file AND hour IN (${hours}))`,
    { file: fileId },
  )
  if (other.path !== null && !request.replace) throw taken(`the database has these hours from ${other.path}`)
  const alone = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM store.main.hourly_labels WHERE owner = 'cube' AND ${hourOf('ts')} IN (${hours})
      AND ${hourOf('ts')} NOT IN (SELECT hour FROM store.main.pulled_hours)`,
  )
  if (alone.n > 0 && !request.replace)
    throw taken('the database has sums of these hours, whose calls were dropped')
}

const taken = (what: string): UserError =>
  new UserError(`${what}: they would count twice`, {
    hint: 'Nothing was changed. --replace takes out what the database has of them.',
  })

async function takeOut(db: Database, request: KeepRequest, fileId: number): Promise<void> {
  const hours = replaced(request)
  if (request.replace) await deleteCalls(db, `${hourOf('ts')} IN ${hours}`)
  // What another source has of hours that are empty here is none of our business.
  const own = request.replace ? '' : ` AND file_id = ${fileId}`
  await db.run(`CREATE OR REPLACE TEMP TABLE left_hours AS SELECT DISTINCT hour FROM store.main.pulled_hours WHERE hour IN ${hours}${own}
    UNION SELECT hour FROM new_hours`)
  // An engine that was asked again has said that something changed, which cells need not show: who the users are.
  const same = request.asked === undefined ? sameHours(fileId) : 'SELECT hour FROM new_hours WHERE false'
  await db.run(`CREATE OR REPLACE TEMP TABLE same_hours AS ${same}`)
  // A day with an hour more is another day.
  await dropDaysOf(
    db,
    `file_id = ${fileId} AND hour // 24 IN (SELECT hour // 24 FROM left_hours WHERE hour NOT IN (FROM same_hours))`,
  )
  await deletePulled(db, 'SELECT hour FROM left_hours', 'FROM same_hours')
}

/** SELECT of the hours whose cells are those that the source has brought before. */
function sameHours(fileId: number): string {
  const columns = hourlyLabelColumns.flatMap(({ name }) => (name === 'owner' ? [] : [name])).join(', ')
  const held = `SELECT ${columns} FROM store.main.hourly_labels WHERE owner = 'cube' AND ${hourOf('ts')} IN (SELECT hour FROM new_hours)`
  const found = `SELECT ${columns} FROM new_cells`
  return `SELECT hour FROM new_hours WHERE hour IN (SELECT hour FROM store.main.pulled_hours WHERE file_id = ${fileId})
    AND hour NOT IN (SELECT ${hourOf('ts')} FROM (((${held}) EXCEPT ALL (${found})) UNION ALL ((${found}) EXCEPT ALL (${held}))))`
}

async function whatWasKept(db: Database): Promise<Pick<Kept, 'hours' | 'rows' | 'refused'>> {
  const told = await db.one<{ hours: number; rows: number }>(
    'SELECT count(*) AS hours, CAST(coalesce(sum(row_count), 0) AS BIGINT) AS rows FROM new_hours',
  )
  const { rows } = await db.query<{ reason: string; n: number }>(
    `SELECT e.key AS reason, CAST(sum(e.value) AS BIGINT) AS n FROM (SELECT unnest(map_entries(refused)) AS e FROM new_hours WHERE refused IS NOT NULL) GROUP BY 1 ORDER BY n DESC, reason`,
  )
  return { ...told, refused: Object.fromEntries(rows.map(({ reason, n }) => [reason, n])) }
}

async function leftOut(db: Database): Promise<Kept['leftOut']> {
  const { rows } = await db.query<{ hour: number; reason: string }>(
    'SELECT hour, reason FROM answer_hours WHERE reason IS NOT NULL ORDER BY hour',
  )
  return rows
}

/** What the cells of a run come to, of the hours that it brought. */
export const broughtOfCells = `SELECT CAST(coalesce(sum(${cellColumn('rows')}), 0) AS BIGINT) AS calls,
  min(${cellColumn('first_ts')}) AS first_ts, max(${cellColumn('last_ts')}) AS last_ts, sum(${cellColumn('cost_usd')}) AS cost_usd,
  CAST(coalesce(sum(${cellColumn('rows')} - ${cellColumn('priced_rows')}), 0) AS BIGINT) AS unpriced_calls FROM new_cells`
