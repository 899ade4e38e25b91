/**
 * Readers of the store see archived calls where they ask for them: a statement that fails for want of them gets
 * the files of the days between its moments, each checked, and is run again.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.js'
import { guardAbsentCalls, type Lent } from '../absent-calls.js'
import type { Database, SqlValue } from '../database.js'
import { archivedDays, type ArchivedDay } from './days.js'
import { checkedFile, namesIn, parquet, realFolder } from './files.js'

/** The paths that a reader may be lent: the archive's own files in the folder. @param folder undefined: none is named */
export async function lendablePaths(folder: string | undefined): Promise<readonly string[]> {
  // A folder that is not there yet has nothing.
  if (folder === undefined || !existsSync(folder)) return []
  const real = await realFolder(folder)
  return (await namesIn(real)).filter((name) => name.startsWith('calls-')).map((name) => join(real, name))
}

/** From here on statements that need archived calls get them: the days between their moments, then all there are. */
export function lendArchive(db: Database, folder: string): void {
  let kept: readonly ArchivedDay[] | undefined
  const files = new Map<string, string>()
  db.onElsewhere(async (missing, params, tries) => {
    if (missing.owner !== 'archive' || files.has(missing.day)) return files.has(missing.day)
    kept ??= (await archivedDays(db)).filter((one) => one.kept)
    const needed = tries > 0 ? kept : between(kept, missing.day, params)
    const real = await realFolder(folder)
    for (const day of needed) if (!files.has(day.day)) files.set(day.day, await checkedFile(real, day))
    if (!files.has(missing.day))
      throw new UserError(`the database does not say which file has the calls of ${missing.day}`)
    await guardAbsentCalls(db, lentFrom(files))
    return true
  })
}

const lentFrom = (files: ReadonlyMap<string, string>): Lent => ({
  days: [...files.keys()],
  from: parquet([...files.values()]),
})

/** The days between the moments that a statement names, and the one that it was found to need. */
function between(
  days: readonly ArchivedDay[],
  needed: string,
  params: Readonly<Record<string, SqlValue>>,
): readonly ArchivedDay[] {
  const moments = Object.values(params).flatMap((value) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[ T]\d{2}:/.test(value) ? [value.slice(0, 10)] : [],
  )
  const [first, last] = [[...moments, needed].toSorted()[0]!, [...moments, needed].toSorted().at(-1)!]
  return days.filter(({ day }) => day >= first && day <= last)
}

/** All archived calls are readable at once: within a transaction a statement that fails cannot be run again. */
export async function lendAll(db: Database, folder: string | undefined): Promise<void> {
  if (folder === undefined) return
  const days = (await archivedDays(db)).filter(({ kept }) => kept)
  if (days.length === 0) return
  const real = await realFolder(folder)
  const files = new Map<string, string>()
  for (const day of days) files.set(day.day, await checkedFile(real, day))
  await guardAbsentCalls(db, lentFrom(files))
}

/** Days, first and last, whose archived calls are copied into memory. */
export interface Copies {
  readonly first: string
  readonly last: string
}

/** Copies calls before the database can open no file any more; `store` is attached, and its tables are ours. */
export async function copyArchived(db: Database, folder: string, { first, last }: Copies): Promise<Lent> {
  const days = (await archivedDays(db)).filter(({ kept, day }) => kept && day >= first && day <= last)
  if (days.length === 0) return { days: [], from: '' }
  const real = await realFolder(folder)
  const files: string[] = []
  for (const day of days) files.push(await checkedFile(real, day))
  await db.run(`CREATE TEMP TABLE lent_calls AS SELECT * FROM ${parquet(files)}`)
  return { days: days.map(({ day }) => day), from: 'lent_calls' }
}
