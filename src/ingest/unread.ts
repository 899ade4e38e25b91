/** What the calls of a run say of usage or money that was not read, by name. */
import type { Database } from '../db/database.js'
import type { Entry } from './stage-files.js'
import { stagedFacts } from './staged-facts.js'
import type { UnreadUsage } from './summary.js'

/** What the calls that came in say and was not read, and what records say that were left out as no calls. */
export async function unreadUsage(db: Database, entries: readonly Entry[]): Promise<readonly UnreadUsage[]> {
  if ((await stagedFacts(db)).unread === 0) return []
  const { rows } = await db.query<{
    name: string
    calls: number
    files: number
    file_no: number
    skipped: boolean
  }>(
    `SELECT name, count(*) AS calls, count(DISTINCT file_no) AS files, min(file_no) AS file_no, skipped
     FROM (SELECT unnest(list_distinct(string_split(unread_usage, '; '))) AS name, file_no, state = 'skip' AS skipped FROM located
       WHERE state IN ('call', 'skip') AND unread_usage IS NOT NULL AND row NOT IN (SELECT row FROM verdicts))
     GROUP BY name, skipped ORDER BY calls DESC, name`,
  )
  return rows.map(({ file_no: fileNo, ...row }) => ({
    ...row,
    label: row.files === 1 ? (entries.find((entry) => entry.fileNo === fileNo)?.summary.label ?? null) : null,
  }))
}
