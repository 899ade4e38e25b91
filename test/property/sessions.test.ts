/** Bursty days and flags by sessions against the same worked out in plain TypeScript, and run by run. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askFlags } from '../../src/questions/anomalies/flags.js'
import type { Question } from '../../src/questions/question.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { hourSpan } from '../../src/domain/time/hours.js'
import { reachOf, type FlagRow } from '../../src/metrics/anomalies/flags.js'
import { burstyDays, type BurstyDayRow } from '../../src/metrics/anomalies/bursty-days.js'
import {
  sessionFlags,
  sessionNorms,
  sessionReach,
  sessionTerms,
  type SessionNormRow,
  type SessionTermRow,
} from '../../src/metrics/anomalies/session-flags.js'
import { clockHour } from './anomaly-model.js'
import { loadPaidCalls } from './paid-calls.js'
import { dispersionOf, located, sessionFlagsOf, type SessionCall } from './session-model.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const by = ['feature', 'user'].map(dimensionOf)
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Numbers in [0, 1), the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Team {
  readonly calls: readonly SessionCall[]
  readonly begin: number
  readonly end: number
}

/** A team whose people work in sessions, some of them unusual in the last days. */
function teamOf(seed: number, ids: boolean, tz: string): Team {
  const random = dice(seed)
  const between = (low: number, high: number): number => low + random() * (high - low)
  const bell = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const days = 34
  const end = Date.parse(tz === 'UTC' ? '2026-04-10T00:00Z' : '2026-04-09T22:00Z') - 5 * hourMs
  const begin = end - days * dayMs
  const calls: SessionCall[] = []
  const session = (user: string, at: number, size: number, price: number, id: number): void => {
    let ts = Math.round(at)
    for (let i = 0; i < size; i++) {
      ts += Math.round(between(5, 300)) * 1000
      const cost = Math.round(price * between(0.3, 2))
      const feature = random() < 0.1 ? null : `f${(id + (i > 20 ? 1 : 0)) % 3}`
      if (ts < end)
        calls.push({
          ts,
          feature,
          user: user === 'u0' && random() < 0.2 ? null : user,
          session: ids ? `s${id}` : null,
          cost: random() < 0.05 ? 0 : cost,
        })
    }
  }
  let id = 0
  for (let day = 0; day < days; day++) {
    for (let user = 0; user < 5; user++) {
      for (let one = 0; random() < 0.55 && one < 4; one++) {
        const at = begin + day * dayMs + between(6, 22) * hourMs
        session(`u${user}`, at, Math.ceil(8 * Math.exp(bell())), 20_000 * Math.exp(0.6 * bell()), id++)
      }
    }
  }
  // Many sessions in a few hours of one person; all together within one hour; one that is long and dear.
  for (let i = 0; i < 9; i++) session('u1', end - 2.6 * dayMs + i * hourMs, 8, 25_000, id++)
  for (let i = 0; i < 5; i++) session(`u${i}`, end - 30 * hourMs, 10, 30_000, id++)
  for (let i = 0; i < 4; i++) session('u3', end - 7 * hourMs + i * hourMs, 12, 400_000, id++)
  return { calls, begin, end }
}

const scopeOf = (since: number, until: number, tz: string): Question['scope'] => ({
  since: new Date(since).toISOString(),
  until: new Date(until).toISOString(),
  tz,
  filters: [],
})

const teams = fc.record({ seed: fc.integer({ min: 1, max: 2 ** 31 }), ids: fc.boolean() })

