/** Merges what was staged into the store, inside the caller's transaction. */
import type { Database } from '../../db/database.js'
import { callColumns, pricedColumnNames } from '../../domain/call.js'
import { rateColumns } from '../../domain/costs/rate.js'
import { addCounts, countNames, type Counts } from '../../domain/record-counts.js'
import { pricedQuery, type PricedQuery } from '../../pricing/price-sql.js'
import { deleteCalls, deleteSource } from '../../rollups/upkeep.js'
import { clearAcross, writeAcross } from '../sameness/across-sources.js'
import { mergedByReading } from '../typing/cache-reading.js'
import type { KnownFile } from '../files.js'
import { optionsKey, type ReadOptions } from '../options.js'
import { repairRules } from '../typing/repairs.js'
import { writeToldRequests } from '../sameness/requests.js'
import { renameStored } from '../sameness/shared-ids.js'
import type { StagedFile } from '../stage.js'

export interface MergeFile {
  readonly staged: StagedFile
  readonly fileId: number
  /** The row that this reading continues. */
  readonly continues: KnownFile | undefined
  readonly counts: Counts
  readonly repairs: Readonly<Record<string, number>>
  readonly contentIds: boolean
}

/** Takes out of the store what staged calls replace, and gives other names to those whose id they share. */
export async function makeRoom(db: Database): Promise<void> {
  await clearAcross(db)
  await deleteCalls(db, 'rowid IN (SELECT stored_row FROM replaced WHERE NOT held)')
  await renameStored(db)
  await writeToldRequests(db)
}

/** How calls are priced as they are merged. */
export interface Merging extends Pick<PricedQuery, 'basis' | 'absent' | 'priced'> {
  /** Some of them have cached tokens that may be beside their input: `readings` tells. */
  readonly asksReadings: boolean
}

/**
 * Joins stay as they are written, the calls before what is looked up for them: they come out in the order of reading,
 * which the store keeps, exports promise, and blocks of a stretch of time are passed over by. The engine's own choice
 * hangs on its guess of how many calls there are.
 */
const inWrittenOrder = 'join_order,build_side_probe_side'

/** Inserts the calls that are new or better, with their rates. */
export async function mergeCalls(db: Database, merging: Merging): Promise<void> {
  const calls = await callsToMerge(db, merging)
  await db.run(`SET disabled_optimizers = '${inWrittenOrder}'`)
  await db.run(`INSERT INTO store.calls BY NAME ${calls}`)
  await db.run("SET disabled_optimizers = ''")
  await mergeRates(db)
  await writeAcross(db, merging.basis)
}

/**
 * SELECT of the calls to insert, priced.
 * @param joined those, too, that are written with what other sources say of them
 */
export async function callsToMerge(
  db: Database,
  { asksReadings, ...how }: Merging,
  joined = false,
): Promise<string> {
  const names = callColumns.map((c) => c.name)
  const priced = new Set<string>(pricedColumnNames)
  const fromStage = names.filter(
    (name) => !priced.has(name) && !['provider', 'call_id', 'logged_id', 'file_id'].includes(name),
  )
  const readings = asksReadings ? ' LEFT JOIN readings g ON i.row = g.row' : ''
  const found = await db.one<{ renamed: number; matched: number; joined: number; judged: number }>(
    'SELECT (SELECT count(row) FROM names) AS renamed, (SELECT count(row) FROM matched) AS matched, (SELECT count(row) FROM joined_requests) AS joined, (SELECT count(row) FROM verdicts) AS judged',
  )
  const joinedRequests = found.joined > 0
  const staged = (name: string): string =>
    name === 'request_ids' && joinedRequests
      ? `coalesce(j.${name}, i.${name}) AS ${name}`
      : asksReadings && mergedByReading[name] !== undefined
        ? `${mergedByReading[name]} AS ${name}`
        : `i.${name}`
  const renamed = found.renamed > 0
  const calls = `(SELECT ${fromStage.map(staged).join(', ')}, f.file_id, coalesce(m.provider, i.provider) AS provider,
      ${renamed ? 'coalesce(n.call_id, i.call_id) AS call_id, n.logged_id' : 'i.call_id, CAST(NULL AS VARCHAR) AS logged_id'}
    FROM identified i JOIN file_ids f ON i.file_no = f.file_no
    LEFT JOIN resolved m ON i.model = m.model AND i.provider IS NOT DISTINCT FROM m.given_provider${readings}
    ${renamed ? 'LEFT JOIN names n ON n.row = i.row' : ''}${joinedRequests ? ' LEFT JOIN joined_requests j ON j.row = i.row' : ''}
    WHERE i.state = 'call' ${found.judged === 0 ? '' : 'AND i.row NOT IN (SELECT row FROM verdicts)'}
      ${joined || found.matched === 0 ? '' : 'AND i.row NOT IN (SELECT row FROM matched WHERE row IS NOT NULL)'})`
  const keep = names
    .filter((name) => !priced.has(name))
    .map((name) => `c.${name}`)
    .join(', ')
  return pricedQuery({ calls, rates: 'new_rates', keep, ...how })
}

