/** ClickHouse's own engine makes the same cells of calls as the store does, every column to the last digit. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { addressOf } from '../../src/engines/servers/address.js'
import { callsStatement } from '../../src/engines/calls-statement.js'
import { clickhouse } from '../../src/engines/clickhouse.js'
import { clickhouseConnection } from '../../src/engines/servers/clickhouse-http.js'
import { presets } from '../../src/engines/presets.js'
import { pullCells, type Pulled } from '../../src/engines/pulling/pull.js'
import { ownTable, type ForeignTable } from '../../src/engines/table.js'
import { loadPriceBook } from '../../src/pricing/book.js'
import { sharedFolder } from '../e2e/program.js'
import {
  cellsFrom,
  daysOf,
  differing,
  differingDays,
  differingTables,
  loggedCall,
  oddPrices,
} from '../property/engines-world.js'
import { ask, ingestInto, Workshop, write, type Choices } from '../property/ingesting.js'
import { cubed } from '../property/rollups-world.js'

const slow = 300_000
const cwd = sharedFolder()
const workshop = new Workshop()
let server: ChildProcess
let url: string

beforeAll(async () => {
  const kit = join(cwd, 'kit')
  cpSync(join(import.meta.dirname, 'clickhouse'), kit, { recursive: true })
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], { cwd: kit, stdio: 'inherit', timeout: slow }) // prettier-ignore
  server = spawn(process.execPath, ['server.mjs'], { cwd: kit, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: server.stdout! })) {
    url = `http://127.0.0.1:${line}/`
    break
  }
}, slow)

afterAll(() => {
  server.kill()
  workshop.close()
})

const told = async (sql: string): Promise<string> => {
  const response = await fetch(url, { method: 'POST', body: sql })
  const text = await response.text()
  if (!response.ok) throw new Error(`${text.slice(0, 2000)}\n${sql.slice(0, 200)}`)
  return text
}

const hour = (iso: string): number => Date.parse(iso) / 3_600_000
const window = [hour('2025-11-01T00:00:00Z'), hour('2025-11-05T00:00:00Z')] as const

/** Reads a log into a store and makes the calls a table of the database, and of the engine. */
async function both(db: Database, log: string, choices: Choices, table: string): Promise<void> {
  const store = workshop.store()
  await ingestInto(store, [log], { store: cubed, ...choices })
  await db.run(`ATTACH '${store}' AS read (READ_ONLY)`)
  await db.run('CREATE SCHEMA IF NOT EXISTS own')
  for (const name of ['daily_sketches', 'daily_users'])
    await db.run(`CREATE OR REPLACE TABLE own.${name} AS FROM read.${name}`)
  await db.run('CREATE OR REPLACE TABLE calls AS SELECT * FROM read.calls')
  await db.run('DETACH read')
  const lake = join(workshop.room(), 'calls.parquet')
  await db.run(`COPY (SELECT * EXCLUDE (tags) FROM calls) TO '${lake}' (FORMAT parquet)`)
  await told(`DROP TABLE IF EXISTS ${table}`)
  await told(
    `CREATE TABLE ${table} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM file('${lake}', Parquet)`,
  )
}

const logOf = (lines: readonly string[]): string =>
  write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)

test.each(['list-first', 'reported-first'] as const)(
  '%s: the cells of the same calls',
  async (costBasis) => {
    const lines = fc.sample(loggedCall, { numRuns: 600, seed: 20_260_101 })
    const priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
    const db = await Database.open(':memory:', 'write', { threads: 2 })
    try {
      await both(db, logOf(lines), { costBasis, priceFiles }, 'varied')
      const ask = async (sql: string): Promise<string> => {
        const path = join(workshop.room(), 'answer.csv')
        writeFileSync(path, await told(`${sql}\nFORMAT CSVWithNames`))
        return `read_csv('${path}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', nullstr = '')`
      }
      const table = ownTable(clickhouse, 'varied')
      const book = await loadPriceBook({ overrideFiles: priceFiles })
      const found = await cellsFrom(db, { dialect: clickhouse, ask }, table, book, costBasis, [window])
      expect((await db.query(`${differing(found)} LIMIT 4`)).rows).toEqual([])
      if (costBasis === 'list-first') {
        await db.run(`CREATE OR REPLACE TABLE days AS FROM ${await daysOf(db, { dialect: clickhouse, ask }, table, book, costBasis, [window])}`) // prettier-ignore
        expect((await db.query(`${differingDays('own', 'days')} LIMIT 4`)).rows).toEqual([])
      }
      expect((await db.one<{ n: number }>(`SELECT sum(cell_rows) AS n FROM ${found}`)).n).toBeGreaterThan(450)
    } finally {
      db.close()
    }
  },
  slow,
)

