/** What is killed: each verb that writes, a store to begin with, and the states that may be found afterwards. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../../src/db/database.js'
import { migrations } from '../../src/db/schema.js'
import { openStoreForReading } from '../../src/db/store.js'
import { runWarmWell } from '../e2e/together.js'
import { sized } from './size.js'
import { stateOf } from './state.js'
import { quoteText } from '../../src/domain/words/quoting.js'

export interface Scene {
  readonly verb: string
  /** Makes logs, and what stands before the run in the folder `before`, a store `calls.duckdb` among it. */
  readonly prepare: (cwd: string) => Promise<void>
  /** The run that is killed, and that is run again: in `now`, which is a copy of `before`. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What was done cannot be done again, and says so. */
  readonly once?: true
}

const db = ['--db', 'now/calls.duckdb'] as const

/** Lines of a log: with ids that repeat across files, without, blank, and bad. */
function lines(file: number, count: number, output = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % 97 === 0) return '{"timestamp": "never", "model": "gpt-4o", "input_tokens": 1}'
    if (i % 89 === 0) return ''
    return JSON.stringify({
      ...(i % 5 === 0 ? {} : { id: `call-${(i * 7 + file * count) % (count * 2)}` }),
      timestamp: new Date(Date.UTC(2026, 8, 1) + i * 1000).toISOString(),
      model: ['gpt-4o', 'claude-haiku-4-5', 'gpt-4o-mini'][i % 3],
      user_id: `u${i % 40}`,
      input_tokens: 100 + (i % 900),
      output_tokens: (i % 300) + output,
    })
  })
}

/** Writes a log; `cut` leaves its last line unfinished. */
function writeLog(path: string, all: readonly string[], cut = 0): void {
  writeFileSync(path, `${all.join('\n')}\n`.slice(0, cut === 0 ? undefined : -cut))
}

function writeLogs(cwd: string, folder: string, files: readonly number[], count: number): void {
  mkdirSync(join(cwd, folder), { recursive: true })
  for (const file of files) writeLog(join(cwd, folder, `log-${file}.jsonl`), lines(file, count))
}

async function ingestedBefore(cwd: string, ...sources: string[]): Promise<void> {
  await runWarmWell(['ingest', ...sources, '--db', 'before/calls.duckdb'], { cwd })
}

/** With an archive, which has its name from then on. */
async function archived(cwd: string, age: string): Promise<void> {
  const line = ['archive', '--older-than', age, '--to', 'before/kept', '--db', 'before/calls.duckdb']
  await runWarmWell(line, { cwd })
}

/** A store as an older version of the program left it, with calls. */
async function oldStore(path: string, version: number, calls: number): Promise<void> {
  const old = await Database.open(':memory:', 'write')
  try {
    await old.run(`ATTACH ${quoteText(path)} AS store`)
    await old.run('USE store')
    await old.run('CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR)')
    await old.run(`INSERT INTO meta VALUES ('application', 'llmcost'), ('schema_version', '${version}')`)
    for (const step of migrations.slice(0, version)) for (const statement of step) await old.run(statement)
    await old.run(
      `INSERT INTO calls (call_id, source, ts, model, input_tokens, output_tokens, cost_usd)
       SELECT 'call-' || i, 'llmcost', TIMESTAMP '2026-10-05 08:00:00' + to_seconds(i), 'gpt-4o', i, 1, i * 0.001
       FROM range(${calls}) r(i)`,
    )
    await old.run('USE memory')
    await old.run('DETACH store')
  } finally {
    old.close()
  }
}

/** Hash of all files of a folder, less what says by its name that it is not whole. */
function hashOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder, { recursive: true }).map(String).toSorted()) {
    if (name.includes('.partial') || !statSync(join(folder, name)).isFile()) continue
    hash.update(`${name}\n`).update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}

/** What stands in `now`: the store, and what is written beside it. */
export async function stateIn(cwd: string): Promise<string> {
  const store = join(cwd, 'now/calls.duckdb')
  const out = join(cwd, 'now/out')
  const isThere = existsSync(store) && statSync(store).size > 0
  return `${isThere ? await stateOf(store) : 'no store'} ${existsSync(out) ? hashOf(out) : ''}${await archivedIn(cwd)}`
}

/** What is read of all calls, those of the archive among them; which files lie there is not asked. */
async function archivedIn(cwd: string): Promise<string> {
  const archive = join(cwd, 'now/kept')
  if (!existsSync(archive)) return ''
  const store = await openStoreForReading(join(cwd, 'now/calls.duckdb'), {
    archive,
    threads: 1,
    lockTimeoutMs: 60_000,
  })
  try {
    const { hash } = await store.one<{ hash: string }>(
      "SELECT md5(string_agg(line, ' ' ORDER BY line)) AS hash FROM (SELECT CAST(to_json(c) AS VARCHAR) AS line FROM calls c)",
    )
    return hash
  } finally {
    store.close()
  }
}

