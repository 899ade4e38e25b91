/** Quantiles read from sketches are within half a percent of the exact ones; all other figures are the same. */
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Filter, Scope } from '../../src/domain/scope.js'
import { CallsElsewhere } from '../../src/errors.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { isOfSketches } from '../../src/metrics/figures.js'
import { measureNames, type MeasureName } from '../../src/metrics/measures/registry.js'
import type { Query } from '../../src/metrics/query.js'
import { trend } from '../../src/metrics/trend.js'
import { chosen, setSketchBound } from '../../src/rollups/answering.js'
import { archive } from '../../src/rollups/archiving.js'
import { sketchLabels } from '../../src/rollups/sketches.js'
import { ingestInto, Workshop, write } from './ingesting.js'
import { cubed, steps, World } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const sketched = measureNames.filter(isOfSketches)
const everything: Scope = { since: null, until: null, tz: 'UTC', filters: [] }

async function reading<T>(path: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStoreForReading(path, cubed)
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

type Row = Readonly<Record<string, unknown>>

/** A number, or money in the digits that it has. */
const isNear = (found: unknown, exact: unknown): boolean =>
  found === null || exact === null
    ? found === exact
    : // Money has 12 places, and time is counted in millionths of a millisecond.
      Math.abs(Number(found) - Number(exact)) <= Number(exact) * 0.005 * (1 + 1e-9) + 5e-7

function expectNear(found: readonly Row[], exact: readonly Row[], sql: string): void {
  expect(found.length).toBe(exact.length)
  for (const [i, row] of exact.entries())
    for (const [key, value] of Object.entries(row)) {
      const own = found[i]![key]
      const near = sketched.some((name) => name === key) ? isNear(own, value) : own === value
      if (!near) expect({ [key]: own }, sql).toEqual({ [key]: value })
    }
}

/** The statements over cells and over calls, beside the exact one. */
async function expectToldBySketches(db: Database, query: Query<unknown>): Promise<void> {
  const { fromSketches } = query
  expect(fromSketches, query.sql).toBeDefined()
  const exact = (await db.query<Row>(query.sql, query.params)).rows
  for (const one of [fromSketches!.overCells, fromSketches!.overCalls]) {
    if (one === undefined) continue
    const { rows } = await db.query<Row & { approximate: unknown }>(one.sql, one.params)
    expectNear(rows, exact, one.sql)
    for (const { approximate } of rows) expect(Array.isArray(approximate)).toBe(true)
  }
}

/** So many values of each kind of distribution, from numbers between 0 and 1. */
const distributions: readonly ((u: number) => number)[] = [
  () => 250,
  (u) => (u < 0.5 ? 3 : 9e8),
  (u) => Math.round(Math.min(9e8, 5 / (1 - u) ** 2)),
  (u) => Math.floor(u * 12),
  (u) => 90 + Math.floor(u * 250),
  (u) => (u < 0.94 ? 0 : Math.round(1e6 * u)),
]

test('of distributions of any kind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { minLength: 1, maxLength: 150 }),
      async (parts) => {
        const lines = distributions.flatMap((of, i) =>
          parts.map((u, j) => {
            const value = of(u)
            return JSON.stringify({
              timestamp: new Date(Date.UTC(2026, 9, 1) + j * 1_700_000).toISOString(),
              model: 'in-house-1',
              feature: `f${i}`,
              input_tokens: value,
              output_tokens: Math.min(value, 1000),
              max_tokens: 1000,
              latency_ms: (value * 1.37) / 1000,
              cost_usd: Math.min(value / 1e6, 99_999),
            })
          }),
        )
        const path = workshop.store()
        await ingestInto(path, [write(`${workshop.room()}/log.jsonl`, `${lines.join('\n')}\n`)], {
          store: cubed,
        })
        await reading(path, async (db) => {
          for (const by of [[], ['feature'], ['feature', 'day']])
            await expectToldBySketches(
              db,
              breakdown({ scope: everything, by: by.map(dimensionOf), measures: sketched }),
            )
          // Each small number has a bucket of its own.
          const { rows } = await db.query<Row>(
            ...((): [string, Query<unknown>['params']] => {
              const query = breakdown({
                scope: { ...everything, filters: [{ dimension: 'feature', operator: '=', value: 'f3' }] },
                by: [],
                measures: ['p50_input_tokens'],
              })
              return [query.fromSketches!.overCalls.sql, query.fromSketches!.overCalls.params]
            })(),
          )
          const exact = await db.one<Row>(
            "SELECT quantile_cont(CAST(input_tokens AS DOUBLE), 0.5) AS p50 FROM calls WHERE feature = 'f3'",
          )
          expect(rows[0]!['p50_input_tokens']).toBe(exact['p50'])
        })
      },
    ),
    { numRuns: tries(2, 40) },
  )
})

