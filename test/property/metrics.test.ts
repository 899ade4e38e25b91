/** Every number of every metric against the same figure worked out in plain TypeScript. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf, timeBuckets } from '../../src/domain/dimensions.js'
import type { Filter, Scope } from '../../src/domain/scope.js'
import { breakdown, type BreakdownRequest, type BreakdownRow } from '../../src/metrics/breakdown.js'
import { measureNames, type MeasureName } from '../../src/metrics/measures/registry.js'
import { singleCalls } from '../../src/metrics/single-calls.js'
import { summary } from '../../src/metrics/summary.js'
import { unpricedModels } from '../../src/metrics/doubts/unpriced.js'
import {
  bareCall,
  bucketOf,
  dollarText,
  expected,
  instants,
  load,
  logs,
  type RawCall,
} from './metrics-model.js'
import { metrics } from './metric-samples.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const everything: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const runs = { numRuns: tries(11, 100) }

async function rowsOf(request: Partial<BreakdownRequest>): Promise<BreakdownRow[]> {
  const { sql, params } = breakdown({ scope: everything, by: [], measures: measureNames, ...request })
  return (await db.query<BreakdownRow>(sql, params)).rows as BreakdownRow[]
}

/** USD × 10^12 of an exact decimal. */
const picos = (text: unknown): bigint => (text === null ? 0n : BigInt(String(text).replace('.', '')))

const totalOf = (calls: readonly RawCall[]): bigint | null => {
  const costs = calls.flatMap(({ cost }) => (cost === null ? [] : [cost]))
  return costs.length === 0 ? null : costs.reduce((a, b) => a + b, 0n)
}

/** Texts exactly; doubles to the noise of their last digits; quantiles of money to the last place kept. */
function expectFigures(
  row: Partial<Record<MeasureName, unknown>>,
  calls: readonly RawCall[],
  total: bigint | null,
): void {
  for (const [name, value] of Object.entries(expected(calls, total))) {
    const got = row[name as MeasureName]
    if (value === null || got === null || got === undefined) expect(got ?? null, name).toBe(value)
    else if (typeof value === 'string') expect(got, name).toBe(value)
    else if (name.endsWith('_ts')) expect(Date.parse(String(got)), name).toBe(value)
    else expect(Math.abs(Number(got) - value), name).toBeLessThanOrEqual(2e-12 + Math.abs(value) * 1e-12)
  }
}

/** Calls by the texts of their keys. */
function grouped(
  calls: readonly RawCall[],
  key: (call: RawCall) => readonly unknown[],
): Map<string, RawCall[]> {
  const groups = new Map<string, RawCall[]>()
  for (const call of calls) {
    const name = JSON.stringify(key(call))
    groups.set(name, [...(groups.get(name) ?? []), call])
  }
  return groups
}

function expectGroups(
  rows: readonly BreakdownRow[],
  groups: ReadonlyMap<string, RawCall[]>,
  size: number,
  calls: readonly RawCall[],
): void {
  const total = totalOf(calls)
  const found = rows.filter((row) => !row.is_total)
  expect(found).toHaveLength(groups.size)
  for (const row of found) {
    const key = JSON.stringify(Array.from({ length: size }, (_, i) => row[`d${i}`]))
    expectFigures(row, groups.get(key) ?? [], total)
  }
  const totals = rows.filter((row) => row.is_total)
  expect(totals).toHaveLength(1)
  expectFigures(totals[0] ?? {}, calls, total)
  expect(found.reduce((cost, row) => cost + picos(row.cost_usd), 0n)).toBe(picos(totals[0]?.cost_usd ?? null))
}

describe('breakdown', () => {
  test('every figure of every group, and groups add up to the total', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (calls) => {
        await load(db, calls)
        expectFigures((await rowsOf({}))[0] ?? {}, calls, totalOf(calls))
        const byFeature = await rowsOf({ by: [dimensionOf('feature')] })
        expectGroups(
          byFeature,
          grouped(calls, ({ feature }) => [feature]),
          1,
          calls,
        )
        const by = ['model', 'tag.region', 'cache_hit'].map(dimensionOf)
        expectGroups(
          await rowsOf({ by }),
          grouped(calls, ({ model, region, hit }) => [model, region, hit]),
          3,
          calls,
        )
      }),
      runs,
    )
  })

  test('--top: the first groups, and the others over their own calls', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.integer({ min: 1, max: 4 }), async (calls, top) => {
        await load(db, calls)
        const by = ['user', 'model'].map(dimensionOf)
        const rows = await rowsOf({ by, top })
        const groups = grouped(calls, (call) => [call.user_id, call.model])
        const ranked = [...groups].toSorted(([a, one], [b, two]) => byCost(one, two) || byKey(a, b))
        const kept = ranked.slice(0, top)
        const others = ranked.slice(top).flatMap(([, members]) => members)
        const named = rows.filter((row) => !row.is_total && !row.is_others)
        expect(named.map(({ d0, d1 }) => JSON.stringify([d0, d1]))).toEqual(kept.map(([key]) => key))
        for (const [i, row] of named.entries()) expectFigures(row, kept[i]?.[1] ?? [], totalOf(calls))
        const rest = rows.filter((row) => row.is_others)
        expect(rest).toHaveLength(others.length === 0 ? 0 : 1)
        if (rest[0] !== undefined) expectFigures(rest[0], others, totalOf(calls))
        const sum = rows.filter((row) => !row.is_total).reduce((cost, row) => cost + picos(row.cost_usd), 0n)
        expect(sum).toBe(totalOf(calls) ?? 0n)
      }),
      runs,
    )
  })

  test.each(zones)('time buckets in %s, by date-fns', async (tz) => {
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom(...timeBuckets), instants, async (calls, bucket, since) => {
        await load(db, calls)
        const scope = { ...everything, tz }
        const groups = grouped(calls, ({ ts }) => [bucketOf(bucket, ts, tz)])
        expectGroups(await rowsOf({ scope, by: [dimensionOf(bucket)] }), groups, 1, calls)
        const later = calls.filter(({ ts }) => ts >= since)
        const windowed = { ...scope, since: new Date(since).toISOString() }
        const rows = await rowsOf({ scope: windowed, by: [dimensionOf(bucket)] })
        expectGroups(
          rows,
          grouped(later, ({ ts }) => [bucketOf(bucket, ts, tz)]),
          1,
          later,
        )
        if (bucket !== 'weekday' && bucket !== 'hour_of_day') expectInTime(rows, later, bucket, tz)
      }),
      { numRuns: tries(6, 50) },
    )
  })
})