/** Pulls into a store. */
async function pull(
  dbPath: string,
  table: ForeignTable,
  priceFiles: readonly string[] = [],
): Promise<Pulled> {
  return pullCells({
    connection: clickhouseConnection(addressOf(url.replace('http:', 'clickhouse:'), 60_000), {}),
    table,
    hours: window,
    basis: 'list-first',
    source: 'clickhouse://here/calls',
    replace: false,
    now: new Date('2026-01-01T00:00:00Z'),
    dbPath,
    store: cubed,
    version: 'test',
    book: await loadPriceBook({ overrideFiles: priceFiles }),
  })
}

async function differences(db: Database, store: string): Promise<readonly unknown[]> {
  await db.run(`ATTACH '${store}' AS pulled (READ_ONLY)`)
  try {
    const cells = await db.query(`${differing('(SELECT * FROM pulled.hourly_labels)')} LIMIT 4`)
    return [...cells.rows, ...(await db.query(`${differingTables('own', 'pulled')} LIMIT 4`)).rows]
  } finally {
    await db.run('DETACH pulled')
  }
}

test(
  'late rows, deletions and new prices are seen, and nothing else is asked for again',
  async () => {
    const lines = fc.sample(loggedCall, { numRuns: 320, seed: 3 })
    const pulled = workshop.store()
    const table = ownTable(clickhouse, 'growing')
    const db = await Database.open(':memory:', 'write', { threads: 2 })
    try {
      await both(db, logOf(lines.slice(0, 270)), {}, 'growing')
      await pull(pulled, table)
      expect(await differences(db, pulled)).toEqual([])
      const again = await pull(pulled, table)
      expect(again.batches).toEqual([])
      // A few new ones, a few gone, and all of one hour.
      const hourOf = (line: string): string =>
        (JSON.parse(line) as { timestamp: string }).timestamp.slice(0, 13)
      const changed = lines.slice(10, 280).filter((line) => hourOf(line) !== hourOf(lines[100]!))
      await both(db, logOf(changed), {}, 'growing')
      const later = await pull(pulled, table)
      expect(later.unchanged).toBeGreaterThan(30)
      expect(await differences(db, pulled)).toEqual([])
      const priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
      await both(db, logOf(changed), { priceFiles }, 'growing')
      expect((await pull(pulled, table, priceFiles)).unchanged).toBe(0)
      expect(await differences(db, pulled)).toEqual([])
    } finally {
      db.close()
    }
  },
  slow,
)

test(
  'calls of a window take the place of its sums, and nothing counts twice',
  async () => {
    const pulled = workshop.store()
    const table = ownTable(clickhouse, 'windowed')
    const db = await Database.open(':memory:', 'write', { threads: 2 })
    try {
      await both(db, logOf(fc.sample(loggedCall, { numRuns: 150, seed: 5 })), {}, 'windowed')
      await pull(pulled, table)
      const connection = clickhouseConnection(addressOf(url.replace('http:', 'clickhouse:'), 60_000), {})
      const hours = [window[0] + 24, window[0] + 48] as const
      const given = { name: 'windowed', map: {}, set: {} }
      const path = join(workshop.room(), 'fetched.csv')
      const query = { dialect: clickhouse, table, given, hours, has: (name: string) => name !== 'tags' }
      await connection.ask(callsStatement(query), path)
      await ingestInto(pulled, [path], { read: { from: 'llmcost' }, takesOver: hours, store: cubed })
      expect(await differences(db, pulled)).toEqual([])
      const [held] = await ask(pulled, 'SELECT count(*) AS n FROM store.main.calls')
      const inside = `SELECT count(*) AS n FROM calls WHERE epoch_us(ts) // 3600000000 BETWEEN ${hours[0]} AND ${hours[1] - 1}`
      expect(held).toEqual(await db.one(inside))
      await expect(pull(pulled, table)).rejects.toThrow(/calls of these hours itself/)
    } finally {
      db.close()
    }
  },
  slow,
)

test('what the engine says against a statement is told, and the password is checked', async () => {
  const address = addressOf(url.replace('http:', 'clickhouse:'), 60_000)
  const connection = clickhouseConnection(address, {})
  await expect(pull(workshop.store(), ownTable(clickhouse, 'nowhere'))).rejects.toThrow(
    /the engine answers: .*nowhere/,
  )
  const wrong = clickhouseConnection(address, { LLMCOST_CLICKHOUSE_PASSWORD: 'wrong' })
  await expect(wrong.ask('SELECT 1', join(cwd, 'x.csv'))).rejects.toThrow(/Authentication failed/)
  await connection.ask('SELECT 1 AS one', join(cwd, 'x.csv'))
})

