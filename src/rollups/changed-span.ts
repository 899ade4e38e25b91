/** Which hours a run that writes calls has changed, for who keeps sums of the calls outside of the store. */
import type { Database } from '../db/database.js'
import type { ChangedHours, StoreOptions } from '../db/store-lock.js'
import { hourOf } from './hours.js'

/**
 * To be asked within the transaction, while `changed_hours` has the hours of calls that were taken out or changed.
 * @param lastRow the last row before the run
 */
export async function changedSpan(db: Database, lastRow: number): Promise<ChangedHours> {
  const { first, last } = await db.one<Record<'first' | 'last', number | null>>(
    `SELECT min(hour) AS first, max(hour) AS last FROM (SELECT hour FROM changed_hours UNION ALL
      SELECT ${hourOf('ts')} AS hour FROM store.main.calls WHERE rowid > $lastRow)`,
    { lastRow },
  )
  return first === null || last === null ? 'none' : { first, last }
}

/** The options, whose `written` is told which hours were changed, too. */
export function tellingSpan(options: StoreOptions, changed: () => ChangedHours | undefined): StoreOptions {
  const { written } = options
  if (written === undefined) return options
  return {
    ...options,
    written: { ...written, tell: (db, store) => written.tell(db, { ...store, changed: changed() }) },
  }
}
