import { billTotals, type BillTotals } from '../../domain/costs/billed.js'
import { countNames, type Counts } from '../../domain/record-counts.js'
import { ownedHours } from '../../rollups/owned-hours.js'
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

/** What the store holds, in one row; of hours whose calls are elsewhere, what their sums say. */
export function statusQuery(): Query<StatusRow> {
  return {
    sql: /* sql */ `
      WITH held AS (
        SELECT source, count(*) AS calls, min(ts) AS first_ts, max(ts) AS last_ts,
          count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_calls
        FROM store.main.calls GROUP BY source
        UNION ALL SELECT source, ${partOfCells('rows')}, ${partOfCells('first_ts')}, ${partOfCells('last_ts')},
          ${partOfCells('rows')} - ${partOfCells('priced_rows')}
        FROM store.main.hourly_labels WHERE owner <> 'calls' GROUP BY source
      ), unpriced AS (
        SELECT sum(calls) AS calls, model FROM (
          SELECT count(*) AS calls, coalesce(model, '(none)') AS model FROM store.main.calls WHERE cost_usd IS NULL GROUP BY 2
          UNION ALL SELECT ${partOfCells('rows')} - ${partOfCells('priced_rows')}, coalesce(model, '(none)')
          FROM store.main.hourly_labels WHERE owner <> 'calls' GROUP BY 2)
        WHERE calls > 0 GROUP BY model
      )
      SELECT CAST(coalesce(sum(calls), 0) AS BIGINT) AS calls, count(DISTINCT source) AS sources, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
        (SELECT count(*) FROM files) AS files,
        (SELECT count(*) FROM rejects) AS rejects,
        CAST(coalesce(sum(unpriced_calls), 0) AS BIGINT) AS unpriced_calls,
        (SELECT list(model ORDER BY calls DESC, model) FROM unpriced) AS unpriced_models,
        (SELECT value FROM meta WHERE key = 'price_data') AS price_data,
        (SELECT value FROM meta WHERE key = 'price_fingerprint') AS price_fingerprint,
        (SELECT max(finished_at) FROM ingests) AS last_ingest
      FROM held`,
    params: {},
  }
}

/** What bills in the store say, by biller, source, kind and currency. */
export function billedQuery(): Query<BillTotals> {
  return {
    sql: billTotals('billed'),
    params: {},
  }
}

/** What the store's rollups hold of the calls that are in one place. */
export interface RollupSpanRow {
  /** Where these calls are: `calls`, the table of the store; `archive`; `cube`, of which there are sums alone. */
  readonly owner: string
  /** Whole hours. */
  readonly since: string
  readonly until: string
  readonly calls: Whole
  /** Rows of sums. */
  readonly cells: Whole
}

/** Which span of time has its calls where, as far as rollups were made; the oldest first. */
export function rollupSpans(): Query<RollupSpanRow> {
  const sql = /* sql */ `
    SELECT h.owner, h.first AS since, h.until, ${partOfCells('rows')} AS calls, count(*) AS cells
    FROM store.main.hourly_labels c JOIN (${ownedHours}) h ON h.owner = c.owner AND h.hour = date_trunc('hour', c.ts)
    GROUP BY ALL ORDER BY since, owner`
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
      FROM (SELECT unnest(list_distinct(string_split(unread_usage, '; '))) AS name, file_id FROM store.main.calls WHERE unread_usage IS NOT NULL)
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
        SELECT coalesce(logged_id, call_id) AS id FROM store.main.calls
        WHERE id_kind IS DISTINCT FROM 'any' AND NOT starts_with(call_id, '#')
          AND file_id NOT IN (SELECT file_id FROM files WHERE contains(options, '"keepAcrossSources":true}'))
        GROUP BY id HAVING min(source) <> max(source))`,
    params: {},
  }
}