const start = Date.UTC(2026, 9, 1)
const moment = fc
  .oneof(
    fc.nat(3).map((days) => days * 86_400_000),
    fc.nat(3 * 86_400_000),
  )
  .map((ms) => new Date(start + ms).toISOString())
const maybe = fc.option(moment, { nil: null })

const question: fc.Arbitrary<Query<unknown>> = fc
  .record({
    one: maybe,
    two: maybe,
    label: fc.option(fc.constantFrom(...sketchLabels), { nil: null }),
    grouped: fc.boolean(),
    filtered: fc.option(
      fc.constantFrom<Pick<Filter, 'operator' | 'value'>>(
        { operator: '=', value: 'chat' },
        { operator: '!=', value: 'gpt-4o' },
        { operator: '~', value: 'a' },
        { operator: '=', value: '(none)' },
      ),
      { nil: undefined },
    ),
    bucket: fc.option(fc.constantFrom('day', 'week', 'weekday'), { nil: null }),
    // Users take the calls beside.
    measures: fc.uniqueArray(
      fc.constantFrom<MeasureName>(...sketched, 'calls', 'cost_usd', 'users', 'stddev_cost_usd'),
      { maxLength: 6 },
    ),
    top: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    isTrend: fc.boolean(),
    tz: fc.constantFrom('UTC', 'Asia/Kolkata'),
  })
  .map(({ one, two, label, grouped, filtered, bucket, measures, top, isTrend, tz }) => {
    const [since, until] = one !== null && two !== null && one > two ? [two, one] : [one, two]
    const timed = isTrend || bucket !== null
    const scope: Scope = {
      since,
      until,
      tz: timed ? 'UTC' : tz,
      filters: label === null || filtered === undefined ? [] : [{ dimension: label, ...filtered }],
    }
    const by = [
      ...(label === null || !grouped ? [] : [label]),
      ...(bucket === null || isTrend ? [] : [bucket]),
    ]
    const asked = { scope, by: by.map(dimensionOf), measures: ['p95_cost_usd', ...measures] as MeasureName[] }
    return isTrend
      ? trend({ ...asked, measures: ['calls', ...asked.measures], every: 'day', top: 2 })
      : breakdown({ ...asked, top })
  })

test('after what happens to a store, in windows that begin and end within a day', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(tries(1, 6)),
      fc.array(question, { minLength: tries(8, 40), maxLength: tries(8, 40) }),
      async (all, questions) => {
        const path = workshop.store()
        const world = new World(workshop.room(), path, cubed)
        for (const step of all) await world.take(step)
        await reading(path, async (db) => {
          for (const one of questions) await expectToldBySketches(db, one)
        })
      },
    ),
    { numRuns: tries(2, 20) },
  )
})