const migration = (version: number): Scene => ({
  verb: `migrate from schema ${version}`,
  prepare: (cwd) => oldStore(join(cwd, 'before/calls.duckdb'), version, 3_000),
  args: ['status', ...db],
})

const exportOf = (what: string, output: string, ...more: string[]): Scene => ({
  verb: `export ${what}${more.includes('--partition-by') ? ' in folders' : ''}`,
  prepare: async (cwd) => {
    writeLogs(cwd, 'logs', [1], sized(800, 3_000))
    await ingestedBefore(cwd, 'logs')
    mkdirSync(join(cwd, 'before/out'))
    writeFileSync(join(cwd, 'before/out/calls.csv'), 'what stood there before\n')
  },
  args: ['export', what, '--as-of', 'latest', '--output', `now/out/${output}`, '--force', ...more, ...db],
})

/** The verbs, those twice that write most. */
export const scenes: readonly Scene[] = [
  {
    verb: 'ingest',
    prepare: async (cwd) => {
      writeLogs(cwd, 'first', [0], sized(200, 500))
      writeLogs(cwd, 'logs', [1, 2, 3], sized(400, 1_500))
      await ingestedBefore(cwd, 'first')
    },
    args: ['ingest', 'logs', ...db],
  },
  {
    verb: 'ingest into a new store',
    prepare: async (cwd) => writeLogs(cwd, 'logs', [1, 2], 300),
    args: ['ingest', 'logs', ...db],
  },
  {
    verb: 'ingest of files that grew',
    prepare: async (cwd) => {
      mkdirSync(join(cwd, 'logs'))
      const all = [1, 2, 3].map((file) => lines(file, sized(600, 2_000)))
      for (const [i, one] of all.entries())
        writeLog(join(cwd, `logs/log-${i}.jsonl`), one.slice(0, sized(270, 900)), i * 20)
      await ingestedBefore(cwd, 'logs')
      for (const [i, one] of all.entries()) writeLog(join(cwd, `logs/log-${i}.jsonl`), one)
    },
    args: ['ingest', 'logs', ...db],
  },
  {
    verb: 'ingest --replace',
    prepare: async (cwd) => {
      writeLogs(cwd, 'logs', [1, 2], sized(400, 1_500))
      await ingestedBefore(cwd, 'logs')
      writeLog(join(cwd, 'logs/log-1.jsonl'), lines(1, sized(320, 1_200), 1))
    },
    args: ['ingest', 'logs', '--replace', ...db],
  },
  {
    verb: 'forget',
    prepare: async (cwd) => {
      writeLogs(cwd, 'logs', [1, 2, 3], sized(400, 1_500))
      await ingestedBefore(cwd, 'logs')
    },
    args: ['forget', 'logs/log-1.jsonl', 'logs/log-3.jsonl', ...db],
    once: true,
  },
  {
    verb: 'reprice',
    prepare: async (cwd) => {
      writeLogs(cwd, 'logs', [1, 2], sized(500, 2_000))
      await ingestedBefore(cwd, 'logs')
      writeFileSync(join(cwd, 'prices.csv'), 'provider,model,valid_from,input,output\nopenai,gpt-4o,,7,21\n')
      writeFileSync(join(cwd, 'costs.json'), '{"prices": ["prices.csv"]}')
    },
    args: ['reprice', ...db],
    env: { LLMCOST_CONFIG: 'costs.json' },
  },
  {
    verb: 'archive',
    prepare: async (cwd) => {
      writeLogs(cwd, 'logs', [1, 2], sized(400, 1_500))
      await ingestedBefore(cwd, 'logs')
      await archived(cwd, '36500d')
    },
    args: ['archive', '--older-than', '1d', '--to', 'now/kept', ...db],
  },
  {
    verb: 'archive --restore',
    prepare: async (cwd) => {
      writeLogs(cwd, 'logs', [1, 2], sized(400, 1_500))
      await ingestedBefore(cwd, 'logs')
      await archived(cwd, '1d')
    },
    args: ['archive', '--restore', '--archive', 'now/kept', ...db],
  },
  migration(1),
  migration(3),
  exportOf('calls', 'calls.csv'),
  exportOf('calls', 'parts', '--partition-by', 'day', '--format', 'csv'),
]
