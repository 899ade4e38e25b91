/** Trino makes the same cells of calls as the store does, and a worker that dies in the middle leaves no half hour. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { addressOf } from '../../src/engines/servers/address.js'
import { pullCells, type Pulled, type PullRequest } from '../../src/engines/pulling/pull.js'
import { ownTable, type ForeignTable } from '../../src/engines/table.js'
import { trino as dialect } from '../../src/engines/trino.js'
import { trinoConnection } from '../../src/engines/servers/trino-http.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { sharedFolder } from '../e2e/program.js'
import { differing, differingTables, loggedCall, oddPrices } from '../property/engines-world.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'
import { cubed } from '../property/rollups-world.js'
import { startTrino, trinoParts, type Trino } from './trino-server.js'

const slow = 240_000
const parts = await trinoParts()

describe.skipIf(parts === undefined)('Trino', () => {
  const cwd = sharedFolder()
  const workshop = new Workshop()
  let trino: Trino
  let db: Database
  let book: PriceBook
  let table: ForeignTable

  beforeAll(async () => {
    trino = await startTrino(parts!.java, cwd, 2)
    const priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
    book = await loadPriceBook({ overrideFiles: priceFiles })
    const lines = fc.sample(loggedCall, { numRuns: 400, seed: 11 })
    const store = workshop.store()
    const log = write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)
    await ingestInto(store, [log], { priceFiles, store: cubed })
    db = await Database.open(':memory:', 'write', { threads: 2 })
    await db.run(`ATTACH '${store}' AS read (READ_ONLY)`)
    await db.run('CREATE TABLE calls AS SELECT * FROM read.calls')
    const lake = join(trino.data, 'lake')
    mkdirSync(lake)
    // Several files, so that both workers have something to do.
    for (let i = 0; i < 4; i++)
      await db.run(`COPY (SELECT * EXCLUDE (tags) FROM calls WHERE hash(call_id) % 4 = ${i}) TO '${join(lake, `part-${i}.parquet`)}' (FORMAT parquet)`) // prettier-ignore
    const { columns } = await db.query(`SELECT * FROM read_parquet('${lake}/*.parquet') LIMIT 0`)
    const typed = columns.map(({ name, type }) => `${name} ${type === 'TIMESTAMP' ? 'timestamp(6)' : type}`)
    await trino.run('CREATE SCHEMA hive.default')
    await trino.run(`CREATE TABLE hive.default.calls (${typed.join(', ')}) WITH (external_location = 'local:///lake', format = 'PARQUET')`) // prettier-ignore
    table = ownTable(dialect, 'calls')
  }, slow)

  afterAll(() => {
    trino?.close()
    db?.close()
    workshop.close()
  })

  const request = (dbPath: string): PullRequest => ({
    connection: trinoConnection(addressOf(`trino://127.0.0.1:${trino.port}/hive/default`, 60_000), {}),
    table,
    hours: [Date.UTC(2025, 10, 1) / 3_600_000, Date.UTC(2025, 10, 5) / 3_600_000],
    basis: 'list-first',
    source: 'trino://here/calls',
    replace: false,
    now: new Date('2026-01-01T00:00:00Z'),
    dbPath,
    store: cubed,
    version: 'test',
    book,
  })

  async function differences(store: string): Promise<readonly unknown[]> {
    await db.run(`ATTACH '${store}' AS pulled (READ_ONLY)`)
    try {
      const cells = await db.query(`${differing('(SELECT * FROM pulled.hourly_labels)')} LIMIT 4`)
      return [...cells.rows, ...(await db.query(`${differingTables('read', 'pulled')} LIMIT 4`)).rows]
    } finally {
      await db.run('DETACH pulled')
    }
  }

  test(
    'the cells of the same calls, every column',
    async () => {
      const store = workshop.store()
      const { scanned } = await pullCells(request(store))
      expect(await differences(store)).toEqual([])
      expect(scanned).toBeGreaterThan(1000)
      expect((await pullCells(request(store))).batches).toEqual([])
    },
    slow,
  )

  test('what is wrong with a statement is told', async () => {
    const nowhere = { ...request(workshop.store()), table: ownTable(dialect, 'nowhere') }
    await expect(pullCells(nowhere)).rejects.toThrow(/the engine answers: TABLE_NOT_FOUND/)
  })

  test(
    'a worker that dies in the middle: what was taken is whole, and the next run has the rest',
    async () => {
      const store = workshop.store()
      const { connection, ...others } = request(store)
      let asked = 0
      /** The worker is killed while the second batch is asked for. */
      const dying: PullRequest['connection'] = {
        dialect,
        async ask(sql, path) {
          const answer = connection.ask(sql, path)
          if (++asked === 4) void sleep(150).then(() => trino.workers[0]!.kill('SIGKILL'))
          return answer
        },
      }
      const limits = { hours: 24, rows: 1_000_000 }
      const first = await pullCells({ ...others, connection: dying, limits }).catch((error: unknown) => error)
      expect(trino.workers[0]!.killed).toBe(true)
      // Each hour is there wholly or not at all: what its cells say is what the calls of the hour are.
      const torn = await ask(store, 'SELECT hour FROM pulled_hours WHERE row_count <> CAST(split_part(fingerprint, \' \', 1) AS BIGINT)') // prettier-ignore
      expect(torn).toEqual([])
      const hours = await ask(store, 'SELECT count(*) AS n FROM pulled_hours')
      if (first instanceof Error) expect(Number(hours[0]!['n'])).toBeGreaterThanOrEqual(20)
      let last: Pulled | undefined
      for (let attempt = 1; last === undefined; attempt++) {
        try {
          last = await pullCells({ ...others, connection, limits })
        } catch (error) {
          if (attempt === 20) throw error
          await sleep(1000)
        }
      }
      expect(last.unchanged).toBeGreaterThanOrEqual(20)
      expect(await differences(store)).toEqual([])
    },
    slow,
  )
})
