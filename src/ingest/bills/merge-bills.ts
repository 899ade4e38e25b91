/** The second half of a run for bills: what was staged is judged, compared with the store and merged into it. */
import type { Database } from '../../db/database.js'
import { billedColumns } from '../../domain/costs/billed.js'
import { addCounts, noCounts, type Counts } from '../../domain/record-counts.js'
import { plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import type { KnownFile } from '../files.js'
import { mergeFiles } from '../merge.js'
import type { IngestRequest } from '../request.js'
import { refusedNote } from '../refuse.js'
import type { Entry } from '../stage-files.js'
import type { BroughtBill, FileSummary } from '../summary.js'
import { findRivals, isOutdated, removeOlder, sqlTime, type Rival } from './replacing.js'
import type { StagedBill } from './stage-bills.js'

/** What became of the bills of a run. */
export interface MergedBills {
  readonly summaries: ReadonlyMap<number, FileSummary>
  readonly notes: readonly string[]
  readonly brought: readonly BroughtBill[]
  /** Counts of the files that came in. */
  readonly counts: Counts
  readonly files: number
}

interface Outcome {
  readonly bill: StagedBill
  readonly counts: Counts
  readonly fileId: number | undefined
}

/** Merges the staged bills, the oldest first; `store` is attached, in a transaction of the caller's. */
export async function mergeBills(
  db: Database,
  request: IngestRequest,
  bills: readonly StagedBill[],
  entries: readonly Entry[],
  ingestId: number,
): Promise<MergedBills> {
  const summaries = new Map<number, FileSummary>()
  const notes: string[] = []
  const outcomes: Outcome[] = []
  for (const bill of await inOrder(db, bills)) {
    const entry = entries.find(({ billNo }) => billNo === bill.billNo)!
    const refused = await refusal(db, request, bill)
    if (refused !== undefined) {
      summaries.set(bill.billNo, { ...entry.summary, importer: bill.source.id, ...refused })
      continue
    }
    const outcome = await mergeBill(db, request, bill, entry, { notes, ingestId })
    outcomes.push(outcome)
    summaries.set(bill.billNo, { ...entry.summary, importer: bill.source.id, ...outcome.counts })
  }
  return {
    summaries,
    notes,
    brought: await broughtBills(db, request, outcomes),
    counts: addCounts(outcomes.map(({ counts }) => counts)),
    files: outcomes.length,
  }
}

/** A bill before those that replace it. */
async function inOrder(db: Database, bills: readonly StagedBill[]): Promise<readonly StagedBill[]> {
  const { rows } = await db.query<{ bill_no: number; last_end: string | null; charges: number }>(
    'SELECT bill_no, CAST(max(charge_period_end) AS VARCHAR) AS last_end, count(*) AS charges FROM staged_bills GROUP BY bill_no',
  )
  const facts = new Map(rows.map((row) => [row.bill_no, row]))
  const key = (bill: StagedBill): readonly (string | number)[] => {
    const found = facts.get(bill.billNo)
    return [sqlTime(bill.exportedAt), found?.last_end ?? '', found?.charges ?? 0, bill.content ?? '']
  }
  return bills.toSorted((a, b) => {
    const [mine, theirs] = [key(a), key(b)]
    const at = mine.findIndex((value, i) => value !== theirs[i])
    return at < 0 ? 0 : mine[at]! < theirs[at]! ? -1 : 1
  })
}

/** Too many records that can't be read: nothing of the bill counts. */
async function refusal(
  db: Database,
  { rejectLimit }: IngestRequest,
  { billNo }: StagedBill,
): Promise<Pick<FileSummary, 'state' | 'note' | 'reasons'> | undefined> {
  const { rejected, records } = await db.one<{ rejected: number; records: number }>(
    `SELECT count(*) FILTER (state = 'reject') AS rejected, count(*) FILTER (state <> 'skip') AS records FROM bill_records WHERE bill_no = ${billNo}`,
  )
  const most = rejectLimit.count ?? (rejectLimit.share ?? 1) * records
  if (rejected <= most) return undefined
  const reasons = await db.query<{ line: number; reason: string }>(
    `SELECT record AS line, reason FROM bill_records WHERE bill_no = ${billNo} AND state = 'reject' ORDER BY record LIMIT 3`,
  )
  const note = refusedNote({ reasons: reasons.rows, others: records - rejected }, rejectLimit)
  return { state: 'refused', note, reasons: reasons.rows }
}

async function mergeBill(
  db: Database,
  request: IngestRequest,
  bill: StagedBill,
  { verdict, summary }: Entry,
  { notes, ingestId }: { readonly notes: string[]; readonly ingestId: number },
): Promise<Outcome> {
  const { path } = bill.segment.reading.file
  const before = await comesAgain(db, path, verdict.action === 'read' ? verdict.replaces : undefined)
  if (!request.dryRun) for (const fileId of before) await removeBill(db, fileId, true)
  const isKnown = await isThere(db, bill, request.dryRun ? before : [])
  let rivals: readonly Rival[] = []
  if (isKnown)
    await db.run(
      'CREATE OR REPLACE TEMP TABLE bill_rivals AS SELECT CAST(NULL AS BIGINT) AS file_id, true AS older WHERE false',
    )
  else rivals = (await findRivals(db, bill, path)).filter(({ file_id }) => !before.includes(file_id))
  const counts = await countsOf(db, bill, isKnown)
  notes.push(...rivalWords(rivals, summary.label))
  if (request.dryRun) return { bill, counts, fileId: undefined }
  const { id } = await db.one<{ id: number }>(
    'SELECT coalesce(max(file_id), 0) + 1 AS id FROM store.main.files',
  )
  if (!isKnown) {
    await removeOlder(db)
    await insertCharges(
      db,
      bill,
      id,
      rivals.some(({ older }) => !older),
    )
  }
  await insertRejects(db, bill, id)
  await mergeFiles(
    db,
    [
      {
        staged: { fileNo: bill.billNo, segment: bill.segment, firstRow: 0, rows: 0, note: null, fields: {} },
        fileId: id,
        continues: undefined,
        counts,
        repairs: {},
        contentIds: false,
      },
    ],
    request.read,
    ingestId,
  )
  return { bill, counts, fileId: id }
}

/** Earlier readings of this file that it takes the place of, whatever they say. */
async function comesAgain(
  db: Database,
  path: string,
  replaces: KnownFile | undefined,
): Promise<readonly number[]> {
  const { rows } = await db.query<{ file_id: number }>(
    'SELECT b.file_id FROM store.main.bills b JOIN store.main.files f ON f.file_id = b.file_id WHERE f.path = $path AND (f.bytes_read < 0 OR f.file_id = $replaced)',
    { path, replaced: replaces?.file_id ?? -1 },
  )
  return rows.map(({ file_id }) => file_id)
}

/** Whether the store has the same bill, from a copy of this file. */
async function isThere(db: Database, { content }: StagedBill, without: readonly number[]): Promise<boolean> {
  if (content === null) return false
  const { rows } = await db.query<{ file_id: number }>(
    "SELECT file_id FROM store.main.bills WHERE content = $content AND content <> ''",
    { content },
  )
  return rows.some(({ file_id }) => !without.includes(file_id))
}

/** Counts of records by what became of them. */
async function countsOf(db: Database, { billNo, segment }: StagedBill, isKnown: boolean): Promise<Counts> {
  const outdated = isKnown
    ? 'SELECT CAST(NULL AS BIGINT) AS record WHERE false'
    : `SELECT DISTINCT record FROM staged_bills WHERE bill_no = ${billNo} AND ${isOutdated}`
  const row = await db.one<Counts & Record<string, number>>(`SELECT count(*) AS lines,
      count(*) FILTER (state = 'charge' AND o.record IS NULL AND NOT ${isKnown}) AS imported,
      count(*) FILTER (state = 'charge' AND ${isKnown}) AS duplicates,
      count(*) FILTER (state = 'charge' AND o.record IS NOT NULL) AS superseded,
      count(*) FILTER (state = 'skip') AS skipped, count(*) FILTER (state = 'reject') AS rejected
    FROM bill_records r LEFT JOIN (${outdated}) o ON o.record = r.record WHERE bill_no = ${billNo}`)
  const header = segment.reading.recognised.shape.kind === 'csv' ? 1 : 0
  return { ...noCounts, ...row, lines: row.lines + header, skipped: row.skipped + header }
}

/** Which line of the file a record stands in: a CSV file begins with its header. */
const lineOf = ({ segment }: StagedBill): string =>
  segment.reading.recognised.shape.kind === 'csv' ? 'record + 1' : 'record'

async function insertCharges(
  db: Database,
  bill: StagedBill,
  fileId: number,
  leavesOut: boolean,
): Promise<void> {
  const columns = billedColumns
    .map(({ name }) => name)
    .filter((name) => name !== 'file_id' && name !== 'record')
  const own = `bill_no = ${bill.billNo}`
  await db.run(`INSERT INTO store.main.billed BY NAME SELECT ${fileId} AS file_id, ${lineOf(bill)} AS record, ${columns.join(', ')}
    FROM staged_bills WHERE ${own}${leavesOut ? ` AND NOT ${isOutdated}` : ''} ORDER BY record, part`)
  await db.run(
    `INSERT INTO store.main.bills BY NAME SELECT ${fileId} AS file_id, $source AS source, $form AS form, $export AS export,
      CAST($exported AS TIMESTAMP) AS exported_at, $content AS content, count(*) AS charges,
      ${leavesOut ? `count(*) FILTER (${isOutdated})` : '0'} AS replaced FROM staged_bills WHERE ${own}`,
    {
      source: bill.source.id,
      form: bill.form,
      export: bill.export,
      exported: sqlTime(bill.exportedAt),
      content: bill.content ?? '',
    },
  )
}

async function insertRejects(db: Database, bill: StagedBill, fileId: number): Promise<void> {
  await db.run(`INSERT INTO store.main.rejects
    SELECT reject_id, ${fileId}, ${lineOf(bill)}, reason, NULL, text FROM bill_records
    WHERE bill_no = ${bill.billNo} AND state = 'reject' AND reject_id NOT IN (SELECT reject_id FROM store.main.rejects)
    QUALIFY row_number() OVER (PARTITION BY reject_id ORDER BY record) = 1 ORDER BY record`)
}

/**
 * Takes a bill out. Bills that it had replaced are read again at the next ingest.
 * @param comesAgain the same file is about to be read anew
 * @returns how many charges went
 */
export async function removeBill(db: Database, fileId: number, comesAgain = false): Promise<number> {
  const { rows } = await db.query<{ biller: string }>(
    'SELECT DISTINCT biller FROM store.main.billed WHERE file_id = $id',
    { id: fileId },
  )
  const gone = await db.run('DELETE FROM store.main.billed WHERE file_id = $id', { id: fileId })
  await db.run('DELETE FROM store.main.bills WHERE file_id = $id', { id: fileId })
  if (comesAgain) {
    await db.run('DELETE FROM store.main.rejects WHERE file_id = $id', { id: fileId })
    await db.run('DELETE FROM store.main.files WHERE file_id = $id', { id: fileId })
  } else if (rows.length > 0)
    await db.run(
      `UPDATE store.main.files SET size = -1, bytes_read = -1 WHERE current AND file_id <> $id
       AND (file_id IN (SELECT file_id FROM store.main.bills WHERE replaced > 0)
         OR (duplicates > 0 AND importer IN (SELECT importer FROM store.main.files WHERE file_id = $id)))`,
      { id: fileId },
    )
  return gone
}

/** A sentence on each bill that another takes the place of. */
function rivalWords(rivals: readonly Rival[], label: string): string[] {
  return rivals.map(({ path, older, first_day: first, last_day: last, charges, amount }) => {
    const days = first === last ? first : `${first} to ${last}`
    const what = `${count(charges)} ${plural(charges, 'charge')}${amount === null ? '' : ` (${amount.replace(/\.?0+$/, '')})`}, ${days}`
    return older
      ? `${label} is the newer bill of what ${path} says: it takes the place of ${what}`
      : `${path} is a newer bill of what ${label} says: it stands for ${days}`
  })
}

/** By source, biller and kind: what the bills of this run say, as far as it came in. */
async function broughtBills(
  db: Database,
  request: IngestRequest,
  outcomes: readonly Outcome[],
): Promise<readonly BroughtBill[]> {
  if (outcomes.length === 0) return []
  const ids = outcomes.map(({ bill, fileId }) => (request.dryRun ? bill.billNo : fileId)).join(', ')
  const from = request.dryRun
    ? `staged_bills WHERE bill_no IN (${ids})`
    : `store.main.billed WHERE file_id IN (${ids})`
  const { rows } =
    await db.query<BroughtBill>(`SELECT source, biller, kind, CAST(count(*) AS BIGINT) AS charges,
      strftime(min(charge_period_start), '%Y-%m-%d') AS first_day, strftime(max(charge_period_end) - INTERVAL 1 MICROSECOND, '%Y-%m-%d') AS last_day,
      currency, sum(billed_cost) AS billed_cost, sum(billed_cost) FILTER (is_llm) AS llm_cost,
      CAST(sum(quantity) FILTER (token_type IS NOT NULL AND unit = 'tokens') AS DECIMAL(38,0)) AS tokens
    FROM ${from} GROUP BY ALL ORDER BY biller, source, kind, currency`)
  return rows
}
