/** Every bucket, value, change and growth of a trend against the same worked out in plain TypeScript. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askGrowth, askTrend, costOverTime, growthByFeature } from '../../src/questions/over-time.js'
import type { Question } from '../../src/questions/question.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { defaultBounds, type Bounds } from '../../src/domain/bounds.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { everies, everyFor, recentBuckets, timeline, type Every } from '../../src/domain/time/timeline.js'
import { addsUp, emptinessOf, measureNames, type MeasureName } from '../../src/metrics/measures/registry.js'
import { growthPart } from '../../src/reports/trends/growth.js'
import type { Row } from '../../src/reports/report.js'
import { trendSection } from '../../src/reports/trends/trend.js'
import { bareCall, dollarText, expected, instants, load, logs, type RawCall } from './metrics-model.js'
import { localDay, modelBuckets, modelGrowth, modelWeeks, type ModelBucket } from './trend-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const lengths: Readonly<Record<Every, number>> = {
  hour: 3 * dayMs,
  day: 40 * dayMs,
  week: 150 * dayMs,
  month: 500 * dayMs,
}
const iso = (at: number): string => new Date(at).toISOString()

interface Asked {
  readonly every: Every
  readonly since: number
  readonly until: number
  readonly asOf: number
}

/** A window of a few buckets, its ends anywhere or on the hour; as-of at its end, before or after it. */
const asked: fc.Arbitrary<Asked> = fc
  .record({
    every: fc.constantFrom(...everies),
    middle: instants,
    before: fc.double({ min: 0, max: 1, noNaN: true }),
    after: fc.double({ min: 0, max: 1, noNaN: true }),
    now: fc.constantFrom(-0.3, 0, 0, 0, 0.5),
    round: fc.boolean(),
  })
  .map(({ every, middle, before, after, now, round }) => {
    const unit = round ? hourMs : 1
    const at = (part: number): number => Math.floor((middle + (part * lengths[every]) / 2) / unit) * unit
    const [since, until] = [at(-before), at(after) + unit]
    return { every, since, until, asOf: until + Math.round(now * (until - since)) }
  })

function questionOf(
  calls: readonly RawCall[],
  { since, until, asOf }: Omit<Asked, 'every'>,
  tz: string,
  bounds: Bounds = defaultBounds,
): Question {
  const first = calls.length === 0 ? null : iso(Math.min(...calls.map(({ ts }) => ts)))
  return {
    db,
    scope: { since: iso(since), until: iso(until), tz, filters: [] },
    asOf: new Date(asOf),
    history: { first_ts: first },
    settings: { config: { bounds } },
    fromInput: false,
    typed: (command: string) => command,
  } as unknown as Question
}

const allMetrics = (Object.keys(expected([], null)) as MeasureName[]).filter((name) => !name.endsWith('_ts'))
/** By their names, counts and sums: nothing, rather than unknown, where no call was made. */
const zeroes = new Set<string>(
  allMetrics.filter(
    (name) =>
      name.endsWith('calls') ||
      !/^(mean|p\d+|max|repeated)_|_(rate|share|ratio)$|_per_|_over_|_of_/.test(name),
  ),
)

/** Every figure, from the calls each time; or what adds up alone, from one scan. */
const metricLists = fc.constantFrom(
  allMetrics,
  allMetrics.filter((name) => name === 'cost_share' || (zeroes.has(name) && name !== 'users')),
)

test('counts and sums are zero over nothing, and nothing else is', () => {
  for (const name of allMetrics.filter((one) => one !== 'cost_share')) {
    expect(addsUp(name), name).toBe(zeroes.has(name) && name !== 'users')
    expect(emptinessOf(name), name).toBe(zeroes.has(name) ? 'zero' : 'none')
  }
  expect(measureNames.filter((name) => emptinessOf(name) === 'share')).toEqual(['cost_share'])
})

