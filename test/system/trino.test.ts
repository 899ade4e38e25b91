/** Trino makes the same cells of calls as the store does, and a worker that dies in the middle leaves no half hour. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/db/database.js'
import { addressOf } from '../../src/engines/servers/address.js'
import { pullCells, type Pulled, type PullRequest } from '../../src/engines/pulling/pull.js'
import { ownTable, type ForeignTable } from '../../src/engines/table.js'
import { fingerprintStatement } from '../../src/engines/statements.js'
import { trino as dialect } from '../../src/engines/trino.js'
import { trinoConnection } from '../../src/engines/servers/trino-http.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { sharedFolder } from '../e2e/program.js'
import { loggedCall, oddPrices } from '../property/engines-world.js'
import { ask, Workshop, write } from '../property/ingesting.js'
import { cubed } from '../property/rollups-world.js'
import { differences, hiveTable, ingested, takenByProgram, type Ingested, type Told } from './lake.js'
import { startTrino, trinoParts, type Trino } from './trino-server.js'

const slow = 240_000
const parts = await trinoParts()

describe.skipIf(parts === undefined)('Trino', () => {
  const cwd = sharedFolder()
  const workshop = new Workshop()
  let trino: Trino
  let before: Ingested
  let db: Database
  let book: PriceBook
  let table: ForeignTable
  let priceFiles: readonly string[]
  let columns: readonly string[]
  const lines = fc.sample(loggedCall, { numRuns: 400, seed: 11 })

  beforeAll(async () => {
    trino = await startTrino(parts!.java, cwd, 2)
    priceFiles = [write(join(workshop.room(), 'prices.csv'), oddPrices)]
    book = await loadPriceBook({ overrideFiles: priceFiles })
    before = await ingested(workshop, lines, priceFiles)
    db = before.db
    for (const schema of ['hive.default', 'iceberg.lake']) await trino.run(`CREATE SCHEMA ${schema}`)
    columns = await hiveTable(trino, db, 'calls')
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

  test(
    'the cells of the same calls, every column',
    async () => {
      const store = workshop.store()
      const { scanned } = await pullCells(request(store))
      expect(await differences(db, store)).toEqual([])
      expect(scanned).toBeGreaterThan(1000)
      expect((await pullCells(request(store))).batches).toEqual([])
    },
    slow,
  )

  const taken = (table: string, store: string, how?: '--calls'): Promise<Told> =>
    takenByProgram(`trino://127.0.0.1:${trino.port}/iceberg/lake`, table, store, priceFiles[0]!, how)

  test(
    'an Iceberg table: its cells, and after a DELETE and late calls those of the hours that changed',
    async () => {
      const zoned = (name: string): string => (name === 'ts' ? "with_timezone(ts, 'UTC') AS ts" : name)
      await trino.run(`CREATE OR REPLACE TABLE iceberg.lake.calls WITH (partitioning = ARRAY['day(ts)']) AS SELECT ${columns.map(zoned).join(', ')} FROM hive.default.calls`) // prettier-ignore
      const store = workshop.store()
      await taken('calls', store)
      expect(await differences(db, store)).toEqual([])

      // One call goes out of an hour of several, another hour goes with all of its calls, and two calls come.
      const hourOf = (line: string): string => line.slice(line.indexOf('T') - 10).slice(0, 13)
      const [first = '', second = ''] = lines
      expect(hourOf(first)).not.toBe(hourOf(second))
      const left = lines.filter((line) => line !== first && hourOf(line) !== hourOf(second))
      const late = fc.sample(loggedCall, { numRuns: 2, seed: 12 })
      const { db: after } = await ingested(workshop, [...left, ...late], priceFiles)
      await after.run(`ATTACH '${before.store}' AS before (READ_ONLY)`)
      const onlyIn = (one: string, other: string): string => `call_id IN (SELECT call_id FROM ${one}.calls EXCEPT SELECT call_id FROM ${other}.calls)` // prettier-ignore
      const gone = await after.query<{ call_id: string }>(`SELECT call_id FROM before.calls WHERE ${onlyIn('before', 'read')}`) // prettier-ignore
      await trino.run(`DELETE FROM iceberg.lake.calls WHERE call_id IN (${gone.rows.map(({ call_id }) => `'${call_id}'`).join(', ')})`) // prettier-ignore
      const [[deletes] = []] = await trino.run('SELECT count(*) FROM iceberg.lake."calls$files" WHERE content = 1') // prettier-ignore
      expect(deletes).toBeGreaterThan(0)
      await hiveTable(trino, after, 'late', onlyIn('read', 'before'))
      await trino.run(`INSERT INTO iceberg.lake.calls SELECT ${columns.map(zoned).join(', ')} FROM hive.default.late`) // prettier-ignore

      const { totals, warnings } = await taken('calls', store)
      expect(await differences(after, store)).toEqual([])
      const hour = "date_trunc('hour', ts)"
      const changed = `SELECT ${hour} FROM before.calls WHERE ${onlyIn('before', 'read')} UNION SELECT ${hour} FROM calls WHERE ${onlyIn('read', 'before')}`
      const hours = `SELECT count(DISTINCT ${hour}) AS n, count(*) AS calls FROM calls WHERE ${hour}`
      const asked = await after.one<{ n: number; calls: number }>(`${hours} IN (${changed})`)
      const others = await after.one<{ n: number; calls: number }>(`${hours} NOT IN (${changed})`)
      expect(others.n).toBeGreaterThan(50)
      expect(totals['imported']).toBe(asked.calls)
      expect(warnings.join(' ')).toContain(`${others.n} hours are as they were, and not asked for again.`)
      after.close()
    },
    slow,
  )

  test(
    'an Iceberg view over times without a zone, with a label out of a map; and the calls themselves',
    async () => {
      const cells = (name: string, word: string): string => columns.map((one) => (one === name ? word : one)).join(', ') // prettier-ignore
      await trino.run('CREATE OR REPLACE TABLE iceberg.lake.plain AS SELECT * FROM hive.default.calls')
      await trino.run(`CREATE OR REPLACE VIEW iceberg.lake.seen AS SELECT ${cells('feature', "element_at(tags, 'part') AS feature")} FROM iceberg.lake.plain`) // prettier-ignore
      const store = workshop.store()
      await taken('seen', store)
      expect(await differences(db, store)).toEqual([])
      const fetched = workshop.store()
      await taken('plain', fetched, '--calls')
      expect(await differences(db, fetched)).toEqual([])
      await db.run(`ATTACH OR REPLACE '${fetched}' AS fetched (READ_ONLY)`)
      const calls = (of: string): string => `SELECT ts, latency_ms, quality_score, cost_usd, feature FROM ${of}.calls` // prettier-ignore
      expect((await db.query(`${calls('read')} EXCEPT ALL ${calls('fetched')}`)).rows).toEqual([])
    },
    slow,
  )

  test(
    'by hand in a session of another zone, where hours would be others, a statement fails',
    async () => {
      for (const from of ['calls', 'iceberg.lake.calls']) {
        const sql = fingerprintStatement({ dialect, table: ownTable(dialect, from), hours: [request('').hours] }) // prettier-ignore
        expect((await trino.run(sql)).length).toBeGreaterThan(50)
        await expect(trino.run(sql, 'Asia/Kolkata')).rejects.toThrow(/the time zone of the session must be UTC/) // prettier-ignore
      }
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
      expect(await differences(db, store)).toEqual([])
    },
    slow,
  )
})
