/**
 * An engine's cells equal the store's own, every column to the last digit: here with DuckDB as the engine, whose
 * statement is made of whole numbers alone, as those of the others are.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { enginePresets } from '../../src/config/presets.js'
import { presets } from '../../src/engines/presets.js'
import { duckdb } from '../../src/engines/duckdb.js'
import { ownTable } from '../../src/engines/table.js'
import { leasts } from '../../src/rollups/sketch-buckets.js'
import { loadPriceBook } from '../../src/pricing/book.js'
import { cellsFrom, daysOf, differing, differingDays, loggedCall, oddPrices } from './engines-world.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { cubed } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const hour = (iso: string): number => Date.parse(iso) / 3_600_000
const hours = [[hour('2025-11-01T00:00:00Z'), hour('2025-11-05T00:00:00Z')]] as const

test('each table that is known by name has a description', () => {
  expect(presets.map(({ id }) => id)).toEqual([...enginePresets])
})

test('cells that an engine makes of calls are those that the store makes of them', async () => {
  const priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
  const book = await loadPriceBook({ overrideFiles: priceFiles })
  await fc.assert(
    fc.asyncProperty(
      fc.array(loggedCall, { minLength: 300, maxLength: 400 }),
      fc.constantFrom('list-first' as const, 'reported-first' as const),
      async (lines, costBasis) => {
        const store = workshop.store()
        const log = write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)
        await ingestInto(store, [log], { costBasis, priceFiles, store: cubed })
        const db = await Database.open(':memory:', 'write', { threads: 1 })
        await db.run(`ATTACH '${store}' AS store (READ_ONLY)`)
        await db.run('CREATE TABLE calls AS SELECT * FROM store.calls')
        try {
          const path = join(workshop.room(), 'answer.parquet')
          const ask = async (sql: string): Promise<string> => {
            await db.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`)
            return `read_parquet('${path}')`
          }
          const table = ownTable(duckdb, 'calls')
          const found = await cellsFrom(db, { dialect: duckdb, ask }, table, book, costBasis, hours)
          const { rows } = await db.query(`${differing(found)} LIMIT 6`)
          expect(rows).toEqual([])
          const told = await db.one<{ cells: number; bases: number; parts: number }>(
            `SELECT count(*) AS cells, count(DISTINCT coalesce(cost_basis, '')) AS bases, count(*) FILTER (WHERE cell_partly_priced_rows > 0) AS parts FROM found`,
          )
          await db.run(
            `CREATE TABLE days AS FROM ${await daysOf(db, { dialect: duckdb, ask }, table, book, costBasis, hours)}`,
          )
          expect((await db.query(`${differingDays('store', 'days')} LIMIT 6`)).rows).toEqual([])
          expect(told.cells).toBeGreaterThan(100)
          expect(told.bases).toBeGreaterThan(3)
          expect(told.parts).toBeGreaterThan(0)
        } finally {
          db.close()
        }
      },
    ),
    { numRuns: tries(2, 40), endOnFailure: true },
  )
}, 120_000)

test('a value at a bound of a bucket, and one beside it, are counted as the store counts them', async () => {
  const edges = leasts
    .flatMap((least) => [least - 1n, least, least + 1n])
    .filter((n) => n >= 0n && n <= 1_000_000_000n)
  const lines = [...new Set(edges)].map((n, i) =>
    JSON.stringify({
      timestamp: new Date(Date.UTC(2025, 10, 2) + i * 1000).toISOString(),
      model: 'in-house-1',
      input_tokens: Number(n),
      output_tokens: 1,
      // Latencies are sketched in millionths of a millisecond.
      latency_ms: Number(n) / 1000,
    }),
  )
  const store = workshop.store()
  await ingestInto(store, [write(join(workshop.room(), 'edges.jsonl'), `${lines.join('\n')}\n`)], {
    store: cubed,
  })
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await db.run(`ATTACH '${store}' AS store (READ_ONLY)`)
    await db.run('CREATE TABLE calls AS SELECT * FROM store.calls')
    const ask = async (sql: string): Promise<string> => {
      await db.run(`CREATE OR REPLACE TEMP TABLE told AS ${sql}`)
      return 'told'
    }
    const book = await loadPriceBook({ overrideFiles: [] })
    const answer = await daysOf(
      db,
      { dialect: duckdb, ask },
      ownTable(duckdb, 'calls'),
      book,
      'list-first',
      hours,
    )
    expect((await db.query(`${differingDays('store', answer)} LIMIT 6`)).rows).toEqual([])
    const { buckets } = await db.one<{ buckets: number }>(
      "SELECT count(*) AS buckets FROM store.daily_sketches WHERE label = 'total' AND quantity = 'input_tokens'",
    )
    expect(buckets).toBeGreaterThan(1700)
  } finally {
    db.close()
  }
}, 60_000)
