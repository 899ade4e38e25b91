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
}

/** @returns what changed */
export async function repriceCalls(db: Database, book: PriceBook, basis: CostBasis): Promise<Changes> {
  await assertAllHere(db)
  const found = await findChanges(db, book, basis)
  await noteChanged(db, 'store.calls WHERE rowid IN (SELECT call_row FROM changes)')
  for (const sql of applyChanges('store.')) await db.run(sql)
  await notePriceData(db, book, true)
  return found
}

/** @throws UserError where calls are archived: their costs, and the sums of them, would stay as they are */
async function assertAllHere(db: Database): Promise<void> {
  const days = await archivedDays(db)
  if (days.length === 0) return
  const kept = days.filter(({ kept: isKept }) => isKept)
  throw new UserError(
    `the calls of ${spanOf(days)} are archived, and cannot be priced anew: nothing was changed`,
    {
      hint:
        kept.length === days.length
          ? `Bring them back first: llmcost archive --restore --since ${days[0]!.day}.`
          : 'Of some of these days the calls were dropped: their costs stay as they were.',
    },
  )
}

/** Works out every change, in the attached store. */
export async function findChanges(db: Database, book: PriceBook, basis: CostBasis): Promise<Changes> {
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
  return { rows, totals: await db.one(changesInTotal('store.')) }
}
