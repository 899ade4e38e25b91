/** What incidents and findings are made of, against plain TypeScript over raw calls. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decompose } from '../../src/anomalies/decompose.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { hourSpan, hourStart } from '../../src/domain/time/hours.js'
import { expensiveCalls } from '../../src/metrics/anomalies/expensive-calls.js'
import { incidentParts, type IncidentSpan } from '../../src/metrics/anomalies/incident-parts.js'
import { sharedCosts } from '../../src/metrics/anomalies/shared-costs.js'
import { userHours } from '../../src/metrics/anomalies/user-hours.js'
import { clockHour } from './anomaly-model.js'
import { tries } from './seed.js'
import { quoteText } from '../../src/domain/words/quoting.js'

describe('the parts of an excess', () => {
  const use = fc.record({
    costUsd: fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e5, noNaN: true })),
    calls: fc.nat(1_000_000),
    tokens: fc.option(fc.nat(1_000_000_000)),
    tokenCalls: fc.nat(1_000_000),
  })
  const amount = fc.bigInt(0n, 10n ** 17n)

  test('add up to it exactly', () => {
    fc.assert(
      fc.property(use, use, amount, amount, (now, past, cost, norm) => {
        const { volume, size, price } = decompose({ ...now, costUsd: Number(cost) / 1e12 }, cost, norm, past)
        expect(volume + (size ?? 0n) + price).toBe(cost - norm)
      }),
    )
  })

  test('are the one factor that moved, where only one did', () => {
    const past = { costUsd: 10, calls: 100, tokens: 50_000, tokenCalls: 100 }
    const parts = (now: typeof past) =>
      decompose(now, BigInt(Math.round(now.costUsd * 1e12)), 10n ** 13n, past)
    const dollars = (value: bigint | null): number => Math.round(Number(value) / 1e9) / 1e3
    const all = ({ volume, size, price }: ReturnType<typeof parts>) => [volume, size, price].map(dollars)
    expect(all(parts({ ...past, costUsd: 30, calls: 300, tokens: 150_000, tokenCalls: 300 }))).toEqual([
      20, 0, 0,
    ])
    expect(all(parts({ ...past, costUsd: 30, tokens: 150_000 }))).toEqual([0, 20, 0])
    expect(all(parts({ ...past, costUsd: 30 }))).toEqual([0, 0, 20])
    // Twice the calls of twice the size: the interaction of $10 is shared.
    expect(all(parts({ costUsd: 40, calls: 200, tokens: 200_000, tokenCalls: 200 }))).toEqual([15, 15, 0])
  })
})

interface Call {
  readonly ts: number
  readonly feature: string | null
  readonly user: string | null
  /** Millionths of a dollar. */
  readonly cost: number | null
  readonly tokens: number | null
}

const end = Date.parse('2026-04-02T12:00Z')
const call: fc.Arbitrary<Call> = fc.record({
  ts: fc.integer({ min: end - 12 * 86_400_000, max: end - 1 }),
  feature: fc.option(fc.constantFrom('chat', 'search'), { freq: 5 }),
  user: fc.option(fc.constantFrom('u1', 'u2', 'u3'), { freq: 5 }),
  cost: fc.option(fc.oneof(fc.constantFrom(1, 1000, 5_000_000), fc.nat(1_000_000)), { freq: 6 }),
  tokens: fc.option(fc.nat(10_000), { freq: 5 }),
})
const logs = fc.oneof(fc.array(call, { maxLength: 3 }), fc.array(call, { minLength: 100, maxLength: 300 }))
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata']

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

