/** Daily costs and what forecasts show of them, against the same worked out from the raw calls. */
import { TZDate } from '@date-fns/tz'
import { format } from 'date-fns/format'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Scope } from '../../src/domain/scope.js'
import { addDays } from '../../src/forecast/days.js'
import { forecastCost } from '../../src/forecast/forecast.js'
import { forecastGroups } from '../../src/forecast/groups.js'
import {
  dailyCosts,
  type DailyCostRow,
  type DailyCostsRequest,
} from '../../src/metrics/budgets/daily-costs.js'
import { dollarText, instants, load, logs, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const zone = fc.constantFrom(...zones)
const clock = fc.integer({ min: 0, max: 86_400_000 - 1 })

async function rowsOf(request: DailyCostsRequest): Promise<readonly DailyCostRow[]> {
  const { sql, params } = dailyCosts(request)
  return (await db.query<DailyCostRow>(sql, params)).rows
}

const everything = (tz: string): Scope => ({ since: null, until: '2027-06-01T00:00:00Z', tz, filters: [] })

const dayOf = (ts: number, tz: string): string => format(new TZDate(ts, tz), 'yyyy-MM-dd')

/** ms since midnight that the clock shows. */
function clockOf(ts: number, tz: string): number {
  const local = new TZDate(ts, tz)
  const minutes = local.getHours() * 60 + local.getMinutes()
  return minutes * 60_000 + local.getSeconds() * 1000 + local.getMilliseconds()
}

function costOf(calls: readonly RawCall[]): bigint | null {
  const priced = calls.flatMap(({ cost }) => (cost === null ? [] : [cost]))
  return priced.length === 0 ? null : priced.reduce((a, b) => a + b, 0n)
}

const text = (cost: bigint | null): string | null => (cost === null ? null : dollarText(cost))

/** The rows of these calls by day, in order. */
function expectedDays(calls: readonly RawCall[], tz: string, clockMs: number) {
  const days = [...new Set(calls.map(({ ts }) => dayOf(ts, tz)))].toSorted()
  return days.map((day) => {
    const own = calls.filter(({ ts }) => dayOf(ts, tz) === day)
    return {
      day,
      cost_usd: text(costOf(own)),
      cost_by_now_usd: text(costOf(own.filter(({ ts }) => clockOf(ts, tz) < clockMs))),
      calls: own.length,
      unpriced_calls: own.filter(({ cost }) => cost === null).length,
      partly_priced_calls: own.filter(({ partly }) => partly === true).length,
    }
  })
}

const figures = ({
  day,
  cost_usd,
  cost_by_now_usd,
  calls,
  unpriced_calls,
  partly_priced_calls,
}: DailyCostRow) => ({
  day,
  cost_usd,
  cost_by_now_usd,
  calls,
  unpriced_calls,
  partly_priced_calls,
})

test('every day of all calls', async () => {
  await fc.assert(
    fc.asyncProperty(logs, zone, clock, async (calls, tz, clockMs) => {
      await load(db, calls)
      const rows = await rowsOf({ scope: everything(tz), clockMs })
      expect(rows.map(figures)).toEqual(expectedDays(calls, tz, clockMs))
      expect(rows.every((row) => row.is_total && !row.is_others)).toBe(true)
    }),
    { numRuns: tries(50, 100) },
  )
})

test('every day of every group, the dearest first, the others together, and the total', async () => {
  await fc.assert(
    fc.asyncProperty(logs, zone, clock, instants, fc.integer({ min: 1, max: 4 }), async (...given) => {
      const [calls, tz, clockMs, since, top] = given
      await load(db, calls)
      const by = ['user', 'tag.region'].map(dimensionOf)
      const rankSince = new Date(since).toISOString()
      const rows = await rowsOf({ scope: everything(tz), by, top, rankSince, clockMs })
      const groups = new Map<string, RawCall[]>()
      for (const call of calls) {
        const key = JSON.stringify([call.user_id, call.region])
        groups.set(key, [...(groups.get(key) ?? []), call])
      }
      const recent = (own: readonly RawCall[]) => costOf(own.filter(({ ts }) => ts >= since))
      const ranked = [...groups].toSorted(
        ([a, one], [b, two]) =>
          falling(recent(one), recent(two)) || falling(costOf(one), costOf(two)) || byKeys(a, b),
      )
      const found = (key: string | null) =>
        rows
          .filter(({ d0, d1, is_total: total, is_others: others }) =>
            key === null ? others : !total && !others && JSON.stringify([d0, d1]) === key,
          )
          .map(figures)
      const kept = ranked.slice(0, top)
      for (const [key, own] of kept) expect(found(key)).toEqual(expectedDays(own, tz, clockMs))
      const others = ranked.slice(top).flatMap(([, own]) => own)
      expect(found(null)).toEqual(expectedDays(others, tz, clockMs))
      const order = rows.flatMap(({ d0, d1, is_total: total, is_others: isOthers }) =>
        total || isOthers ? [] : [JSON.stringify([d0, d1])],
      )
      expect([...new Set(order)]).toEqual(kept.map(([key]) => key))
      const total = rows.filter((row) => row.is_total).map(figures)
      expect(total).toEqual(expectedDays(calls, tz, clockMs))
    }),
    { numRuns: tries(50, 100) },
  )
})

test('cost so far and before are exact; a forecast is that of the days of its group', async () => {
  await fc.assert(
    fc.asyncProperty(logs, zone, async (calls, tz) => {
      await load(db, calls)
      const frame = {
        now: { day: '2026-10-26', complete: 0.5, clockMs: 43_200_000 },
        period: { since: '2026-10-01', until: '2026-11-01' },
        before: { since: '2026-09-01', until: '2026-10-01' },
        since: '2026-05-01',
        learnSince: '2026-06-01',
        keys: 1,
      }
      const scope = { ...everything(tz), until: '2026-10-26T12:00:00Z', since: '2026-05-03T00:00:00Z' }
      const known = calls.filter(({ ts }) => ts >= Date.parse(scope.since) && ts < Date.parse(scope.until))
      const by = [dimensionOf('feature')]
      const groups = forecastGroups(await rowsOf({ scope, by, clockMs: frame.now.clockMs }), frame)
      const names = new Set(known.map(({ feature }) => feature))
      expect(groups).toHaveLength(names.size + 1)
      for (const { keys, isTotal, soFarUsd, beforeUsd, forecast, ...counts } of groups) {
        const own = isTotal ? known : known.filter(({ feature }) => feature === keys[0])
        const within = (since: string, until: string) =>
          own.filter(({ ts }) => dayOf(ts, tz) >= since && dayOf(ts, tz) < until)
        expectExact(soFarUsd, within('2026-10-01', '2026-10-27'))
        expectExact(beforeUsd, within('2026-09-01', '2026-10-01'))
        expect(counts.calls).toBe(BigInt(own.length))
        expect(counts.unpricedCalls).toBe(BigInt(own.filter(({ cost }) => cost === null).length))
        const days = Array.from({ length: 179 }, (_, i) => {
          const day = addDays('2026-05-01', i)
          const [row] = expectedDays(
            own.filter(({ ts }) => dayOf(ts, tz) === day),
            tz,
            frame.now.clockMs,
          )
          return {
            day,
            cost_usd: Number(row?.cost_usd ?? 0),
            complete: day === '2026-10-26' ? 0.5 : 1,
            cost_by_now_usd: Number(row?.cost_by_now_usd ?? 0),
          }
        })
        expect(forecast).toEqual(forecastCost(days, frame.period, frame.learnSince))
      }
    }),
    { numRuns: tries(30, 60) },
  )
})

function expectExact(found: string | null, calls: readonly RawCall[]): void {
  const cost = costOf(calls)
  if (cost === null) expect(found).toBe(calls.length === 0 ? '0' : null)
  else expect(BigInt(dollarText(cost).replace('.', ''))).toBe(picos(found))
}

/** USD × 10^12 of a plain decimal. */
function picos(found: string | null): bigint {
  const [whole = '', fraction = ''] = (found ?? '').split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}

/** The larger first, none last. */
function falling(a: bigint | null, b: bigint | null): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a > b ? -1 : 1
}

function byKeys(one: string, two: string): number {
  const [a, b] = [JSON.parse(one), JSON.parse(two)] as [unknown[], unknown[]]
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (x === y) continue
    if (x === null || y === null) return x === null ? 1 : -1
    return String(x) < String(y) ? -1 : 1
  }
  return 0
}
