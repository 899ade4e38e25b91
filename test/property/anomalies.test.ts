/** Baselines and flags of hours against the same worked out in plain TypeScript, and run by run. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import type { Scope } from '../../src/domain/scope.js'
import { seriesHours } from '../../src/anomalies/method/chosen-hours.js'
import { anomalyKinds, reachOf, type FlagRow } from '../../src/metrics/anomalies/flags.js'
import { askChosen, askJudged } from '../../src/questions/anomalies/judged.js'
import { baselineOf, clockHour, flagsOf, generatedLogs, modelOf } from './anomaly-model.js'
import { loadPaidCalls } from './paid-calls.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const by = ['feature', 'user'].map(dimensionOf)

const scopeOf = (since: number, until: number, tz: string): Scope => ({
  since: new Date(since).toISOString(),
  until: new Date(until).toISOString(),
  tz,
  filters: [],
})

async function flagged(since: number, asOf: number, tz: string, historyDays: number): Promise<FlagRow[]> {
  const scope = scopeOf(since, asOf, tz)
  const span = hourSpan(scope, new Date(asOf), reachOf(Math.max(28, historyDays)), tz)
  const request = {
    scope,
    span,
    by,
    historyDays,
    kinds: anomalyKinds,
    noiseScale: 1,
    method: 'robust' as const,
    minUsd: 0,
    minShare: 0.02,
  }
  const rows = await askJudged(db, request)
  return rows.filter(({ kind }) => kind !== 'account' && kind !== 'first_spend')
}

/** The first hour of the clock that begins at or after an instant. */
const firstHour = (since: number, tz: string): number => clockHour(since - 1, tz) + 1

const keyOf = ({ kind, family, value, hour }: FlagRow): string => `${kind} ${family} ${value} ${hour}`

function expectNear(got: number | null | undefined, wanted: number, what: string): void {
  expect(Math.abs(Number(got) - wanted), `${what}: ${got} for ${wanted}`).toBeLessThanOrEqual(
    1e-9 * Math.abs(wanted) + 1e-12,
  )
}

describe('hours against plain TypeScript', () => {
  test.each(zones)(
    'norm and noise of every hour, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(generatedLogs, fc.constantFrom(28, 14, 3), async ({ calls, end }, historyDays) => {
          await loadPaidCalls(db, calls)
          const model = modelOf(calls, end, tz, historyDays)
          const last = Math.floor((model.until - 1) / 24)
          const days = [last - 1, last]
          const wanted = model.series.flatMap(({ family, value }) =>
            days.map((day) => ({ family, value, day })),
          )
          if (wanted.length === 0) return
          const scope = scopeOf(end - 1, end, tz)
          const span = hourSpan(scope, new Date(end), reachOf(28) + 1, tz)
          const chosen = await askChosen(db, { scope, span, by, historyDays }, wanted)
          const rows = chosen === undefined ? [] : seriesHours(chosen, wanted)
          const found = new Map(rows.map((row) => [`${row.family} ${row.value} ${row.hour}`, row]))
          let expected = 0
          for (const series of model.series) {
            for (const day of days) {
              const baseline = baselineOf(model, series, day)
              for (let hour = 24 * day; hour < Math.min(24 * day + 24, model.until); hour++) {
                if (baseline === undefined || !model.shown.has(hour)) continue
                expected++
                const key = `${series.family} ${series.value} ${hour}`
                const row = found.get(key)
                const one = baseline(hour)
                expectNear(row?.cost_usd, one.cost, `cost of ${key}`)
                expectNear(row?.norm_usd, one.norm, `norm of ${key}`)
                expectNear(row?.noise_usd, one.noise, `noise of ${key}`)
                expectNear(row?.max_cost_usd, one.max, `dearest call of ${key}`)
              }
            }
          }
          expect(rows).toHaveLength(expected)
        }),
        { numRuns: tries(3, 6) },
      )
    },
    300_000,
  )

  let seen = new Set<string>()
  test.each(zones)(
    'every flag of every test, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(
          generatedLogs,
          fc.constantFrom(28, 14),
          async ({ calls, begin, end }, historyDays) => {
            await loadPaidCalls(db, calls)
            const since = Math.max(begin - 24 * 3_600_000, end - 6 * 24 * 3_600_000)
            const rows = await flagged(since, end, tz, historyDays)
            const model = modelOf(calls, end, tz, historyDays)
            const from = firstHour(since, tz)
            const { flags, doubtful } = flagsOf(model, from)
            const sure = (keys: readonly string[]): string[] =>
              keys.filter((key) => !doubtful.has(key)).toSorted()
            const found = rows.filter(({ hour }) => Number(hour) >= from)
            expect(sure(found.map(keyOf))).toEqual(sure(flags.map(({ key }) => key)))
            for (const row of found) {
              const flag = flags.find(({ key }) => key === keyOf(row))
              if (flag === undefined) continue
              expectNear(row.cost_usd, flag.cost, keyOf(row))
              expectNear(row.norm_usd, flag.norm, keyOf(row))
              seen.add(row.kind)
            }
          },
        ),
        { numRuns: tries(4, 8) },
      )
    },
    300_000,
  )
  test('the logs made flags of every hourly test', () => {
    expect([...seen]).toEqual(expect.arrayContaining(['spike', 'sustained', 'drop']))
    seen = new Set()
  })

  test.each(zones)('a steady rise is a drift on the same days, in %s', async (tz) => {
    const end = Date.parse('2026-04-10T12:00Z')
    const begin = end - 45 * 24 * 3_600_000
    const calls = Array.from({ length: 45 * 24 }, (_, i) => ({
      ts: begin + i * 3_600_000 + 60_000,
      feature: 'chat',
      user: 'u1',
      cost: Math.round(10_000 * 1.025 ** (i / 24)) + (i % 7),
    }))
    await loadPaidCalls(db, calls)
    const since = end - 12 * 24 * 3_600_000
    const rows = (await flagged(since, end, tz, 28)).filter(({ kind }) => kind === 'drift')
    const { flags } = flagsOf(modelOf(calls, end, tz, 28), firstHour(since, tz))
    const wanted = flags.map(({ key }) => key).filter((key) => key.startsWith('drift'))
    expect(wanted.length).toBeGreaterThan(5)
    expect(rows.map(keyOf).toSorted()).toEqual(wanted.toSorted())
  })
})

describe('causality', () => {
  test.each(['UTC', 'Europe/Berlin', 'Australia/Lord_Howe'])(
    'a run every hour says the same as one over all hours, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(generatedLogs, async ({ calls, begin, end }) => {
          await loadPaidCalls(db, calls)
          const since = Math.max(begin, end - 30 * 3_600_000)
          const whole = new Set((await flagged(since, end, tz, 28)).map(keyOf))
          const hourly = new Set<string>()
          for (let asOf = since + 3_600_000; asOf < end + 3_600_000; asOf += 3_600_000) {
            const until = Math.min(asOf, end)
            // Only the last hours, as a run by cron would ask for.
            const last = await flagged(Math.max(since, until - 2 * 3_600_000), until, tz, 28)
            for (const row of last) hourly.add(keyOf(row))
          }
          expect([...hourly].toSorted()).toEqual([...whole].toSorted())
        }),
        { numRuns: 2 },
      )
    },
    300_000,
  )
})