describe.each(zones)('in %s', (tz) => {
  test('a timeline has every bucket, and knows which are whole', () => {
    fc.assert(
      fc.property(asked, instants, (window, first) => {
        const found = timeline({
          ...window,
          since: iso(window.since),
          until: iso(window.until),
          asOf: new Date(window.asOf),
          firstCall: iso(first),
          tz,
        })
        const got = found.map(({ label, from, to, cut }) => ({ label, from, to, partial: cut !== null }))
        expect(got).toEqual(modelBuckets({ ...window, first, tz }))
      }),
      { numRuns: tries(8, 60) },
    )
  })

  test('every figure of every bucket and group, and its change', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        asked,
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        metricLists,
        async (calls, window, one, top, names) => {
          // A window around some call, or anywhere.
          const shift = one && calls[0] !== undefined ? calls[0].ts - window.since - 1 : 0
          const moved = {
            ...window,
            since: window.since + shift,
            until: window.until + shift,
            asOf: window.asOf + shift,
          }
          await load(db, calls)
          const question = questionOf(calls, moved, tz)
          const inside = calls.filter(({ ts }) => ts >= moved.since && ts < moved.until)
          const first = Math.min(...calls.map(({ ts }) => ts))
          const buckets = calls.length === 0 ? [] : modelBuckets({ ...moved, first, tz })
          const single = trendSection(await askTrend(question, { ...moved, by: [], metrics: names, top }))
          if (inside.length > 0) {
            expectLine(single.rows, inside, buckets, inside, names)
            expectTotals(single.totals ?? {}, inside, names)
          }

          const by = ['feature', 'tag.region'].map(dimensionOf)
          const section = trendSection(
            await askTrend(question, {
              ...moved,
              by,
              metrics: [...new Set<MeasureName>(['cost_usd', ...names])],
              top,
            }),
          )
          const groups = new Map<string, RawCall[]>()
          for (const call of inside) {
            const key = JSON.stringify([call.feature, call.region])
            groups.set(key, [...(groups.get(key) ?? []), call])
          }
          const kept = [...groups].toSorted(([a, x], [b, y]) => byCost(x, y) || byKey(a, b)).slice(0, top)
          const rest = inside.filter(
            ({ feature, region }) => !kept.some(([key]) => key === JSON.stringify([feature, region])),
          )
          const groupNames = [
            ...kept.map(([key]) => key),
            ...(rest.length > 0 ? ['["(others)","(others)"]'] : []),
          ]
          expect(section.rows).toHaveLength(groupNames.length * buckets.length)
          for (const [i, name] of groupNames.entries()) {
            const rows = section.rows.slice(i * buckets.length, (i + 1) * buckets.length)
            for (const row of rows) expect(JSON.stringify([row['feature'], row['tag.region']])).toBe(name)
            expectLine(rows, kept[i]?.[1] ?? rest, buckets, inside, names)
          }
          // One sum: buckets and groups add up to the total, to the last digit.
          const sum = section.rows.reduce((all, row) => all + picos(row['cost_usd']), 0n)
          expect(sum).toBe(totalOf(inside) ?? 0n)
          if (inside.length > 0) expect(picos(section.totals?.['cost_usd'])).toBe(totalOf(inside) ?? 0n)
        },
      ),
      { numRuns: tries(5, 40) },
    )
  })

  test('growth from week to week, and what lasts', async () => {
    let named = 0
    await fc.assert(
      fc.asyncProperty(growingLogs, instants, bounds, fc.nat(2), async (calls, end, limits, top) => {
        const moved = calls.map((call) => ({ ...call, ts: end - call.ts }))
        await load(db, moved)
        const question = questionOf(moved, { since: end - dayMs, until: end, asOf: end }, tz, limits)
        const { sections, findings } = growthPart(
          await askGrowth(question, [dimensionOf('feature')], top + 1),
        )
        named += findings.length
        expectGrowth(sections[0]?.rows ?? [], sections[0]?.totals, findings, moved, end, limits, top + 1, tz)
        const inReport = await growthByFeature(question, top + 1)
        expect(inReport.findings).toEqual(findings)
        expect(inReport.sections.length).toBe((sections[0]?.rows.length ?? 0) > 0 ? 1 : 0)
      }),
      { numRuns: 60 },
    )
    expect(named).toBeGreaterThan(5)
  })

  test('the window of a trend without one: whole buckets and the one that is running', () => {
    fc.assert(
      fc.property(instants, fc.constantFrom(...everies), (now, every) => {
        const window = recentBuckets(new Date(now), every, tz)
        const found = timeline({ ...window, every, tz, asOf: new Date(now), firstCall: iso(0) })
        const whole = found.filter(({ cut }) => cut === null || cut === 'clock')
        const running = found.filter(({ cut }) => cut === 'running')
        const wanted = { hour: 48, day: 30, week: 12, month: 12 }[every]
        // Within 48 hours of a change of the clock by half an hour there may be a short one more.
        expect(Math.abs(whole.length - wanted)).toBeLessThanOrEqual(every === 'hour' ? 1 : 0)
        expect(running.length).toBeLessThanOrEqual(1)
        expect(whole.length + running.length).toBe(found.length)
        expect(found[0]?.from).toBe(Date.parse(window.since ?? ''))
      }),
      { numRuns: 200 },
    )
  })
})

