/**
 * `llmcost archive`: what it does to a store and a folder. A run that is killed leaves the old state or the new one:
 * files are whole before the store knows of them, and are taken away once it knows of them no more; what lies about
 * in between goes with the next run.
 */
import { archivedDays, type ArchivedDay } from '../db/archive/days.js'
import { checkedFile, makeFolder, parquet, realFolder } from '../db/archive/files.js'
import { archiveId, assertOurFolder, isManifestTrue, settleFolder } from '../db/archive/manifest.js'
import { thawDays } from '../db/archive/thawing.js'
import { figuresOf } from '../db/archive/writing.js'
import { Database } from '../db/database.js'
import type { StoreOptions } from '../db/store-lock.js'
import { readStore, writeStore } from '../db/store.js'
import { UserError } from '../errors.js'
import { freezeDays, type Freezing, type Frozen } from './freezing.js'
import { cellColumn } from './parts.js'
import { writeCalls } from './upkeep.js'

/** A store, and the folder of its archive. */
export interface Place {
  readonly path: string
  readonly options: StoreOptions
  readonly folder: string
}

/** Moves the days before a midnight. */
export function archive(place: Place, how: Omit<Freezing, 'folder'>): Promise<Frozen> {
  makeFolder(place.folder)
  return settled(place, (db, folder) =>
    writeCalls(db, place.path, place.options, () => freezeDays(db, { ...how, folder })),
  )
}

/** Brings days back whose calls were kept. @returns those days */
export function restore(place: Place, isMeant: (day: string) => boolean): Promise<readonly ArchivedDay[]> {
  return settled(place, (db, folder) =>
    writeCalls(db, place.path, place.options, async () => {
      const days = (await archivedDays(db)).filter(({ day, kept }) => kept && isMeant(day))
      await thawDays(db, folder, days)
      return days
    }),
  )
}

async function settled<T>(
  { path, options, folder }: Place,
  work: (db: Database, folder: string) => Promise<T>,
): Promise<T> {
  const db = await Database.open(':memory:', 'write', options)
  try {
    const real = await realFolder(folder)
    const id = await writeStore(db, path, options, () => archiveId(db))
    // Nobody else writes the store while it is read.
    const settle = (): Promise<void> => readStore(db, path, options, () => settleFolder(db, real, id))
    await readStore(db, path, options, () => assertOurFolder(db, real, id))
    await settle()
    const result = await work(db, real)
    await settle()
    return result
  } finally {
    db.close()
  }
}

/** What an archive was found to be. */
export interface Verified {
  readonly days: readonly ArchivedDay[]
  /** What is not as it was archived. */
  readonly faults: readonly string[]
}

/** Reads every file again and compares it with what the store and the manifest say of it. */
export async function verify({ path, options, folder }: Place): Promise<Verified> {
  const db = await Database.open(':memory:', 'write', options)
  try {
    const real = await realFolder(folder)
    return await readStore(db, path, options, async () => {
      const days = await archivedDays(db)
      const faults: string[] = []
      for (const day of days) faults.push(...(await faultsOf(db, real, day)))
      if (days.length > 0 && !(await isManifestTrue(db, real)))
        faults.push(
          'manifest.json says something else than the database; the next llmcost archive writes it anew',
        )
      return { days, faults }
    })
  } finally {
    db.close()
  }
}

async function faultsOf(db: Database, folder: string, day: ArchivedDay): Promise<readonly string[]> {
  const out: string[] = []
  try {
    const file = parquet([await checkedFile(folder, day)])
    const found = day.kept
      ? await figuresOf(db, file)
      : await db.one<{ calls: number }>(`SELECT count(*) AS calls FROM ${file}`)
    if (Object.entries(found).some(([name, value]) => value !== day[name as keyof ArchivedDay]))
      out.push(`${day.day}: the file has other sums than were archived`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    out.push(error.message)
  }
  const { calls, usd } = await db.one<{ calls: number; usd: string | null }>(
    `SELECT CAST(coalesce(sum(${cellColumn('rows')}), 0) AS BIGINT) AS calls, CAST(sum(${cellColumn('cost_usd')}) AS DECIMAL(38,12)) AS usd
      FROM store.main.hourly_labels WHERE owner = $owner AND CAST(ts AS DATE) = CAST($day AS DATE)`,
    { owner: day.kept ? 'archive' : 'cube', day: day.day },
  )
  if (calls !== day.calls || usd !== day.cost_usd)
    out.push(`${day.day}: the sums in the database are other ones`)
  return out
}
