/** Bills that the store has already: copies, earlier readings of a file, and what goes when a bill is taken out. */
import type { Database } from '../../db/database.js'
import { replacedNames } from '../../domain/costs/billed.js'
import type { Verdict } from '../files.js'
import type { IngestRequest } from '../request.js'
import { broughtBy, isBrought } from './other-stores.js'
import type { StagedBill } from './stage-bills.js'

/**
 * Earlier readings of a file that it takes the place of, whatever they say. What a store brought before is out
 * already, but in a rehearsal, which leaves it aside.
 */
export async function comesAgain(
  db: Database,
  { path, read }: StagedBill,
  { replace, dryRun }: Pick<IngestRequest, 'replace' | 'dryRun'>,
  verdict: Verdict,
): Promise<readonly number[]> {
  if (read.segment === undefined) return replace && dryRun ? broughtFrom(db, read.from.store) : []
  const replaced = verdict.action === 'read' ? verdict.replaces?.file_id : undefined
  const { rows } = await db.query<{ file_id: number }>(
    `SELECT b.file_id FROM store.main.bills b JOIN store.main.files f ON f.file_id = b.file_id
     WHERE f.path = $path AND NOT ${isBrought('f.options')} AND (f.bytes_read < 0 OR f.file_id = $replaced)`,
    { path, replaced: replaced ?? -1 },
  )
  return rows.map(({ file_id }) => file_id)
}

/** Bills that a store brought before. */
async function broughtFrom(db: Database, store: string): Promise<readonly number[]> {
  const { rows } = await db.query<{ file_id: number }>(
    'SELECT file_id FROM store.main.files WHERE options = $options',
    { options: broughtBy(store) },
  )
  return rows.map(({ file_id }) => file_id)
}

/** Takes out what the stores of a run brought before. */
export async function removeBrought(db: Database, bills: readonly StagedBill[]): Promise<void> {
  const stores = bills.flatMap(({ read }) => (read.segment === undefined ? [read.from.store] : []))
  for (const store of new Set(stores))
    for (const fileId of await broughtFrom(db, store)) {
      await removeBill(db, fileId, 'with its store')
      await db.run('DELETE FROM store.main.files WHERE file_id = $id', { id: fileId })
    }
}

/**
 * Makes `this_bill`: the charges of a staged bill that are to be compared with the store. Of a bill that is there
 * already these are none; what a store brought may not be whole since a newer bill was taken out, and then the days
 * that it lacks are compared as any. `this_replaced` has those that newer bills replace in the store that it is from,
 * of days that are not known of it here; `this_said` has both.
 * @returns files of the store that are the same bill
 */
export async function chargesToCompare(
  db: Database,
  { billNo, content }: StagedBill,
  without: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await db.query<{ file_id: number; gaps: boolean }>(
    `SELECT b.file_id, ${isBrought('f.options')} AND f.bytes_read < 0 AS gaps FROM store.main.bills b JOIN store.main.files f ON f.file_id = b.file_id
     WHERE content = $content AND content <> ''`,
    { content: content ?? '' },
  )
  const known = rows.filter(({ file_id }) => !without.includes(file_id))
  const ids = known.map(({ file_id }) => file_id)
  const isIn = (table: string): string =>
    `EXISTS (SELECT 1 FROM store.main.${table} b WHERE b.file_id IN (${ids.join(', ')}) AND b.kind = s.kind AND b.biller = s.biller
        AND b.account IS NOT DISTINCT FROM s.account AND b.bill_span = s.bill_span)`
  const there = known.some(({ gaps }) => !gaps) ? 'true' : isIn('billed')
  const names = replacedNames.join(', ')
  await db.run(`CREATE OR REPLACE TEMP TABLE this_bill AS
    SELECT * FROM staged_bills s WHERE bill_no = ${billNo}${known.length === 0 ? '' : ` AND NOT ${there}`}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE this_replaced AS
    SELECT ${names} FROM staged_replaced s WHERE bill_no = ${billNo}${known.length === 0 ? '' : ` AND NOT ${isIn('billed')} AND NOT ${isIn('replaced_charges')}`}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE this_said AS
    SELECT ${names} FROM this_bill UNION ALL SELECT ${names} FROM this_replaced`)
  return ids
}

/**
 * Takes a bill out. Bills that it had replaced are read again at the next ingest.
 * @param comesAgain the same file is about to be read anew; or what its store brings is, most likely with this bill
 * @returns how many charges went
 */
export async function removeBill(
  db: Database,
  fileId: number,
  comesAgain?: 'as a file' | 'with its store',
): Promise<number> {
  const { rows } = await db.query<{ biller: string }>(
    'SELECT biller FROM store.main.billed WHERE file_id = $id UNION SELECT biller FROM store.main.replaced_charges WHERE file_id = $id',
    { id: fileId },
  )
  const gone = await db.run('DELETE FROM store.main.billed WHERE file_id = $id', { id: fileId })
  await db.run('DELETE FROM store.main.replaced_charges WHERE file_id = $id', { id: fileId })
  await db.run('DELETE FROM store.main.bills WHERE file_id = $id', { id: fileId })
  if (comesAgain === 'as a file') {
    await db.run('DELETE FROM store.main.rejects WHERE file_id = $id', { id: fileId })
    await db.run('DELETE FROM store.main.files WHERE file_id = $id', { id: fileId })
  } else if (rows.length > 0) {
    const hasReplaced = 'file_id IN (SELECT file_id FROM store.main.bills WHERE replaced > 0)'
    await db.run(
      `UPDATE store.main.files SET size = -1, bytes_read = -1 WHERE (current OR ${isBrought('options')}) AND file_id <> $id
       AND (${hasReplaced}
         OR (duplicates > 0 AND importer IN (SELECT importer FROM store.main.files WHERE file_id = $id)))`,
      { id: fileId },
    )
    // What they say beyond what counts is not known until then, so that it replaces nothing. Where the bill comes at
    // once, it is replaced again: without it, an older one that comes along would count beside the newest.
    if (comesAgain === undefined)
      await db.run(
        `DELETE FROM store.main.replaced_charges WHERE file_id IN (SELECT file_id FROM store.main.files WHERE bytes_read = -1 AND ${hasReplaced})`,
      )
  }
  return gone
}