/** Rates of the models that were read, in the place of older ones. */
async function mergeRates(db: Database): Promise<void> {
  await db.run(
    'DELETE FROM store.rates r WHERE EXISTS (SELECT 1 FROM new_rates n WHERE n.provider = r.provider AND n.model = r.model)',
  )
  await db.run(`INSERT INTO store.rates SELECT ${rateColumns.map((c) => c.name).join(', ')} FROM new_rates`)
}

/** Rejected records, each once however many files repeat it. */
export async function mergeRejects(db: Database, keepText: boolean): Promise<void> {
  await db.run(`INSERT INTO store.rejects
    SELECT reject_id, file_id, line, reason, fields, ${keepText ? 'text' : 'NULL'} FROM (
      SELECT coalesce(e.line_hash, i.line_hash) || coalesce('-' || CAST(o.ordinal AS VARCHAR), '') AS reject_id, f.file_id, i.line,
        coalesce(e.reason, i.reason) AS reason, i.reject_fields AS fields, i.reject_text AS text, i.row
      FROM identified i JOIN file_ids f ON i.file_no = f.file_no LEFT JOIN ordinals o ON i.row = o.row
        LEFT JOIN elsewhere_calls e ON e.row = i.row
      WHERE e.row IS NOT NULL OR (i.state = 'reject' AND i.row NOT IN (SELECT row FROM verdicts)))
    WHERE reject_id NOT IN (SELECT reject_id FROM store.rejects)
    QUALIFY row_number() OVER (PARTITION BY reject_id ORDER BY row) = 1 ORDER BY row`)
}

/** How a file's row is written as JSON, by column. */
const fileColumns = {
  file_id: 'BIGINT',
  path: 'VARCHAR',
  importer: 'VARCHAR',
  options: 'VARCHAR',
  size: 'BIGINT',
  mtime_ms: 'BIGINT',
  bytes_read: 'BIGINT',
  ends_with_newline: 'BOOLEAN',
  head_hash: 'VARCHAR',
  tail_hash: 'VARCHAR',
  ...Object.fromEntries(countNames.map((name) => [name, 'BIGINT'])),
  repairs: 'MAP(VARCHAR, BIGINT)',
  content_ids: 'BOOLEAN',
  current: 'BOOLEAN',
  ingest_id: 'BIGINT',
}

/** Rows of one statement: agents keep thousands of small files, and a statement for each cost more than to read them. */
const rowsAtOnce = 1000

/** Writes the files' rows: new ones, or those that continue with the counts added. */
export async function mergeFiles(
  db: Database,
  files: readonly MergeFile[],
  options: ReadOptions,
  ingestId: number,
): Promise<void> {
  for (let at = 0; at < files.length; at += rowsAtOnce) {
    const some = files.slice(at, at + rowsAtOnce)
    const rows = some.map((file) => fileRow(file, options, ingestId))
    await db.run(
      `CREATE OR REPLACE TEMP TABLE landed_files AS SELECT unnest(from_json($rows, $structure), recursive := true)`,
      { rows: JSON.stringify(rows), structure: JSON.stringify([fileColumns]) },
    )
    await db.run('UPDATE store.files SET current = false WHERE path IN (SELECT path FROM landed_files)')
    if (some.some(({ continues }) => continues))
      await db.run('DELETE FROM store.files WHERE file_id IN (SELECT file_id FROM landed_files)')
    await db.run('INSERT INTO store.files BY NAME FROM landed_files')
  }
}

