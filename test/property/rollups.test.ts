/**
 * Cubes equal calls: after anything that happens to a store each cell is its own aggregate of the calls, and each
 * question is answered from the cubes as from the calls, to the last digit.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import { dimensionOf, dimensions, timeBuckets } from '../../src/domain/dimensions.js'
import { growthBlocks } from '../../src/domain/growth.js'
import type { Filter, Scope } from '../../src/domain/scope.js'
import { budgetDays } from '../../src/metrics/budgets/budgets.js'
import { dailyCosts } from '../../src/metrics/budgets/daily-costs.js'
import { agentCosts } from '../../src/metrics/doubts/agent-costs.js'
import { lateCalls } from '../../src/metrics/doubts/late-calls.js'
import { sessionTotals } from '../../src/metrics/doubts/session-totals.js'
import { history } from '../../src/metrics/store/history.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { groupCount } from '../../src/metrics/groups.js'
import { growth } from '../../src/metrics/growth.js'
import { isAdditive } from '../../src/metrics/figures.js'
import { measureNames, measureOf, type MeasureName } from '../../src/metrics/measures/registry.js'
import type { Query } from '../../src/metrics/query.js'
import { summary } from '../../src/metrics/summary.js'
import { trend } from '../../src/metrics/trend.js'
import { chosen } from '../../src/rollups/answering.js'
import { readCubeNote } from '../../src/rollups/cube-note.js'
import { labels, labelValue, type Label } from '../../src/rollups/labels.js'
import { cellColumn, partNames, partOfCalls } from '../../src/rollups/parts.js'
import { keepSmall } from '../../src/rollups/upkeep.js'
import { Workshop } from './ingesting.js'
import { cubed, steps, World, type Step } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const additive = measureNames.filter(isAdditive)

/** What no cube can tell, and why. */
const exceptions: Readonly<Record<string, string>> = {
  users: 'users of several cells may be the same',
  max_cache_age_ms: 'the age of an answer stands in a tag of its hit',
}

test('each measure is made of additive parts, or an exception with its reason', () => {
  for (const name of measureNames) {
    const measure = measureOf(name)
    // Of quantiles no part adds up; sketches may tell them.
    if ('of' in measure) expect(measure.is).toBe('quantile')
    else if (!isAdditive(name)) expect('ofCalls' in measure && measure.why, name).toBe(exceptions[name])
    else expect(exceptions[name]).toBeUndefined()
  }
  expect(additive.length).toBeGreaterThan(55)
})

test('each part is one that a measure is made of', () => {
  const used = new Set<string>()
  for (const name of measureNames) {
    const measure = measureOf(name)
    if ('sql' in measure)
      measure.sql((part) => {
        used.add(part)
        return '0'
      })
  }
  // What the history of the store counts besides.
  used.add('reported_cost_rows')
  expect([...used].sort()).toEqual([...partNames].sort())
})

const keys = ['ts', ...labels]
const figures = partNames.map(cellColumn)
const quarter = 'make_timestamp(epoch_us(ts) // 900000000 * 900000000)'
const cells = `SELECT ${[...keys, ...figures].join(', ')} FROM hourly_labels`
const fromCalls = (left: readonly Label[]): string =>
  `SELECT ${[`${quarter} AS ts`, ...labels.map((label) => `${labelValue(label, new Set(left))} AS ${label}`), ...partNames.map((name) => `${partOfCalls(name)} AS ${cellColumn(name)}`)].join(', ')} FROM calls GROUP BY ALL`

