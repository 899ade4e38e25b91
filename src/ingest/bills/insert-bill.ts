/** Writes a bill into the store: its file, its charges and the records that could not be read. */
import type { Database } from '../../db/database.js'
import { billedColumns } from '../../domain/costs/billed.js'
import type { Counts } from '../../domain/record-counts.js'
import { mergeFiles } from '../merging/merge.js'
import type { IngestRequest } from '../request.js'
import { insertCarriedFile } from './other-stores.js'
import { isOutdated, noteOutdated, sqlTime } from './replacing.js'
import type { StagedBill } from './stage-bills.js'

export const isCsv = ({ read }: StagedBill): boolean => read.segment?.reading.recognised.shape.kind === 'csv'

/** Which line of the file a record stands in: a CSV file begins with its header. Another store has it by that already. */
const lineOf = (bill: StagedBill): string => (isCsv(bill) ? 'record + 1' : 'record')

/** What a bill is in the store. */
interface Landed {
  readonly id: number
  readonly counts: Counts
  readonly ingestId: number
  /** The store had the bill, though not all of it. */
  readonly isKnown: boolean
}

/** The row of its file. */
export async function insertFile(
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

/** Charges of `this_bill`. */
export async function insertCharges(
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
  await noteOutdated(db, fileId)
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

/** Rejected records, each once however many bills repeat it. */
export async function insertRejects(db: Database, bill: StagedBill, fileId: number): Promise<void> {
  await db.run(`INSERT INTO store.main.rejects
    SELECT reject_id, ${fileId}, ${lineOf(bill)}, reason, NULL, text FROM bill_records
    WHERE bill_no = ${bill.billNo} AND state = 'reject' AND reject_id NOT IN (SELECT reject_id FROM store.main.rejects)
    QUALIFY row_number() OVER (PARTITION BY reject_id ORDER BY record) = 1 ORDER BY record`)
}
