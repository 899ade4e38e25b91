/** `llmcost merge --rollup`: the sums of other databases, without their calls. */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Database } from '../../db/database.js'
import { scratchFolder } from '../../db/scratch.js'
import { openStoreForReading } from '../../db/store.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { quoteText } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'
import { takeShard } from '../../engines/take.js'
import { loadPriceBook } from '../../pricing/book.js'
import { sketchesOf, userNoteOf } from '../../rollups/answering.js'
import { readCubeNote } from '../../rollups/cube-note.js'
import { hourlyLabelColumns } from '../../rollups/labels.js'
import { dailySketchColumns } from '../../rollups/sketches.js'
import { dailyUserColumns } from '../../rollups/user-days.js'
import type { Settings } from '../../questions/question.js'
import type { Invocation, Outcome } from '../command.js'
import { unfit } from './engine-options.js'
import { fileMode } from '../file-mode.js'
import { priceData, settingsOf } from '../settings.js'
import { dayNotes, outcomeOf, type TakenSource } from './taking-cells.js'

/** @throws UserError */
export async function takeShards(invocation: Invocation): Promise<Outcome> {
  const { args, given, options } = invocation
  const wrong = ['set', 'dryRun'].find((name) => given(name))
  if (wrong !== undefined) throw unfit(wrong, 'is about calls, and does not go with --rollup')
  const settings = await settingsOf(invocation)
  const book = await loadPriceBook(priceData(settings))
  const sources: TakenSource[] = []
  for (const label of args) {
    const paths = ['cells', 'sketches', 'users'].map((name) => join(scratchFolder(), `shard-${name}.parquet`))
    const [cells = '', sketches = '', users = ''] = paths.map((path) => `read_parquet(${quoteText(path)})`)
    const db = await Database.open(':memory:', 'write', settings.storeOptions)
    try {
      const billed = await writeSums(resolve(label), settings, paths)
      const taken = await takeShard(db, {
        cells,
        days: { sketches, users },
        source: resolve(label),
        replace: options['replace'] === true,
        now: invocation.now,
        dbPath: settings.dbPath,
        store: { ...settings.storeOptions, mode: fileMode(invocation) },
        version: invocation.version,
        book,
      })
      sources.push({
        label,
        taken: [taken],
        notes: [...dayNotes(label, taken.daysLeftOut), ...billNotes(label, billed)],
      })
    } finally {
      db.close()
      for (const path of paths) rmSync(path, { force: true })
    }
  }
  return outcomeOf(sources, book, invocation, settings)
}

/** That bills stay where they are: sums are of calls. */
const billNotes = (label: string, charges: number): string[] =>
  charges === 0
    ? []
    : [
        `${label}: ${counted(charges, 'charge')} of bills ${plural(charges, 'is', 'are')} left out, since --rollup takes sums of calls alone; ingest the bills here, or merge without --rollup.`,
      ]

/** Writes the sums of a database into files. @returns how many charges of bills it has @throws UserError where it has no cells, or not with all labels */
async function writeSums(path: string, settings: Settings, into: readonly string[]): Promise<number> {
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
    const { sketches, users } = await daysToTell(db)
    const rows = [
      `${columnsOf(hourlyLabelColumns)} FROM hourly_labels`,
      `${columnsOf(dailySketchColumns)} FROM daily_sketches WHERE ${sketches}`,
      `${columnsOf(dailyUserColumns)} FROM daily_users WHERE ${users}`,
    ]
    for (const [i, one] of rows.entries())
      await db.run(`COPY (SELECT ${one}) TO ${quoteText(into[i]!)} (FORMAT parquet)`)
    return (await db.one<{ n: number }>('SELECT count(*) AS n FROM billed')).n
  } finally {
    db.close()
  }
}

/** Conditions: rows of days that are known for all calls. Whether a day is whole is seen where it is taken. */
async function daysToTell(db: Database): Promise<{ readonly sketches: string; readonly users: string }> {
  const [sketches, users] = [await sketchesOf(db), await userNoteOf(db)]
  const left = (sketches?.left ?? []).map((label) => `CAST(label AS VARCHAR) <> '${label}'`)
  return {
    sketches: sketches === undefined ? 'FALSE' : ['TRUE', ...left].join(' AND '),
    users: users?.kept === true ? 'TRUE' : 'FALSE',
  }
}

/** Words travel as text. */
const columnsOf = (columns: typeof hourlyLabelColumns): string =>
  columns
    .map(({ name, words }) => (words === undefined ? name : `CAST(${name} AS VARCHAR) AS ${name}`))
    .join(', ')
