/**
 * What any of the staged records says, asked once: most steps of a run have nothing to do in most runs, and to plan
 * their statements costs more than a small log itself. Later steps take records out and never add any, so that 0 stays
 * 0, and any other number is a most.
 */
import type { Database } from '../db/database.js'
import { sessionTotal } from '../domain/call.js'

/** How many staged records there are of a kind, at most. */
export interface StagedFacts {
  /** Records that name the span above them. */
  readonly parents: number
  /** Calls that name their requests. */
  readonly requests: number
  /** Records with a cost of their own. */
  readonly costs: number
  /** Records with usage that was not read. */
  readonly unread: number
  /** Sums of whole sessions. */
  readonly totals: number
  /** Calls of which it is said how their cached tokens stand to the input. */
  readonly readings: number
  /** Those of which that is not that they are inside it. */
  readonly unsure: number
}

/** Makes `staged_facts`, a row; needs `located`. */
export async function noteStagedFacts(db: Database): Promise<void> {
  const calls = "state = 'call'"
  await db.run(`CREATE OR REPLACE TEMP TABLE staged_facts AS SELECT count(parent_span) AS parents,
    count(request_ids) FILTER (${calls}) AS requests, count(reported_cost_usd) AS costs, count(unread_usage) AS unread,
    count(*) FILTER (operation = '${sessionTotal}') AS totals, count(cache_reading) FILTER (${calls}) AS readings,
    count(*) FILTER (${calls} AND cache_reading <> 'included') AS unsure FROM located`)
}

export const stagedFacts = (db: Database): Promise<StagedFacts> =>
  db.one<StagedFacts & Record<string, unknown>>('SELECT * FROM staged_facts')

/** Whether any of the tables holds a row; a statement over empty ones costs many times as much as to look. */
export const anyIn = async (db: Database, ...tables: readonly string[]): Promise<boolean> =>
  (
    await db.one<{ n: boolean }>(
      `SELECT ${tables.map((table) => `EXISTS (FROM ${table})`).join(' OR ')} AS n`,
    )
  ).n
