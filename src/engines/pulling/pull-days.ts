/**
 * Sketches and users of the days of pulled hours: asked for where the database has none of a day, of exactly the
 * hours that it has of that day from there.
 */
import { openStoreBeforeWriting } from '../../db/store.js'
import type { KeptDays } from '../days/keep-days.js'
import type { HourRange } from '../calls-sql.js'
import type { Resolved } from '../resolve.js'
import type { Asking, AskRequest } from './asking.js'

export interface DaysRequest extends AskRequest {
  /** Whole days. */
  readonly hours: HourRange
  /** Which prices cells of now have. */
  readonly prices: string
  /** What was found in the hours that were surveyed already. */
  readonly words: Resolved | undefined
  readonly surveyed: readonly number[]
}

/** How many rows are asked for at once; a day with more stands alone. */
const mostRows = 5_000_000

/** @throws UserError */
export async function pullDays(asking: Asking, request: DaysRequest): Promise<KeptDays> {
  const lacking = await lackingDays(request)
  if (lacking.length === 0) return { days: 0, leftOut: [] }
  const hours = lacking.flatMap((day) => day.hours)
  const known = new Set(request.surveyed)
  const surveyed = hours.every((hour) => known.has(hour)) ? request.words : undefined
  const words = surveyed ?? (await asking.survey(hours))
  const kept: KeptDays[] = []
  for (const some of batchesOf(lacking)) kept.push(await asking.days(some, words))
  return {
    days: kept.reduce((sum, { days }) => sum + days, 0),
    leftOut: kept.flatMap(({ leftOut }) => leftOut),
  }
}

interface LackingDay {
  readonly hours: readonly number[]
  readonly rows: number
}

/** Days of which there are cells of this source, all with the prices of now, and nothing else. */
async function lackingDays({
  dbPath,
  store,
  source,
  prices,
  hours: [from, to],
}: DaysRequest): Promise<readonly LackingDay[]> {
  const db = await openStoreBeforeWriting(dbPath, store)
  if (db === undefined) return []
  try {
    const { tables } = await db.one<{ tables: number }>(
      "SELECT count(*) AS tables FROM duckdb_columns() WHERE table_name = 'daily_users' AND column_name = 'file_id' AND database_name = 'store'",
    )
    if (tables === 0) return []
    const { rows } = await db.query<{ hours: string; rows: number }>(
      `SELECT CAST(to_json(list(hour ORDER BY hour)) AS VARCHAR) AS hours, CAST(sum(row_count) AS BIGINT) AS rows
      FROM (SELECT *, make_timestamp(hour // 24 * 86400000000) AS ts FROM store.main.pulled_hours
        WHERE hour >= $from AND hour < $to AND file_id = (SELECT max(file_id) FROM store.main.files WHERE path = $source)) AS p
      GROUP BY ts, file_id
      HAVING bool_and(prices = $prices) AND (file_id, ts) NOT IN (
          SELECT (file_id, ts) FROM store.main.daily_sketches WHERE file_id IS NOT NULL
          UNION SELECT (file_id, ts) FROM store.main.daily_users WHERE file_id IS NOT NULL)
        AND ts IN (SELECT date_trunc('day', ts) FROM store.main.hourly_labels WHERE owner = 'cube')
      ORDER BY ts`,
      { from, to, source, prices },
    )
    return rows.map((row) => ({ hours: JSON.parse(row.hours) as number[], rows: row.rows }))
  } finally {
    db.close()
  }
}

function batchesOf(days: readonly LackingDay[]): readonly (readonly number[])[] {
  const batches: number[][] = []
  let rows = Infinity
  for (const day of days) {
    if (rows + day.rows > mostRows) {
      batches.push([])
      rows = 0
    }
    batches.at(-1)!.push(...day.hours)
    rows += day.rows
  }
  return batches
}