describe('sessions against plain TypeScript', () => {
  const kinds = new Set<number>()
  test.each(['UTC', 'Europe/Berlin'])(
    'bursty days and every flag, in %s',
    async (tz) => {
      await fc.assert(
        fc.asyncProperty(teams, fc.constantFrom(28, 16), async ({ seed, ids }, historyDays) => {
          const { calls, begin, end } = teamOf(seed, ids, tz)
          await loadPaidCalls(db, calls)
          const since = end - 4 * dayMs
          const scope = scopeOf(since, end, tz)
          const span = hourSpan(scope, new Date(end), sessionReach(historyDays), tz)
          const request = { scope, span, by, historyDays }
          const all = located(calls, tz)
          const bursty = burstyDays(request)
          const found = new Map(
            (await db.query<BurstyDayRow>(bursty.sql, bursty.params)).rows.map((row) => [
              Number(row.day),
              row.dispersion,
            ]),
          )
          const days: number[] = []
          for (let day = Math.floor(span.since / 24); day <= Math.floor((span.until - 1) / 24); day++) {
            const wanted = dispersionOf(all, day, historyDays)
            const isBursty = wanted !== undefined && wanted > 0.12
            expect(found.has(day), `day ${day} ${wanted}`).toBe(isBursty)
            if (isBursty) expect(Number(found.get(day))).toBeCloseTo(wanted, 6)
            days.push(day)
          }
          expect(begin).toBeLessThan(since)
          const query = sessionFlags({
            ...request,
            days,
            kinds: ['spike', 'sustained'],
            noiseScale: 1,
            minShare: 0.02,
          })
          const { rows } = await db.query<FlagRow>(query.sql, query.params)
          const keyOf = (row: FlagRow): string => `${row.family} ${row.value} ${row.hour} ${row.span_hours}`
          const model = sessionFlagsOf(all, days, historyDays, [span.since, span.until])
          const sure = (keys: readonly string[]): string[] =>
            keys.filter((key) => !model.doubtful.has(key.replace(/ \d+$/, ''))).toSorted()
          expect(sure(rows.map(keyOf))).toEqual(sure(model.flags.map(({ key }) => key)))
          for (const row of rows) {
            const flag = model.flags.find(({ key }) => key === keyOf(row))
            if (flag === undefined) continue
            kinds.add(row.span_hours)
            expect(row.cost_usd).toBeCloseTo(flag.cost, 8)
            expect(row.norm_usd).toBeCloseTo(flag.norm, 8)
            expect(row.strength).toBeCloseTo(flag.strength, 6)
            const told = Object.entries(row.session_terms ?? {})
            expect(told.map(([name]) => name).toSorted()).toEqual(Object.keys(flag.terms).toSorted())
            for (const [name, value] of told) expect(Number(value), name).toBeCloseTo(flag.terms[name]!, 5)
          }
          const row = rows.find(({ span_hours: hours }) => hours === 1) ?? rows[0]
          if (row === undefined) return
          const norms = sessionNorms({ ...request, days, kinds: [], noiseScale: 1, minShare: 0.02 }, [
            { family: row.family, value: row.value, day: Math.floor(Number(row.hour) / 24) },
          ])
          const hours = (await db.query<SessionNormRow>(norms.sql, norms.params)).rows
          const norm = hours.find(({ hour }) => Number(hour) === Number(row.hour))?.norm_usd
          if (row.span_hours === 1) expect(norm).toBeCloseTo(row.norm_usd, 9)
          const { family, value } = row
          const terms = sessionTerms(
            { ...request, days, kinds: [], noiseScale: 1, minShare: 0.02 },
            { family, value, hour: Number(row.hour) },
          )
          const explained = (await db.query<SessionTermRow>(terms.sql, terms.params)).rows
          const own = explained.find(({ span_hours: hours }) => hours === row.span_hours)
          expect(Number(own?.surprise) / Number(own?.bound)).toBeCloseTo(Number(row.strength), 9)
        }),
        { numRuns: 5 },
      )
    },
    300_000,
  )
  test('the teams made flags of every span', () => {
    expect([...kinds]).toEqual(expect.arrayContaining([1, 3, 6, 24]))
  })
})

describe('causality', () => {
  test('a run every hour says the same as one over all hours', async () => {
    const tz = 'Europe/Berlin'
    await fc.assert(
      fc.asyncProperty(teams, async ({ seed, ids }) => {
        const { calls, end } = teamOf(seed, ids, tz)
        await loadPaidCalls(db, calls)
        const flagged = async (since: number, asOf: number): Promise<string[]> => {
          const scope = scopeOf(since, asOf, tz)
          const span = hourSpan(scope, new Date(asOf), reachOf(28), tz)
          const kinds = ['spike', 'sustained'] as const
          const judged = { kinds, noiseScale: 1, method: 'likelihood', minUsd: 0.2, minShare: 0.02 } as const
          const request = { scope, span, by, historyDays: 28, ...judged }
          const rows = await askFlags({ db } as unknown as Question, request)
          return rows
            .filter(({ kind }) => kind === 'spike' || kind === 'sustained')
            .map((row) => `${row.kind} ${row.family} ${row.value} ${row.hour} ${row.strength}`)
        }
        const since = end - 14 * hourMs
        const whole = new Set(await flagged(since, end))
        const hourly = new Set<string>()
        for (let asOf = since + hourMs; asOf <= end; asOf += hourMs)
          for (const key of await flagged(asOf - 2 * hourMs, asOf)) hourly.add(key)
        const first = clockHour(since - 1, tz) + 1
        const within = [...hourly].filter((key) => Number(key.split(' ').at(-2)) >= first)
        expect(within.toSorted()).toEqual([...whole].toSorted())
        expect(whole.size).toBeGreaterThan(0)
      }),
      { numRuns: 2 },
    )
  }, 300_000)
})
