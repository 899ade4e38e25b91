/** `llmcost merge`: calls and bills of other stores come into this one, each once. */
import { realpathSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { scratchFolder } from '../../db/scratch.js'
import type { Database } from '../../db/database.js'
import { openStoreForReading } from '../../db/store.js'
import type { StoreOptions } from '../../db/store-lock.js'
import { callColumns } from '../../domain/call.js'
import { exitCodes, UserError } from '../../errors.js'
import { writeExport } from '../../exports/write.js'
import { sourceFile, type SourceFile } from '../../ingest/files/discover.js'
import { writeCharges, type OtherBills } from '../../ingest/bills/other-stores.js'
import { doubts, ingest } from '../../ingest/ingest.js'
import { exportedCalls } from '../../metrics/exports/exported-calls.js'
import { hasRefused, ingestReport, refusedWords } from '../../reports/store/ingest.js'
import { ofSameCalls } from '../command-text.js'
import { outputOptions, storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { fileMode } from '../file-mode.js'
import { progressBar } from '../progress.js'
import { readingOf, settingsOf } from '../settings.js'

export const mergeCommand: CommandSpec = {
  name: 'merge',
  summary: 'take the calls and bills of other databases in, each once',
  details: `For a team that adds up its machines: each has a database of its own, and one takes all of them in. A call that several of them have counts once, by the rules for logs: by its source and id. Costs are worked out anew at the prices known here. Merging a database that did not change brings nothing; one that did brings what is new in it. Its bills come too, by the rules for bills. The other database is only read.`,
  arguments: [{ name: '<databases...>', about: 'databases of llmcost' }],
  options: [
    {
      flags: '--set <field=value>',
      about:
        'a value for calls that have none, such as tag.host=laptop; account=NAME is of bills that tell none',
      repeatable: true,
      group: 'Merge',
    },
    { flags: '--dry-run', about: 'tell what would happen, and change nothing', group: 'Merge' },
    { flags: '--replace', about: 'take out what they brought before, and bring it anew', group: 'Merge' },
    {
      flags: '--rollup',
      about: 'take their sums alone, and leave calls and bills where they are',
      group: 'Merge',
    },
    {
      flags: '--mode <octal>',
      about: 'who may read a database that is made, such as 0640 (default: you alone)',
      group: 'Store',
    },
    ...storeOptions,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost merge laptop.duckdb', about: 'add the calls of another machine' },
    {
      command: 'llmcost merge ada.duckdb --set tag.host=ada --db team.duckdb',
      about: 'and say whose they are',
    },
  ],
  async run(invocation) {
    if (invocation.options['rollup'] === true)
      return (await import('./taking-shards.js')).takeShards(invocation)
    const settings = await settingsOf(invocation)
    const { options, args, terminal } = invocation
    const mode = fileMode(invocation)
    const others: Other[] = []
    for (const other of args) others.push(await contentOf(other, settings.dbPath, invocation))
    const bar = progressBar(terminal)
    try {
      const summary = await ingest({
        ...readingOf(invocation, settings),
        // How logs are read is no matter of a database's own columns.
        read: { map: {}, set: invocation.given('set') ? settings.readOptions.set : {} },
        sources: [],
        found: others.map(({ calls }) => calls),
        bills: others.flatMap(({ bills }) => (bills === undefined ? [] : [bills])),
        store: { ...settings.storeOptions, mode },
        dbPath: settings.dbPath,
        version: invocation.version,
        rejectLimit: { count: 0 },
        replace: options['replace'] === true,
        dryRun: options['dryRun'] === true,
        keepRejectedText: false,
        ...(bar.update ? { onProgress: bar.update } : {}),
      })
      const asked = {
        dbPath: settings.dbPath,
        typed: ofSameCalls(invocation),
        now: invocation.now,
        verbose: true,
      }
      if (!terminal.interactive) for (const words of refusedWords(summary)) terminal.warn(words)
      return {
        report: ingestReport(summary, asked, doubts(summary)),
        ...(hasRefused(summary) ? { exitCode: exitCodes.refused } : {}),
      }
    } finally {
      bar.stop()
      for (const { calls, bills } of others)
        for (const path of [calls.readFrom!, ...Object.values(bills?.carried ?? {})])
          rmSync(path, { force: true })
    }
  },
}

interface Other {
  /** Its calls as the lines of a file of this run. */
  readonly calls: SourceFile
  readonly bills: OtherBills | undefined
}

/** What a database holds. @throws UserError where it is none, or the one that is merged into */
async function contentOf(other: string, own: string, invocation: Invocation): Promise<Other> {
  const path = resolve(other)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile())
    throw new UserError('no such database', {
      location: other,
      hint: 'Name a file that llmcost ingest made.',
    })
  if (statSync(own, { throwIfNoEntry: false }) !== undefined && realpathSync(own) === realpathSync(path))
    throw new UserError('it is the database that is merged into', {
      code: 'usage',
      location: other,
      hint: 'Name another one with --db.',
    })
  const { storeOptions: resources } = await settingsOf(invocation)
  const readFrom = resolve(scratchFolder(), `merge-${number}.jsonl`)
  const carried = {
    charges: resolve(scratchFolder(), `merge-${number}.parquet`),
    replaced: resolve(scratchFolder(), `merge-${number++}-replaced.parquet`),
  }
  const calls = { ...sourceFile(path, other, stat), readFrom }
  const db = await opened(path, resources)
  try {
    const everything = { since: null, until: null, tz: 'UTC', filters: [] }
    const { sql, params } = exportedCalls(everything)
    await writeExport(db, { columns: callColumns, sql, params }, 'jsonl', { path: readFrom, force: false })
    const bills = await writeCharges(db, other, carried)
    const of = { store: calls.path, label: other, carried, bills }
    return { calls, bills: bills.length === 0 ? undefined : of }
  } finally {
    db.close()
  }
}

/** The other database. What is wrong with it is answered by naming another on the line, not by an option. */
async function opened(path: string, resources: StoreOptions): Promise<Database> {
  try {
    return await openStoreForReading(path, resources, [scratchFolder()])
  } catch (error) {
    if (!(error instanceof UserError) || !/with --db|llmcost ingest/.test(error.hint ?? '')) throw error
    const { message, code, location } = error
    throw new UserError(message, {
      code,
      ...(location === undefined ? {} : { location }),
      hint: 'Name a file that llmcost ingest made; this one was left as it was.',
      cause: error,
    })
  }
}

let number = 0
