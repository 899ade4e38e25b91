/** Drift proven against its own noise, against the same worked out in plain TypeScript. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Scope } from '../../src/domain/scope.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import { reachOf } from '../../src/metrics/anomalies/flags.js'
import { askJudged } from '../../src/questions/anomalies/judged.js'
import { numbers } from '../numbers.js'
import { clockHour, modelOf, type PaidCall } from './anomaly-model.js'
import { judgedDrifts, type DriftFlag } from './drift-model.js'
import { loadPaidCalls } from './paid-calls.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Weeks that grow by calls, by what a call costs, or by neither; with dear days, gaps and calls without cost. */
const logs = fc
  .record({
    seed: fc.integer(),
    change: fc.constantFrom('2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-04-04T15:00Z'),
    days: fc.integer({ min: 38, max: 50 }),
    callsADay: fc.constantFrom(5, 25, 60),
    calls: fc.constantFrom(1, 1.1, 1.13, 1.2),
    dearer: fc.constantFrom(0.95, 1, 1.02, 1.12),
    noise: fc.constantFrom(0.01, 0.05, 0.2),
    tail: fc.constantFrom(0.1, 1),
    prices: fc.constantFrom(0, 0.4),
  })
  .map(({ seed, change, days, callsADay, calls: growth, dearer, noise, tail, prices }) => {
    const random = numbers(seed)
    const normal = (): number => random() + random() + random() + random() - 2
    const end = Date.parse(change) + 10 * dayMs + Math.floor(random() * dayMs)
    const begin = end - days * dayMs
    const calls: PaidCall[] = []
    let restless = 1
    for (let day = 0; day < days; day++) {
      if (day % 7 === 0) restless = Math.exp(noise * normal())
      if (random() < 0.02) continue
      const weekday = Math.floor(begin / dayMs + day) % 7 < 2 ? 0.4 : 1
      const burst = random() < 0.04 ? 4 : 1
      const level = weekday * burst * restless * growth ** (day / 7) * Math.exp(noise * normal())
      const count = Math.round(callsADay * level)
      // The day with the most calls need not be the dearest.
      const price = Math.exp(prices * normal())
      for (let i = 0; i < count; i++) {
        const usd = 0.02 * price * dearer ** (day / 7) * Math.exp(tail * normal())
        const cost = random() < 0.05 ? null : Math.round(usd * 1e6)
        calls.push({ ts: begin + Math.floor((day + random()) * dayMs), feature: null, user: null, cost })
      }
    }
    return { calls, end }
  })

async function drifts(since: number, asOf: number, tz: string, minUsd: number): Promise<DriftFlag[]> {
  const iso = (ts: number): string => new Date(ts).toISOString()
  const scope: Scope = { since: iso(since), until: iso(asOf), tz, filters: [] }
  const span = hourSpan(scope, new Date(asOf), reachOf(28), tz)
  const rows = await askJudged(db, {
    scope,
    span,
    by: [],
    historyDays: 28,
    kinds: ['drift'],
    noiseScale: 1,
    method: 'likelihood',
    minUsd,
    minShare: 0.02,
  })
  return rows
    .filter(({ kind }) => kind === 'drift')
    .map(({ hour, cost_usd: cost, norm_usd: norm, calls, norm_calls: normCalls }) => ({
      day: Math.floor(Number(hour) / 24),
      cost,
      norm,
      calls: calls ?? Number.NaN,
      normCalls: normCalls ?? Number.NaN,
    }))
}

const rounded = ({ day, cost, norm, calls, normCalls }: DriftFlag): string =>
  `${day} ${cost.toFixed(6)} ${norm.toFixed(6)} ${calls} ${normCalls}`

test('every day of drift, and what its weeks came to', async () => {
  const counts = { flags: 0, quiet: 0 }
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
      fc.constantFrom(0.1, 1, 4),
      async ({ calls, end }, tz, minUsd) => {
        await loadPaidCalls(db, calls)
        const since = end - 35 * dayMs
        const judged = judgedDrifts(modelOf(calls, end, tz, 28), clockHour(since, tz), minUsd)
        const sure = judged.filter(({ isDoubtful }) => !isDoubtful)
        const found = await drifts(since, end, tz, minUsd)
        const doubtful = new Set(judged.flatMap((one) => (one.isDoubtful ? [one.flag.day] : [])))
        expect(found.filter(({ day }) => !doubtful.has(day)).map(rounded)).toEqual(
          sure.filter(({ flagged }) => flagged).map(({ flag }) => rounded(flag)),
        )
        counts.flags += found.length
        counts.quiet += sure.length - found.length
      },
    ),
    { numRuns: tries(12, 120) },
  )
  expect(counts.flags).toBeGreaterThan(5)
  expect(counts.quiet).toBeGreaterThan(100)
}, 120_000)