test('what decides is the measure, the scope and the grouping', async () => {
  const told = (request: Partial<Parameters<typeof breakdown>[0]>): boolean =>
    breakdown({ scope: everything, by: [], measures: ['p95_cost_usd'], ...request }).fromSketches !==
    undefined
  const by = (...names: string[]): { by: ReturnType<typeof dimensionOf>[] } => ({
    by: names.map(dimensionOf),
  })
  const where = (...names: string[]): { scope: Scope } => ({
    scope: { ...everything, filters: names.map((dimension) => ({ dimension, operator: '=', value: 'x' })) },
  })
  expect(told({})).toBe(true)
  expect(told({ measures: ['p95_cost_usd', 'users', 'max_cache_age_ms'] })).toBe(true)
  expect(told(by('feature', 'day'))).toBe(true)
  expect(told({ ...by('feature'), ...where('feature') })).toBe(true)
  expect(told(by('feature', 'model'))).toBe(false)
  expect(told({ ...by('feature'), ...where('model') })).toBe(false)
  expect(told(where('user_id'))).toBe(false)
  expect(told(by('user_id'))).toBe(false)
  expect(told(by('hour'))).toBe(false)
  expect(told({ ...by('day'), scope: { ...everything, tz: 'Europe/Berlin' } })).toBe(false)
  expect(told({ measures: ['repeated_input_share'] })).toBe(false)
  expect(told({ measures: ['calls'] })).toBe(false)
})

test('few calls in scope, or more exactness asked for, are asked of the calls', async () => {
  const path = workshop.store()
  const [all = []] = fc.sample(steps(1), { numRuns: 1, seed: 7 })
  await new World(workshop.room(), path, cubed).take(all[0]!)
  const query = breakdown({ scope: everything, by: [dimensionOf('model')], measures: ['p95_cost_usd'] })
  await reading(path, async (db) => {
    const { calls } = await db.one<{ calls: number }>(
      "SELECT count(*) AS calls FROM calls WHERE operation IS DISTINCT FROM 'session_total'",
    )
    const statement = async (bound: number): Promise<string> => {
      setSketchBound(db, bound)
      return (await chosen(db, query)).sql
    }
    expect(await statement(calls)).toBe(query.sql)
    expect(await statement(calls - 1)).toBe(query.fromSketches!.overCells!.sql)
    expect(await statement(Infinity)).toBe(query.sql)
  })
})

test('of days whose calls were dropped they are told all the same, and of pulled hours they are not', async () => {
  const [path, room] = [workshop.store(), workshop.room()]
  const [all = []] = fc.sample(steps(1), { numRuns: 1, seed: 7 })
  await new World(room, path, cubed).take(all[0]!)
  const cells = breakdown({
    scope: everything,
    by: [dimensionOf('model')],
    measures: ['p95_cost_usd', 'calls'],
  })
  const exact = await reading(path, async (db) => (await db.query<Row>(cells.sql, cells.params)).rows)
  const folder = `${room}/archive`
  await archive(
    { path, options: cubed, folder },
    { before: new Date(Date.UTC(2026, 9, 2)), keep: false, totalling: [] },
  )
  await reading(path, async (db) => {
    setSketchBound(db, 0)
    const { sql, params } = await chosen(db, cells)
    expect(sql).toBe(cells.fromSketches!.overCells!.sql)
    const { rows } = await db.query<Row>(sql, params)
    expectNear(rows, exact, sql)
    await expect(db.query(cells.sql, cells.params)).rejects.toThrow(CallsElsewhere)
    const users = breakdown({ scope: everything, by: [], measures: ['users', 'calls'] })
    expect((await chosen(db, users)).sql).toBe(users.fromUsers!.sql)
  })
  // As if these hours had come from an engine, which sends no sketches.
  const db = await Database.open(':memory:', 'write', cubed)
  await writeStore(db, path, cubed, async () => {
    for (const table of ['daily_sketches', 'daily_users'])
      await db.run(`DELETE FROM store.main.${table} WHERE owner = 'cube'`)
  })
  db.close()
  await reading(path, async (one) => {
    setSketchBound(one, 0)
    expect((await chosen(one, cells)).sql).toBe(cells.sql)
    const later: Scope = { ...everything, since: '2026-10-02T00:00:00.000Z' }
    const after = breakdown({ scope: later, by: [], measures: ['p95_cost_usd'] })
    expect((await chosen(one, after)).sql).toBe(after.fromSketches!.overCells!.sql)
    const users = breakdown({ scope: everything, by: [], measures: ['users', 'calls'] })
    expect((await chosen(one, users)).sql).toBe(users.sql)
  })
})
