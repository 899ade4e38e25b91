/** The schema of the store: migrations by version, and the documented views that `llmcost sql` offers. */
import { callColumns, readColumns } from '../domain/call.js'
import { billColumns, billedColumns, replacedColumns } from '../domain/costs/billed.js'
import { withoutQuotations } from '../domain/words/error-text.js'
import { rateColumns } from '../domain/costs/rate.js'
import { dayColumns, readingColumns } from './archive/columns.js'
import { hourlyLabelColumns } from '../rollups/labels.js'
import { dailySketchColumns } from '../rollups/sketches.js'
import { dailyUserColumns } from '../rollups/user-days.js'

/** Which program and which schema version; there before any migration. */
export const metaTable = 'CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR)'

interface Stored {
  readonly name: string
  readonly type: string
  readonly required?: true
  readonly words?: readonly string[]
  /** Schema version that brought it. */
  readonly since?: number | undefined
}

const definition = ({ name, type, required, words }: Stored): string =>
  `${name} ${words === undefined ? type : `ENUM(${words.map((word) => `'${word}'`).join(', ')})`}${required ? ' NOT NULL' : ''}`

const list = (columns: readonly Stored[]): string => columns.map((c) => `  ${definition(c)}`).join(',\n')

/**
 * Each entry takes the store from version n to n + 1. Never edit one that was released: add the next.
 * A statement begins with its verb and the table's plain name, which `inStore` and `tablesAt` read.
 * `calls` has no primary key on purpose: an index costs three times the file and a third of the speed;
 * duplicates fall to an anti-join at the merge.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE calls (\n${list(callColumns.filter((c) => c.since === undefined))}\n)`,
    `CREATE TABLE rates (\n${list(rateColumns)}\n)`,
    `CREATE TABLE files (
      file_id BIGINT NOT NULL,
      path VARCHAR NOT NULL,
      importer VARCHAR NOT NULL,
      options VARCHAR NOT NULL,
      size BIGINT NOT NULL,
      mtime_ms BIGINT NOT NULL,
      bytes_read BIGINT NOT NULL,
      ends_with_newline BOOLEAN NOT NULL,
      head_hash VARCHAR NOT NULL,
      tail_hash VARCHAR NOT NULL,
      lines BIGINT NOT NULL,
      imported BIGINT NOT NULL,
      duplicates BIGINT NOT NULL,
      superseded BIGINT NOT NULL,
      skipped BIGINT NOT NULL,
      rejected BIGINT NOT NULL,
      repairs MAP(VARCHAR, BIGINT),
      content_ids BOOLEAN NOT NULL,
      current BOOLEAN NOT NULL,
      ingest_id BIGINT NOT NULL
    )`,
    `CREATE TABLE rejects (
      reject_id VARCHAR NOT NULL,
      file_id BIGINT NOT NULL,
      line BIGINT NOT NULL,
      reason VARCHAR NOT NULL,
      fields VARCHAR,
      text VARCHAR
    )`,
    `CREATE TABLE ingests (
      ingest_id BIGINT NOT NULL,
      started_at TIMESTAMP NOT NULL,
      finished_at TIMESTAMP NOT NULL,
      version VARCHAR NOT NULL,
      price_data VARCHAR NOT NULL,
      files BIGINT NOT NULL,
      lines BIGINT NOT NULL,
      imported BIGINT NOT NULL,
      duplicates BIGINT NOT NULL,
      superseded BIGINT NOT NULL,
      skipped BIGINT NOT NULL,
      rejected BIGINT NOT NULL
    )`,
  ],
  [
    `CREATE TABLE alerts (
      alert_id BIGINT NOT NULL,
      key VARCHAR NOT NULL,
      rule VARCHAR NOT NULL,
      severity VARCHAR NOT NULL,
      dimension VARCHAR,
      value VARCHAR,
      text VARCHAR NOT NULL,
      started_at TIMESTAMP NOT NULL,
      seen_at TIMESTAMP NOT NULL,
      ended_at TIMESTAMP,
      acknowledged_at TIMESTAMP,
      snoozed_until TIMESTAMP,
      fired VARCHAR NOT NULL
    )`,
    `CREATE TABLE deliveries (
      delivery_id VARCHAR NOT NULL,
      alert_id BIGINT NOT NULL,
      channel VARCHAR NOT NULL,
      event VARCHAR NOT NULL,
      number BIGINT NOT NULL,
      state VARCHAR NOT NULL,
      claimed_until TIMESTAMP,
      tried_at TIMESTAMP NOT NULL,
      attempts BIGINT NOT NULL,
      doubtful BOOLEAN NOT NULL,
      error VARCHAR
    )`,
  ],
  [
    // Values that `llmcost metrics` names, by label; a row without a value: the label takes no more of them.
    'CREATE TABLE label_members (label VARCHAR NOT NULL, value VARCHAR)',
  ],
  [
    ...callColumns.filter((c) => c.since === 4).map((c) => `ALTER TABLE calls ADD COLUMN ${definition(c)}`),
    // What each source said of a call that several have logged; `calls` holds what comes of them together.
    `CREATE TABLE same_calls (\n${list(readColumns.filter(({ since = 1 }) => since <= 4))}\n)`,
    // Rates have other columns now. They come back with the next reprice, which the price rules ask for.
    'DROP TABLE rates',
    `CREATE TABLE rates (\n${list(rateColumns)}\n)`,
  ],
  [
    ...['calls', 'same_calls'].flatMap((table) =>
      callColumns.filter((c) => c.since === 5).map((c) => `ALTER TABLE ${table} ADD COLUMN ${definition(c)}`),
    ),
    // Rows change after all columns are there: the engine refuses the other way round. Older versions kept what an error quotes of a prompt.
    `UPDATE calls SET error = ${withoutQuotations('error')} WHERE error IS DISTINCT FROM ${withoutQuotations('error')}`,
    // What older versions read had both counts, or it was not read.
    'UPDATE calls SET total_tokens = coalesce(input_tokens, 0) + coalesce(output_tokens, 0) WHERE (input_tokens IS NOT NULL OR output_tokens IS NOT NULL) AND total_tokens IS DISTINCT FROM coalesce(input_tokens, 0) + coalesce(output_tokens, 0)',
    // Their sessions name the requests by which other logs know the same calls: they are read again for them.
    "UPDATE files SET size = -1, bytes_read = -2 WHERE current AND importer = 'claude-code'",
  ],
  [
    // Sums of calls by quarter-hour and label. Who changes their columns adds an entry that drops and makes the
    // table and takes `rollups` out of `meta`: the next run that writes calls adds them up anew.
    `CREATE TABLE hourly_labels (\n${list(hourlyLabelColumns)}\n)`,
  ],
  [
    // Calls by UTC day, label and bucket of a quantity. Who changes them takes `sketches` out of `meta`, likewise.
    `CREATE TABLE daily_sketches (\n${list(dailySketchColumns.filter((c) => c.since === undefined))}\n)`,
  ],
  [
    // Hours whose cells came from an engine, or of a source of calls from another store: of how many rows, which were refused,
    // and what shows that they have changed there.
    `CREATE TABLE pulled_hours (
      file_id BIGINT NOT NULL,
      hour BIGINT NOT NULL,
      source VARCHAR,
      row_count BIGINT NOT NULL,
      refused MAP(VARCHAR, BIGINT),
      fingerprint VARCHAR NOT NULL,
      prices VARCHAR NOT NULL
    )`,
  ],
  [
    // Days whose calls are in an archive, or were dropped. From here on rows of other owners than `calls` are all
    // that is left of some hours: an entry that makes one of these tables anew takes such rows along.
    `CREATE TABLE archived_days (\n${list(dayColumns)}\n)`,
    `CREATE TABLE archived_readings (\n${list(readingColumns)}\n)`,
  ],
  [
    // Sums of calls by UTC day and user. Who changes their columns takes `user_days` out of `meta`, likewise.
    `CREATE TABLE daily_users (\n${list(dailyUserColumns.filter((c) => c.since === undefined))}\n)`,
  ],
  // Sketches and user days of pulled hours: a day may have hours of several sources, and each its own.
  Object.entries({ daily_sketches: dailySketchColumns, daily_users: dailyUserColumns }).flatMap(
    ([table, columns]) =>
      columns.filter((c) => c.since === 11).map((c) => `ALTER TABLE ${table} ADD COLUMN ${definition(c)}`),
  ),
  [
    // What was billed: charges, and the bills that they stand in. Never calls.
    `CREATE TABLE bills (\n${list(billColumns.filter((c) => c.since === undefined))}\n)`,
    `CREATE TABLE billed (\n${list(billedColumns)}\n)`,
  ],
  [
    ...billColumns.filter((c) => c.since === 13).map((c) => `ALTER TABLE bills ADD COLUMN ${definition(c)}`),
    // What was on bills and does not count: without it, which bills count would hang on the order of reading.
    `CREATE TABLE replaced_charges (\n${list(replacedColumns)}\n)`,
  ],
]

/** The parts of a statement of a migration that makes, changes or drops a table. */
export const tableStatement = /^(CREATE|ALTER|DROP) TABLE (\w+)(?: ADD COLUMN)?(.*)$/s

