/**
 * Hours whose calls the store does not hold: only sums are left of them. The one place that keeps any answer from
 * being partial: readers see the calls as a view with a row for each minute of such hours, and to keep such a row, or
 * to look at anything of it but its time, fails. Whatever a statement asks, it fails where its times touch these
 * hours, and else is answered as if they were not there.
 */
import { callColumns } from '../domain/call.js'
import type { Database } from './database.js'
import { elsewhereMark } from './faults.js'
import { schemaVersion } from './schema.js'
import { tablesAt } from './shape.js'
import { ownedHours } from '../rollups/owned-hours.js'

/** View of the calls that the store holds, which `calls` is of: what an answer counts as money may be laid over it. */
export const heldCalls = 'held_calls'

/** True where some hours of the attached store have their calls elsewhere. @param owners condition on who has them */
export const hasElsewhere = async (db: Database, owners = "owner <> 'calls'"): Promise<boolean> =>
  (await db.one<{ found: boolean }>(`SELECT EXISTS (FROM store.main.hourly_labels WHERE ${owners}) AS found`))
    .found

/** SQL: fails with what is said of the hour. */
const failing = 'CASE WHEN ts IS NULL THEN NULL ELSE error(said) END'

/** The columns of `calls`, in the order of the table. */
const names = (): readonly string[] =>
  [...tablesAt(schemaVersion).get('calls')!].map((column) => column.split(' ')[0]!)

/** SQL: the columns of a row of an hour without calls. */
const guarded = (): string =>
  names()
    .map((name) => {
      const type = callColumns.find((column) => column.name === name)!.type
      return name === 'ts' ? 'ts' : `CAST(${failing} AS ${type}) AS ${name}`
    })
    .join(', ')

/** Archived days, and the FROM item that has their calls. */
export interface Lent {
  readonly days: readonly string[]
  readonly from: string
}

/**
 * Makes the calls fail where a statement reads hours whose calls are elsewhere; nothing where there are none.
 * @param lent archived days, whose calls are read from where these say
 */
export async function guardAbsentCalls(db: Database, lent: Lent = { days: [], from: '' }): Promise<boolean> {
  if (!(await hasElsewhere(db))) return false
  const lentDays = lent.days.map((day) => `DATE '${day}'`).join(', ')
  const isAbsent =
    lent.days.length === 0
      ? "owner <> 'calls'"
      : `(owner = 'cube' OR (owner = 'archive' AND CAST(ts AS DATE) NOT IN (${lentDays})))`
  // Both ends of each quarter-hour, and each minute: whoever asks for less time is asked for whole minutes, too.
  await db.run(`CREATE OR REPLACE TEMP TABLE absent_calls AS
    WITH spans AS (SELECT hour, owner, ${said} AS said FROM (${ownedHours}) WHERE owner <> 'calls'),
    quarters AS (SELECT DISTINCT owner, ts FROM store.main.hourly_labels WHERE ${isAbsent})
    SELECT q.ts + to_microseconds(least(60_000_000 * minute, 899_999_999)) AS ts, s.said
    FROM quarters q JOIN spans s ON s.owner = q.owner AND s.hour = date_trunc('hour', q.ts), range(16) AS minutes(minute)`)
  const held =
    lent.days.length === 0
      ? 'store.main.calls'
      : `(SELECT * FROM store.main.calls UNION ALL BY NAME SELECT * FROM ${lent.from})`
  await db.run(`CREATE OR REPLACE TEMP VIEW ${heldCalls} AS SELECT ${names().join(', ')} FROM ${held}
    UNION ALL SELECT ${guarded()} FROM absent_calls WHERE CAST(${failing} AS BOOLEAN)`)
  return true
}

const minute = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%MZ')`

/** SQL: the span and its owner, a day of it, and the sources that hours may have been pulled from. */
const said = `concat_ws(' ', '${elsewhereMark}', ${minute('first')}, ${minute('until')}, owner, strftime(hour, '%Y-%m-%d'),
    (SELECT string_agg(path, ' ' ORDER BY path) FROM (SELECT DISTINCT path FROM store.main.files
      WHERE regexp_full_match(path, '[a-z]+://[0-9A-Za-z_.:/@%+-]{1,200}') LIMIT 3)))`
