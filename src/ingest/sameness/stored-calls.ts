/**
 * The calls of the attached store as each source gave them. Where several sources have one call, `calls`
 * holds what came of them together and `same_calls` what each of them said.
 */
import type { Database } from '../../db/database.js'
import { readColumns, sessionTotal } from '../../domain/call.js'

/** What there is in the store to compare with. */
export interface StoredCalls {
  /**
   * Relation of the stored calls, one row a source and call: `stored_row` (rowid), `held` (it stands in
   * `same_calls`), `plain` (the id as logged), and the columns that are known before pricing.
   */
  readonly relation: string
  /** Some calls are held in `same_calls`. */
  readonly held: boolean
  /** Sources of the store's calls. */
  readonly sources: readonly string[]
  /** Some calls carry an id that may name several. */
  readonly hasAnyIds: boolean
  /** Some are sums of whole sessions. */
  readonly holdsTotals: boolean
  /** Sources of which some calls are known by the ids of their requests too. */
  readonly namingRequests: readonly string[]
}

const names = readColumns.map(({ name }) => name).join(', ')

/** @param leftOut files whose calls are about to be taken out and do not count */
export async function storedCalls(db: Database, leftOut: readonly number[]): Promise<StoredCalls> {
  const { held } = await db.one<{ held: number }>('SELECT count(*) AS held FROM store.same_calls')
  const totals = `count(*) FILTER (operation = '${sessionTotal}') > 0`
  const { rows } = await db.query<{
    source: string
    any_ids: boolean
    renamed: boolean
    requests: boolean
    totals: boolean
  }>(
    `SELECT source, coalesce(bool_or(id_kind = 'any'), false) AS any_ids, count(logged_id) > 0 AS renamed, count(request_ids) > 0 AS requests, ${totals} AS totals FROM store.calls GROUP BY source
     UNION ALL SELECT source, coalesce(bool_or(id_kind = 'any'), false), count(logged_id) > 0, count(request_ids) > 0, ${totals} FROM store.same_calls GROUP BY source`,
  )
  const plain = rows.some((row) => row.renamed) ? 'coalesce(logged_id, call_id)' : 'call_id'
  const files = leftOut.length === 0 ? '' : ` AND c.file_id NOT IN (${leftOut.join(', ')})`
  const of = (table: string, isHeld: boolean, where: string): string =>
    `SELECT c.rowid AS stored_row, ${isHeld} AS held, ${plain} AS plain, ${names} FROM store.${table} c WHERE ${where}${files}`
  const joint = `NOT EXISTS (SELECT 1 FROM store.same_calls s WHERE s.source = c.source AND s.call_id = c.call_id)`
  return {
    relation:
      held === 0
        ? `(${of('calls', false, 'true')})`
        : `(${of('calls', false, joint)} UNION ALL ${of('same_calls', true, 'true')})`,
    held: held > 0,
    sources: [...new Set(rows.map((row) => row.source))],
    hasAnyIds: rows.some((row) => row.any_ids),
    holdsTotals: rows.some((row) => row.totals),
    namingRequests: [...new Set(rows.filter((row) => row.requests).map((row) => row.source))],
  }
}
