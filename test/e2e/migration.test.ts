import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { migrations, schemaVersion } from '../../src/db/schema.js'
import { emptyFolder } from './program.js'
import { runWarmWell } from './together.js'
import { quoteText } from '../../src/domain/words/quoting.js'

/** A store as an older version of the program left it, with one call. */
async function oldStore(path: string, version: number): Promise<void> {
  const db = await Database.open(':memory:', 'write')
  await db.run(`ATTACH ${quoteText(path)} AS store`)
  await db.run('USE store')
  await db.run('CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR)')
  await db.run(`INSERT INTO meta VALUES ('application', 'llmcost'), ('schema_version', '${version}')`)
  for (const step of migrations.slice(0, version)) for (const statement of step) await db.run(statement)
  await db.run(
    "INSERT INTO calls (call_id, source, ts, model, cost_usd) VALUES ('a', 'llmcost', '2026-10-05 08:00:00', 'gpt-4o', 1.5)",
  )
  await db.run('USE memory')
  await db.run('DETACH store')
  db.close()
}

const older = Array.from({ length: schemaVersion - 1 }, (_, i) => i + 1)

test.each(older)(
  'a store of schema version %i is brought up to date by the first question',
  async (version) => {
    const cwd = emptyFolder()
    await oldStore(join(cwd, 'costs.duckdb'), version)
    const ask = [
      'breakdown',
      '--by',
      'model',
      '--columns',
      'calls,cost_usd',
      '--format',
      'csv',
      '--db',
      'costs.duckdb',
    ]
    expect(await runWarmWell(ask, { cwd })).toBe('model,calls,cost_usd\ngpt-4o,1,1.5\n')
    expect(await runWarmWell(ask, { cwd })).toContain('gpt-4o,1,1.5')
  },
)
