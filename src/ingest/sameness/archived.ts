/**
 * Calls of archived days. A record that is there already is a duplicate, as it would be in the store. Where a run
 * brings or takes out anything else of such a day, the day comes back into the store first, and all goes its usual
 * way; the next `llmcost archive` moves it again. Of days whose calls were dropped nothing comes back.
 */
import { archivedDays, type ArchivedDay } from '../../db/archive/days.js'
import { parquet } from '../../db/archive/files.js'
import { filesOf, spanOf, thawDays } from '../../db/archive/thawing.js'
import type { Database } from '../../db/database.js'
import { sessionTotal } from '../../domain/call.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { UserError } from '../../errors.js'
import { stagedFacts } from '../staged-facts.js'
import { isKept } from '../typing/identity.js'

/** What a run has to do with archived days. */
export interface Touching {
  /** Of the archive. */
  readonly folder: string | undefined
  /** Files whose calls are about to be taken out. */
  readonly leaving: readonly number[]
  /** The store is only looked at. */
  readonly dryRun: boolean
}

/** @returns sentences on what was done */
export async function takeBackArchived(
  db: Database,
  { folder, leaving, dryRun }: Touching,
): Promise<readonly string[]> {
  const days = await archivedDays(db)
  if (days.length === 0) return []
  await noteDropped(
    db,
    folder,
    days.filter(({ kept }) => !kept),
  )
  const kept = days.filter((day) => day.kept)
  const touched = await touchedDays(db, folder, kept)
  const needed = days.filter(
    ({ day, kept: isHere, files }) =>
      (isHere && touched.has(day)) || files.some((id) => leaving.includes(id)),
  )
  if (needed.length === 0) return []
  if (dryRun)
    throw new UserError(
      `this changes archived calls of ${spanOf(needed)}, which a rehearsal cannot take back`,
      {
        hint: `Bring them back first: llmcost archive --restore --since ${needed[0]!.day}.`,
      },
    )
  await thawDays(db, folder, needed)
  return [
    `${counted(needed.length, 'archived day')} (${spanOf(needed)}) ${plural(needed.length, 'was', 'were')} taken back into the database, since this run has to do with ${plural(needed.length, 'its', 'their')} calls; llmcost archive moves ${plural(needed.length, 'it', 'them')} again`,
  ]
}

const dates = (days: readonly ArchivedDay[]): string => days.map(({ day }) => `DATE '${day}'`).join(', ')

/** SQL: the staged calls of some days, under the providers that they resolve to. */
const stagedOf = (days: readonly ArchivedDay[]): string =>
  `(SELECT * FROM keyed i WHERE ${isKept('i')} AND CAST(i.ts AS DATE) IN (${dates(days)}))`

async function touchedOf(db: Database, days: readonly ArchivedDay[]): Promise<readonly ArchivedDay[]> {
  if (days.length === 0) return []
  const { rows } = await db.query<{ day: string }>(
    `SELECT DISTINCT CAST(CAST(ts AS DATE) AS VARCHAR) AS day FROM ${stagedOf(days)}`,
  )
  return days.filter(({ day }) => rows.some((row) => row.day === day))
}

/** Records whose ids are among those of dropped calls are duplicates; the others of such days are refused. */
async function noteDropped(
  db: Database,
  folder: string | undefined,
  dropped: readonly ArchivedDay[],
): Promise<void> {
  const touched = await touchedOf(db, dropped)
  if (touched.length === 0 || folder === undefined) return
  await db.run(`INSERT INTO verdicts SELECT i.row, 'duplicate' FROM ${stagedOf(touched)} i
    WHERE (i.source, i.call_id) IN (SELECT (source, call_id) FROM ${parquet(await filesOf(folder, touched))})`)
}

/** The days that have to come back: none where all that is brought of them is there already. */
async function touchedDays(
  db: Database,
  folder: string | undefined,
  kept: readonly ArchivedDay[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  if (kept.length === 0) return found
  const touched = await touchedOf(db, kept)
  if (touched.length > 0 && !(await areKnown(db, parquet(await filesOf(folder, touched)), touched)))
    // Copies of a call, and the calls of a trace, may lie on both sides of a midnight.
    for (const { day } of touched) for (const days of [-1, 0, 1]) found.add(shifted(day, days))
  for (const day of await daysOfOtherCopies(db)) found.add(day)
  if ((await stagedFacts(db)).totals > 0) {
    const { rows } = await db.query<{ day: string }>(`SELECT DISTINCT CAST(CAST(ts AS DATE) AS VARCHAR) AS day
      FROM ${parquet(await filesOf(folder, kept))} WHERE (source, session_id) IN (SELECT (source, session_id)
        FROM identified i WHERE ${isKept('i')} AND operation = '${sessionTotal}' AND session_id IS NOT NULL)`)
    for (const { day } of rows) found.add(day)
  }
  return found
}

const shifted = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

/** What the copy of a call must have that says nothing new, in the record and in the archive. */
const told = [
  'ts',
  'provider',
  'model',
  'operation',
  'attempt',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'revision_id',
  'id_kind',
  'request_ids',
]

/** Whether the archive has each staged call of the days, as good; these are duplicates then. */
async function areKnown(db: Database, archive: string, days: readonly ArchivedDay[]): Promise<boolean> {
  const same = told.map((name) => `a.${name} IS NOT DISTINCT FROM i.${name}`).join(' AND ')
  await db.run(`CREATE OR REPLACE TEMP TABLE archived_rows AS SELECT i.row, bool_or(a.source IS NOT NULL) AS known
    FROM ${stagedOf(days)} i LEFT JOIN ${archive} a ON a.source = i.source AND coalesce(a.logged_id, a.call_id) = i.call_id AND ${same}
    GROUP BY i.row`)
  const { known } = await db.one<{ known: boolean }>(
    'SELECT coalesce(bool_and(known), true) AS known FROM archived_rows',
  )
  if (known) await db.run("INSERT INTO verdicts SELECT row, 'duplicate' FROM archived_rows")
  return known
}

/** Days of calls that several sources have logged, of which this run brings another copy. */
async function daysOfOtherCopies(db: Database): Promise<readonly string[]> {
  const { rows } = await db.query<{ day: string }>(`SELECT DISTINCT CAST(CAST(ts AS DATE) AS VARCHAR) AS day
    FROM store.main.same_calls WHERE coalesce(logged_id, call_id) IN (SELECT call_id FROM identified i WHERE ${isKept('i')})`)
  return rows.map(({ day }) => day)
}
