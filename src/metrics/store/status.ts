import { countNames, type Counts } from '../../domain/record-counts.js'
import { partOfCells } from '../../rollups/parts.js'
import type { Query, Whole } from '../query.js'

export interface StatusRow {
  readonly calls: Whole
  /** Importers that read them. */
  readonly sources: Whole
  readonly first_ts: string | null
  readonly last_ts: string | null
  readonly files: number
  readonly rejects: number
  readonly unpriced_calls: Whole
  readonly unpriced_models: readonly string[] | null
  /** Price data that the costs were worked out with. */
  readonly price_data: string | null
  /** Fingerprint of that price data with the overrides of then; `mixed` when there were several. */
  readonly price_fingerprint: string | null
  readonly last_ingest: string | null
}

/** What the store holds, in one row. */
export function statusQuery(): Query<StatusRow> {
  return {
    sql: /* sql */ `
      WITH unpriced AS (
        SELECT count(*) AS calls, coalesce(model, '(none)') AS model FROM calls WHERE cost_usd IS NULL GROUP BY 2
      )
      SELECT count(*) AS calls, count(DISTINCT source) AS sources, min(ts) AS first_ts, max(ts) AS last_ts,
        (SELECT count(*) FROM files) AS files,
        (SELECT count(*) FROM rejects) AS rejects,
        count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_calls,
        (SELECT list(model ORDER BY calls DESC, model) FROM unpriced) AS unpriced_models,
        (SELECT value FROM meta WHERE key = 'price_data') AS price_data,
        (SELECT value FROM meta WHERE key = 'price_fingerprint') AS price_fingerprint,
        (SELECT max(finished_at) FROM ingests) AS last_ingest
      FROM calls`,
    params: {},
  }
}

/** What the store's rollups hold of the calls that are in one place. */
export interface RollupSpanRow {
  /** Where these calls are: in the table of calls. */
  readonly owner: string
  readonly first_ts: string
  readonly last_ts: string
  readonly calls: Whole
  /** Rows of sums. */
  readonly cells: Whole
}

/** Which span of time has its calls where, as far as rollups were made; the oldest first. */
export function rollupSpans(): Query<RollupSpanRow> {
  const sql = /* sql */ `
    SELECT owner, ${partOfCells('first_ts')} AS first_ts, ${partOfCells('last_ts')} AS last_ts,
      ${partOfCells('rows')} AS calls, count(*) AS cells
    FROM hourly_labels GROUP BY owner ORDER BY first_ts, owner`
  return { sql, params: {} }
}

export interface FileRow extends Counts {
  readonly path: string
  readonly importer: string
  readonly size: number
}

/** Every reading of a file, with its counts; lines = the sum of the others. */
export function filesQuery(): Query<FileRow> {
  return {
    sql: /* sql */ `
      SELECT path, importer, size, ${countNames.join(', ')}
      FROM files ORDER BY path, file_id`,
    params: {},
  }
}

export interface UnreadRow {
  /** What the records say and was not read: `usage.foo`, `speed=warp`. */
  readonly name: string
  readonly calls: Whole
  readonly files: readonly string[]
}

/** What the stored calls say of usage or money that was not read, with the files that say it. */
export function unreadQuery(): Query<UnreadRow> {
  return {
    sql: /* sql */ `
      SELECT name, count(*) AS calls, list(DISTINCT path ORDER BY path) AS files
      FROM (SELECT unnest(list_distinct(string_split(unread_usage, '; '))) AS name, file_id FROM calls WHERE unread_usage IS NOT NULL)
      JOIN files USING (file_id)
      GROUP BY name ORDER BY calls DESC, name`,
    params: {},
  }
}

export interface SeveralSourcesRow {
  /** Ids of calls that are in logs of several sources, each of which counts. */
  readonly ids: Whole
  /** One of them. */
  readonly example: string | null
}

/**
 * Calls that several sources log with other tokens or models: which of them is right nobody knows, so all
 * count. Those that were kept by `--keep-across-sources` are left out.
 */
export function severalSourcesQuery(): Query<SeveralSourcesRow> {
  return {
    sql: /* sql */ `
      SELECT count(*) AS ids, min(id) AS example FROM (
        SELECT coalesce(logged_id, call_id) AS id FROM calls
        WHERE id_kind IS DISTINCT FROM 'any' AND NOT starts_with(call_id, '#')
          AND file_id NOT IN (SELECT file_id FROM files WHERE contains(options, '"keepAcrossSources":true}'))
        GROUP BY id HAVING min(source) <> max(source))`,
    params: {},
  }
}