/** Buckets come in the order of time. */
function expectInTime(
  rows: readonly BreakdownRow[],
  calls: readonly RawCall[],
  bucket: string,
  tz: string,
): void {
  const inTime = calls.toSorted((a, b) => a.ts - b.ts).map(({ ts }) => bucketOf(bucket, ts, tz))
  expect(rows.filter((row) => !row.is_total).map((row) => row.d0)).toEqual([...new Set(inTime)])
}

/** The dearest first, groups without any price last. */
function byCost(one: readonly RawCall[], two: readonly RawCall[]): number {
  const [a, b] = [totalOf(one), totalOf(two)]
  if (a === b) return 0
  if (a === null || b === null) return a === null ? 1 : -1
  return a > b ? -1 : 1
}

/** Ties by the keys, missing ones last. */
function byKey(one: string, two: string): number {
  const [a, b] = [JSON.parse(one), JSON.parse(two)] as [unknown[], unknown[]]
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (x === y) continue
    if (x === null || y === null) return x === null ? 1 : -1
    return String(x) < String(y) ? -1 : 1
  }
  return 0
}

const filterCases: readonly (readonly [Filter[], (call: RawCall) => boolean])[] = [
  [
    [{ dimension: 'feature', operator: '=', value: "'; DROP TABLE calls; --" }],
    ({ feature }) => feature?.startsWith("'") ?? false,
  ],
  [[{ dimension: 'feature', operator: '!=', value: 'chat' }], ({ feature }) => feature !== 'chat'],
  [[{ dimension: 'feature', operator: '=', value: '(none)' }], ({ feature }) => feature === null],
  [[{ dimension: 'feature', operator: '!=', value: '(none)' }], ({ feature }) => feature !== null],
  [[{ dimension: 'model', operator: '~', value: 'GPT' }], ({ model }) => model === 'gpt-4o'],
  [[{ dimension: 'tag.region', operator: '=', value: 'eu' }], ({ region }) => region === 'eu'],
  [[{ dimension: 'tag.none', operator: '=', value: '(none)' }], () => true],
  [[{ dimension: 'cache_hit', operator: '=', value: 'true' }], ({ hit }) => hit === true],
  [
    [{ dimension: 'prompt_version', operator: '=', value: 'v1' }],
    ({ promptName, promptHash }) => (promptName ?? promptHash) === 'v1',
  ],
  [
    [{ dimension: 'prompt_version', operator: '!=', value: 'a' }],
    ({ promptName, promptHash }) => (promptName ?? promptHash) !== 'a',
  ],
  [
    [{ dimension: 'prompt_version', operator: '=', value: '(none)' }],
    ({ promptName, promptHash }) => promptName === null && promptHash === null,
  ],
  [
    ['u1', 'u2'].map((value) => ({ dimension: 'user_id', operator: '=', value })),
    ({ user_id: user }) => user === 'u1' || user === 'u2',
  ],
  [
    [
      { dimension: 'user_id', operator: '!=', value: 'u1' },
      { dimension: 'user_id', operator: '!=', value: 'u2' },
      { dimension: 'model', operator: '=', value: 'x' },
    ],
    ({ user_id: user, model }) => user !== 'u1' && user !== 'u2' && model === 'x',
  ],
]

