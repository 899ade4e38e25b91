import { Database } from '../../db/database.js'
import { openStoreForReading, writeStore } from '../../db/store.js'
import type { CostBasis } from '../../domain/costs/basis.js'
import type { Rate } from '../../domain/costs/rate.js'
import { notePriceData } from '../../ingest/price-data.js'
import { loadPriceBook, type PriceBook } from '../../pricing/book.js'
import {
  applyChanges,
  changesByModel,
  changesInTotal,
  changesTable,
  newRatesTable,
  resolvedTable,
  storedModels,
  type ChangeRow,
} from '../../pricing/reprice-sql.js'
import { ofSameCalls } from '../command-text.js'
import { repriceReport } from '../../reports/prices/reprice.js'
import type { Row } from '../../reports/report.js'
import { outputOptions, storeOptions, type CommandSpec } from '../command.js'
import { priceData, settingsOf } from '../settings.js'

export const repriceCommand: CommandSpec = {
  name: 'reprice',
  summary: 'price all calls in the database anew, after prices or overrides changed',
  details:
    'Each call gets the price in force when it was made. All changes are written in one step, or none.',
  options: [
    { flags: '--dry-run', about: 'show what would change, and write nothing' },
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost reprice --dry-run', about: 'cost before and after, by model' },
    { command: 'llmcost reprice', about: 'and write it' },
  ],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const { dbPath, costBasis, storeOptions: options } = settings
    const book = await loadPriceBook(priceData(settings))
    const dryRun = invocation.options['dryRun'] === true
    const typed = ofSameCalls(invocation)
    // A clear word when there is no store, before one would be made.
    const reading = await openStoreForReading(dbPath, options)
    try {
      if (dryRun)
        return {
          report: repriceReport(
            { ...(await findChanges(reading, 'store.', book, costBasis)), dryRun, typed },
            book,
          ),
        }
    } finally {
      reading.close()
    }
    const db = await Database.open(':memory:', 'write', options)
    try {
      const changes = await writeStore(db, dbPath, options, async () => {
        const found = await findChanges(db, 'store.', book, costBasis)
        for (const sql of applyChanges('store.')) await db.run(sql)
        await notePriceData(db, book, true)
        return found
      })
      return { report: repriceReport({ ...changes, dryRun, typed }, book) }
    } finally {
      db.close()
    }
  },
}

/** Works out every change; `store` is the catalog of the store with its dot. */
async function findChanges(
  db: Database,
  store: string,
  book: PriceBook,
  basis: CostBasis,
): Promise<{ rows: readonly Row[]; totals: Row }> {
  const { rows: models } = await db.query<{ provider: string | null; model: string }>(storedModels(store))
  const rates = new Map<string, Rate>()
  const resolved = models.map(({ provider, model }) => {
    const resolution = book.resolve(provider, model)
    for (const rate of resolution.rates) rates.set(JSON.stringify(rate), rate)
    return { given_provider: provider, model, provider: resolution.provider }
  })
  await db.run(resolvedTable, { rows: JSON.stringify(resolved) })
  await db.run(newRatesTable, { rates: JSON.stringify([...rates.values()]) })
  await db.run(changesTable(store, basis))
  const { rows } = await db.query<ChangeRow & Row>(changesByModel(store))
  return { rows, totals: await db.one<Row>(changesInTotal(store)) }
}
