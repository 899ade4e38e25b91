/** Comparisons and lists of values in --where, against the same in exact numbers of our own. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { parseFilters } from '../../src/domain/filters.js'
import { comparisons } from '../../src/domain/scope.js'
import { inFilters } from '../../src/metrics/scope.js'
import { filterDoubts } from '../../src/questions/filter-doubts.js'
import { bareCall, dollarText, load, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write')
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

async function passing(...texts: readonly string[]): Promise<number> {
  const { sql, params } = inFilters(parseFilters(texts).filters)
  return Number((await db.one<{ n: bigint }>(`SELECT count(*) AS n FROM calls WHERE ${sql}`, params)).n)
}

const holds = (sign: string, order: number): boolean =>
  sign === '>' ? order > 0 : sign === '>=' ? order >= 0 : sign === '<' ? order < 0 : order <= 0

const costs = fc.array(fc.option(fc.bigInt(0n, 10n ** 13n), { freq: 5 }), { maxLength: 12 })

test('money is compared to the last digit, and to digits beyond', () =>
  fc.assert(
    fc.asyncProperty(
      costs,
      fc.constantFrom(...comparisons),
      fc.nat(12),
      fc.integer({ min: -1, max: 1 }),
      async (all, sign, pick, beyond) => {
        await load(
          db,
          all.map((cost): RawCall => ({ ...bareCall, cost })),
        )
        const base = all[pick] ?? 0n
        // Half a step beside a cost: more places than money has.
        const bound = base * 10n + BigInt(beyond) * 5n
        fc.pre(bound >= 0n)
        const digits = bound.toString().padStart(14, '0')
        const text = `cost_usd${sign}${digits.slice(0, -13)}.${digits.slice(-13)}`
        const expected = all.filter(
          (cost) => cost !== null && holds(sign, cost * 10n === bound ? 0 : cost * 10n > bound ? 1 : -1),
        )
        expect(await passing(text)).toBe(expected.length)
      },
    ),
    { numRuns: tries(24, 60) },
  ))

test('what is stored as a double is compared by the digits that were logged', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 10 }),
      fc.constantFrom(...comparisons),
      fc.integer({ min: 0, max: 50 }),
      async (tenths, sign, bound) => {
        await load(
          db,
          tenths.map((tenth): RawCall => ({ ...bareCall, latency: Number(`${tenth}e-1`) })),
        )
        const expected = tenths.filter((tenth) => holds(sign, tenth - bound))
        expect(await passing(`latency_ms${sign}${Math.floor(bound / 10)}.${bound % 10}`)).toBe(
          expected.length,
        )
      },
    ),
    { numRuns: tries(16, 40) },
  ))

test('a list is any of its values, and none of them where it is not', async () => {
  const users = ['ada', 'bob', 'ada,bob', null, 'carol']
  await load(
    db,
    users.map((user_id): RawCall => ({ ...bareCall, user_id })),
  )
  expect(await passing('user=ada,bob')).toBe(2)
  expect(await passing('user!=ada,bob')).toBe(3)
  expect(await passing(String.raw`user=ada\,bob`)).toBe(1)
  expect(await passing('user=ada,(none)')).toBe(2)
})

test('calls that have the list as their value are told, and calls without a number to compare', async () => {
  const users = ['ada', 'ada,bob', 'bob']
  const day = { since: null, until: null, tz: 'UTC' }
  await load(
    db,
    users.map((user_id, i): RawCall => ({ ...bareCall, user_id, cost: i === 0 ? null : 5n })),
  )
  const told = (...texts: readonly string[]): Promise<readonly string[]> => {
    const { filters, readings } = parseFilters(texts)
    return filterDoubts(db, { ...day, filters }, readings)
  }
  expect(await told('user=ada,bob')).toEqual([
    String.raw`--where user=ada,bob: 1 call of the window has user_id=ada,bob itself; for those write --where 'user_id=ada\,bob'`,
  ])
  expect(await told('user=ada,carol')).toEqual([])
  expect(await told(`cost_usd>${dollarText(1n)}`)).toEqual([
    '--where cost_usd>0.000000000001 leaves out 1 call without cost_usd',
  ])
  expect(await told('cost_usd>0', 'user=bob')).toEqual([])
})
