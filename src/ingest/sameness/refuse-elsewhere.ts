/**
 * Refuses calls of hours of which the store has sums alone: whether these hold the call already nobody can tell, so
 * that to take it in might count it twice. Each is booked as rejected, with the reason.
 */
import type { Database } from '../../db/database.js'
import { plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { hasElsewhere } from '../../db/absent-calls.js'
import { isKept } from '../typing/identity.js'

/**
 * Makes `elsewhere_calls` (row, hour, reason, line_hash) of them, and gives them their verdict.
 * @returns a sentence where there is any
 */
export async function refuseElsewhere(db: Database): Promise<readonly string[]> {
  const owned = await hasElsewhere(db, "owner = 'cube'")
  await db.run(`CREATE OR REPLACE TEMP TABLE elsewhere_calls AS
    SELECT i.row, date_trunc('hour', i.ts) AS hour,
      'archived: the database has only sums of ' || strftime(i.ts, '%Y-%m-%d %H:00 UTC') AS reason,
      coalesce(i.line_hash, sha256(i.source || ' ' || i.call_id)) AS line_hash FROM identified i
    WHERE ${owned ? `${isKept('i')} AND date_trunc('hour', i.ts) IN (${hours})` : 'false'}`)
  if (!owned) return []
  const refused = await db.run("INSERT INTO verdicts SELECT row, 'elsewhere' FROM elsewhere_calls")
  if (refused === 0) return []
  const { first, last } = await db.one<{ first: string; last: string }>(
    'SELECT min(hour) AS first, max(hour) AS last FROM elsewhere_calls',
  )
  const when = first === last ? first : `${first} to ${last}`
  return [
    `${count(refused)} ${plural(refused, 'call was', 'calls were')} refused, since of ${plural(refused, 'its hour', 'their hours')} (${when}) the database has only sums; llmcost rejects names ${plural(refused, 'it', 'them')}`,
  ]
}

const hours = "SELECT DISTINCT date_trunc('hour', ts) FROM store.main.hourly_labels WHERE owner = 'cube'"
