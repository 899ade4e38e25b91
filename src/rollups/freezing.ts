/** Moves whole days of calls out of the store, inside the caller's `writeCalls`: into files, or down to their sums. */
import type { Database } from '../db/database.js'
import { archivedDays, type ArchivedDay } from '../db/archive/days.js'
import { checkedFile, parquet } from '../db/archive/files.js'
import { figuresOf, writeDay } from '../db/archive/writing.js'
import { ownedTables } from '../db/shape.js'
import { sessionTotal } from '../domain/call.js'
import { ensureCells } from './upkeep.js'

export interface Freezing {
  /** Of the archive, as it really is. */
  readonly folder: string
  /** Midnight UTC; only days that are over by then. */
  readonly before: Date
  /** The calls stay readable in files; else their ids and sums alone are left. */
  readonly keep: boolean
  /** Sources that state what a session used in all, beside its calls. */
  readonly totalling: readonly string[]
}

export interface Frozen {
  readonly days: readonly { readonly day: string; readonly calls: number; readonly bytes: number }[]
  /** Days that stay, since what is in them may still change. */
  readonly staying: readonly string[]
}

/** Works day by day, the oldest first. */
export async function freezeDays(db: Database, freezing: Freezing): Promise<Frozen> {
  await ensureCells(db)
  const { movable, staying } = await daysOf(db, freezing)
  const days = []
  for (const day of movable)
    days.push(await freeze(db, freezing, day, `(SELECT * FROM store.main.calls WHERE ${within(day)})`))
  // Days whose calls were kept lose them, where that is what is asked for now.
  const stays = [...staying]
  if (!freezing.keep)
    for (const day of (await archivedDays(db)).filter(
      (one) => one.kept && one.last_ts < freezing.before.toISOString(),
    )) {
      const calls = parquet([await checkedFile(freezing.folder, day)])
      if (await mayChangeIn(db, freezing, calls)) stays.push(day.day)
      else days.push(await freeze(db, freezing, day.day, calls, day.files))
    }
  return { days, staying: stays }
}

const within = (day: string): string =>
  `ts >= TIMESTAMP '${day}' AND ts < TIMESTAMP '${day}' + INTERVAL 1 DAY`

/**
 * A session's total gives way to calls that come later, and of dropped calls nobody knows the sessions: such days
 * stay. So do those of which some hours are somebody else's.
 */
async function daysOf(
  db: Database,
  freezing: Freezing,
): Promise<{ readonly movable: readonly string[]; readonly staying: readonly string[] }> {
  const { rows } = await db.query<{ day: string; stays: boolean }>(
    `SELECT CAST(CAST(ts AS DATE) AS VARCHAR) AS day, ${mayChange(freezing)} OR CAST(ts AS DATE) IN (
        SELECT CAST(ts AS DATE) FROM store.main.hourly_labels WHERE owner <> 'calls') AS stays
      FROM store.main.calls WHERE ts < CAST($before AS TIMESTAMP) GROUP BY CAST(ts AS DATE) ORDER BY day`,
    { before: freezing.before.toISOString().slice(0, 19).replace('T', ' ') },
  )
  const which = (stays: boolean): readonly string[] =>
    rows.filter((row) => row.stays === stays).map(({ day }) => day)
  return { movable: which(false), staying: which(true) }
}

/** SQL: true of calls of which some may give way to others that come later. */
function mayChange({ keep, totalling }: Freezing): string {
  const sources = totalling.map((source) => `'${source}'`).join(', ')
  return `bool_or(operation IS NOT DISTINCT FROM '${sessionTotal}'${keep || sources === '' ? '' : ` OR source IN (${sources})`})`
}

const mayChangeIn = async (db: Database, freezing: Freezing, calls: string): Promise<boolean> =>
  (await db.one<{ found: boolean }>(`SELECT ${mayChange(freezing)} AS found FROM ${calls}`)).found

/** @param calls FROM item of the day's calls @param files those that they came from, where these are known */
async function freeze(
  db: Database,
  { folder, keep }: Freezing,
  day: string,
  calls: string,
  files?: ArchivedDay['files'],
): Promise<Frozen['days'][number]> {
  const figures = await figuresOf(db, calls)
  const { sha256, bytes } = await writeDay(db, folder, { day, kept: keep }, calls)
  const row = {
    day,
    kept: keep,
    sha256,
    bytes,
    ...figures,
    files: JSON.stringify(files ?? (await filesOf(db, day))),
  }
  if (files === undefined)
    await db.run(`INSERT INTO store.main.archived_readings BY NAME SELECT CAST(ts AS DATE) AS day, source, cache_shape, provider, model,
      CAST(cache_reading AS VARCHAR) AS cache_reading, count(*) AS calls FROM ${calls} WHERE cache_shape IS NOT NULL GROUP BY ALL`)
  await db.run(`DELETE FROM store.main.archived_days WHERE day = DATE '${day}'`)
  await db.run(
    `INSERT INTO store.main.archived_days BY NAME SELECT ${Object.keys(row)
      .map((name) => `$${name} AS ${name}`)
      .join(', ')}`,
    { ...row, first_ts: plain(row.first_ts), last_ts: plain(row.last_ts) },
  )
  await db.run(`DELETE FROM store.main.calls WHERE ${within(day)}`)
  for (const table of ownedTables())
    await db.run(`UPDATE store.main.${table} SET owner = '${keep ? 'archive' : 'cube'}' WHERE ${within(day)}`)
  return { day, calls: figures.calls, bytes }
}

const plain = (iso: string): string => iso.replace('T', ' ').replace('Z', '')

/** The files that calls of a day came from, and those that say something of them in `same_calls`. */
async function filesOf(db: Database, day: string): Promise<readonly number[]> {
  const { rows } = await db.query<{ id: number }>(
    `SELECT DISTINCT file_id AS id FROM (SELECT file_id FROM store.main.calls WHERE ${within(day)}
      UNION ALL SELECT s.file_id FROM store.main.same_calls s JOIN store.main.calls c ON c.source = s.source AND c.call_id = s.call_id
      WHERE c.${within(day).replace(' AND ts', ' AND c.ts')}
      UNION ALL SELECT file_id FROM store.main.same_calls WHERE ${within(day)})
      WHERE file_id IS NOT NULL ORDER BY id`,
  )
  return rows.map(({ id }) => id)
}