/** One line of a trend: its buckets in time, none missing. */
function expectLine(
  rows: readonly Row[],
  calls: readonly RawCall[],
  buckets: readonly ModelBucket[],
  all: readonly RawCall[],
  names: readonly MeasureName[],
): void {
  if (all.length === 0) return expect(rows).toEqual([])
  expect(rows.map((row) => row['bucket'])).toEqual(buckets.map(({ label }) => label))
  expect(rows.map((row) => row['partial'])).toEqual(buckets.map(({ partial }) => partial))
  const whole: Record<string, unknown> = expected(calls, null)
  const values = buckets.map(({ from, to }): Record<string, unknown> => {
    const inBucket = (call: RawCall): boolean => call.ts >= from && call.ts < to
    const found = calls.filter(inBucket)
    const total = totalOf(all.filter(inBucket))
    if (found.length > 0) return expected(found, total)
    const empty = names.map((name) => [name, zeroes.has(name) && whole[name] !== null ? 0 : null] as const)
    return { ...Object.fromEntries(empty), cost_share: total === null || total === 0n ? null : 0 }
  })
  for (const [i, row] of rows.entries()) {
    for (const name of names) {
      expectNumber(row[name], values[i]?.[name], name)
      const compared = i > 0 && !buckets[i]!.partial && !buckets[i - 1]!.partial
      const [now, then] = [values[i]?.[name] ?? null, values[i - 1]?.[name] ?? null]
      const known = compared && now !== null && then !== null && Number(then) !== 0
      const change = known ? Number(now) / Number(then) - 1 : null
      expectNumber(row[`${name}_change`], change, `${name}_change`)
    }
  }
}

function expectTotals(totals: Row, calls: readonly RawCall[], names: readonly MeasureName[]): void {
  const values: Record<string, unknown> = expected(calls, totalOf(calls))
  for (const name of names) expectNumber(totals[name], values[name], name)
}

/** Texts exactly, zeros of any length alike; doubles to the noise of their last digits. */
function expectNumber(got: unknown, wanted: unknown, name: string): void {
  if (wanted === null || got === null) return expect(got, name).toBe(wanted)
  if (typeof wanted === 'string') return expect(picos(got), name).toBe(picos(wanted))
  const size = Math.max(1, Math.abs(Number(wanted)))
  const noise = name.endsWith('_change') ? 1e-9 : 1e-11
  expect(
    Math.abs(Number(got) - Number(wanted)),
    `${name}: ${String(got)} ${String(wanted)}`,
  ).toBeLessThanOrEqual(size * noise)
}

/** USD × 10^12 of an exact decimal. */
function picos(value: unknown): bigint {
  const [whole = '0', fraction = ''] = String(value ?? 0).split('.')
  return BigInt(whole + fraction.padEnd(12, '0'))
}

function totalOf(calls: readonly RawCall[]): bigint | null {
  const costs = calls.flatMap(({ cost }) => (cost === null ? [] : [cost]))
  return costs.length === 0 ? null : costs.reduce((a, b) => a + b, 0n)
}

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

const bounds: fc.Arbitrary<Bounds> = fc
  .record({
    growth_weeks: fc.integer({ min: 1, max: 3 }),
    growth_rate: fc.constantFrom(0, 0.1, 0.5),
    growth_usd: fc.constantFrom(0.000001, 1, 1000),
  })
  .map((some) => ({ ...defaultBounds, ...some }))