async function load(calls: readonly Call[]): Promise<void> {
  await db.run('DELETE FROM calls')
  const text = (value: string | null): string => (value === null ? 'NULL' : quoteText(value))
  const rows = calls.map(({ ts, feature, user, cost, tokens }, i) => {
    const usd = cost === null ? 'NULL' : `${cost} * 0.000001`
    return `('c${i}', 'test', epoch_ms(${ts}), ${text(feature)}, ${text(user)}, ${usd}, ${tokens ?? 'NULL'}, 0)`
  })
  if (rows.length === 0) return
  await db.run(`INSERT INTO calls (call_id, source, ts, feature, user_id, cost_usd, input_tokens, output_tokens)
    VALUES ${rows.join(', ')}`)
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const dollars = (calls: readonly Call[]): number => sum(calls.map(({ cost }) => cost ?? 0)) / 1e6

describe('parts of incidents', () => {
  test.each(zones)(
    'calls, tokens and cost beside the same hours of the history, in %s',
    async (tz) => {
      const lead = fc.constantFrom({ family: 0, value: '' }, { family: 1, value: 'chat' })
      await fc.assert(
        fc.asyncProperty(
          logs,
          lead,
          fc.constantFrom(5, 30),
          fc.constantFrom(3, 9),
          async (calls, series, length, days) => {
            await load(calls)
            const until = clockHour(end, tz)
            const since = until - length
            const pastUntil = Math.floor(since / 24) * 24
            const span: IncidentSpan = {
              id: 7,
              ...series,
              since_hour: since,
              until_hour: until,
              past_since_hour: pastUntil - days * 24,
              past_until_hour: pastUntil,
              norm_usd: 1,
            }
            const scope = { since: null, until: null, tz, filters: [] }
            const iso = (hour: number): string => new Date(hourStart(hour, tz)).toISOString()
            const request = {
              scope,
              since: iso(span.past_since_hour),
              until: iso(until),
              by: [dimensionOf('feature')],
              drivers: ['user', 'feature'].map(dimensionOf),
              top: 10,
            }
            const { sql, params } = incidentParts(request, [span])
            const { rows } = await db.query<Record<string, unknown>>(sql, params)
            const own = calls.filter(({ feature }) => series.family === 0 || feature === series.value)
            const slot = (hour: number): string => {
              const weekend = days >= 7 && [0, 6].includes((Math.floor(hour / 24) + 4) % 7)
              return `${hour % 24} ${weekend}`
            }
            const times = (from: number, to: number, name: string): number =>
              Array.from({ length: to - from }, (_, i) => slot(from + i)).filter((one) => one === name).length
            const weight = (hour: number): number => {
              const name = slot(hour)
              return times(since, until, name) / times(span.past_since_hour, pastUntil, name)
            }
            const within = (one: Call, from: number, to: number): boolean => {
              const hour = clockHour(one.ts, tz)
              return hour >= from && hour < to
            }
            const expectPart = (row: Record<string, unknown> | undefined, members: readonly Call[]): void => {
              const now = members.filter((one) => within(one, since, until))
              const past = members.filter((one) => within(one, span.past_since_hour, pastUntil))
              if (now.length + past.length === 0) return expect(row).toBeUndefined()
              const near = (got: unknown, wanted: number): void =>
                expect(Math.abs(Number(got) - wanted)).toBeLessThanOrEqual(1e-9 * Math.abs(wanted) + 1e-12)
              near(row?.['calls'], now.length)
              near(row?.['cost_usd'], dollars(now))
              near(row?.['tokens'] ?? 0, sum(now.map(({ tokens }) => tokens ?? 0)))
              near(row?.['token_calls'], now.filter(({ tokens }) => tokens !== null).length)
              const weighed = (value: (one: Call) => number): number =>
                sum(past.map((one) => weight(clockHour(one.ts, tz)) * value(one)))
              near(
                row?.['past_calls'],
                weighed(() => 1),
              )
              near(
                row?.['past_cost_usd'],
                weighed(({ cost }) => (cost ?? 0) / 1e6),
              )
              near(
                row?.['past_tokens'] ?? 0,
                weighed(({ tokens }) => tokens ?? 0),
              )
            }
            const row = (driver: number, value: string | null) =>
              rows.find((one) => one['driver'] === driver && one['value'] === value)
            expectPart(
              rows.find((one) => one['driver'] === 0),
              own,
            )
            for (const user of ['u1', 'u2', 'u3', null])
              expectPart(
                row(1, user),
                own.filter((one) => one.user === user),
              )
            for (const name of ['chat', 'search', null])
              expectPart(
                row(2, name),
                own.filter((one) => one.feature === name),
              )
          },
        ),
        { numRuns: tries(4, 20) },
      )
    },
    300_000,
  )
})

describe('calls that two series have in common', () => {
  test.each(zones)(
    'their cost beside the same hours of the history, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(logs, fc.constantFrom(2, 24), fc.constantFrom(3, 9), async (calls, length, days) => {
          await load(calls)
          const until = clockHour(end, tz)
          const since = until - length
          const pastUntil = Math.floor(since / 24) * 24
          const pastSince = pastUntil - days * 24
          const pairs = ['chat', 'search'].flatMap((feature) =>
            ['u1', 'u2'].map((user) => ({ feature, user })),
          )
          const spans = pairs.map(({ feature, user }, id) => ({
            id,
            family: 1,
            value: feature,
            other_family: 2,
            other_value: user,
            since_hour: since,
            until_hour: until,
            past_since_hour: pastSince,
            past_until_hour: pastUntil,
          }))
          const scope = { since: null, until: null, tz, filters: [] }
          const iso = (hour: number): string => new Date(hourStart(hour, tz)).toISOString()
          const by = ['feature', 'user'].map(dimensionOf)
          const request = { scope, since: iso(pastSince), until: iso(until), by }
          const { sql, params } = sharedCosts(request, spans)
          const { rows } = await db.query<{ id: number; cost_usd: string; past_usd: number }>(sql, params)
          const slot = (hour: number): string =>
            `${hour % 24} ${days >= 7 && [0, 6].includes((Math.floor(hour / 24) + 4) % 7)}`
          const slots = (from: number, to: number): string[] =>
            Array.from({ length: to - from }, (_, i) => slot(from + i))
          const [now, past] = [slots(since, until), slots(pastSince, pastUntil)]
          const times = (of: readonly string[], name: string): number =>
            of.filter((one) => one === name).length
          pairs.forEach(({ feature, user }, id) => {
            const own = calls
              .filter((one) => one.feature === feature && one.user === user)
              .map((one) => ({ hour: clockHour(one.ts, tz), usd: (one.cost ?? 0) / 1e6 }))
            const cost = sum(own.filter(({ hour }) => hour >= since && hour < until).map(({ usd }) => usd))
            const before = sum(
              own
                .filter(({ hour }) => hour >= pastSince && hour < pastUntil)
                .map(({ hour, usd }) => (usd * times(now, slot(hour))) / times(past, slot(hour))),
            )
            const row = rows.find((one) => one.id === id)
            expect(Number(row?.cost_usd ?? 0)).toBeCloseTo(cost, 9)
            expect(row?.past_usd ?? 0).toBeCloseTo(before, 9)
          })
        }),
        { numRuns: tries(8, 20) },
      )
    },
    300_000,
  )
})

