/** Days of pulled hours: whatever comes in pieces, late, or from elsewhere, what is told of a day is of all its hours. */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { HourRange } from '../../src/engines/calls-sql.js'
import { callsStatement } from '../../src/engines/calls-statement.js'
import { duckdb } from '../../src/engines/duckdb.js'
import { pullCells, type Pulled } from '../../src/engines/pulling/pull.js'
import type { Connection } from '../../src/engines/servers/connection.js'
import { ownTable } from '../../src/engines/table.js'
import { CallsElsewhere } from '../../src/errors.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { loadPriceBook } from '../../src/pricing/book.js'
import { ask as asked } from '../../src/questions/question.js'
import { setSketchBound } from '../../src/rollups/answering.js'
import { daysOf, differingDays, loggedCall } from './engines-world.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { cubed } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const first = Date.UTC(2025, 10, 1) / 3_600_000
const whole: HourRange = [first, first + 72]
const table = ownTable(duckdb, 'lake')
const scope = { since: null, until: null, tz: 'UTC', filters: [] }
const hourOf = 'epoch_us(ts) // 3600000000'

/** A table of calls in an engine, and a store that pulls from it. */
class Lake {
  readonly path = workshop.store()
  /** Told before each statement. */
  before: (sql: string) => Promise<void> = async () => undefined

  private constructor(readonly db: Database) {}

  /** `all` has every call; `lake` those that are there now; `mirror` those of the hours that were pulled, as they were. */
  static async of(lines: readonly string[]): Promise<Lake> {
    const db = await Database.open(':memory:', 'write', { threads: 1 })
    const log = write(join(workshop.room(), 'calls.jsonl'), `${lines.join('\n')}\n`)
    const store = workshop.store()
    await ingestInto(store, [log], {})
    await db.run(`ATTACH '${store}' AS source (READ_ONLY)`)
    await db.run('CREATE TABLE "all" AS SELECT * FROM source.calls')
    await db.run('DETACH source')
    await db.run('CREATE TABLE lake AS FROM "all" LIMIT 0')
    await db.run('CREATE TABLE mirror AS FROM lake')
    return new Lake(db)
  }

  /** Calls come and go. @param share of all calls, in tenths */
  async hold(share: number, salt: number): Promise<void> {
    await this.db.run('DELETE FROM lake')
    await this.db.run(`INSERT INTO lake SELECT * FROM "all" WHERE hash(call_id || '${salt}') % 10 < ${share}`)
  }

  readonly #connection: Connection = {
    dialect: duckdb,
    ask: async (sql, path) => {
      await this.before(sql)
      await this.db.run(`COPY (${sql}) TO '${path}' (FORMAT csv, HEADER, FORCE_QUOTE *)`)
      return { scanned: undefined }
    },
  }

  async pull(hours: HourRange): Promise<Pulled> {
    return pullCells({
      connection: this.#connection,
      table,
      hours,
      basis: 'list-first',
      source: 'trino://here/lake',
      replace: false,
      now: new Date('2026-01-01T00:00:00Z'),
      dbPath: this.path,
      store: { ...cubed, rollups: 'auto' },
      version: 'test',
      book: await loadPriceBook({ overrideFiles: [] }),
    })
  }

  /** What was pulled, as it is in the engine now. */
  async reflect([from, to]: HourRange): Promise<void> {
    const day = (hour: string): string =>
      `${hour} >= ${Math.floor(from / 24) * 24} AND ${hour} < ${Math.ceil(to / 24) * 24}`
    await this.db
      .run(`CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM lake WHERE (${hourOf} >= ${from} AND ${hourOf} < ${to})
      OR ${hourOf} IN (SELECT ${hourOf} FROM mirror WHERE ${day(hourOf)})`)
    await this.db.run(`DELETE FROM mirror WHERE ${day(hourOf)}`)
    await this.db.run('INSERT INTO mirror FROM fresh')
  }

  /** Fetches the calls of some hours into the store: they are its own from then on. */
  async fetch(hours: HourRange): Promise<void> {
    const path = join(workshop.room(), 'fetched.csv')
    const given = { name: 'lake', map: {}, set: {} }
    const sql = callsStatement({ dialect: duckdb, table, given, hours, has: (name) => name !== 'tags' })
    await this.db.run(`COPY (${sql}) TO '${path}' (FORMAT csv, HEADER, FORCE_QUOTE *)`)
    await ingestInto(this.path, [path], {
      read: { from: 'llmcost' },
      takesOver: hours,
      store: { ...cubed, rollups: 'auto' },
    })
    await this.db.run(`DELETE FROM mirror WHERE ${hourOf} >= ${hours[0]} AND ${hourOf} < ${hours[1]}`)
  }

  async told(): Promise<readonly string[]> {
    return this.#attached(async () => {
      const { rows } = await this.db.query<{ day: string }>(
        "SELECT DISTINCT strftime(ts, '%Y-%m-%d') AS day FROM pulled.daily_sketches WHERE file_id IS NOT NULL INTERSECT SELECT DISTINCT strftime(ts, '%Y-%m-%d') FROM pulled.daily_users WHERE file_id IS NOT NULL ORDER BY 1",
      )
      return rows.map(({ day }) => day)
    })
  }

  async #attached<T>(work: () => Promise<T>): Promise<T> {
    await this.db.run(`ATTACH '${this.path}' AS pulled (READ_ONLY)`)
    try {
      return await work()
    } finally {
      await this.db.run('DETACH pulled')
    }
  }

  /** Days that are told are those of the hours that were pulled, count by count. */
  async expectTrue(): Promise<void> {
    const engine = {
      dialect: duckdb,
      ask: async (sql: string) => {
        await this.db.run(`CREATE OR REPLACE TEMP TABLE told AS ${sql}`)
        return 'told'
      },
    }
    const book = await loadPriceBook({ overrideFiles: [] })
    const answer = await daysOf(this.db, engine, ownTable(duckdb, 'mirror'), book, 'list-first', [whole])
    const days = await this.told()
    await this.#attached(async () => {
      const own = ['daily_sketches', 'daily_users'].map(
        (name) => `CREATE OR REPLACE TABLE own.${name} AS FROM pulled.${name} WHERE file_id IS NOT NULL`,
      )
      await this.db.run(`CREATE SCHEMA IF NOT EXISTS own; ${own.join('; ')}`)
    })
    const list = days.map((day) => `DATE '${day}'`).join(', ')
    const among =
      days.length === 0 ? 'FALSE' : `make_timestamp(CAST(day AS BIGINT) * 86400000000) IN (${list})`
    await this.db.run(`CREATE OR REPLACE TEMP TABLE told_now AS FROM ${answer} WHERE ${among}`)
    expect((await this.db.query(`${differingDays('own', 'told_now')} LIMIT 4`)).rows).toEqual([])
  }
}

