/** Takes files out of the attached store, inside the caller's transaction. */
import type { Database } from '../db/database.js'
import type { CostBasis } from '../domain/costs/basis.js'
import { rereadStoredCaches } from './typing/cache-reading.js'
import { removeBill } from './bills/known-bills.js'
import { makeRoom, mergeCalls, removeFile } from './merging/merge.js'
import { takeBackArchived } from './sameness/archived.js'
import { compareWithStore, stageNothing } from './sameness/sameness.js'

interface Forgotten {
  readonly calls: number
  readonly rejects: number
  /** Charges of a bill. */
  readonly charges: number
}

/** @returns how many calls and rejects each file took along, by file_id */
export async function forgetFiles(
  db: Database,
  files: readonly number[],
  basis: CostBasis,
  archive?: string,
): Promise<ReadonlyMap<number, Forgotten>> {
  await stageNothing(db)
  await takeBackArchived(db, { folder: archive, leaving: files, dryRun: false })
  await compareWithStore(db, files, false)
  const removed = new Map<number, Forgotten>()
  for (const id of files) {
    const charges = await removeBill(db, id)
    removed.set(id, { charges, ...(await removeFile(db, id)) })
  }
  await makeRoom(db)
  await mergeCalls(db, { basis, asksReadings: false })
  // What they showed of their logger's habit is forgotten with them.
  await rereadStoredCaches(db, basis, archive)
  return removed
}
