/**
 * Which bill counts where several say what was charged. Bills are corrected: a newer one of the same span (a day; a
 * billing month where each delivery holds it whole), biller, account and kind takes the place of the older, whatever
 * the order in which they are read. Files of one delivery never replace each other.
 */
import type { Database } from '../../db/database.js'
import { chargeKey, replacedNames } from '../../domain/costs/billed.js'
import { broughtFrom } from './other-stores.js'
import type { StagedBill } from './stage-bills.js'

/** A file of the store whose charges and those of a staged bill are about the same. */
export interface Rival {
  readonly file_id: number
  readonly path: string
  /** Absolute path of the store that brought it; null where its file was read here. */
  readonly brought_by: string | null
  /** Whether the staged bill is the newer. */
  readonly older: boolean
  readonly first_day: string
  readonly last_day: string
  readonly charges: number
  /** One of them does not say whose account it is of: they may be of two. */
  readonly unsure: boolean
  /** What it says was billed, in all currencies; null for usage. */
  readonly amount: string | null
}

const keyOf = (alias: string): string =>
  `hash(row(${chargeKey.map((name) => `${alias}.${name}`).join(', ')}))`

const spans = 'kind, biller, account, bill_span'

/** Labels whose ids no two accounts share. */
const owned = ['project', 'workspace', 'api_key'] as const

/** An id as providers make them, no name that somebody may change. */
const idPattern = '(proj|wrkspc|apikey|key)_[A-Za-z0-9]{6,}'

/** FROM item: the ids of each span of a table of charges, as sorted lists. */
const idsOf = (table: string): string =>
  `(SELECT ${table === 'this_said' ? 'NULL AS mine' : 'file_id'}, kind, biller, bill_span, ${owned
    .map((name) => `list(DISTINCT ${name}) FILTER (regexp_full_match(${name}, '${idPattern}')) AS ${name}s`)
    .join(', ')} FROM ${table} GROUP BY ALL)`

/** SQL condition: both name their projects (or workspaces, or keys) by id, and have none of any in common. */
const unlike = `(${owned.map((name) => `len(s.${name}s) > 0 AND len(m.${name}s) > 0`).join(' OR ')})
  AND NOT (${owned.map((name) => `coalesce(list_has_any(s.${name}s, m.${name}s), false)`).join(' OR ')})`

/** SQL: two rows are of one biller, kind, account (as far as it is said) and span. */
const sameSpan = (a: string, b: string): string =>
  `${a}.kind = ${b}.kind AND ${a}.biller = ${b}.biller AND (${a}.account = ${b}.account OR ${a}.account IS NULL OR ${b}.account IS NULL)
    AND (starts_with(${a}.bill_span, ${b}.bill_span) OR starts_with(${b}.bill_span, ${a}.bill_span))`

/**
 * SQL: what bills of the store say, as far as it tells charges apart, whether it counts or not. A bill that was
 * replaced itself replaces an older one that is read after it all the same: the order of reading decides nothing.
 */
const known = ['billed', 'replaced_charges']
  .map(
    (table) =>
      `SELECT file_id, ${replacedNames.join(', ')} FROM store.main.${table} WHERE biller IN (SELECT biller FROM this_said)`,
  )
  .join(' UNION ALL ')

/** How many charges a bill had when it was read, as its hash says: `bills` has fewer where it fills gaps alone. */
export const chargesIn = (content: string | null): number => Number(content?.split('-')[1]) || 0

/** SQL: the same. */
const chargesInSql = (content: string): string =>
  `coalesce(TRY_CAST(split_part(${content}, '-', 2) AS BIGINT), 0)`

/**
 * Makes `bill_rivals`: spans of the store that a staged bill is about too (what it says is in `this_said`), with the file, and whether it is older.
 * The newer is the one that was made later; of one moment, the one that goes further, says more, or by its content.
 * @param without files that go before it comes
 */
