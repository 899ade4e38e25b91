/** Sums by UTC day and user are those of the calls, and so is every answer from them, to the last digit. */
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import type { MeasureName } from '../../src/metrics/measures/registry.js'
import type { Query } from '../../src/metrics/query.js'
import { summary } from '../../src/metrics/summary.js'
import { trend } from '../../src/metrics/trend.js'
import { userMeasures } from '../../src/reports/weekly/cost-findings.js'
import { costMeasures, summaryMeasures } from '../../src/reports/weekly/weekly.js'
import { chosen } from '../../src/rollups/answering.js'
import { userPartColumns, userPartsOfCalls } from '../../src/rollups/user-days.js'
import { buildUserDays } from '../../src/rollups/user-upkeep.js'
import { Workshop } from './ingesting.js'
import { cubed, steps, World } from './rollups-world.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const everything: Scope = { since: null, until: null, tz: 'UTC', filters: [] }

async function reading<T>(path: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await openStoreForReading(path, cubed)
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

const days = `SELECT ${['ts', 'user_id', ...userPartColumns].join(', ')} FROM daily_users`
const fromCalls = `SELECT date_trunc('day', ts) AS ts, user_id, ${userPartsOfCalls.join(', ')} FROM calls GROUP BY 1, 2`

async function expectSame(db: Database, { sql, params, fromUsers }: Query<unknown>): Promise<void> {
  expect(fromUsers, sql).toBeDefined()
  const lines = async (text: string, values: Query<unknown>['params']): Promise<string[]> => {
    const { rows } = await db.query(text, values)
    const all = rows.map((row) => JSON.stringify(row))
    return sql.includes('ORDER BY') ? all : all.toSorted()
  }
  expect(await lines(fromUsers!.sql, fromUsers!.params)).toEqual(await lines(sql, params))
}

const start = Date.UTC(2026, 9, 1)
const moment = fc
  .oneof(
    fc.nat(3).map((count) => count * 86_400_000),
    fc.nat(3 * 86_400_000),
  )
  .map((ms) => new Date(start + ms).toISOString())

/** What tables of users and the summary of a report ask. */
const usual: readonly MeasureName[] = [...costMeasures, ...userMeasures, ...summaryMeasures]

const question: fc.Arbitrary<Query<unknown>> = fc
  .record({
    ends: fc.tuple(fc.option(moment, { nil: null }), fc.option(moment, { nil: null })),
    before: moment,
    kind: fc.constantFrom('user', 'total', 'user by day', 'users a day', 'summary'),
    filtered: fc.boolean(),
    top: fc.option(fc.constant(1), { nil: undefined }),
    sort: fc.constantFrom<MeasureName>('calls', 'cost_usd'),
  })
  .map(({ ends: [one, two], before, kind, filtered, top, sort }) => {
    const [since, until] = one !== null && two !== null && one > two ? [two, one] : [one, two]
    const filters = filtered ? [{ dimension: 'user_id', operator: '!=' as const, value: 'u1' }] : []
    const scope: Scope = { since, until, tz: 'UTC', filters }
    const order = { by: sort, descending: true }
    switch (kind) {
      case 'user':
        return breakdown({
          scope,
          by: [dimensionOf('user')],
          measures: [...new Set([...usual, 'users' as const])],
          top,
          sort: order,
        })
      case 'total':
        return breakdown({ scope, by: [], measures: ['users', ...costMeasures] })
      case 'user by day':
        return breakdown({ scope, by: [dimensionOf('user'), dimensionOf('day')], measures: costMeasures })
      case 'users a day':
        return trend({ scope, every: 'day', by: [], measures: ['users', 'calls'], top: 1 })
      case 'summary':
        return summary({
          scope,
          before: since === null ? null : { since: before < since ? before : since, until: since },
          measures: summaryMeasures,
        })
    }
  })

test('after any sequence of ingest, late ingest, replace, forget and reprice', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps(tries(3, 9)),
      fc.array(question, { minLength: tries(12, 60), maxLength: tries(12, 60) }),
      async (all, questions) => {
        const path = workshop.store()
        const world = new World(workshop.room(), path, cubed)
        for (const step of all) {
          await world.take(step)
          await reading(path, async (db) => {
            const { n } = await db.one<{ n: number }>(
              `SELECT count(*) AS n FROM ((${days} EXCEPT ALL ${fromCalls}) UNION ALL (${fromCalls} EXCEPT ALL ${days}))`,
            )
            expect(n).toBe(0)
          })
        }
        await reading(path, async (db) => {
          for (const one of questions) await expectSame(db, one)
        })
      },
    ),
    { numRuns: tries(2, 20) },
  )
})

test('what they cannot tell is asked of the calls', () => {
  const user = [dimensionOf('user')]
  const told = (request: Partial<Parameters<typeof breakdown>[0]>): boolean =>
    breakdown({ scope: everything, by: user, measures: ['calls'], ...request }).fromUsers !== undefined
  expect(told({})).toBe(true)
  expect(told({ by: [], measures: ['users'] })).toBe(true)
  expect(told({ by: [...user, dimensionOf('week')] })).toBe(true)
  expect(told({ by: [...user, dimensionOf('hour')] })).toBe(false)
  expect(told({ by: [...user, dimensionOf('day')], scope: { ...everything, tz: 'Asia/Kolkata' } })).toBe(
    false,
  )
  expect(told({ by: [...user, dimensionOf('model')] })).toBe(false)
  expect(told({ by: [dimensionOf('model')], measures: ['users'] })).toBe(false)
  expect(told({ measures: ['p50_cost_usd'] })).toBe(false)
  expect(told({ measures: ['truncation_rate'] })).toBe(false)
  expect(
    told({ scope: { ...everything, filters: [{ dimension: 'model', operator: '=', value: 'x' }] } }),
  ).toBe(false)
})

test('where there are too many users, they leave, and the calls answer', async () => {
  const path = workshop.store()
  const world = new World(workshop.room(), path, cubed)
  const [all = []] = fc.sample(steps(1), { numRuns: 1, seed: 7 })
  await world.take(all[0]!)
  const query = breakdown({ scope: everything, by: [dimensionOf('user')], measures: ['calls', 'users'] })
  const isFromUsers = (): Promise<boolean> =>
    reading(path, async (db) => (await chosen(db, query)).sql === query.fromUsers!.sql)
  expect(await isFromUsers()).toBe(true)
  const db = await Database.open(':memory:', 'write', cubed)
  await writeStore(db, path, cubed, () => buildUserDays(db, () => 0))
  db.close()
  expect(await isFromUsers()).toBe(false)
  // They stay away until all is built anew.
  await world.take(all[1] ?? all[0]!)
  expect(await isFromUsers()).toBe(false)
})
