/** Flags by likelihood against the same worked out in plain TypeScript, and run by run. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import type { Scope } from '../../src/domain/scope.js'
import { reachOf, type FlagRow } from '../../src/metrics/anomalies/flags.js'
import { askJudged } from '../../src/questions/anomalies/judged.js'
import { clockHour, generatedLogs, modelOf } from './anomaly-model.js'
import { loadPaidCalls } from './paid-calls.js'
import { surpriseFlagsOf, surpriseOf } from './surprise-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const hourMs = 3_600_000
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const by = ['feature', 'user'].map(dimensionOf)

async function flagged(since: number, asOf: number, tz: string, historyDays: number): Promise<FlagRow[]> {
  const scope: Scope = {
    since: new Date(since).toISOString(),
    until: new Date(asOf).toISOString(),
    tz,
    filters: [],
  }
  const span = hourSpan(scope, new Date(asOf), reachOf(Math.max(28, historyDays)), tz)
  const kinds = ['spike', 'sustained'] as const
  const stakes = { minUsd: 0.1, minShare: 0.02 }
  const rows = await askJudged(db, {
    scope,
    span,
    by,
    historyDays,
    kinds,
    noiseScale: 1,
    method: 'likelihood',
    ...stakes,
  })
  return rows.filter(({ kind }) => kind !== 'account' && kind !== 'first_spend')
}

const keyOf = ({ kind, family, value, hour }: FlagRow): string => `${kind} ${family} ${value} ${hour}`
const unique = (keys: readonly string[]): string[] => [...new Set(keys)].toSorted()

test('surprise is the log-likelihood ratio of a negative binomial', () => {
  const gamma = (n: number): number => {
    let logs = 0
    for (let i = 2; i < n; i++) logs += Math.log(i)
    return logs
  }
  // κ whole: the probability of k calls when the mean is μ.
  const logOf = (k: number, mean: number, shape: number): number =>
    gamma(k + shape) -
    gamma(shape) -
    gamma(k + 1) +
    shape * Math.log(shape / (shape + mean)) +
    k * Math.log(mean / (shape + mean))
  for (const [k, mean, shape] of [
    [12, 3, 10],
    [394, 0.9, 10],
    [5, 4, 4],
  ] as const) {
    expect(surpriseOf(k, mean, shape)).toBeCloseTo(logOf(k, k, shape) - logOf(k, mean, shape), 6)
    // Chernoff: so many or more have at most the chance e^-D.
    let tail = 0
    for (let i = k; i < k + 2000; i++) tail += Math.exp(logOf(i, mean, shape))
    expect(tail).toBeLessThanOrEqual(Math.exp(-surpriseOf(k, mean, shape)))
  }
})

describe('hours against plain TypeScript', () => {
  const seen = new Set<string>()
  test.each(zones)(
    'every flag by likelihood, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(
          generatedLogs,
          fc.constantFrom(28, 14),
          async ({ calls, begin, end }, historyDays) => {
            await loadPaidCalls(db, calls)
            const since = Math.max(begin - 24 * hourMs, end - 6 * 24 * hourMs)
            const from = clockHour(since - 1, tz) + 1
            const rows = (await flagged(since, end, tz, historyDays)).filter(
              ({ hour }) => Number(hour) >= from,
            )
            const { flags, doubtful } = surpriseFlagsOf(modelOf(calls, end, tz, historyDays), from)
            const sure = (keys: readonly string[]): string[] =>
              unique(keys.filter((key) => !doubtful.has(key)))
            expect(sure(rows.map(keyOf))).toEqual(sure(flags.map(({ key }) => key)))
            for (const row of rows) seen.add(`${row.kind} ${row.span_hours}`)
            for (const { key, strength } of flags) {
              if (strength === null || doubtful.has(key)) continue
              const found = rows.filter((row) => keyOf(row) === key).map((row) => row.strength ?? 0)
              const nearest = Math.min(...found.map((one) => Math.abs(one - strength)))
              expect(nearest, `${key}: ${found.join(', ')} for ${strength}`).toBeLessThan(1e-6 * strength)
            }
          },
        ),
        { numRuns: tries(2, 6) },
      )
    },
    300_000,
  )
  test('the logs made flags of several widths', () => {
    expect([...seen].filter((one) => one.startsWith('spike')).length).toBeGreaterThan(1)
  })
})

describe('causality', () => {
  test.each(['Australia/Lord_Howe', 'Europe/Berlin', 'UTC'].slice(0, tries(1, 3)))(
    'a run every hour says the same as one over all hours, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(generatedLogs, async ({ calls, begin, end }) => {
          await loadPaidCalls(db, calls)
          const since = Math.max(begin, end - 30 * hourMs)
          const whole = (await flagged(since, end, tz, 28)).map(keyOf)
          const hourly: string[] = []
          for (let asOf = since + hourMs; asOf < end + hourMs; asOf += hourMs) {
            const until = Math.min(asOf, end)
            // Only the last hours, as a run by cron would ask for.
            const last = await flagged(Math.max(since, until - 2 * hourMs), until, tz, 28)
            hourly.push(...last.map(keyOf))
          }
          expect(unique(hourly)).toEqual(unique(whole))
        }),
        { numRuns: 1 },
      )
    },
    300_000,
  )
})