/** Calls of the last hundred days, as ms before the end; some features cost more each week. */
const growingLogs: fc.Arbitrary<readonly RawCall[]> = fc
  .tuple(
    logs,
    fc.array(fc.nat(100 * dayMs), { minLength: 20, maxLength: 60 }),
    fc.array(
      fc.record({
        feature: fc.constantFrom('chat', 'search', null),
        weeks: fc.array(fc.double({ min: 0.8, max: 3, noNaN: true }), { maxLength: 9 }),
        day: fc.nat(6),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([calls, times, growing]) => [
    ...calls.map((call, i) => ({ ...call, ts: times[i % times.length]! })),
    ...growing.flatMap(({ feature, weeks, day }) => {
      let cost = 4_000_000_000_000
      return weeks.map((factor, i) => {
        cost = Math.round(cost * factor)
        return {
          ...bareCall,
          feature,
          cost: BigInt(cost),
          ts: (7 * (weeks.length - i) - day) * dayMs + hourMs,
        }
      })
    }),
  ])

function expectGrowth(
  rows: readonly Row[],
  totals: Row | undefined,
  findings: ReturnType<typeof growthPart>['findings'],
  calls: readonly RawCall[],
  end: number,
  limits: Bounds,
  top: number,
  tz: string,
): void {
  const first = Math.min(...calls.map(({ ts }) => ts))
  const weeks = calls.length === 0 ? [] : modelWeeks(end, first, tz)
  const begin = weeks[0] ?? 0
  const inWeeks = calls.filter(({ ts }) => {
    const at = localDay(ts, tz) - begin
    return at >= 0 && at < 7 * weeks.length
  })
  if (weeks.length < 2 || inWeeks.length === 0) {
    expect(rows).toEqual([])
    return expect(findings).toEqual([])
  }
  const features = [...new Set(inWeeks.map(({ feature }) => feature))]
  const lastCost = (feature: string | null): bigint | null => {
    const found = inWeeks.filter(
      (call) => call.feature === feature && localDay(call.ts, tz) >= begin + 7 * (weeks.length - 1),
    )
    return found.length === 0 ? 0n : totalOf(found)
  }
  const order = features.toSorted((a, b) => {
    const [x, y] = [lastCost(a), lastCost(b)]
    if (x !== y) return x === null ? 1 : y === null ? -1 : x > y ? -1 : 1
    return byKey(JSON.stringify([a]), JSON.stringify([b]))
  })
  const least = BigInt(Math.round(limits.growth_usd * 1e12))
  const kept = order.filter((feature, i) => i < top || (lastCost(feature) ?? -1n) >= least)
  expect(rows.map((row) => row['feature'])).toEqual(kept)
  const groups = [null, ...kept].map((feature, i) => ({
    feature,
    isTotal: i === 0,
    growth: modelGrowth(i === 0 ? inWeeks : inWeeks.filter((call) => call.feature === feature), weeks, tz),
  }))
  for (const [i, { growth }] of groups.entries()) {
    const row = i === 0 ? totals! : rows[i - 1]!
    const lasting = growth.growing >= limits.growth_weeks
    const series = row['weekly_cost_usd'] as unknown[]
    expect(series.map((cost) => (cost === null ? null : picos(cost)))).toEqual(growth.costs)
    expectNumber(
      row['last_week_cost_usd'],
      growth.costs.at(-1) === null ? null : dollarText(growth.costs.at(-1)!),
      'cost',
    )
    expectNumber(row['last_week_change'], growth.change, 'last_week_change')
    expect(row['growing_weeks']).toBe(growth.growing)
    expectNumber(row['growth_rate'], lasting ? growth.rate : null, 'rate_change')
    expectClose(row['doubling_weeks'], lasting ? growth.doubling : null)
  }
  const wanted = groups.filter(
    ({ growth }) =>
      growth.growing >= limits.growth_weeks &&
      (growth.rate ?? 0) >= limits.growth_rate &&
      (growth.costs.at(-1) ?? -1n) >= least,
  )
  expect(findings.map(({ dimension, value }) => [dimension, value])).toEqual(
    wanted.map(({ feature, isTotal }) => [isTotal ? null : 'feature', feature]),
  )
  for (const [i, { measured, details }] of findings.entries()) {
    expectNumber(measured, wanted[i]?.growth.rate, 'rate_change')
    expect(details?.['growing_weeks']).toBe(wanted[i]?.growth.growing)
  }
}

/** Relative: a cost that hardly grows takes very long to double. */
function expectClose(got: unknown, wanted: number | null): void {
  if (wanted === null) return expect(got).toBe(null)
  expect(Math.abs(Number(got) / wanted - 1)).toBeLessThan(1e-6)
}

test("the cost report's section is the trend of its window", async () => {
  await fc.assert(
    fc.asyncProperty(logs, asked, async (calls, window) => {
      await load(db, calls)
      const question = questionOf(calls, window, 'Europe/Berlin')
      const every = everyFor({ since: iso(window.since), until: iso(window.until) })
      const { sections } = await costOverTime(question)
      const answer = await askTrend(question, { every, by: [], metrics: ['cost_usd'], top: 1 })
      const own = trendSection(answer)
      const [section, ...more] = sections
      expect(more).toEqual([])
      expect(section!.id).toBe(`cost_by_${every}`)
      // Beside the trend it says what stands out and what a week before cost.
      const keys = own.columns.map(({ key }) => key)
      const kept = (row: Row): Row => Object.fromEntries(keys.map((key) => [key, row[key] ?? null]))
      expect(section!.rows.map(kept)).toEqual(own.rows.map(kept))
      expect(kept(section!.totals ?? {})).toEqual(kept(own.totals ?? {}))
      expect(section!.columns.map(({ key }) => key)).toEqual(expect.arrayContaining(keys))
    }),
    { numRuns: tries(4, 20) },
  )
})

test('what a report shows of its window', () => {
  const of = (days: number): Every => everyFor({ since: iso(0), until: iso(days * dayMs) })
  expect([1, 7, 31, 32, 182, 365].map(of)).toEqual(['hour', 'day', 'day', 'week', 'week', 'month'])
})
