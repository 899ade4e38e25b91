/** Which UTC days a run that writes calls has changed: some only grew, and what was summed up of them stays true. */
import type { Database } from '../db/database.js'
import { cellColumn } from './parts.js'

export interface ChangedDays {
  /** Condition on `ts`: all of them. */
  readonly within: string
  /** Condition on `ts`: those that only grew; undefined where there are none. */
  readonly grown: string | undefined
  /** FROM item: the calls to sum up, which are the new ones of days that grew, and all of others. */
  readonly calls: string
}

const dayMicros = 86_400_000_000

const dayOf = (ts: string): string => `epoch_us(${ts}) // ${dayMicros}`

/**
 * To be asked while `changed_hours` has the hours of calls that were taken out or changed, and cells are as they were
 * before: a day grew by so many new rows where its cells had all others.
 * @param lastRow the last row before the run
 * @returns undefined where no day changed
 */
export async function changedDays(db: Database, lastRow: number): Promise<ChangedDays | undefined> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE changed_days AS
    WITH added AS (SELECT ${dayOf('ts')} AS day, count(*) AS calls FROM store.main.calls WHERE rowid > $last GROUP BY 1),
    changed AS (SELECT DISTINCT hour // 24 AS day FROM changed_hours),
    held AS (SELECT ${dayOf('ts')} AS day, count(*) AS calls FROM store.main.calls
      WHERE ts >= (SELECT make_timestamp(min(day) * ${dayMicros}) FROM added)
        AND ts < (SELECT make_timestamp((max(day) + 1) * ${dayMicros}) FROM added) GROUP BY 1),
    summed AS (SELECT ${dayOf('ts')} AS day, sum(${cellColumn('rows')}) AS calls FROM store.main.hourly_labels
      WHERE owner = 'calls' GROUP BY 1)
    SELECT day, added.calls IS NOT NULL AND changed.day IS NULL AND held.calls = added.calls + coalesce(summed.calls, 0) AS grew
    FROM added FULL JOIN changed USING (day) LEFT JOIN held USING (day) LEFT JOIN summed USING (day)`,
    { last: lastRow },
  )
  const { days, first, last, growing } = await db.one<Record<'days' | 'first' | 'last' | 'growing', number>>(
    `SELECT count(*) AS days, coalesce(min(day), 0) AS first, coalesce(max(day), 0) AS last,
      count(*) FILTER (WHERE grew) AS growing FROM changed_days`,
  )
  if (days === 0) return undefined
  // The span alone lets the engine pass over most of a large store.
  const among = (which: string): string =>
    `ts >= make_timestamp(${first} * ${dayMicros}) AND ts < make_timestamp((${last} + 1) * ${dayMicros})
      AND ${dayOf('ts')} IN (SELECT day FROM changed_days ${which})`
  const within = among('')
  const grown = growing === 0 ? undefined : among('WHERE grew')
  const whole = growing === 0 ? '' : ` AND (rowid > ${lastRow} OR ${among('WHERE NOT grew')})`
  return { within, grown, calls: `(SELECT * FROM store.main.calls WHERE ${within}${whole})` }
}
