/** Prices all calls of the attached store anew, inside the caller's transaction. */
import { archivedDays } from '../db/archive/days.js'
import { spanOf } from '../db/archive/thawing.js'
import type { Database, ResultRow } from '../db/database.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { Rate } from '../domain/costs/rate.js'
import type { PriceBook } from '../pricing/book.js'
import {
  applyChanges,
  changesByModel,
  changesInTotal,
  changesTable,
  newRatesTable,
  resolvedTable,
  storedModels,
  type ChangeRow,
} from '../pricing/reprice-sql.js'
import { UserError } from '../errors.js'
import { noteChanged } from '../rollups/upkeep.js'
import { notePriceData } from './price-data.js'

/** Cost before and after, by model and in all. */
export interface Changes {
  readonly rows: readonly (ChangeRow & ResultRow)[]
  readonly totals: ResultRow
  /** Days whose calls were dropped: their costs stay as they are. */
  readonly staying?: string | undefined
}

/** @returns what changed */
export async function repriceCalls(db: Database, book: PriceBook, basis: CostBasis): Promise<Changes> {
  const found = await findChanges(db, book, basis)
  await noteChanged(db, 'store.calls WHERE rowid IN (SELECT call_row FROM changes)')
  for (const sql of applyChanges('store.')) await db.run(sql)
  await notePriceData(db, book, found.staying === undefined)
  return found
}

/**
 * The days of which there are no calls to price; undefined where there are none.
 * @throws UserError where calls are archived: they and their sums would stay as they are
 */
async function daysStaying(db: Database): Promise<string | undefined> {
  const days = await archivedDays(db)
  const kept = days.filter(({ kept: isKept }) => isKept)
  if (kept.length > 0)
    throw new UserError(
      `the calls of ${spanOf(kept)} are archived, and cannot be priced anew: nothing was changed`,
      {
        hint: `Bring them back first: llmcost archive --restore --since ${kept[0]!.day}.`,
      },
    )
  return days.length === 0 ? undefined : spanOf(days)
}

/** Works out every change, in the attached store. */
export async function findChanges(db: Database, book: PriceBook, basis: CostBasis): Promise<Changes> {
  const staying = await daysStaying(db)
  const { rows: models } = await db.query<{ provider: string | null; model: string }>(storedModels('store.'))
  const rates = new Map<string, Rate>()
  const resolved = models.map(({ provider, model }) => {
    const resolution = book.resolve(provider, model)
    for (const rate of resolution.rates) rates.set(JSON.stringify(rate), rate)
    return { given_provider: provider, model, provider: resolution.provider }
  })
  await db.run(resolvedTable, { rows: JSON.stringify(resolved) })
  await db.run(newRatesTable, { rates: JSON.stringify([...rates.values()]) })
  await db.run(changesTable('store.', basis))
  const { rows } = await db.query<ChangeRow & ResultRow>(changesByModel('store.'))
  return { rows, totals: await db.one(changesInTotal('store.')), staying }
}
