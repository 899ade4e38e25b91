import { resolve } from 'node:path'
import { Database } from '../db/database.js'
import { openStoreForReading, writeStore } from '../db/store.js'
import { UserError } from '../errors.js'
import { rereadStoredCaches } from '../ingest/cache-reading.js'
import { removeFile } from '../ingest/merge.js'
import { count } from '../domain/wording.js'
import { storeOptions, type CommandSpec } from './command.js'
import { settingsOf } from './settings.js'

export const forget: CommandSpec = {
  name: 'forget',
  summary: "take a file's calls out of the database",
  details: `The file itself is not touched. Calls that other files hold too come back when those are ingested again.`,
  arguments: [{ name: '<files...>', about: 'paths as `llmcost status --files` lists them' }],
  options: [...storeOptions, { flags: '-q, --quiet', about: 'no hints on stderr', group: 'Output' }],
  examples: [{ command: 'llmcost forget logs/test-run.jsonl', about: 'undo the ingest of one file' }],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    // A clear word when there is no store, before one would be made.
    ;(await openStoreForReading(settings.dbPath, settings.storeOptions)).close()
    const db = await Database.open(':memory:', 'write', settings.storeOptions)
    try {
      const lines = await writeStore(db, settings.dbPath, settings.storeOptions, async () => {
        const out: string[] = []
        for (const path of invocation.args) out.push(await forgetOne(db, path))
        // What they showed of their logger's habit is forgotten with them.
        await rereadStoredCaches(db, settings.costBasis)
        return out
      })
      return { text: lines.map((line) => `${line}\n`).join('') }
    } finally {
      db.close()
    }
  },
}

async function forgetOne(db: Database, given: string): Promise<string> {
  const { rows } = await db.query<{ file_id: number; path: string }>(
    'SELECT file_id, path FROM store.files WHERE path IN ($given, $resolved) ORDER BY file_id',
    { given, resolved: resolve(given) },
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
  let calls = 0
  let rejects = 0
  for (const { file_id: id } of rows) {
    const removed = await removeFile(db, id)
    calls += removed.calls
    rejects += removed.rejects
  }
  return `${given}: forgot ${count(calls)} calls and ${count(rejects)} rejects`
}