async function expectCellsOf(db: Database, left: readonly Label[] = []): Promise<void> {
  const differ = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM ((${cells} EXCEPT ALL ${fromCalls(left)}) UNION ALL (${fromCalls(left)} EXCEPT ALL ${cells}))`,
  )
  expect(differ.n).toBe(0)
}

const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Asia/Kathmandu']
const start = Date.UTC(2026, 9, 1)

/** A moment around the logs, often in the middle of a quarter-hour. */
const moment = fc
  .oneof(
    fc.nat(3 * 96).map((quarters) => quarters * 900_000),
    fc.nat(3 * 86_400_000),
  )
  .map((ms) => new Date(start + ms).toISOString())
const maybe = fc.option(moment, { nil: null })

const filter: fc.Arbitrary<Filter> = fc.constantFrom<Filter>(
  { dimension: 'model', operator: '=', value: 'gpt-4o' },
  { dimension: 'model', operator: '=', value: 'in-house-1' },
  { dimension: 'feature', operator: '!=', value: 'chat' },
  { dimension: 'feature', operator: '=', value: '(none)' },
  { dimension: 'endpoint', operator: '~', value: 'A' },
  { dimension: 'cache_hit', operator: '=', value: 'true' },
  { dimension: 'status', operator: '!=', value: 'error' },
  { dimension: 'operation', operator: '=', value: 'chat' },
)

const scope: fc.Arbitrary<Scope> = fc
  .record({
    one: maybe,
    two: maybe,
    filters: fc.array(filter, { maxLength: 2 }),
    tz: fc.constantFrom(...zones),
  })
  .map(({ one, two, ...rest }) => {
    const [since, until] = one !== null && two !== null && one > two ? [two, one] : [one, two]
    return { since, until, ...rest }
  })

const asked = {
  scope,
  by: fc.uniqueArray(
    fc.constantFrom(...labels, ...timeBuckets).map((name) => dimensionOf(name)),
    { maxLength: 3, selector: ({ key }) => key },
  ),
  measures: fc.uniqueArray(fc.constantFrom(...additive), { minLength: 1, maxLength: 12 }),
}

/** Statements of any shape that the cubes can answer. */
const question: fc.Arbitrary<Query<unknown>> = fc.oneof(
  fc
    .record({
      ...asked,
      top: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      sortBy: fc.option(fc.constantFrom<MeasureName>('calls', 'error_rate', 'mean_cost_usd'), {
        nil: undefined,
      }),
    })
    .map(({ sortBy, ...request }) =>
      breakdown({ ...request, sort: sortBy && { by: sortBy, descending: true } }),
    ),
  fc
    .record({ ...asked, every: fc.constantFrom('hour' as const, 'day' as const, 'week' as const) })
    .map(({ by, ...request }) =>
      trend({ ...request, by: by.filter(({ kind }) => kind !== 'time').slice(0, 1), top: 2 }),
    ),
  fc.record({ scope, measures: asked.measures, before: moment }).map(({ before, ...request }) => {
    const { since } = request.scope
    const window = since === null ? null : { since: before < since ? before : since, until: since }
    return summary({ ...request, before: window })
  }),
)

/** Questions of the store, and of days up to a time of the day. */
const others: fc.Arbitrary<Query<unknown>> = fc
  .record({
    scope,
    now: moment,
    filterSets: fc.array(fc.array(filter, { maxLength: 1 }), { minLength: 1, maxLength: 3 }),
    by: fc.option(fc.constantFrom(...labels), { nil: null }),
    clockMs: fc.oneof(fc.constant(0), fc.nat(86_399_999)),
  })
  .chain(({ scope: of, now, filterSets, by, clockMs }) =>
    fc.constantFrom<Query<unknown>>(
      history(now),
      agentCosts(of),
      lateCalls(of, now),
      sessionTotals(of),
      groupCount({ scope: of, by: [dimensionOf(by ?? 'feature')] }),
      budgetDays({ scope: of, filterSets, clockMs }),
      growth({
        scope: of,
        by: by === null ? [] : [dimensionOf(by)],
        weeks: growthBlocks(new Date(now), of.tz),
        top: 2,
        leastUsd: 0.01,
      }),
      dailyCosts({
        scope: of,
        by: by === null ? [] : [dimensionOf(by)],
        top: by === null ? undefined : 1,
        rankSince: now,
        clockMs,
      }),
    ),
  )

async function expectSame(
  db: Database,
  { sql, params, fromCubes }: Query<unknown>,
  isLeft = false,
): Promise<void> {
  expect(fromCubes, sql).toBeDefined()
  if (isLeft) return
  const ofCalls = await db.query(sql, params)
  const ofCubes = await db.query(fromCubes!.sql, fromCubes!.params)
  const lines = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row))
  // A summary of two windows has its rows in no order.
  const order = (some: string[]): string[] => (sql.includes('ORDER BY') ? some : some.toSorted())
  expect(order(lines(ofCubes.rows))).toEqual(order(lines(ofCalls.rows)))
  expect(ofCubes.columns).toEqual(ofCalls.columns)
}

describe('after any sequence of ingest, late ingest, replace, forget and reprice', () => {
  test('every cell is its own aggregate of the calls, and every answer the same from both', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(tries(5, 9)),
        fc.array(fc.oneof({ weight: 2, arbitrary: question }, { weight: 1, arbitrary: others }), {
          minLength: tries(20, 60),
          maxLength: tries(20, 60),
        }),
        async (all, questions) => {
          const path = workshop.store()
          const world = new World(workshop.room(), path, cubed)
          for (const step of all) {
            await world.take(step)
            const db = await openStoreForReading(path, cubed)
            try {
              await expectCellsOf(db)
            } finally {
              db.close()
            }
          }
          const db = await openStoreForReading(path, cubed)
          try {
            for (const one of questions) await expectSame(db, one)
          } finally {
            db.close()
          }
        },
      ),
      { numRuns: tries(4, 30) },
    )
  })
})

test('what cells cannot tell is asked of the calls', () => {
  const everything: Scope = { since: null, until: null, tz: 'UTC', filters: [] }
  const request = { scope: everything, by: [], measures: ['calls'] as const }
  expect(breakdown(request).fromCubes?.labels).toEqual([])
  for (const dimension of dimensions) {
    const known = dimension.kind === 'time' || labels.some((label) => label === dimension.key)
    expect(breakdown({ ...request, by: [dimension] }).fromCubes !== undefined, dimension.key).toBe(known)
  }
  const filtered = (name: string, value: string): Query<unknown> =>
    breakdown({ ...request, scope: { ...everything, filters: [{ dimension: name, operator: '=', value }] } })
  expect(filtered('user_id', 'u1').fromCubes).toBeUndefined()
  expect(filtered('tag.x', '1').fromCubes).toBeUndefined()
  expect(filtered('cost_usd', '1').fromCubes).toBeUndefined()
  expect(filtered('feature', 'chat').fromCubes?.labels).toEqual(['feature'])
  expect(breakdown({ ...request, measures: ['p95_cost_usd'] }).fromCubes).toBeUndefined()
  expect(breakdown({ ...request, measures: ['users'] }).fromCubes).toBeUndefined()
})

/** The store of some steps, read by a test. */
async function reading<T>(path: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStoreForReading(path, cubed)
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

const cellsIn = (path: string): Promise<number> =>
  reading(path, async (db) => (await db.one<{ n: number }>('SELECT count(*) AS n FROM hourly_labels')).n)

const [someSteps = []] = fc.sample(steps(1), { numRuns: 1, seed: 7 })

test('a store that has none gets its cubes in the next write, and loses them where none are wanted', async () => {
  const [path, room] = [workshop.store(), workshop.room()]
  await new World(room, path, { ...cubed, rollups: 'never' }).take(someSteps[0]!)
  expect(await cellsIn(path)).toBe(0)
  await new World(room, path, { ...cubed, rollups: 'auto' }).take(someSteps[0]!)
  expect(await cellsIn(path)).toBe(0)
  const [more] = fc.sample(steps(1), { numRuns: 1, seed: 8 })
  await new World(room, path, cubed).take({ kind: 'ingest', file: 1, lines: linesOf(more![0]!) })
  await reading(path, (db) => expectCellsOf(db))
  expect(await cellsIn(path)).toBeGreaterThan(0)
  const [last] = fc.sample(steps(1), { numRuns: 1, seed: 9 })
  await new World(room, path, { ...cubed, rollups: 'never' }).take({
    kind: 'ingest',
    file: 2,
    lines: linesOf(last![0]!),
  })
  expect(await cellsIn(path)).toBe(0)
})

const linesOf = (step: Step): readonly string[] => ('lines' in step ? step.lines : [])

test('a label with too many values leaves; what asks for it is answered from the calls', async () => {
  const path = workshop.store()
  const world = new World(workshop.room(), path, cubed)
  await world.take(someSteps[0]!)
  const before = await cellsIn(path)
  const db = await Database.open(':memory:', 'write', cubed)
  await writeStore(db, path, cubed, () => keepSmall(db, { left: [] }, () => before - 1))
  db.close()
  const { left } = await reading(path, async (one) => (await readCubeNote(one, 'meta'))!)
  expect(left.length).toBeGreaterThan(0)
  const [more] = fc.sample(steps(1), { numRuns: 1, seed: 11 })
  await world.take({ kind: 'ingest', file: 1, lines: linesOf(more![0]!) })
  await reading(path, async (one) => {
    expect((await readCubeNote(one, 'meta'))!.left).toEqual(left)
    await expectCellsOf(one, left)
    const scope: Scope = { since: null, until: null, tz: 'UTC', filters: [] }
    for (const label of labels) {
      const query = breakdown({ scope, by: [dimensionOf(label)], measures: additive })
      await expectSame(one, query, left.includes(label))
      expect((await chosen(one, query)).sql === query.sql, label).toBe(left.includes(label))
    }
    await expectSame(one, breakdown({ scope, by: [], measures: additive }))
  })
})

test('whoever takes out or changes stored calls says which', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const found = files.flatMap((name) => {
    const text = readFileSync(join('src', name), 'utf8')
    const writes = text.match(/(?:DELETE FROM|UPDATE) (?:store\.|\$\{store\})(?:main\.)?calls\b/g) ?? []
    return writes.length === 0 ? [] : [name]
  })
  expect(found.toSorted()).toEqual([
    // Names of calls and of their requests alone, which no cube has.
    'ingest/sameness/requests.ts',
    'ingest/sameness/shared-ids.ts',
    // Noted by `noteChanged`.
    'ingest/typing/cache-reading.ts',
    'pricing/reprice-sql.ts',
    // Whole days, whose sums stay and change their owner.
    'rollups/freezing.ts',
    // Within `deleteCalls`.
    'rollups/upkeep.ts',
  ])
})