function fileRow(
  { staged, fileId, continues, counts, repairs, contentIds }: MergeFile,
  options: ReadOptions,
  ingestId: number,
): Readonly<Record<keyof typeof fileColumns, unknown>> {
  const { segment } = staged
  const { reading } = segment
  const source = reading.file
  return {
    file_id: fileId,
    path: source.path,
    importer: reading.recognised.importer.id,
    options: optionsKey(options),
    // What was read is what counts: the file may have grown meanwhile.
    size: reading.encoding === 'plain' && source.readFrom === undefined ? segment.bytesRead : source.size,
    mtime_ms: source.mtimeMs,
    bytes_read: segment.bytesRead,
    ends_with_newline: segment.extent.endsWithNewline,
    head_hash: segment.headHash,
    tail_hash: segment.tailHash,
    ...addCounts(continues ? [counts, continues] : [counts]),
    repairs: Object.fromEntries(Object.entries(repairs).filter(([, n]) => n > 0)),
    content_ids: contentIds,
    current: !source.stream,
    ingest_id: ingestId,
  }
}

/**
 * Takes out what a file brought. Files that repeat some of its calls are read again at the next ingest,
 * so that calls which they hold too come back.
 * @param comesAgain the same calls are about to be brought again
 */
export async function removeFile(
  db: Database,
  fileId: number,
  comesAgain = false,
): Promise<{ calls: number; rejects: number }> {
  const calls = await deleteCalls(db, 'file_id = $id', { id: fileId })
  const held = await db.run('DELETE FROM store.same_calls WHERE file_id = $id', { id: fileId })
  const rejects = await db.run('DELETE FROM store.rejects WHERE file_id = $id', { id: fileId })
  await deleteSource(db, fileId)
  await db.run('DELETE FROM store.files WHERE file_id = $id', { id: fileId })
  // What it said of a call that another source gives is repeated by copies too.
  if (calls + held > 0 && !comesAgain)
    await db.run(
      'UPDATE store.files SET size = -1, bytes_read = -1 WHERE current AND duplicates + superseded > 0',
    )
  return { calls, rejects }
}

/** SQL: counts of one file's staged rows by outcome, and of its repairs. */
export const countsSql = `SELECT i.file_no,
    count(*) FILTER (WHERE v.verdict IS DISTINCT FROM 'known') AS lines,
    count(*) FILTER (WHERE i.state = 'call' AND v.row IS NULL AND r.row IS NULL) AS imported,
    count(*) FILTER (WHERE i.state = 'call' AND v.verdict = 'duplicate') AS duplicates,
    count(*) FILTER (WHERE i.state = 'call' AND (v.verdict = 'superseded' OR (v.row IS NULL AND r.row IS NOT NULL))) AS superseded,
    count(*) FILTER (WHERE i.state = 'skip' AND v.row IS NULL) AS skipped,
    count(*) FILTER (WHERE (i.state = 'reject' AND v.row IS NULL) OR v.verdict = 'elsewhere') AS rejected,
    coalesce(bool_or(i.state = 'reject' OR (i.state = 'call' AND starts_with(i.call_id, '#')) OR i.parent_span IS NOT NULL), false) AS content_ids,
    ${Object.keys(repairRules)
      .map((rule) => `count(*) FILTER (WHERE i.${rule} AND i.state = 'call' AND v.row IS NULL) AS ${rule}`)
      .join(', ')}
  FROM identified i LEFT JOIN verdicts v ON i.row = v.row LEFT JOIN (SELECT DISTINCT row FROM replaced) r ON i.row = r.row GROUP BY i.file_no`
