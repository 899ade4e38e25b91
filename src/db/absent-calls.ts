/**
 * Hours whose calls the store does not hold: only sums are left of them. The one place that keeps any answer from
 * being partial: readers see `calls` as a view with a row for each minute of such hours, and to keep such a row, or
 * to look at anything of it but its time, fails. Whatever a statement asks, it fails where its times touch these
 * hours, and else is answered as if they were not there.
 */
import { callColumns } from '../domain/call.js'
import type { Database } from './database.js'
import { elsewhereMark } from './faults.js'
import { ownedHours } from '../rollups/owned-hours.js'

/** True where some hours of the attached store have their calls elsewhere. @param owners condition on who has them */
export const hasElsewhere = async (db: Database, owners = "owner <> 'calls'"): Promise<boolean> =>
  (await db.one<{ found: boolean }>(`SELECT EXISTS (FROM store.main.hourly_labels WHERE ${owners}) AS found`))
    .found

/** SQL: fails with what is said of the hour. */
const failing = 'CASE WHEN ts IS NULL THEN NULL ELSE error(said) END'

const names = callColumns.map(({ name }) => name)

/** SQL: the columns of a row of an hour without calls. */
const guarded = callColumns.map(({ name, type }) =>
  name === 'ts' ? 'ts' : `CAST(${failing} AS ${type}) AS ${name}`,
)

/** Makes `calls` fail where a statement reads hours whose calls are elsewhere; nothing where there are none. */
export async function guardAbsentCalls(db: Database): Promise<void> {
  if (!(await hasElsewhere(db))) return
  // Both ends of each quarter-hour, and each minute: nobody asks for less time than that.
  await db.run(`CREATE OR REPLACE TEMP TABLE absent_calls AS
    WITH spans AS (SELECT hour, owner, ${said} AS said FROM (${ownedHours}) WHERE owner <> 'calls'),
    quarters AS (SELECT DISTINCT owner, ts FROM store.main.hourly_labels WHERE owner <> 'calls')
    SELECT q.ts + to_microseconds(least(60_000_000 * minute, 899_999_999)) AS ts, s.said
    FROM quarters q JOIN spans s ON s.owner = q.owner AND s.hour = date_trunc('hour', q.ts), range(16) AS minutes(minute)`)
  await db.run(`CREATE OR REPLACE TEMP VIEW calls AS SELECT ${names.join(', ')} FROM store.main.calls
    UNION ALL SELECT ${guarded.join(', ')} FROM absent_calls WHERE CAST(${failing} AS BOOLEAN)`)
}

const minute = (time: string): string => `strftime(${time}, '%Y-%m-%dT%H:%MZ')`

/** SQL: the span and its owner, and the sources that hours may have been pulled from. */
const said = `concat_ws(' ', '${elsewhereMark}', ${minute('first')}, ${minute('until')}, owner,
    (SELECT string_agg(path, ' ' ORDER BY path) FROM (SELECT DISTINCT path FROM store.main.files
      WHERE regexp_full_match(path, '[a-z]+://[0-9A-Za-z_.:/@%+-]{1,200}') LIMIT 3)))`
