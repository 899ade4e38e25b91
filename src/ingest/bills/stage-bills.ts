/** Staging of bills: each file's charges in a table of their own, in memory; the store is not touched. */
import type { Database } from '../../db/database.js'
import { isOfTheMachine } from '../../errors.js'
import { modelNamesOf } from '../../billing/model-names.js'
import { billedColumns, replacedColumns } from '../../domain/costs/billed.js'
import { quoteText } from '../../domain/words/quoting.js'
import type { PriceBook } from '../../pricing/book.js'
import type { SourceRelation } from '../typing/normalise.js'
import type { Segment, Unit } from '../files/units.js'
import { stageCarried, type CarriedBill, type OtherBills } from './other-stores.js'
import { Columns, recordsSql } from './bill-records.js'
import { chargeSql } from './charges-sql.js'

/** A bill that was staged. */
export interface StagedBill {
  readonly billNo: number
  /** The file that it was read from. */
  readonly path: string
  /** Id of its source. */
  readonly source: string
  /** How it was read; of a bill of another store, which store has it, and as what. */
  readonly read:
    | { readonly segment: Segment }
    | { readonly segment: undefined; readonly from: OtherBills; readonly bill: CarriedBill }
  /** The source's form of it, with the labels that its charges have. */
  readonly form: string
  /** Files of one delivery share it; see `exportOf`. */
  readonly export: string
  /** When it was made, as SQL reads it. */
  readonly exportedAt: string
  /** When the last of its charges ends, as SQL reads it; null where it has none. */
  readonly lastEnd: string | null
  /** Hash of all its charges; null where it has none. */
  readonly content: string | null
}

/** Columns of a table of the store, with the number of the bill in the place of its file. */
const stagedColumns = (columns: typeof billedColumns): string =>
  `bill_no BIGINT, ${columns
    .filter(({ name }) => name !== 'file_id')
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ')}`

/** Labels that say what a bill was grouped by. */
const grouping = ['project', 'workspace', 'api_key', 'principal', 'billed_model', 'sku'] as const

export class BillStage {
  readonly #db: Database
  readonly #keepsText: boolean
  readonly #account: string | undefined
  readonly bills: StagedBill[] = []

  /** @param account of bills that do not tell theirs */
  constructor(db: Database, keepsText: boolean, account?: string) {
    this.#account = account
    this.#db = db
    this.#keepsText = keepsText
  }

