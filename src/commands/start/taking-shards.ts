/** `llmcost merge --rollup`: the sums of other databases, without their calls. */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Database } from '../../db/database.js'
import { scratchFolder } from '../../db/scratch.js'
import { openStoreForReading } from '../../db/store.js'
import { quoteText } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'
import { takeShard } from '../../engines/take.js'
import { loadPriceBook } from '../../pricing/book.js'
import { readCubeNote } from '../../rollups/cube-note.js'
import { hourlyLabelColumns } from '../../rollups/labels.js'
import type { Settings } from '../../questions/question.js'
import type { Invocation, Outcome } from '../command.js'
import { unfit } from './engine-options.js'
import { fileMode } from '../file-mode.js'
import { priceData, settingsOf } from '../settings.js'
import { outcomeOf, type TakenSource } from './taking-cells.js'

/** @throws UserError */
export async function takeShards(invocation: Invocation): Promise<Outcome> {
  const { args, given, options } = invocation
  const wrong = ['set', 'dryRun'].find((name) => given(name))
  if (wrong !== undefined) throw unfit(wrong, 'is about calls, and does not go with --rollup')
  const settings = await settingsOf(invocation)
  const book = await loadPriceBook(priceData(settings))
  const sources: TakenSource[] = []
  for (const label of args) {
    const path = join(scratchFolder(), 'shard.parquet')
    const db = await Database.open(':memory:', 'write', settings.storeOptions)
    try {
      await writeCells(resolve(label), settings, path)
      const taken = await takeShard(db, {
        cells: `read_parquet(${quoteText(path)})`,
        source: resolve(label),
        replace: options['replace'] === true,
        now: invocation.now,
        dbPath: settings.dbPath,
        store: { ...settings.storeOptions, mode: fileMode(invocation) },
        version: invocation.version,
        book,
      })
      sources.push({ label, taken: [taken], notes: [] })
    } finally {
      db.close()
      rmSync(path, { force: true })
    }
  }
  return outcomeOf(sources, book, invocation, settings)
}

/** Writes the cells of a database into a file. @throws UserError where it has none, or not with all labels */
async function writeCells(path: string, settings: Settings, into: string): Promise<void> {
  if (path === settings.dbPath)
    throw new UserError('it is the database that is merged into', {
      code: 'usage',
      location: path,
      hint: 'Name another one with --db.',
    })
  const db = await openStoreForReading(path, settings.storeOptions, [scratchFolder()])
  try {
    const note = await readCubeNote(db, 'meta')
    if (note === undefined)
      throw new UserError('it keeps no sums of its calls', {
        location: path,
        hint: 'Set rollups: always in the config file of that machine and ingest once more; or merge the calls, without --rollup.',
      })
    if (note.left.length > 0)
      throw new UserError(`its sums lack the labels ${note.left.join(', ')}, which have too many values`, {
        location: path,
        hint: 'Merge the calls, without --rollup.',
      })
    const columns = hourlyLabelColumns.map(({ name }) =>
      name === 'owner' ? 'CAST(owner AS VARCHAR) AS owner' : name,
    )
    await db.run(
      `COPY (SELECT ${columns.join(', ')} FROM hourly_labels) TO ${quoteText(into)} (FORMAT parquet)`,
    )
  } finally {
    db.close()
  }
}
