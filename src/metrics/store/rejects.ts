import type { Query } from '../query.js'

export interface RejectRow {
  readonly path: string | null
  readonly line: number
  readonly reason: string
  readonly fields: string | null
  readonly text: string | null
  /** Number of all rejects. */
  readonly all_rejects: number
}

/** Rejected records in the order of their files. */
export function rejectsQuery(top: number): Query<RejectRow> {
  return {
    sql: /* sql */ `
      SELECT f.path, r.line, r.reason, r.fields, r.text, count(*) OVER () AS all_rejects
      FROM rejects r LEFT JOIN files f ON f.file_id = r.file_id
      ORDER BY f.path, r.file_id, r.line LIMIT $top`,
    params: { top },
  }
}