  /** Takes a bill of another store into the same tables. */
  async carry(from: OtherBills, bill: CarriedBill): Promise<number> {
    await this.#makeTables()
    const billNo = this.bills.length
    await stageCarried(this.#db, billNo, from, bill, this.#account)
    this.bills.push({
      billNo,
      path: bill.path,
      source: bill.source,
      read: { segment: undefined, from, bill },
      form: bill.form,
      export: bill.export,
      exportedAt: bill.exported_at,
      lastEnd: bill.last_end,
      content: bill.content === '' ? null : bill.content,
    })
    return billNo
  }

  async #makeTables(): Promise<void> {
    if (this.bills.length === 0)
      await this.#db.run(`CREATE TABLE IF NOT EXISTS staged_bills (${stagedColumns(billedColumns)});
        CREATE TABLE IF NOT EXISTS staged_replaced (${stagedColumns(replacedColumns)});
        CREATE TABLE IF NOT EXISTS bill_records (bill_no BIGINT, record BIGINT, state VARCHAR, reason VARCHAR, reject_id VARCHAR, text VARCHAR)`)
  }

  /** Reads a bill, one file, into `staged_bills` and `bill_records`. */
  async add(unit: Unit): Promise<number> {
    await this.#makeTables()
    try {
      return await this.#insert(unit, unit.relation)
    } catch (error) {
      if (!unit.repair || isOfTheMachine(error)) throw error
      return await this.#insert(unit, await unit.repair())
    }
  }

  async #insert(unit: Unit, relation: SourceRelation): Promise<number> {
    await this.#db.run('BEGIN TRANSACTION')
    try {
      const bill = await this.#read(unit, relation)
      await this.#db.run('COMMIT')
      this.bills.push(bill)
      return bill.billNo
    } catch (error) {
      await this.#db.run('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async #read(unit: Unit, relation: SourceRelation): Promise<StagedBill> {
    const db = this.#db
    const segment = unit.segments[0]!
    const source = unit.recognised.bill!
    const billNo = this.bills.length
    const read = new Columns(relation.kind === 'csv' ? relation.header : undefined)
    const charges = source.charges(read)
    const blank = source.isBlank?.(read) ?? 'false'
    await db.run(
      `CREATE OR REPLACE TEMP TABLE one_bill AS SELECT *, coalesce(${blank}, false) AND readable AS says_nothing FROM (${recordsSql(relation, source, read)})`,
    )
    const account = this.#account === undefined ? 'account' : `coalesce(account, ${quoteText(this.#account)})`
    const sound = '(SELECT * FROM one_bill WHERE readable AND NOT blank AND NOT says_nothing)'
    const parts = charges.map((charge, i) => chargeSql(charge, i + 1, source, sound))
    await db.run(`CREATE OR REPLACE TEMP TABLE one_bills_charges AS ${parts.join(' UNION ALL ')}`)
    await db.run(`INSERT INTO bill_records SELECT ${billNo}, r.record,
        CASE WHEN blank OR says_nothing THEN 'skip' WHEN NOT readable OR c.record IS NULL OR c.reason IS NOT NULL THEN 'reject' ELSE 'charge' END AS state,
        CASE WHEN blank OR says_nothing THEN NULL WHEN NOT readable THEN 'it cannot be read' WHEN c.record IS NULL THEN 'nothing in it is a charge' ELSE c.reason END,
        CASE WHEN NOT (blank OR says_nothing) AND (NOT readable OR c.record IS NULL OR c.reason IS NOT NULL) THEN md5(coalesce(content, '')) END,
        ${this.#keepsText ? 'CASE WHEN NOT readable OR c.record IS NULL OR c.reason IS NOT NULL THEN content END' : 'NULL'}
      FROM one_bill r LEFT JOIN (SELECT record, min(reason) AS reason FROM one_bills_charges GROUP BY record) c ON c.record = r.record`)
    await db.run(`INSERT INTO staged_bills BY NAME SELECT ${billNo} AS bill_no, * EXCLUDE (reason, exported_at) REPLACE (${account} AS account) FROM one_bills_charges
      WHERE record IN (SELECT record FROM bill_records WHERE bill_no = ${billNo} AND state = 'charge')`)
    const facts = await db.one<Record<string, string | boolean | null>>(
      `SELECT ${grouping.map((name) => `coalesce(bool_or(${name} IS NOT NULL), false) AS ${name}`).join(', ')},
        max(exported_at) AS exported_at FROM one_bills_charges`,
    )
    const { content, last_end: lastEnd } = await db.one<{ content: string | null; last_end: string | null }>(
      `SELECT CAST(sum(CAST(hash(row(${hashed})) AS HUGEINT)) AS VARCHAR) || '-' || count(*) AS content,
        CAST(max(charge_period_end) AS VARCHAR) AS last_end FROM staged_bills WHERE bill_no = ${billNo}`,
    )
    await db.run('DROP TABLE one_bill; DROP TABLE one_bills_charges')
    const { file } = segment.reading
    const grouped = grouping.filter((name) => facts[name] === true).join(' ')
    return {
      billNo,
      path: file.path,
      source: source.id,
      read: { segment },
      form: `${source.form(unit.recognised.sample)} by ${grouped}`,
      export: exportOf(file.path),
      exportedAt: String(facts['exported_at'] ?? new Date(Math.trunc(file.mtimeMs)).toISOString()),
      lastEnd,
      content,
    }
  }
}

/** What a charge says, without its place in the file. */
const hashed = billedColumns
  .map(({ name }) => name)
  .filter((name) => name !== 'file_id' && name !== 'record')
  .join(', ')

/**
 * A delivery in several files numbers them: `report-00001.csv.gz`, `part_0_0001.csv`, `part-00000-….snappy.parquet`,
 * `export-000000000000.json`. What is left of the path without such a number is the same for all of them.
 */
const exportOf = (path: string): string =>
  path.replace(/part-\d{5}-[^/]*$/, 'part').replace(/(?:_\d+)?[-_.]?0\d{2,}(?=(?:\.[A-Za-z0-9]+)*$)/, '')

/** Notes in `staged_bills` which model each charge is of, by the names that calls have. */
export async function nameModels(db: Database, book: PriceBook): Promise<void> {
  const { rows } = await db.query<{ provider: string | null; billed_model: string }>(
    'SELECT DISTINCT provider, billed_model FROM staged_bills WHERE billed_model IS NOT NULL',
  )
  const named = rows.map(({ provider, billed_model: billed }) => {
    const names = modelNamesOf(billed)
    const known = names.find((name) => book.resolve(provider, name).rates.length > 0)
    // A provider that prices are not known of resells others' models.
    const elsewhere = known ?? names.find((name) => book.resolve(null, name).rates.length > 0)
    return { provider, billed_model: billed, model: elsewhere ?? names[0]! }
  })
  if (named.length === 0) return
  await db.run(
    `UPDATE staged_bills SET model = n.model FROM (SELECT unnest(from_json(CAST($rows AS JSON),
      '[{"provider":"VARCHAR","billed_model":"VARCHAR","model":"VARCHAR"}]'), recursive := true)) n
    WHERE staged_bills.billed_model = n.billed_model AND staged_bills.provider IS NOT DISTINCT FROM n.provider`,
    { rows: JSON.stringify(named) },
  )
}
