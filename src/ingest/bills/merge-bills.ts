/** The second half of a run for bills: what was staged is judged, compared with the store and merged into it. */
import type { Database } from '../../db/database.js'
import { billedColumns, billedSums, type BilledSums } from '../../domain/costs/billed.js'
import { addCounts, noCounts, type Counts } from '../../domain/record-counts.js'
import { plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import { mergeFiles } from '../merging/merge.js'
import type { IngestRequest } from '../request.js'
import { refusedNote } from '../refuse.js'
import type { Entry } from '../stage-files.js'
import type { FileSummary } from '../summary.js'
import { findRivals, isOutdated, noteOutdated, removeOlder, sqlTime, type Rival } from './replacing.js'
import { comesAgain, chargesToCompare, removeBill, removeBrought } from './known-bills.js'
import { insertCarriedFile } from './other-stores.js'
import type { StagedBill } from './stage-bills.js'

/** What became of the bills of a run. */
export interface MergedBills {
  readonly summaries: ReadonlyMap<number, FileSummary>
  readonly notes: readonly string[]
  readonly brought: readonly BilledSums[]
  /** Counts of the files that came in. */
  readonly counts: Counts
  readonly files: number
}

interface Outcome {
  readonly bill: StagedBill
  readonly counts: Counts
  readonly fileId: number | undefined
  /** It came from a store that has not changed, and brought nothing. */
  readonly isUnchanged?: boolean
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
  if (request.replace && !request.dryRun) await removeBrought(db, bills)
  for (const bill of await inOrder(db, bills)) {
    const entry = entries.find(({ billNo }) => billNo === bill.billNo)!
    const refused = await refusal(db, request, bill)
    if (refused !== undefined) {
      summaries.set(bill.billNo, { ...entry.summary, importer: bill.source, ...refused })
      continue
    }
    const outcome = await mergeBill(db, request, bill, entry, { notes, ingestId })
    const summary = { ...entry.summary, importer: bill.source }
    summaries.set(
      bill.billNo,
      outcome.isUnchanged === true ? { ...summary, state: 'unchanged' } : { ...summary, ...outcome.counts },
    )
    if (outcome.isUnchanged !== true) outcomes.push(outcome)
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
  const { rows } = await db.query<{ bill_no: number; charges: number }>(
    'SELECT bill_no, count(*) AS charges FROM staged_bills GROUP BY bill_no',
  )
  const facts = new Map(rows.map((row) => [row.bill_no, row]))
  const key = (bill: StagedBill): readonly (string | number)[] => {
    const found = facts.get(bill.billNo)
    return [sqlTime(bill.exportedAt), bill.lastEnd ?? '', found?.charges ?? 0, bill.content ?? '']
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
  const before = await comesAgain(db, bill, request, verdict)
  if (!request.dryRun) for (const fileId of before) await removeBill(db, fileId, true)
  const isKnown = await chargesToCompare(db, bill, request.dryRun ? before : [])
  const rivals = await findRivals(db, bill, before)
  const { brings, ...counts } = await countsOf(db, bill)
  notes.push(...rivalWords(rivals, summary.label, bill))
  const isUnchanged = bill.read.segment === undefined && isKnown && !brings
  // A bill that another store has as well leaves no trace here.
  if (request.dryRun || isUnchanged)
    return { bill, counts, fileId: undefined, isUnchanged: isUnchanged && verdict.action === 'skip' }
  const { id } = await db.one<{ id: number }>(
    'SELECT coalesce(max(file_id), 0) + 1 AS id FROM store.main.files',
  )
  if (!isKnown || brings) {
    await removeOlder(db)
    const leavesOut = rivals.some(({ older }) => !older)
    await insertCharges(db, bill, id, { leavesOut, isKnown })
  }
  await insertRejects(db, bill, id)
  await insertFile(db, request, bill, { id, counts, ingestId, isKnown })
  return { bill, counts, fileId: id }
}

/** What a bill is in the store. */
interface Landed {
  readonly id: number
  readonly counts: Counts
  readonly ingestId: number
  /** The store had the bill, though not all of it. */
  readonly isKnown: boolean
}

async function insertFile(
  db: Database,
  request: IngestRequest,
  { billNo, read }: StagedBill,
  { id, counts, ingestId, isKnown }: Landed,
): Promise<void> {
  if (read.segment === undefined) {
    // What fills the gaps of another bill is never whole by itself.
    const bill = isKnown ? { ...read.bill, bytes_read: -1 } : read.bill
    return insertCarriedFile(db, read.from.store, bill, { id, ingestId, counts: { ...counts } })
  }
  const staged = { fileNo: billNo, segment: read.segment, firstRow: 0, rows: 0, note: null, fields: {} }
  const file = { staged, fileId: id, continues: undefined, counts, repairs: {}, contentIds: false }
  await mergeFiles(db, [file], request.read, ingestId)
}

/** Counts of records by what became of them; those without a charge in `this_bill` are known. */
async function countsOf(db: Database, bill: StagedBill): Promise<Counts & { readonly brings: boolean }> {
  const own = `bill_no = ${bill.billNo}`
  const { brings, ...row } = await db.one<
    Counts & { brings: boolean } & Record<string, unknown>
  >(`SELECT count(*) AS lines,
      count(*) FILTER (state = 'charge' AND s.record IS NOT NULL AND NOT s.outdated) AS imported,
      count(*) FILTER (state = 'charge' AND s.record IS NULL) AS duplicates,
      count(*) FILTER (state = 'charge' AND s.outdated) AS superseded,
      count(*) FILTER (state = 'skip') AS skipped, count(*) FILTER (state = 'reject') AS rejected,
      coalesce(bool_or(NOT s.outdated), false) AS brings
    FROM bill_records r LEFT JOIN (SELECT record, bool_or(${isOutdated}) AS outdated FROM this_bill GROUP BY record) s
      ON s.record = r.record WHERE ${own}`)
  const header = isCsv(bill) ? 1 : 0
  return { ...noCounts, ...row, lines: row.lines + header, skipped: row.skipped + header, brings }
}

const isCsv = ({ read }: StagedBill): boolean => read.segment?.reading.recognised.shape.kind === 'csv'

/** Which line of the file a record stands in: a CSV file begins with its header. Another store has it by that already. */
const lineOf = (bill: StagedBill): string => (isCsv(bill) ? 'record + 1' : 'record')

async function insertCharges(
  db: Database,
  bill: StagedBill,
  fileId: number,
  { leavesOut, isKnown }: { readonly leavesOut: boolean; readonly isKnown: boolean },
): Promise<void> {
  // Of a bill of another store, newer ones may have replaced a part there.
  const gone = bill.read.segment === undefined && !isKnown ? bill.read.bill.replaced : 0
  const columns = billedColumns
    .map(({ name }) => name)
    .filter((name) => name !== 'file_id' && name !== 'record')
  await db.run(`INSERT INTO store.main.billed BY NAME SELECT ${fileId} AS file_id, ${lineOf(bill)} AS record, ${columns.join(', ')}
    FROM this_bill${leavesOut ? ` WHERE NOT ${isOutdated}` : ''} ORDER BY record, part`)
  if (leavesOut) await noteOutdated(db, fileId)
  await db.run(
    `INSERT INTO store.main.bills BY NAME SELECT ${fileId} AS file_id, $source AS source, $form AS form, $export AS export,
      CAST($exported AS TIMESTAMP) AS exported_at, CAST($lastEnd AS TIMESTAMP) AS last_end, $content AS content, count(*) + ${gone} AS charges,
      ${leavesOut ? `count(*) FILTER (${isOutdated})` : '0'} + ${gone} AS replaced FROM this_bill`,
    {
      source: bill.source,
      form: bill.form,
      export: bill.export,
      exported: sqlTime(bill.exportedAt),
      lastEnd: bill.lastEnd,
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

/** A sentence on each bill that another takes the place of. */
function rivalWords(rivals: readonly Rival[], label: string, { read }: StagedBill): string[] {
  return rivals.map((rival) => {
    const { older, unsure, first_day: first, last_day: last, charges, amount } = rival
    const path = rival.brought_by === null ? rival.path : `${rival.brought_by}: ${rival.path}`
    const days = first === last ? first : `${first} to ${last}`
    const what = `${count(charges)} ${plural(charges, 'charge')}${amount === null ? '' : ` (${amount.replace(/\.?0+$/, '')})`}, ${days}`
    const twoAccounts = unsure
      ? `; one of them does not say whose account it is of. Where they are bills of two accounts, money is missing now: ${againWithAccount(read.segment === undefined, rival.brought_by !== null)} with --set account=NAME`
      : ''
    const told = older
      ? `${label} is the newer bill of what ${path} says: it takes the place of ${what}`
      : `${path} is a newer bill of what ${label} says: it stands for ${days}`
    return told + twoAccounts
  })
}

/** How two bills come in again, each by the command that brought it. */
function againWithAccount(isMerged: boolean, isRivalMerged: boolean): string {
  if (isMerged && isRivalMerged) return 'llmcost forget both databases, and merge each'
  return isMerged || isRivalMerged
    ? 'llmcost forget the file and the database, ingest the one and merge the other, each'
    : 'llmcost forget both files, and ingest each'
}

/** By source, biller and kind: what the bills of this run say, as far as it came in. */
async function broughtBills(
  db: Database,
  request: IngestRequest,
  outcomes: readonly Outcome[],
): Promise<readonly BilledSums[]> {
  const ids = outcomes.flatMap(({ bill, fileId }) =>
    request.dryRun ? [bill.billNo] : fileId === undefined ? [] : [fileId],
  )
  if (ids.length === 0) return []
  const from = request.dryRun
    ? `staged_bills WHERE bill_no IN (${ids.join(', ')})`
    : `store.main.billed WHERE file_id IN (${ids.join(', ')})`
  return (await db.query<BilledSums>(billedSums(from))).rows
}
