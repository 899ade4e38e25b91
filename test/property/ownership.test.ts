/**
 * One owner an hour: where the calls of some hours are gone and their sums left, every statement is answered as if
 * all calls were there, or fails; no answer is partial.
 */
import { copyFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import type { Scope } from '../../src/domain/scope.js'
import { CallsElsewhere } from '../../src/errors.js'
import type { Query } from '../../src/metrics/query.js'
import { statusQuery } from '../../src/metrics/store/status.js'
import { archive } from '../../src/rollups/archiving.js'
import { chosen } from '../../src/rollups/answering.js'
import { writeCalls } from '../../src/rollups/upkeep.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { metrics } from './metric-samples.js'
import { cubed, steps, World } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const [whole, room, dropped] = [workshop.store(), workshop.room(), workshop.store()]
const [filed, folder] = [workshop.store(), workshop.room()]
const filing = { ...cubed, archive: folder }
/** The hours of the second day of the logs. */
const [from, until] = ['2026-10-02 00:00:00', '2026-10-03 00:00:00']
const ofCubes = `ts >= TIMESTAMP '${from}' AND ts < TIMESTAMP '${until}'`

async function writing(path: string, work: (db: Database) => Promise<unknown>): Promise<void> {
  const db = await Database.open(':memory:', 'write', cubed)
  try {
    await writeStore(db, path, cubed, () => work(db))
  } finally {
    db.close()
  }
}

beforeAll(async () => {
  const world = new World(room, whole, cubed)
  for (const step of fc.sample(steps(3), { numRuns: 1, seed: 21 })[0]!)
    if (step.kind !== 'forget') await world.take(step)
  copyFileSync(whole, dropped)
  copyFileSync(whole, filed)
  const before = new Date('2026-10-03T00:00:00Z')
  await archive({ path: filed, options: filing, folder }, { before, keep: true, totalling: [] })
  await writing(dropped, async (db) => {
    await db.run(`DELETE FROM store.main.calls WHERE ${ofCubes}`)
    await db.run(`UPDATE store.main.hourly_labels SET owner = 'cube' WHERE ${ofCubes}`)
  })
})

/** The answer in lines, or that it was refused. */
async function answer(db: Database, query: Query<unknown>): Promise<readonly string[] | 'refused'> {
  try {
    const { sql, params } = await chosen(db, query)
    return (await db.query(sql, params)).rows.map((row) => JSON.stringify(row)).toSorted()
  } catch (error) {
    if (error instanceof CallsElsewhere) return 'refused'
    throw error
  }
}

const scopeOf = (since: string | null, end: string | null): Scope => ({
  since,
  until: end,
  filters: [],
  tz: 'UTC',
})
const filtered: Scope = {
  ...scopeOf(null, null),
  filters: [{ dimension: 'user_id', operator: '=', value: 'u1' }],
}
/** Each with every so manieth of the metrics, so that together they ask all. */
const scopes: readonly (readonly [string, Scope])[] = [
  ['all', scopeOf(null, null)],
  ['into them', scopeOf('2026-10-01T09:20:00Z', '2026-10-02T00:07:00Z')],
  ['out of them', scopeOf('2026-10-02T23:50:30Z', '2026-10-03T12:00:00Z')],
  ['within them', scopeOf('2026-10-02T09:07:00Z', '2026-10-02T09:09:00Z')],
  ['of a user', filtered],
  ['beside them', scopeOf('2026-10-03T00:00:00Z', '2026-10-04T00:00:00Z')],
]

test.each(scopes)('no statement is answered in part: %s', async (name, scope) => {
  const [all, some] = await Promise.all([whole, dropped].map((path) => openStoreForReading(path, cubed)))
  const turn = scopes.findIndex(([one]) => one === name)
  const asked = metrics.filter((_, i) => i % tries(scopes.length, 1) === turn % tries(scopes.length, 1))
  let refused = 0
  try {
    for (const { id, sample } of asked) {
      const query = sample(scope)
      const found = await answer(some!, query)
      if (found === 'refused') refused++
      else expect(found, id).toEqual(await answer(all!, query))
    }
  } finally {
    all!.close()
    some!.close()
  }
  if (name === 'all') expect(refused).toBeGreaterThan(asked.length / 2)
  // What is refused there looks at what was before, or at all times.
  if (name === 'beside them') expect(refused).toBeLessThan(asked.length / 2)
})

test.each(scopes.slice(0, 3))(
  'every statement is answered from an archive as from the store: %s',
  async (name, scope) => {
    const turn = scopes.findIndex(([one]) => one === name) + 1
    const asked = metrics.filter((_, i) => i % tries(scopes.length, 1) === turn % tries(scopes.length, 1))
    const all = await openStoreForReading(whole, cubed)
    try {
      for (const { id, sample } of asked) {
        // Each begins with nothing lent.
        const some = await openStoreForReading(filed, filing)
        const found = await answer(some, sample(scope)).finally(() => some.close())
        expect(found, id).toEqual(await answer(all, sample(scope)))
      }
    } finally {
      all.close()
    }
  },
)

test('it says which hours, and what fetches them', async () => {
  await writing(dropped, (db) =>
    db.run(
      "UPDATE store.main.files SET path = 'trino://host:8080/hive/llm' WHERE file_id = (SELECT max(file_id) FROM store.main.files)",
    ),
  )
  const db = await openStoreForReading(dropped, cubed)
  try {
    const refusal = await db.query('SELECT count(*) FROM calls').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(CallsElsewhere)
    expect(refusal).toMatchObject({ code: 'failure', message: expect.stringContaining('2026-10-02T00:00Z') })
    expect((refusal as CallsElsewhere).hint).toContain(
      "llmcost ingest 'trino://host:8080/hive/llm' --calls --since 2026-10-02T00:00Z --until 2026-10-03T00:00Z",
    )
  } finally {
    db.close()
  }
})

test('status counts what the sums say', async () => {
  const of = async (path: string): Promise<unknown> => {
    const db = await openStoreForReading(path, cubed)
    try {
      return await db.one(statusQuery().sql)
    } finally {
      db.close()
    }
  }
  expect(await of(dropped)).toEqual(await of(whole))
})

const cells = (db: Database, where: string): Promise<unknown> =>
  db
    .query(`SELECT * EXCLUDE (owner) FROM store.main.hourly_labels WHERE ${where} ORDER BY ALL`)
    .then(({ rows }) => rows)

test('calls of such hours are refused and counted; those of others come in, and no cell of the hours changes', async () => {
  const line = (time: string): string =>
    JSON.stringify({ timestamp: time, model: 'gpt-4o', input_tokens: 1, output_tokens: 1 })
  const log = write(
    `${room}/late.jsonl`,
    `${['2026-10-02T09:05:00Z', '2026-10-03T09:05:00Z'].map(line).join('\n')}\n`,
  )
  const reading = async <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    const db = await openStoreForReading(dropped, cubed)
    return work(db).finally(() => db.close())
  }
  const before = await reading((db) => cells(db, ofCubes))
  // Where no rollups are wanted, those of these hours stay all the same, and those of all others with them.
  const summary = await ingestInto(dropped, [log], { store: { ...cubed, rollups: 'never' } })
  expect(summary.totals).toMatchObject({ lines: 2, imported: 1, rejected: 1 })
  expect(summary.notes.join()).toContain('1 call was refused')
  await reading(async (db) => {
    expect(await cells(db, ofCubes)).toEqual(before)
    const { rows } = await db.query('SELECT reason FROM rejects')
    expect(rows).toEqual([{ reason: 'archived: the database has only sums of 2026-10-02 09:00 UTC' }])
    const sums = `SELECT sum(cell_rows) AS calls FROM store.main.hourly_labels WHERE owner = 'calls'`
    expect((await db.one<{ calls: number }>(sums)).calls).toBe(
      (await db.one<{ n: number }>('SELECT count(*) AS n FROM store.main.calls')).n,
    )
  })
})

test('an hour never gets a second owner', async () => {
  const db = await Database.open(':memory:', 'write', cubed)
  try {
    const row =
      "INSERT INTO store.main.calls (call_id, source, ts) VALUES ('x', 'jsonl', '2026-10-02 09:30:00')"
    await expect(writeCalls(db, dropped, cubed, () => db.run(row))).rejects.toThrow('would count twice')
  } finally {
    db.close()
  }
})
