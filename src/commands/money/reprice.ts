import { Database } from '../../db/database.js'
import { openStoreForReading } from '../../db/store.js'
import { findChanges, repriceCalls } from '../../ingest/reprice.js'
import { loadPriceBook } from '../../pricing/book.js'
import { writeCalls } from '../../rollups/upkeep.js'
import { ofSameCalls } from '../command-text.js'
import { repriceReport } from '../../reports/prices/reprice.js'
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
          report: repriceReport({ ...(await findChanges(reading, book, costBasis)), dryRun, typed }, book),
        }
    } finally {
      reading.close()
    }
    const db = await Database.open(':memory:', 'write', options)
    try {
      const changes = await writeCalls(db, dbPath, options, () => repriceCalls(db, book, costBasis))
      return { report: repriceReport({ ...changes, dryRun, typed }, book) }
    } finally {
      db.close()
    }
  },
}
