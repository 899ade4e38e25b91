/** Users beyond their usual, against plain TypeScript over raw calls. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import {
  userDayTerms,
  usersBeyond,
  type UserBeyondRow,
  type UserDayRow,
} from '../../src/metrics/anomalies/users-beyond.js'
import { clockHour } from './anomaly-model.js'
import { quoteText } from '../../src/domain/words/quoting.js'

interface Call {
  readonly ts: number
  readonly user: string | null
  readonly feature: string | null
  readonly model: string | null
  /** Millionths of a dollar. */
  readonly cost: number
}

/** A call with its local hour. */
interface Located extends Call {
  readonly hour: number
}

const located = (calls: readonly Call[], tz: string): Located[] =>
  calls.map((one) => ({ ...one, hour: clockHour(one.ts, tz) }))
const dayOf = ({ hour }: Located): number => Math.floor(hour / 24)

const end = Date.parse('2026-04-02T12:20Z')
const day = 86_400_000
const bar = { leastUsd: 0.5, leastShare: 0.05, leastRatio: 3, spreads: 1.2 }

let db: Database
beforeAll(async () => {
  db = await Database.open(':memory:', 'write')
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

async function load(calls: readonly Call[]): Promise<void> {
  await db.run('DELETE FROM calls')
  const text = (value: string | null): string => (value === null ? 'NULL' : quoteText(value))
  const rows = calls.map(
    ({ ts, user, feature, model, cost }, i) =>
      `('c${i}', 'test', epoch_ms(${ts}), ${text(user)}, ${text(feature)}, ${text(model)}, ${cost} * 0.000001)`,
  )
  if (rows.length > 0)
    await db.run(
      `INSERT INTO calls (call_id, source, ts, user_id, feature, model, cost_usd) VALUES ${rows.join(', ')}`,
    )
}

const maybe = <T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.option(fc.constantFrom(...values), { freq: 6 })
const callOf = (users: readonly string[]): fc.Arbitrary<Call> =>
  fc.record({
    ts: fc.integer({ min: end - 34 * day, max: end }),
    user: maybe(...users),
    feature: maybe('chat', 'search'),
    model: maybe('m1', 'm2'),
    cost: fc.oneof(fc.constant(0), fc.integer({ min: 50_000, max: 150_000 })),
  })
const burstOf = (users: readonly string[]): fc.Arbitrary<Call[]> =>
  fc
    .tuple(callOf(users), fc.integer({ min: 1, max: 5 }), fc.integer({ min: end - 4 * day, max: end - 1 }))
    .map(([one, times, ts]) =>
      Array.from({ length: times }, (_, i) => ({
        ...one,
        ts: ts - i * 1_700_000,
        cost: 900_000 + i * 1000,
      })),
    )
/** Few or many users, and people who come late. */
const logs = fc.constantFrom(7, 30).chain((count) => {
  const users = Array.from({ length: count }, (_, i) => `u${i}`)
  return fc
    .tuple(
      fc.array(callOf(users), { minLength: 25 * count + 100, maxLength: 25 * count + 250 }),
      fc.array(burstOf([...users.slice(0, 7), 'late1', 'late2', 'late3']), { minLength: 1, maxLength: 8 }),
    )
    .map(([calls, bursts]) => [...calls, ...bursts.flat()])
})

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
const quantile = (values: readonly number[], at: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = at * (sorted.length - 1)
  const low = sorted[Math.floor(place)] ?? 0
  return low + (place % 1) * ((sorted[Math.ceil(place)] ?? 0) - low)
}

interface Bar {
  readonly bound: number
  readonly usual: number
}

/** What a day of a user must come to, USD, by the paid calls of complete days before it; undefined: not judged. */
function barOf(calls: readonly Located[], user: string, of: number): Bar | undefined {
  const past = calls.filter((one) => one.cost > 0 && dayOf(one) < of && dayOf(one) >= of - 28)
  if (past.length === 0) return undefined
  // Costs of the days from the first with calls up to the judged one.
  const daysOf = (own: readonly Located[]): number[] => {
    const costs = new Map<number, number>()
    for (const one of own) costs.set(dayOf(one), (costs.get(dayOf(one)) ?? 0) + one.cost)
    const first = Math.min(...costs.keys())
    return Array.from({ length: of - first }, (_, i) => (costs.get(first + i) ?? 0) / 1e6)
  }
  const names = [...new Set(past.flatMap((one) => (one.user === null ? [] : [one.user])))]
  const known = names.flatMap((name) => {
    const days = daysOf(past.filter((one) => one.user === name))
    const logs = days.filter((cost) => cost > 0).map(Math.log)
    if (logs.length < 7) return []
    const middle = quantile(logs, 0.5)
    const squares = logs.filter((one) => one >= middle).map((one) => (one - middle) ** 2)
    return [{ name, n: logs.length, mean: sum(days) / days.length, middle, squares }]
  })
  const own = known.find(({ name }) => name === user)
  if (own === undefined && known.length < 5) return undefined
  const shared = sum(known.flatMap(({ squares }) => squares)) / known.flatMap(({ squares }) => squares).length
  const middle =
    own?.middle ??
    quantile(
      known.map((one) => one.middle),
      0.95,
    )
  const spread =
    own === undefined
      ? Math.sqrt(shared)
      : Math.sqrt((sum(own.squares) + 20 * shared) / (own.squares.length + 20)) * Math.sqrt(1 + 1.5 / own.n)
  const many = Math.sqrt(bar.spreads ** 2 + 2 * Math.log(Math.max(1, known.length / 20)))
  const usual =
    own?.mean ??
    quantile(
      known.map((one) => one.mean),
      0.95,
    )
  const least = Math.max(bar.leastUsd, bar.leastShare * quantile(daysOf(past), 0.5))
  return { usual, bound: Math.max(least, bar.leastRatio * usual, Math.exp(middle + many * spread)) }
}

/** A row of each hour with calls from that in which its day passed the bound. */
function wantedOf(calls: readonly Located[], since: number, until: number): string[] {
  const told = calls.filter((one) => one.cost > 0 && one.hour < until)
  const keys = new Set(told.flatMap((one) => (one.user === null ? [] : [`${one.user} ${dayOf(one)}`])))
  return [...keys].flatMap((key) => {
    const [user = '', text] = key.split(' ')
    const of = Number(text)
    if (of < Math.floor(since / 24)) return []
    const found = barOf(told, user, of)
    if (found === undefined) return []
    const own = told.filter((one) => one.user === user && dayOf(one) === of)
    const hours = [...new Set(own.map(({ hour }) => hour))].toSorted((a, b) => a - b)
    const upTo = (until: number): Located[] => own.filter(({ hour }) => hour <= until)
    const costOf = (some: readonly Located[]): number => sum(some.map(({ cost }) => cost))
    const passed = hours.find((hour) => costOf(upTo(hour)) / 1e6 >= found.bound)
    if (passed === undefined || passed < since) return []
    return hours
      .filter((hour) => hour >= passed)
      .map((hour) => {
        const far = upTo(hour)
        const most = (name: 'feature' | 'model'): string => {
          const spent = new Map<string | null, number>()
          for (const one of far) spent.set(one[name], (spent.get(one[name]) ?? 0) + one.cost)
          const [[top, cost] = ['', 0]] = [...spent].toSorted(
            ([a, x], [b, y]) => y - x || (a === null ? 1 : b === null || a < b ? -1 : 1),
          )
          return `${top} ${(cost / costOf(far)).toFixed(9)}`
        }
        const bound = `${found.usual.toFixed(6)} ${found.bound.toFixed(6)}`
        return `${user} ${hour} ${passed} ${costOf(far)} in ${far.length} ${bound} ${most('feature')} ${most('model')}`
      })
  })
}

const textOf = (row: UserBeyondRow): string =>
  `${row.user_id} ${row.hour} ${row.passed_hour} ${Math.round(Number(row.cost_usd) * 1e6)} in ${row.calls} ${row.usual_usd.toFixed(6)} ${row.bound_usd.toFixed(6)} ${row.feature} ${row.feature_share.toFixed(9)} ${row.model} ${row.model_share.toFixed(9)}`

const rowsOf = async (since: string, until: Date, tz: string): Promise<readonly UserBeyondRow[]> => {
  const scope = { since, until: null, tz, filters: [] }
  const { sql, params } = usersBeyond({ scope, span: hourSpan(scope, until, 28, tz), ...bar })
  return (await db.query<UserBeyondRow & Record<string, unknown>>(sql, params)).rows
}

test.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata'])(
  'a user day beyond its bound, from the hour in which it passes, in %s',
  async (tz) => {
    let found = 0
    let newcomers = 0
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom(0, 9), async (calls, later) => {
        await load(calls)
        const since = new Date(end - 4 * day + later * 3_600_000).toISOString()
        const rows = await rowsOf(since, new Date(end), tz)
        found += rows.length
        newcomers += rows.filter(({ is_newcomer }) => is_newcomer).length
        const span = hourSpan({ since, until: null }, new Date(end), 28, tz)
        const read = located(calls, tz).filter(({ hour }) => hour >= span.first)
        expect(rows.map(textOf).toSorted()).toEqual(wantedOf(read, span.since, span.until).toSorted())
      }),
      { numRuns: 8, endOnFailure: true },
    )
    expect(found).toBeGreaterThan(10)
    expect(newcomers).toBeGreaterThan(0)
  },
  60_000,
)

