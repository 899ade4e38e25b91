/** What an engine's cells become in a store: answers as from the calls, each hour once, wholly or not at all. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { duckdb } from '../../src/engines/duckdb.js'
import { ownTable } from '../../src/engines/table.js'
import { takeAnswer, takeShard, type TakeRequest, type Taken } from '../../src/engines/take.js'
import { forgetFiles } from '../../src/ingest/forget.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { summary } from '../../src/metrics/summary.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { ask as asked } from '../../src/questions/question.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { writeCalls } from '../../src/rollups/upkeep.js'
import { answerOf, differing, loggedCall } from './engines-world.js'
import { ask, ingestInto, Workshop, write } from './ingesting.js'
import { cubed } from './rollups-world.js'

const workshop = new Workshop()
const hour = (iso: string): number => Date.parse(iso) / 3_600_000
const hours = [[hour('2025-11-01T00:00:00Z'), hour('2025-11-05T00:00:00Z')]] as const
const scope = { since: null, until: null, tz: 'UTC', filters: [] }

let db: Database
let book: PriceBook
/** A store that has the calls themselves. */
let local: string
let log: string
let calls: number

beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
  const lines = fc.sample(loggedCall, { numRuns: 300, seed: 7 })
  log = write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)
  local = workshop.store()
  await ingestInto(local, [log], { store: cubed })
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await db.run(`ATTACH '${local}' AS source (READ_ONLY)`)
  await db.run('CREATE TABLE calls AS SELECT * FROM source.calls')
  await db.run('DETACH source')
  calls = (await db.one<{ n: number }>('SELECT count(*) AS n FROM calls')).n
  // Rows that no log would be believed.
  await db.run(`CREATE TABLE odd AS SELECT * FROM calls UNION ALL
    SELECT * REPLACE (-1 AS input_tokens, NULL AS cache_read_input_tokens) FROM (SELECT * FROM calls ORDER BY ts LIMIT 3)`)
  const engine = {
    dialect: duckdb,
    ask: async (sql: string) => {
      await db.run(`CREATE OR REPLACE TEMP TABLE told AS ${sql}`)
      return 'told'
    },
  }
  await db.run(
    `CREATE TABLE whole AS FROM ${await answerOf(db, engine, ownTable(duckdb, 'odd'), book, 'list-first', hours)}`,
  )
})

afterAll(() => {
  db.close()
  workshop.close()
})

const take = (dbPath: string, change: Partial<TakeRequest> = {}): Promise<Taken> =>
  takeAnswer(db, {
    answer: 'whole',
    source: 'trino://lake:8080/hive/calls',
    options: '{}',
    prices: 'p',
    replace: false,
    now: new Date('2026-01-01T00:00:00Z'),
    dbPath,
    store: { ...cubed, rollups: 'auto' },
    version: 'test',
    book,
    ...change,
  })

async function forget(store: string, file: number): Promise<void> {
  const own = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await writeCalls(own, store, cubed, () => forgetFiles(own, [file], 'list-first'))
  } finally {
    own.close()
  }
}

test('cells that were taken are those of the calls, and answer as they do', async () => {
  const pulled = workshop.store()
  const taken = await take(pulled)
  expect(taken.rows).toBe(calls + 3)
  expect(taken.refused).toEqual({ 'input_tokens: below 0': 3 })
  expect(taken.leftOut).toEqual([])
  const [file] = await ask(pulled, 'SELECT lines, imported, rejected FROM files')
  expect(file).toEqual({ lines: calls + 3, imported: calls, rejected: 3 })
  await db.run(`ATTACH '${pulled}' AS pulled (READ_ONLY)`)
  expect((await db.query(`${differing('(SELECT * FROM pulled.hourly_labels)')} LIMIT 3`)).rows).toEqual([])
  await db.run('DETACH pulled')
  const answers = async (path: string): Promise<unknown> => {
    const store = await openStoreForReading(path, cubed)
    try {
      const by = [dimensionOf('model'), dimensionOf('day')]
      const measures = [
        'calls',
        'cost_usd',
        'input_tokens',
        'error_rate',
        'mean_latency_ms',
        'stddev_cost_usd',
      ] as const
      return [
        await asked(store, summary({ scope, before: null, measures })),
        await asked(store, breakdown({ scope, by, measures, top: 1000 })),
      ]
    } finally {
      store.close()
    }
  }
  expect(await answers(pulled)).toEqual(await answers(local))
})

test('what is taken again changes nothing; an hour of which a row is lacking stays out', async () => {
  const pulled = workshop.store()
  await take(pulled)
  const cells = 'SELECT * FROM hourly_labels ORDER BY ALL'
  const before = await ask(pulled, cells)
  await take(pulled)
  expect(await ask(pulled, cells)).toEqual(before)
  const [one] = (await db.query<{ quarter: string }>('SELECT min(quarter) AS quarter FROM whole')).rows
  await db.run(
    `CREATE OR REPLACE TABLE torn AS FROM whole WHERE rowid <> (SELECT min(rowid) FROM whole WHERE quarter = '${one!.quarter}')`,
  )
  const torn = await take(pulled, { answer: 'torn' })
  expect(torn.leftOut).toEqual([
    { hour: Math.floor(Number(one!.quarter) / 4), reason: 'not all of its rows are there' },
  ])
  expect(await ask(pulled, cells)).toEqual(before)
})