describe('scope', () => {
  test('windows are half-open and filters keep what they say', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.constantFrom(...filterCases),
        instants,
        instants,
        async (calls, [filters, keeps], a, b) => {
          await load(db, calls)
          const [since, until] = [Math.min(a, b), Math.max(a, b)]
          const scope = {
            ...everything,
            filters,
            since: new Date(since).toISOString(),
            until: new Date(until).toISOString(),
          }
          const chosen = calls.filter((call) => call.ts >= since && call.ts < until && keeps(call))
          const [total] = await rowsOf({ scope })
          expectFigures(total ?? {}, chosen, totalOf(chosen))
        },
      ),
      runs,
    )
  })

  test('a summary is two windows side by side', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.uniqueArray(instants, { minLength: 3, maxLength: 3 }),
        async (calls, times) => {
          await load(db, calls)
          const [start = 0, since = 0, until = 0] = times.toSorted((x, y) => x - y)
          const iso = (time: number): string => new Date(time).toISOString()
          const scope = { ...everything, since: iso(since), until: iso(until) }
          const query = summary({
            scope,
            before: { since: iso(start), until: iso(since) },
            measures: measureNames,
          })
          const { rows } = await db.query<{ is_current: boolean } & Partial<Record<MeasureName, unknown>>>(
            query.sql,
            query.params,
          )
          for (const isCurrent of [true, false]) {
            const [from, to] = isCurrent ? [since, until] : [start, since]
            const chosen = calls.filter(({ ts }) => ts >= from && ts < to)
            const found = rows.filter((row) => row.is_current === isCurrent)
            expect(found).toHaveLength(chosen.length === 0 ? 0 : 1)
            // The two windows stand side by side; shares of either are not asked for.
            if (found[0] !== undefined)
              expectFigures({ ...found[0], cost_share: ratioOf(chosen) }, chosen, totalOf(chosen))
          }
        },
      ),
      runs,
    )
  })
})

const ratioOf = (calls: readonly RawCall[]): number | null => ((totalOf(calls) ?? 0n) === 0n ? null : 1)

describe('lists', () => {
  test('single calls come in their order', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.integer({ min: 1, max: 10 }), async (calls, top) => {
        await load(db, calls)
        const ask = async (order: Parameters<typeof singleCalls>[1]) => {
          const { sql, params } = singleCalls(everything, order, top)
          return (await db.query<{ cost_usd: string | null; ts: string; call_id: string }>(sql, params)).rows
        }
        const costs = calls
          .map(({ cost }) => cost)
          .toSorted((a, b) => byCost([{ cost: a } as RawCall], [{ cost: b } as RawCall]))
        const texts = costs.map((cost) => (cost === null ? null : dollarText(cost)))
        expect((await ask('dearest')).map((row) => row.cost_usd)).toEqual(texts.slice(0, top))
        const times = calls.map(({ ts }) => ts).toSorted((a, b) => b - a)
        expect((await ask('latest')).map((row) => Date.parse(row.ts))).toEqual(times.slice(0, top))
        const failed = calls.filter(({ status }) => status === 'error').length
        expect(await ask('failed')).toHaveLength(Math.min(top, failed))
      }),
      { numRuns: tries(8, 60) },
    )
  })

  test('unpriced models name every unpriced call once', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (calls) => {
        await load(db, calls)
        const { sql, params } = unpricedModels(everything)
        const { rows } = await db.query<{ model: string | null; unpriced_calls: number }>(sql, params)
        const groups = grouped(
          calls.filter(({ cost }) => cost === null),
          ({ model }) => [model],
        )
        expect(rows).toHaveLength(groups.size)
        for (const row of rows)
          expect(row.unpriced_calls).toBe(groups.get(JSON.stringify([row.model]))?.length)
      }),
      { numRuns: tries(8, 60) },
    )
  })
})

describe('every metric runs', () => {
  test('each file that makes a statement has a sample', () => {
    const folder = join(import.meta.dirname, '../../src/metrics')
    const samples = ['metric', 'rule', 'anomaly', 'simulation'].map((name) =>
      readFileSync(join(import.meta.dirname, `${name}-samples.ts`), 'utf8'),
    )
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) =>
        /^export .*(?:\n {2}.*)*\n?.*\): Query</m.test(readFileSync(join(folder, name), 'utf8')),
      )
    expect(files.length).toBeGreaterThan(40)
    const untried = files.filter((name) => !samples.join().includes(`/${name.replace('.ts', '.js')}'`))
    expect(untried).toEqual([])
  })

  // In one zone each, the empty one by one window alone; the soak tries all.
  const windows = [null, '2026-01-01T00:00:00Z']
  for (const [name, calls, some, sinces] of [
    ['an empty table', [], zones.slice(0, tries(1, zones.length)), windows.slice(0, tries(1, 2))],
    ['one row', [bareCall], zones.slice(-tries(1, zones.length)), windows],
  ] as const) {
    const tried = new Set<string>()
    test.each(some)(`on ${name}, in %s`, async (tz) => {
      await load(db, calls)
      for (const metric of metrics) {
        for (const since of sinces) {
          const { sql, params } = metric.sample({ ...everything, since, tz })
          // The name of the zone alone makes no other statement.
          const statement = JSON.stringify([sql, params]).replaceAll(tz, 'ZONE')
          if (tried.has(statement)) continue
          tried.add(statement)
          await expect(db.query(sql, params), metric.id).resolves.toBeDefined()
        }
      }
    })
  }
})