/** Calls a day and what each costs in four weeks, the first first. */
interface Weeks {
  readonly calls: readonly number[]
  readonly cents?: readonly number[]
  readonly minUsd?: number
  /** Two days of the last week have 1.4 times as many calls at half the price. */
  readonly crowded?: boolean
}

/** Four weeks of days that are alike within each. */
async function tells({
  calls,
  cents = [2, 2, 2, 2],
  minUsd = 0.1,
  crowded = false,
}: Weeks): Promise<boolean> {
  const weeks = calls.map((count, week) => `(${week}, ${count}, ${cents[week]})`).join(', ')
  await db.run('DELETE FROM calls')
  await db.run(`
    INSERT INTO calls (call_id, source, ts, cost_usd)
    SELECT concat_ws('-', week, day, call), 'test',
      TIMESTAMP '2026-03-02' + to_days(CAST(7 * week + day AS INTEGER)) + to_seconds(call * 80000 / 2 / count),
      CAST(CASE WHEN is_crowded THEN cents / 2 ELSE cents END AS DECIMAL(18, 8)) * 0.01
    FROM (SELECT *, ${crowded} AND week = 3 AND day IN (2, 3) AS is_crowded
      FROM (VALUES ${weeks}) AS weeks(week, count, cents), range(7) AS days(day)),
      range(CASE WHEN is_crowded THEN CAST(1.4 * count AS BIGINT) ELSE count END) AS calls(call)`)
  const end = Date.parse('2026-03-30T00:00Z')
  return (await drifts(end - dayMs, end, 'UTC', minUsd)).length > 0
}

/** Each week so many times the one before. */
const growing = (first: number, ...steps: readonly number[]): number[] =>
  steps.reduce((weeks, step) => [...weeks, weeks.at(-1)! * step], [first])
const rounds = (values: readonly number[]): number[] => values.map((value) => Math.round(value))

/** Just short of a bound, and just beyond it. */
test.each<readonly [string, Weeks, Weeks]>([
  [
    'calls by 1.35',
    { calls: rounds(growing(1000, 1.103, 1.103, 1.103)) },
    { calls: rounds(growing(1000, 1.107, 1.107, 1.107)) },
  ],
  [
    'where they cost 1.25 times as much',
    { calls: rounds(growing(1000, 1.15, 1.15, 1.15)), cents: growing(2, 0.935, 0.935, 0.935) },
    { calls: rounds(growing(1000, 1.15, 1.15, 1.15)), cents: growing(2, 0.938, 0.938, 0.938) },
  ],
  [
    'cost by 1.4',
    { calls: rounds(growing(1000, 1, 1, 1)), cents: growing(2, 1.117, 1.117, 1.117) },
    { calls: rounds(growing(1000, 1, 1, 1)), cents: growing(2, 1.12, 1.12, 1.12) },
  ],
  [
    'each week by 2 %',
    { calls: rounds(growing(1000, 1.017, 1.19, 1.19)) },
    { calls: rounds(growing(1000, 1.023, 1.19, 1.19)) },
  ],
  [
    'the largest step below 1.3 times the smallest',
    { calls: rounds(growing(1000, 1.04, 1.37, 1.2)) },
    { calls: rounds(growing(1000, 1.04, 1.335, 1.2)) },
  ],
  [
    'calls without the days that have the most of them, though these are cheap',
    { calls: [1000, 1100, 1210, 1270], cents: growing(2, 1.06, 1.06, 1.07), crowded: true },
    { calls: [1000, 1110, 1232, 1368], cents: growing(2, 1.06, 1.06, 1.07), crowded: true },
  ],
  // 2 sqrt(1/200 + 1/290) = 0.18; ln 1.2 + that = ln 1.443.
  [
    'calls beyond two standard errors',
    { calls: rounds(growing(40, 1.12, 1.12, 1.12)), cents: growing(2, 0.98, 0.98, 0.98) },
    { calls: rounds(growing(40, 1.15, 1.15, 1.15)), cents: growing(2, 0.94, 0.94, 0.94) },
  ],
  // 2.5 sqrt(2/200) = 0.25; ln 1.2 + that = ln 1.54.
  [
    'cost beyond two and a half',
    { calls: [40, 40, 40, 40], cents: growing(2, 1.15, 1.15, 1.15) },
    { calls: [40, 40, 40, 40], cents: growing(2, 1.16, 1.16, 1.16) },
  ],
  // A week of 7 × 100 calls more, of two cents each, is $14.
  [
    'the dollars that matter',
    { calls: growing(200, 1.15, 1.15, 1.15).map(Math.round), minUsd: 15 },
    { calls: growing(200, 1.15, 1.15, 1.15).map(Math.round), minUsd: 14 },
  ],
])('%s', async (_, short, beyond) => {
  expect(await tells(short)).toBe(false)
  expect(await tells(beyond)).toBe(true)
})