test('hours of which the store holds the calls are refused, or replaced where that is said', async () => {
  const store = workshop.store()
  await ingestInto(store, [log], { store: cubed })
  const before = await ask(store, 'SELECT count(*) AS n FROM calls')
  await expect(take(store)).rejects.toThrow(/the database holds \d+ calls of these hours itself/)
  expect(await ask(store, 'SELECT count(*) AS n FROM calls')).toEqual(before)
  await take(store, { replace: true })
  await db.run(`ATTACH '${store}' AS store2 (READ_ONLY)`)
  expect((await db.one<{ n: number }>('SELECT count(*) AS n FROM store2.calls')).n).toBe(0)
  expect((await db.query(`${differing('(SELECT * FROM store2.hourly_labels)')} LIMIT 3`)).rows).toEqual([])
  await db.run('DETACH store2')
  await expect(take(store, { source: 'another' })).rejects.toThrow(/has these hours from trino:/)
})

test('a source is forgotten with its hours', async () => {
  const pulled = workshop.store()
  await take(pulled)
  await forget(pulled, 1)
  expect(await ask(pulled, 'SELECT count(*) AS n FROM hourly_labels')).toEqual([{ n: 0 }])
  expect(await ask(pulled, 'SELECT count(*) AS n FROM pulled_hours')).toEqual([{ n: 0 }])
})

test('shards that hold hours of their own come together to what one store has of all', async () => {
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  const hourOf = (line: string): number =>
    Math.floor(hour((JSON.parse(line) as { timestamp: string }).timestamp))
  const shards: string[] = []
  for (const rest of [0, 1]) {
    const own = lines.filter((line) => hourOf(line) % 2 === rest)
    shards.push(workshop.store())
    await ingestInto(shards[rest]!, [write(join(workshop.room(), 'part.jsonl'), `${own.join('\n')}\n`)], {
      store: cubed,
    })
  }
  const team = workshop.store()
  const merge = async (cells: string, source: string, replace = false): Promise<Taken> =>
    takeShard(db, {
      cells,
      days: {
        sketches: `sketches_${cells.includes('_0') ? 0 : 1}`,
        users: `users_${cells.includes('_0') ? 0 : 1}`,
      },
      source,
      replace,
      now: new Date('2026-01-01T00:00:00Z'),
      dbPath: team,
      store: { ...cubed, rollups: 'auto' },
      version: 'test',
      book,
    })
  for (const [i, shard] of shards.entries()) {
    await db.run(`ATTACH '${shard}' AS shard_${i} (READ_ONLY)`)
    await db.run(`CREATE OR REPLACE TABLE cells_${i} AS SELECT * FROM shard_${i}.hourly_labels`)
    await db.run(`CREATE OR REPLACE TABLE sketches_${i} AS SELECT * FROM shard_${i}.daily_sketches`)
    await db.run(`CREATE OR REPLACE TABLE users_${i} AS SELECT * FROM shard_${i}.daily_users`)
    await db.run(`DETACH shard_${i}`)
  }
  await merge('cells_0', 'a')
  await merge('cells_1', 'b')
  const same = async (): Promise<unknown> => {
    await db.run(`ATTACH '${team}' AS team (READ_ONLY)`)
    const { rows } = await db.query(`${differing('(SELECT * FROM team.hourly_labels)')} LIMIT 3`)
    const days = await db.query(`${sumsOf('team')} EXCEPT ALL ${sumsOf('own')}`)
    await db.run('DETACH team')
    return [...rows, ...days.rows]
  }
  /** What sketches count and users spent, whoever brought it. */
  const sumsOf = (
    store: string,
  ): string => `(SELECT ts, CAST(label AS VARCHAR) AS label, label_value, CAST(quantity AS VARCHAR) AS quantity, bucket, sum(bucket_calls) AS n, NULL AS usd FROM ${store}.daily_sketches GROUP BY ALL
    UNION ALL SELECT ts, 'user', user_id, NULL, NULL, sum(cell_rows), sum(cell_cost_usd) FROM ${store}.daily_users GROUP BY ALL)`
  await db.run(`ATTACH '${local}' AS own (READ_ONLY)`)
  expect(await same()).toEqual([])
  // Again, and what another shard has already.
  await merge('cells_0', 'a')
  expect(await same()).toEqual([])
  await expect(merge('cells_0', 'c')).rejects.toThrow(/has these hours from a: they would count twice/)
  await merge('cells_0', 'c', true)
  expect(await same()).toEqual([])
  // What a shard lost to another it does not tell of any more.
  expect(await ask(team, "SELECT count(*) AS n FROM daily_sketches WHERE file_id = (SELECT file_id FROM files WHERE path = 'a')")).toEqual([{ n: 0 }]) // prettier-ignore
  // Another source in the same hours is another shard's business, and leaves alone.
  await merge("(SELECT * REPLACE ('other' AS source) FROM cells_0)", 'd')
  expect(await same()).not.toEqual([])
  const [d] = await ask(team, "SELECT file_id FROM files WHERE path = 'd'")
  await forget(team, Number(d!['file_id']))
  expect(await same()).toEqual([])
  await db.run('DETACH own')
})

test.each([
  ['a count below 0', 'cell_rows', "'-1'"],
  ['a figure that is no number', 'cell_input_tokens', "'many'"],
  ['more than all rows', 'cell_priced_rows', "'99999999'"],
  ['a time elsewhere', 'cell_first_ts', "'0'"],
])('an answer with %s is none', async (_, column, value) => {
  await db.run(
    `CREATE OR REPLACE TABLE wrong AS SELECT * REPLACE (CASE WHEN refused = '' THEN ${value} ELSE ${column} END AS ${column}) FROM whole`,
  )
  const store = workshop.store()
  await expect(take(store, { answer: 'wrong' })).rejects.toThrow(/no answer to a statement of llmcost/)
})