const piece = fc
  .tuple(fc.nat(70), fc.integer({ min: 2, max: 48 }))
  .map(([from, length]): HourRange => [first + from, Math.min(first + from + length, first + 72)])
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      share: fc.integer({ min: 3, max: 10 }),
      salt: fc.nat(3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pull' as const), hours: piece }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fetch' as const), hours: piece }) },
)

test('in pieces, after late and deleted calls, and beside calls that were fetched', async () => {
  const lines = fc.sample(loggedCall, { numRuns: 260, seed: 17 })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: tries(2, 6), maxLength: tries(4, 12) }), async (steps) => {
      const lake = await Lake.of(lines)
      try {
        await lake.hold(7, 9)
        let fetched: HourRange | undefined
        const begin = { kind: 'pull' as const, hours: [first + 10, first + 40] as const }
        for (const one of [begin, ...steps, { kind: 'pull' as const, hours: whole }]) {
          if (one.kind === 'change') await lake.hold(one.share, one.salt)
          else if (one.kind === 'fetch') {
            if (fetched !== undefined) continue
            fetched = one.hours
            await lake.fetch(fetched)
          } else {
            // Hours of its own the store gives to nobody.
            const hours: HourRange =
              fetched === undefined ? one.hours : [Math.max(one.hours[0], fetched[1]), one.hours[1]]
            if (hours[0] >= hours[1]) continue
            const { daysLeftOut } = await lake.pull(hours)
            expect(daysLeftOut).toEqual([])
            await lake.reflect(hours)
          }
          if (one.kind !== 'change') await lake.expectTrue()
        }
      } finally {
        lake.db.close()
      }
    }),
    { numRuns: tries(2, 30), endOnFailure: true },
  )
}, 120_000)

test('a day into which calls come while it is asked is asked again, and where they do not stop it is not told', async () => {
  const lake = await Lake.of(fc.sample(loggedCall, { numRuns: 120, seed: 18 }))
  try {
    await lake.hold(5, 0)
    let more = 1
    lake.before = async (sql) => {
      if (sql.startsWith('WITH priced_calls') && more > 0) {
        more--
        await lake.db.run(
          `INSERT INTO lake SELECT * REPLACE (call_id || '-${more}' AS call_id) FROM (FROM "all" ORDER BY ts LIMIT 1)`,
        )
      }
    }
    expect((await lake.pull(whole)).daysLeftOut).toEqual([])
    await lake.reflect(whole)
    await lake.expectTrue()
    expect(await lake.told()).toEqual(['2025-11-01', '2025-11-02', '2025-11-03'])
    more = 9
    await lake.hold(6, 0)
    const { daysLeftOut } = await lake.pull(whole)
    expect(daysLeftOut).toEqual([{ day: '2025-11-01', reason: expect.stringContaining('calls came in') }])
    expect(await lake.told()).toEqual(['2025-11-02', '2025-11-03'])
    const db = await openStoreForReading(lake.path, cubed)
    try {
      setSketchBound(db, 0)
      const quantiles = (since: string | null): ReturnType<typeof breakdown> =>
        breakdown({
          scope: { ...scope, since },
          by: [dimensionOf('model')],
          measures: ['p95_cost_usd', 'calls'],
        })
      const users = breakdown({ scope, by: [dimensionOf('user')], measures: ['calls', 'cost_usd'] })
      await expect(asked(db, quantiles(null))).rejects.toThrow(CallsElsewhere)
      await expect(asked(db, users)).rejects.toThrow(CallsElsewhere)
      expect((await asked(db, quantiles('2025-11-02T00:00:00.000Z'))).length).toBeGreaterThan(3)
    } finally {
      db.close()
    }
  } finally {
    lake.db.close()
  }
}, 60_000)
