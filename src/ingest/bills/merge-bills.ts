/** The second half of a run for bills: what was staged is judged, compared with the store and merged into it. */
import type { Database } from '../../db/database.js'
import { billTotals, type BillTotals } from '../../domain/costs/billed.js'
import { addCounts, noCounts, type Counts } from '../../domain/record-counts.js'
import { plural } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'
import type { IngestRequest } from '../request.js'
import { refusedNote } from '../refuse.js'
import type { Entry } from '../stage-files.js'
import type { FileSummary } from '../summary.js'
import {
  chargesIn,
  completeKnown,
  findRivals,
  isOutdated,
  removeOlder,
  sqlTime,
  type Rival,
} from './replacing.js'
import { comesAgain, chargesToCompare, removeBill, removeBrought } from './known-bills.js'
import { insertCharges, insertFile, insertRejects, isCsv } from './insert-bill.js'
import type { StagedBill } from './stage-bills.js'

/** What became of the bills of a run. */
export interface MergedBills {
  readonly summaries: ReadonlyMap<number, FileSummary>
  readonly notes: readonly string[]
  readonly brought: readonly BillTotals[]
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
  for (const bill of inOrder(bills)) {
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
function inOrder(bills: readonly StagedBill[]): readonly StagedBill[] {
  const key = ({ exportedAt, lastEnd, content }: StagedBill): readonly (string | number)[] => [
    sqlTime(exportedAt),
    lastEnd ?? '',
    chargesIn(content),
    content ?? '',
  ]
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
  if (!request.dryRun) for (const fileId of before) await removeBill(db, fileId, 'as a file')
  const known = await chargesToCompare(db, bill, request.dryRun ? before : [])
  const isKnown = known.length > 0
  const rivals = await findRivals(db, bill, [...before, ...known])
  const { brings, ...counts } = await countsOf(db, bill)
  notes.push(...rivalWords(rivals, summary.label, bill))
  const says = !request.dryRun && isKnown && !brings && (await completeKnown(db, known[0]!))
  const isUnchanged = bill.read.segment === undefined && isKnown && !brings
  // A bill that another store has as well leaves no trace here.
  if (request.dryRun || isUnchanged)
    return { bill, counts, fileId: undefined, isUnchanged: isUnchanged && !says && verdict.action === 'skip' }
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
): Promise<readonly BillTotals[]> {
  const ids = outcomes.flatMap(({ bill, fileId }) =>
    request.dryRun ? [bill.billNo] : fileId === undefined ? [] : [fileId],
  )
  if (ids.length === 0) return []
  const from = request.dryRun
    ? `staged_bills WHERE bill_no IN (${ids.join(', ')})`
    : `store.main.billed WHERE file_id IN (${ids.join(', ')})`
  return (await db.query<BillTotals>(billTotals(from))).rows
}