describe('findings', () => {
  test.each(zones)(
    'hours in which a user spent more than an amount, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(logs, async (calls) => {
          await load(calls)
          const scope = { since: new Date(end - 5 * 86_400_000).toISOString(), until: null, tz, filters: [] }
          const span = hourSpan(scope, new Date(end), 1, tz)
          const { sql, params } = userHours(scope, span, '0.5')
          const { rows } = await db.query<{ user_id: string; hour: number; cost_usd: string }>(sql, params)
          const sums = new Map<string, number>()
          for (const { ts, user, cost } of calls) {
            const hour = clockHour(ts, tz)
            if (user === null || hour < span.since || hour >= span.until) continue
            sums.set(`${user} ${hour}`, (sums.get(`${user} ${hour}`) ?? 0) + (cost ?? 0))
          }
          const wanted = [...sums].filter(([, cost]) => cost > 500_000).map(([key, cost]) => `${key} ${cost}`)
          const found = rows.map(
            (row) => `${row.user_id} ${row.hour} ${Math.round(Number(row.cost_usd) * 1e6)}`,
          )
          expect(found.toSorted()).toEqual(wanted.toSorted())
        }),
        { numRuns: tries(4, 30) },
      )
    },
    300_000,
  )

  test('single calls beyond the fence of their feature', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom(0.0005, 1), async (calls, leastUsd) => {
        await load(calls)
        const from = end - 4 * 86_400_000
        const window = {
          since: new Date(from).toISOString(),
          until: new Date(end).toISOString(),
          tz: 'UTC',
          filters: [],
        }
        const historySince = new Date(end - 20 * 86_400_000).toISOString()
        const { sql, params } = expensiveCalls({ scope: window, historySince, leastUsd, top: 1000 })
        const { rows } = await db.query<{ call_id: string; found_calls: number }>(sql, params)
        const wanted = calls.flatMap(({ ts, feature, cost }, i) => {
          const others = calls.flatMap((one) =>
            one.feature === feature && (one.cost ?? 0) > 0 ? [(one.cost ?? 0) / 1e6] : [],
          )
          const logarithms = others.map(Math.log).toSorted((a, b) => a - b)
          const at = (share: number): number => {
            const rank = (logarithms.length - 1) * share
            const [low, high] = [logarithms[Math.floor(rank)] ?? 0, logarithms[Math.ceil(rank)] ?? 0]
            return low + (high - low) * (rank - Math.floor(rank))
          }
          const usd = (cost ?? 0) / 1e6
          const far =
            Math.log(usd) > at(0.75) + 3 * (at(0.75) - at(0.25)) + 1e-9 && usd >= 10 * Math.exp(at(0.5))
          return usd >= leastUsd && usd > 0 && ts >= from && others.length >= 20 && far ? [`c${i}`] : []
        })
        expect(rows.map((row) => row.call_id).toSorted()).toEqual(wanted.toSorted())
        for (const row of rows) expect(row.found_calls).toBe(wanted.length)
      }),
      { numRuns: tries(5, 40) },
    )
  }, 300_000)
})
