import { resolve } from 'node:path'
import { Database } from '../../db/database.js'
import { openStoreForReading } from '../../db/store.js'
import { UserError } from '../../errors.js'
import { broughtBy } from '../../ingest/bills/other-stores.js'
import { forgetFiles } from '../../ingest/forget.js'
import { writeCalls } from '../../rollups/upkeep.js'
import { count } from '../../domain/words/wording.js'
import { storeOptions, type CommandSpec } from '../command.js'
import { settingsOf } from '../settings.js'

export const forget: CommandSpec = {
  name: 'forget',
  summary: "take a file's calls out of the database",
  details: `The file itself is not touched. Calls that logs of another source hold too come back at once, those of other files when these are ingested again.`,
  arguments: [{ name: '<files...>', about: 'paths as `llmcost status --files` lists them' }],
  options: [...storeOptions, { flags: '-q, --quiet', about: 'no hints on stderr', group: 'Output' }],
  examples: [{ command: 'llmcost forget logs/test-run.jsonl', about: 'undo the ingest of one file' }],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    // A clear word when there is no store, before one would be made.
    ;(await openStoreForReading(settings.dbPath, settings.storeOptions)).close()
    const db = await Database.open(':memory:', 'write', settings.storeOptions)
    try {
      const lines = await writeCalls(db, settings.dbPath, settings.storeOptions, async () => {
        const found = new Map<string, readonly number[]>()
        for (const path of invocation.args) found.set(path, await fileIds(db, path))
        const removed = await forgetFiles(
          db,
          [...found.values()].flat(),
          settings.costBasis,
          settings.storeOptions.archive,
        )
        return [...found].map(([path, ids]) => {
          const sum = (of: 'calls' | 'rejects' | 'charges'): number =>
            ids.reduce((total, id) => total + (removed.get(id)?.[of] ?? 0), 0)
          const charges = sum('charges')
          const calls = charges > 0 && sum('calls') === 0 ? [] : [`${count(sum('calls'))} calls`]
          const what = [...calls, ...(charges > 0 ? [`${count(charges)} charges`] : [])].join(', ')
          return `${path}: forgot ${what} and ${count(sum('rejects'))} rejects`
        })
      })
      return { lines }
    } finally {
      db.close()
    }
  },
}

/** The readings of a file. @throws UserError when there is none */
async function fileIds(db: Database, given: string): Promise<readonly number[]> {
  const { rows } = await db.query<{ file_id: number }>(
    // Bills that a database brought go with it.
    'SELECT file_id FROM store.files WHERE path IN ($given, $resolved) OR options IN ($givenStore, $resolvedStore) ORDER BY file_id',
    {
      given,
      resolved: resolve(given),
      givenStore: broughtBy(given),
      resolvedStore: broughtBy(resolve(given)),
    },
  )
  if (rows.length === 0) {
    const { rows: known } = await db.query<{ path: string }>(
      'SELECT DISTINCT path FROM store.files ORDER BY path LIMIT 5',
    )
    throw new UserError('no file of this name was ingested', {
      location: given,
      hint:
        known.length > 0
          ? `Ingested files: ${known.map((f) => f.path).join(', ')} …`
          : 'The database holds no files.',
    })
  }
  return rows.map((row) => row.file_id)
}