export async function findRivals(
  db: Database,
  bill: StagedBill,
  without: readonly number[],
): Promise<readonly Rival[]> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE bill_rivals AS
    WITH own AS (SELECT DISTINCT ${spans} FROM this_said),
    known AS (${known}),
    stored AS (SELECT DISTINCT file_id, ${spans} FROM known),
    pairs AS (SELECT DISTINCT s.file_id, s.kind, s.biller, s.account, s.bill_span, o.bill_span AS own_span, o.account AS own_account
      FROM stored s JOIN own o ON ${sameSpan('s', 'o')}),
    shared AS (SELECT DISTINCT b.export, s.bill_span FROM known s JOIN store.main.bills b ON b.file_id = s.file_id
      WHERE s.file_id IN (SELECT file_id FROM pairs) AND ${keyOf('s')} IN (SELECT ${keyOf('m')} FROM this_said m)),
    apart AS (SELECT DISTINCT s.file_id, s.bill_span FROM ${idsOf('known')} s JOIN ${idsOf('this_said')} m USING (kind, biller, bill_span)
      WHERE ${unlike}),
    reach AS (SELECT file_id, max(charge_period_end) AS last_end FROM store.main.billed
      WHERE file_id IN (SELECT file_id FROM store.main.bills WHERE last_end IS NULL) GROUP BY file_id)
    SELECT p.*, (CAST($exported AS TIMESTAMP), CAST($lastEnd AS TIMESTAMP), ${chargesInSql('$content')}, $content)
        > (b.exported_at, coalesce(b.last_end, r.last_end, b.exported_at), ${chargesInSql('b.content')}, b.content) AS older
    FROM pairs p JOIN store.main.bills b ON b.file_id = p.file_id JOIN store.main.files f ON f.file_id = p.file_id
      LEFT JOIN reach r ON r.file_id = p.file_id
    WHERE NOT list_contains([${without.join(', ')}]::BIGINT[], p.file_id) AND NOT (b.export = $export AND f.path <> $path)
      AND NOT (b.form = $form AND (p.account IS NULL OR p.own_account IS NULL) AND (p.file_id, p.bill_span) IN (SELECT (file_id, bill_span) FROM apart))
      AND (b.form <> $form OR (b.export, p.bill_span) IN (SELECT (export, bill_span) FROM shared))`,
    {
      exported: sqlTime(bill.exportedAt),
      lastEnd: bill.lastEnd,
      content: bill.content ?? '',
      export: bill.export,
      path: bill.path,
      form: bill.form,
    },
  )
  const { rows } =
    await db.query<Rival>(`SELECT r.file_id, f.path, ${broughtFrom('f.options')} AS brought_by, r.older, bool_or(r.unsure) AS unsure, min(r.bill_span) AS first_day, max(r.bill_span) AS last_day,
      count(b.file_id) AS charges, CAST(sum(b.billed_cost) AS VARCHAR) AS amount
    FROM (SELECT file_id, kind, biller, account, bill_span, older, bool_or(account IS NULL OR own_account IS NULL) AS unsure FROM bill_rivals GROUP BY ALL) r
      LEFT JOIN store.main.billed b ON b.file_id = r.file_id AND b.kind = r.kind AND b.biller = r.biller AND b.account IS NOT DISTINCT FROM r.account AND b.bill_span = r.bill_span
      JOIN store.main.files f ON f.file_id = r.file_id
    GROUP BY r.file_id, f.path, f.options, r.older HAVING count(b.file_id) > 0 OR NOT r.older ORDER BY r.file_id, r.older`)
  return rows
}

/** SQL condition on `this_bill`: charges whose span a newer bill of the store has. */
export const isOutdated = `EXISTS (SELECT 1 FROM bill_rivals r WHERE NOT r.older AND r.kind = this_bill.kind AND r.biller = this_bill.biller
  AND r.own_account IS NOT DISTINCT FROM this_bill.account AND r.own_span = this_bill.bill_span)`

/** Takes the charges out that the staged bill replaces. @returns how many */
export async function removeOlder(db: Database): Promise<number> {
  const leaving = `EXISTS (SELECT 1 FROM bill_rivals r WHERE r.older AND r.file_id = b.file_id AND r.kind = b.kind AND r.biller = b.biller
    AND r.account IS NOT DISTINCT FROM b.account AND r.bill_span = b.bill_span)`
  await db.run(`UPDATE store.main.bills SET replaced = replaced + n.n FROM (
      SELECT file_id, count(*) AS n FROM store.main.billed b WHERE ${leaving} GROUP BY file_id) n
    WHERE store.main.bills.file_id = n.file_id`)
  await db.run(
    `INSERT INTO store.main.replaced_charges BY NAME SELECT DISTINCT file_id, ${replacedNames.join(', ')} FROM store.main.billed b WHERE ${leaving}`,
  )
  return db.run(`DELETE FROM store.main.billed b WHERE ${leaving}`)
}

/**
 * Takes note of the charges of the staged bill that do not count, since newer ones have them, here or in the store
 * that it is from; of those that a file of the store has noted as its own, no more.
 * @returns how many
 */
export async function noteOutdated(db: Database, fileId: number): Promise<number> {
  const names = replacedNames.join(', ')
  return db.run(
    `INSERT INTO store.main.replaced_charges BY NAME SELECT ${fileId} AS file_id, * FROM (
       SELECT ${names} FROM this_bill WHERE ${isOutdated} UNION SELECT ${names} FROM this_replaced)
     EXCEPT SELECT file_id, ${names} FROM store.main.replaced_charges WHERE file_id = ${fileId}`,
  )
}

/**
 * A bill that the store has says more than was known of it, though nothing that counts: it takes the place of older
 * ones all the same.
 * @returns whether that changed anything
 */
export async function completeKnown(db: Database, fileId: number): Promise<boolean> {
  const removed = await removeOlder(db)
  return (await noteOutdated(db, fileId)) + removed > 0
}

/** `2026-09-01T00:00:00.000Z` as SQL reads a TIMESTAMP. */
export const sqlTime = (iso: string): string => iso.replace('T', ' ').replace(/Z$/, '')
