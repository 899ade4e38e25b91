/**
 * Takes archived days back into the table of calls, inside the caller's transaction: because they are asked for, or
 * because what a run brings or takes out belongs to them.
 */
import { callColumns } from '../../domain/call.js'
import { UserError } from '../../errors.js'
import type { Database } from '../database.js'
import type { ArchivedDay } from './days.js'
import { ownedTables } from '../shape.js'
import { checkedFile, parquet, realFolder } from './files.js'

/** SQL: the files' columns that `calls` has. */
const names = callColumns.map(({ name }) => name).join(', ')

/** The checked files of days. @throws UserError where no folder is named, or a file is not what was archived */
export async function filesOf(
  folder: string | undefined,
  days: readonly ArchivedDay[],
): Promise<readonly string[]> {
  if (days.length === 0) return []
  if (folder === undefined)
    throw new UserError(`the calls of ${spanOf(days)} are in an archive, and no folder of one is named`, {
      hint: 'Name it with --archive DIR, LLMCOST_ARCHIVE or the config key archive.',
    })
  const real = await realFolder(folder)
  const paths: string[] = []
  for (const day of days) paths.push(await checkedFile(real, day))
  return paths
}

/** `2026-07-01`, or `2026-07-01 to 2026-07-09`. */
export function spanOf(days: readonly Pick<ArchivedDay, 'day'>[]): string {
  const [first, last] = [days[0]!.day, days.at(-1)!.day]
  return first === last ? first : `${first} to ${last}`
}

/**
 * Days with their calls become the table's own again. The rows are new ones, so that their sums are made anew.
 * @throws UserError for days of which the calls are gone
 */
export async function thawDays(
  db: Database,
  folder: string | undefined,
  days: readonly ArchivedDay[],
): Promise<void> {
  const gone = days.filter(({ kept }) => !kept)
  if (gone.length > 0)
    throw new UserError(
      `the calls of ${spanOf(gone)} were dropped when they were archived: nothing was changed`,
      {
        hint: 'Their sums stay as they are. llmcost status shows which hours have no calls any more.',
      },
    )
  const paths = await filesOf(folder, days)
  if (paths.length === 0) return
  await db.run(`INSERT INTO store.main.calls BY NAME SELECT ${names} FROM ${parquet(paths)}`)
  const list = days.map(({ day }) => `DATE '${day}'`).join(', ')
  for (const table of ownedTables())
    // Hours of such a day in which it had no calls may have been pulled since.
    await db.run(`DELETE FROM store.main.${table} WHERE owner = 'archive' AND CAST(ts AS DATE) IN (${list})`)
  for (const table of ['archived_days', 'archived_readings'])
    await db.run(`DELETE FROM store.main.${table} WHERE day IN (${list})`)
}
