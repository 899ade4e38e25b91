/**
 * Bills of other stores: they come in like files of their own, by the same rules of replacement and copies. Their
 * rows in `files` keep the path that they were read from, which tells parts of a delivery apart, and say in
 * `options` which store brought them; they are not `current`, since the file of that path may be another here.
 */
import type { Database } from '../../db/database.js'
import { absurdAmount, billedAmounts, billedColumns, replacedNames } from '../../domain/costs/billed.js'
import { quoteText } from '../../domain/words/quoting.js'
import { accountField } from '../options.js'
import { UserError } from '../../errors.js'
import { countNames } from '../../domain/record-counts.js'

/** A bill of another store, as `bills` and `files` have it there. */
export interface CarriedBill {
  readonly file_id: number
  /** The file that it was read from there. */
  readonly path: string
  readonly source: string
  readonly form: string
  readonly export: string
  /** UTC, as SQL reads it. */
  readonly exported_at: string
  /** UTC, as SQL reads it; of a bill that an older program read and that is replaced by now, when it was made. */
  readonly last_end: string
  readonly content: string
  readonly charges: number
  readonly replaced: number
  readonly size: number
  readonly mtime_ms: number
  /** Below 0: a newer bill was taken out there, and this one is not whole until its file is read again. */
  readonly bytes_read: number
  readonly head_hash: string
  readonly tail_hash: string
}

/** All bills of another store. */
export interface OtherBills {
  /** Absolute path of the store, and as it was given. */
  readonly store: string
  readonly label: string
  readonly carried: CarriedTables
  readonly bills: readonly CarriedBill[]
}

/** Parquet files of this run, by path: the rows of `billed`, and of `replaced_charges`. */
export interface CarriedTables {
  readonly charges: string
  /** Without it, a bill that was replaced there could not take the place of an older one here. */
  readonly replaced: string
}

/** What `files.options` says of a bill that a store brought. */
export const broughtBy = (store: string): string => JSON.stringify({ merged: store })

/** SQL condition on `files`: another store brought this bill. */
export const isBrought = (options: string): string => `starts_with(${options}, '{"merged":')`

/** SQL: the absolute path of the store that brought this bill; NULL for a file that was read here. */
export const broughtFrom = (options: string): string =>
  `CASE WHEN ${isBrought(options)} THEN json_extract_string(${options}, '$.merged') END`

/**
 * Writes the charges of a store down, and which ones do not count since newer bills have them.
 * @param db the store, for reading
 * @param into the files to make
 * @returns the bills that say anything, whether it counts or not; no file is made where there are none
 * @throws UserError where charges stand in no bill, or are beyond what can be added up
 */
export async function writeCharges(
  db: Database,
  label: string,
  into: CarriedTables,
): Promise<readonly CarriedBill[]> {
  const { rows } = await db.query<CarriedBill>(`SELECT b.file_id, f.path, b.source, b.form, b.export,
      CAST(b.exported_at AS VARCHAR) AS exported_at,
      CAST(coalesce(b.last_end, (SELECT max(charge_period_end) FROM billed WHERE file_id = b.file_id), b.exported_at) AS VARCHAR) AS last_end, b.content, b.charges, b.replaced, f.size, f.mtime_ms, f.bytes_read, f.head_hash, f.tail_hash
    FROM bills b JOIN files f ON f.file_id = b.file_id
    WHERE b.file_id IN (SELECT file_id FROM billed UNION SELECT file_id FROM replaced_charges) ORDER BY b.file_id`)
  const { lost, absurd } = await db.one<{ lost: number; absurd: number }>(
    `SELECT count(*) FILTER (file_id NOT IN (SELECT b.file_id FROM bills b JOIN files f ON f.file_id = b.file_id)) AS lost,
      count(*) FILTER (greatest(${billedAmounts.map((name) => `abs(${name})`).join(', ')}) >= ${absurdAmount}) AS absurd
    FROM billed`,
  )
  const fault =
    lost > 0 || new Set(rows.map((row) => row.file_id)).size < rows.length
      ? 'it holds charges that are not of one bill each'
      : absurd > 0
        ? 'it holds charges that are too large to be added up'
        : undefined
  if (fault !== undefined)
    throw new UserError(fault, {
      location: label,
      hint: 'Ingest the bills themselves instead; this database was left as it was.',
    })
  if (rows.length > 0) {
    await db.run(`COPY (SELECT * FROM billed) TO ${quoteText(into.charges)} (FORMAT parquet)`)
    await db.run(`COPY (SELECT * FROM replaced_charges) TO ${quoteText(into.replaced)} (FORMAT parquet)`)
  }
  return rows
}

/**
 * Charges of a bill of another store become staged ones, each record a sound one; those that are replaced there, too.
 * @param account of charges that do not tell theirs
 */
export async function stageCarried(
  db: Database,
  billNo: number,
  { carried }: OtherBills,
  { file_id: fileId }: CarriedBill,
  account: string | undefined,
): Promise<void> {
  const columns = billedColumns
    .map(({ name }) => name)
    .filter((name) => name !== 'file_id' && name !== 'model')
  const given = (name: string): string =>
    name === accountField && account !== undefined
      ? `coalesce(account, ${quoteText(account)}) AS account`
      : name
  const rowsOf = (path: string): string => `read_parquet(${quoteText(path)}) WHERE file_id = ${fileId}`
  const from = rowsOf(carried.charges)
  await db.run(
    `INSERT INTO staged_bills BY NAME SELECT ${billNo} AS bill_no, ${columns.map(given).join(', ')} FROM ${from}`,
  )
  await db.run(
    `INSERT INTO bill_records SELECT DISTINCT ${billNo}, record, 'charge', NULL, NULL, NULL FROM ${from}`,
  )
  await db.run(
    `INSERT INTO staged_replaced BY NAME SELECT ${billNo} AS bill_no, ${replacedNames.map(given).join(', ')} FROM ${rowsOf(carried.replaced)}`,
  )
}

/** Writes the row in `files` of a bill that another store brought. */
export async function insertCarriedFile(
  db: Database,
  store: string,
  { path, source, size, mtime_ms, bytes_read, head_hash, tail_hash }: CarriedBill,
  file: { readonly id: number; readonly ingestId: number; readonly counts: Readonly<Record<string, number>> },
): Promise<void> {
  const counts = countNames.map((name) => `${file.counts[name]} AS ${name}`).join(', ')
  await db.run(
    `INSERT INTO store.main.files BY NAME SELECT ${file.id} AS file_id, $path AS path, $source AS importer, $options AS options,
      CAST($size AS BIGINT) AS size, CAST($mtime AS BIGINT) AS mtime_ms, CAST($read AS BIGINT) AS bytes_read, true AS ends_with_newline,
      $head AS head_hash, $tail AS tail_hash, ${counts}, MAP {} AS repairs, false AS content_ids, false AS current, ${file.ingestId} AS ingest_id`,
    {
      path,
      source,
      options: broughtBy(store),
      size,
      mtime: mtime_ms,
      read: bytes_read,
      head: head_hash,
      tail: tail_hash,
    },
  )
}