const observations = `CREATE TABLE observations (id String, trace_id String, project_id String, type LowCardinality(String),
  parent_observation_id Nullable(String), start_time DateTime64(3), end_time Nullable(DateTime64(3)), name String,
  level LowCardinality(String), provided_model_name Nullable(String), usage_details Map(LowCardinality(String), UInt64),
  cost_details Map(LowCardinality(String), Decimal64(12)), completion_start_time Nullable(DateTime64(3)),
  environment LowCardinality(String) DEFAULT 'default', event_ts DateTime64(3), is_deleted UInt8)
  ENGINE = ReplacingMergeTree(event_ts, is_deleted) PRIMARY KEY (project_id, type, toDate(start_time))
  ORDER BY (project_id, type, toDate(start_time), id)`

interface Observation {
  readonly id: string
  readonly type: string
  readonly parent_observation_id: string | null
  readonly usage_details: Readonly<Record<string, number>>
  readonly [name: string]: unknown
}

const observation = (n: number, change: Partial<Observation> = {}): Observation => ({
  id: `o-${n}`,
  trace_id: `t-${n}`,
  project_id: 'p',
  type: n % 7 === 0 ? 'EMBEDDING' : 'GENERATION',
  parent_observation_id: null,
  start_time: `2025-11-02 0${n % 5}:10:11.${100 + n}`,
  end_time: n % 5 === 0 ? null : `2025-11-02 0${n % 5}:10:13.250`,
  name: n % 2 === 0 ? 'chat' : 'search',
  level: n % 6 === 0 ? 'ERROR' : 'DEFAULT',
  provided_model_name: ['gpt-4o', 'claude-sonnet-4-5', 'in-house-1', null][n % 4],
  usage_details:
    n % 4 === 1
      ? { input: 100 + n, input_cached_tokens: 50, output: 20, output_reasoning: 5, total: 175 + n }
      : { input: 1000 + n, output: n, total: 1000 + n + n },
  cost_details: n % 3 === 0 ? { total: 0.0123 } : {},
  completion_start_time: null,
  environment: n % 2 === 0 ? 'default' : 'staging',
  event_ts: '2025-11-02 10:00:00.000',
  is_deleted: 0,
  ...change,
})

test(
  "Langfuse's table: the newest version of a row, none that is deleted, and no parent",
  async () => {
    const live = Array.from({ length: 40 }, (_, n) => observation(n))
    const parents = [
      observation(50, { type: 'GENERATION' }),
      observation(51, { type: 'GENERATION', trace_id: 't-50', parent_observation_id: 'o-50' }),
      observation(52, { type: 'SPAN', usage_details: {}, provided_model_name: null }),
    ]
    const calls = [...live, ...parents]
    await told('DROP TABLE IF EXISTS observations')
    await told(observations)
    const insert = (rows: readonly Observation[]): Promise<string> =>
      told(`INSERT INTO observations FORMAT JSONEachRow ${rows.map((row) => JSON.stringify(row)).join('\n')}`)
    // Older versions of some rows in a part of their own, and rows that are gone.
    await insert(
      [...live.slice(0, 20), observation(90)].map((row) => ({
        ...row,
        usage_details: { input: 1 },
        event_ts: '2025-11-02 09:00:00.000',
      })),
    )
    await insert(calls)
    await insert([{ ...observation(90), is_deleted: 1 }])
    const log = logOf(calls.map((row) => JSON.stringify(row)))
    const db = await Database.open(':memory:', 'write', { threads: 2 })
    try {
      const store = workshop.store()
      await ingestInto(store, [log], { store: cubed })
      await db.run(`ATTACH '${store}' AS read (READ_ONLY)`)
      await db.run('CREATE OR REPLACE TABLE calls AS SELECT * FROM read.calls')
      await db.run('CREATE SCHEMA IF NOT EXISTS own')
      for (const name of ['daily_sketches', 'daily_users'])
        await db.run(`CREATE OR REPLACE TABLE own.${name} AS FROM read.${name}`)
      const pulled = workshop.store()
      await pull(pulled, presets[0]!.table('observations'))
      expect(await differences(db, pulled)).toEqual([])
      expect((await db.one<{ n: number }>('SELECT count(*) AS n FROM calls')).n).toBe(41)
    } finally {
      db.close()
    }
  },
  slow,
)
