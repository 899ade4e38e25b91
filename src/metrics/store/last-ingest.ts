import type { Query } from '../query.js'

/** When logs were last read into the store. */
export function lastIngest(): Query<{ readonly last_ingest: string | null }> {
  return { sql: 'SELECT max(finished_at) AS last_ingest FROM ingests', params: {} }
}
