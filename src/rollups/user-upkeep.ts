/** Keeps `daily_users` as the calls are: days in which a call changed are added up anew. */
import type { Database } from '../db/database.js'
import { readUserNote, writeUserNote } from './cube-note.js'
import type { ChangedDays } from './changed-days.js'
import { userPartsOfCalls, userPartsOfDays } from './user-days.js'

/** At most a row for four calls, and a million in any case: users that call seldom are as soon added up from their calls. */
const mostRows = (calls: number): number => Math.max(4_000_000, calls) / 4

const table = 'store.main.daily_users'
const own = "owner = 'calls'"

export async function dropUserDays(db: Database): Promise<void> {
  await db.run(`DELETE FROM ${table}`)
  await writeUserNote(db, undefined)
}

/** @param allowed most rows for so many calls */
export async function buildUserDays(db: Database, allowed = mostRows): Promise<void> {
  await db.run(`DELETE FROM ${table} WHERE ${own}`)
  await insertDays(db, 'store.main.calls')
  await keepSmall(db, allowed)
}

/** Adds up days that changed anew, and what was added to others. */
export async function refreshUserDays(db: Database, days: ChangedDays): Promise<void> {
  const note = await readUserNote(db, 'store.main.meta')
  if (note === undefined) return buildUserDays(db)
  if (!note.kept) return
  const { within, grown, calls } = days
  if (grown !== undefined) {
    await db.run(`CREATE OR REPLACE TEMP TABLE summed_users AS FROM ${table} WHERE ${own} AND ${grown}`)
  }
  await db.run(`DELETE FROM ${table} WHERE ${own} AND ${within}`)
  await insertDays(db, calls, grown === undefined ? undefined : 'summed_users')
  if (grown !== undefined) await db.run('DROP TABLE summed_users')
  await keepSmall(db, mostRows)
}

/** @param before table of sums of other calls of these days */
async function insertDays(db: Database, calls: string, before?: string): Promise<void> {
  const days = `SELECT make_timestamp(epoch_us(ts) // 86400000000 * 86400000000) AS ts, user_id, ${userPartsOfCalls.join(', ')}
    FROM ${calls} GROUP BY 1, user_id`
  const all =
    before === undefined
      ? days
      : `SELECT ts, user_id, ${userPartsOfDays.join(', ')}
        FROM (${days} UNION ALL BY NAME SELECT * EXCLUDE (owner) FROM ${before}) GROUP BY ts, user_id`
  await db.run(`INSERT INTO ${table} BY NAME SELECT *, 'calls' AS owner FROM (${all})`)
}

/** Where there are too many rows, they leave, and come back when the rollups are built anew. */
async function keepSmall(db: Database, allowed: (calls: number) => number): Promise<void> {
  const { n, calls } = await db.one<{ n: number; calls: number }>(
    `SELECT (SELECT count(*) FROM ${table} WHERE ${own}) AS n, (SELECT count(*) FROM store.main.calls) AS calls`,
  )
  const kept = n <= allowed(calls)
  if (!kept) await db.run(`DELETE FROM ${table} WHERE ${own}`)
  await writeUserNote(db, { kept })
}