/** The statements that make the tables of a new store at once, as all migrations one after another leave them. */
export function newestTables(): readonly string[] {
  const tables = new Map<string, string>()
  for (const statement of migrations.flat()) {
    const [, verb, name = '', rest = ''] = tableStatement.exec(statement) ?? []
    if (verb === 'CREATE') tables.set(name, statement)
    else if (verb === 'ALTER') tables.set(name, `${tables.get(name)!.replace(/\s*\)$/, '')},${rest})`)
    else if (verb === 'DROP') tables.delete(name)
  }
  return [...tables.values()]
}

/** A statement of a migration for the attached store: by full name, so that nothing else in the file is found. */
export function inStore(statement: string): string {
  const named = statement.replace(/^((?:CREATE|ALTER|DROP) TABLE|UPDATE) (?=\w)/, '$1 store.main.')
  if (named === statement) throw new Error(`a migration names no table: ${statement.slice(0, 80)}`)
  return named
}

/** The version that this program writes and understands. */
export const schemaVersion = migrations.length

export interface View {
  readonly name: string
  readonly about: string
  readonly select: string
}

/** Views over the tables, documented in `llmcost sql --help`; made where a statement is asked, never in the file. */
export const views: readonly View[] = [
  {
    name: 'daily_costs',
    about: 'one row a UTC day, provider, model, feature, user, team and environment: calls, tokens and cost',
    select: `SELECT CAST(ts AS DATE) AS day, provider, model, feature, user_id, team, environment,
        count(*) AS calls, count(*) FILTER (WHERE cost_usd IS NULL) AS unpriced_calls,
        sum(input_tokens) AS input_tokens, sum(cache_read_input_tokens) AS cache_read_input_tokens,
        sum(cache_creation_input_tokens) AS cache_creation_input_tokens, sum(output_tokens) AS output_tokens,
        sum(cost_usd) AS cost_usd, sum(list_cost_usd) FILTER (WHERE cache_hit) AS avoided_cost_usd
      FROM calls GROUP BY ALL`,
  },
  {
    name: 'unpriced_models',
    about: 'one row a provider and model that has calls without a cost',
    select: `SELECT provider, model, count(*) AS calls, sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens, min(ts) AS first_ts, max(ts) AS last_ts
      FROM calls WHERE cost_usd IS NULL GROUP BY ALL`,
  },
  {
    name: 'truncated_calls',
    about: 'calls that were cut off: finish_reason length or context_exceeded',
    select: `SELECT * FROM calls WHERE finish_reason IN ('length', 'context_exceeded')`,
  },
  {
    name: 'failed_calls',
    about: 'calls whose status is error',
    select: `SELECT * FROM calls WHERE status = 'error'`,
  },
]