test('the verdict of an hour is the same whenever it is asked for, and no hour takes one back', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.integer({ min: 1, max: 30 }), async (calls, back) => {
      await load(calls)
      const since = new Date(end - 4 * day).toISOString()
      const whole = await rowsOf(since, new Date(end), 'UTC')
      const earlier = await rowsOf(since, new Date(end - back * 3_600_000), 'UTC')
      const last = Math.floor((end - back * 3_600_000) / 3_600_000)
      expect(earlier.map(textOf)).toEqual(whole.filter(({ hour }) => Number(hour) < last).map(textOf))
    }),
    { numRuns: 10, endOnFailure: true },
  )
}, 60_000)

test('the terms of a day are those that it was judged by', async () => {
  const scope = { since: null, until: null, tz: 'UTC', filters: [] }
  let found = 0
  await fc.assert(
    fc.asyncProperty(logs, async (calls) => {
      await load(calls)
      const rows = await rowsOf(new Date(end - 4 * day).toISOString(), new Date(end), 'UTC')
      for (const row of rows.slice(0, 3)) {
        found++
        const hour = Number(row.hour)
        const span = { first: (Math.floor(hour / 24) - 28) * 24, since: hour, until: hour + 1, missing: [] }
        const { sql, params } = userDayTerms({ scope, span, ...bar }, row.user_id)
        const [terms] = (await db.query<UserDayRow & Record<string, unknown>>(sql, params)).rows
        expect(terms?.bound_usd).toBeCloseTo(row.bound_usd, 9)
        expect(terms?.cost_usd).toBe(row.cost_usd)
        expect(Math.max(bar.leastUsd, terms!.ratio_usd, terms!.spread_usd, terms!.share_usd)).toBe(
          terms!.bound_usd,
        )
      }
    }),
    { numRuns: 5, endOnFailure: true },
  )
  expect(found).toBeGreaterThan(0)
}, 60_000)
