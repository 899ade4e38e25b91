/** Every number of a comparison against the same figure worked out in plain TypeScript over the calls. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askModels, askMovers, askShared, askSides, askWhatMoved } from '../../src/questions/comparing.js'
import { ask, type Question } from '../../src/questions/question.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Filter, Scope } from '../../src/domain/scope.js'
import { history, type HistoryRow } from '../../src/metrics/store/history.js'
import { movers, type MoverRow } from '../../src/metrics/comparison/movers.js'
import { summary } from '../../src/metrics/summary.js'
import { compareReport } from '../../src/reports/comparison/compare.js'
import type { Cell, Report, Row } from '../../src/reports/report.js'
import { summaryMeasures } from '../../src/reports/weekly/weekly.js'
import { dollarText, expected, instants, load, logs, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const runs = { numRuns: tries(16, 80) }
const iso = (time: number): string => new Date(time).toISOString()

/** A side: its scope, and the calls of it by another way. */
interface RawSide {
  readonly scope: Scope
  readonly has: (call: RawCall) => boolean
}

const filterCases: readonly (readonly [readonly Filter[], (call: RawCall) => boolean])[] = [
  [[], () => true],
  [[{ dimension: 'model', operator: '=', value: 'gpt-4o' }], ({ model }) => model === 'gpt-4o'],
  [[{ dimension: 'model', operator: '=', value: 'claude' }], ({ model }) => model === 'claude'],
  [[{ dimension: 'feature', operator: '=', value: '(none)' }], ({ feature }) => feature === null],
  [[{ dimension: 'cache_hit', operator: '!=', value: 'true' }], ({ hit }) => hit !== true],
  [[{ dimension: 'tag.region', operator: '=', value: 'eu' }], ({ region }) => region === 'eu'],
]

const side: fc.Arbitrary<RawSide> = fc
  .tuple(fc.uniqueArray(instants, { minLength: 2, maxLength: 2 }), fc.constantFrom(...filterCases))
  .map(([times, [filters, keeps]]) => {
    const [since = 0, until = 0] = times.toSorted((a, b) => a - b)
    return {
      scope: { since: iso(since), until: iso(until), filters, tz: 'UTC' },
      has: (call) => call.ts >= since && call.ts < until && keeps(call),
    }
  })

/** Any two sides; the same time and other calls; one time after the other, as long or not. */
const sides: fc.Arbitrary<readonly [RawSide, RawSide]> = fc.oneof(
  fc.tuple(side, side),
  fc.tuple(side, fc.constantFrom(...filterCases)).map(([a, [filters, keeps]]) => {
    const [since, until] = [Date.parse(a.scope.since ?? ''), Date.parse(a.scope.until ?? '')]
    const has = (call: RawCall): boolean => call.ts >= since && call.ts < until && keeps(call)
    return [a, { scope: { ...a.scope, filters }, has }] as const
  }),
  fc.constantFrom([182.5, 365], [365, 365], [400, 300]).map(([before = 0, after = 0]) => {
    const middle = Date.UTC(2026, 0, 1)
    const of = (from: number, to: number): RawSide => ({
      scope: { since: iso(from), until: iso(to), filters: [], tz: 'UTC' },
      has: ({ ts }) => ts >= from && ts < to,
    })
    return [of(middle, middle + after * 86_400_000), of(middle - before * 86_400_000, middle)] as const
  }),
)

async function questionOf(scope: Scope): Promise<Question> {
  const asOf = new Date('2027-06-01T00:00:00Z')
  const { sql, params } = history(asOf.toISOString())
  const past = await db.one<HistoryRow>(sql, params)
  return { db, scope, asOf, history: past, fromInput: false } as unknown as Question
}

interface Answer {
  readonly report: Report
  readonly row: (side: string) => Row
}

async function answerOf(a: RawSide, b: RawSide, top = 2): Promise<Answer> {
  const question = await questionOf(a.scope)
  const found = await askSides(question, b.scope)
  const by = ['feature', 'tag.region', 'cache_hit'].map(dimensionOf)
  const moved = await askMovers(question, b.scope, found, by, top)
  const models = await askModels(question, b.scope, found, moved, top)
  const shared = await askShared(question, b.scope)
  const noDoubts = {
    calls: 0,
    unpricedCalls: 0,
    partlyPricedCalls: 0,
    unpriced: [],
    partlyPriced: [],
    doubtfulPrices: [],
    unmatched: [],
    late: { late_calls: 0, late_cost_usd: null },
    loggedCosts: [],
    fromInput: false,
    typed: (command: string) => command,
  }
  const doubts = [{ ...noDoubts, history: question.history, scope: a.scope }]
  const report = compareReport({ a: found[0], b: found[1], shared, moved, models, doubts })
  const rows = report.sections[0]?.rows ?? []
  return { report, row: (name) => rows.find((one) => one['side'] === name) ?? {} }
}

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null)
const total = (calls: readonly RawCall[]): bigint =>
  present(calls.map(({ cost }) => cost)).reduce((a, b) => a + b, 0n)
const picos = (usd: Cell | undefined): bigint => {
  const text = String(usd ?? '0')
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const digits = BigInt(whole + fraction.padEnd(12, '0'))
  return text.startsWith('-') ? -digits : digits
}

/** In whole numbers: (n Σx² - (Σx)²) / (n (n - 1)), and one root at the end. */
function stddev(calls: readonly RawCall[]): number | null {
  const costs = present(calls.map(({ cost }) => cost))
  const n = BigInt(costs.length)
  if (n < 2n) return null
  const squares = costs.reduce((sum, cost) => sum + cost * cost, 0n)
  const spread = n * squares - total(calls) ** 2n
  return Math.sqrt(Number(spread) / Number(n * (n - 1n))) / 1e12
}

function quantile(values: readonly number[], at: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = (sorted.length - 1) * at
  const [low, high] = [sorted[Math.floor(rank)], sorted[Math.ceil(rank)]]
  return low === undefined || high === undefined ? null : low + (high - low) * (rank - Math.floor(rank))
}

/** What a side's row must show. */
function figuresOf(calls: readonly RawCall[]): Readonly<Record<string, number | string | null>> {
  const all = expected(calls, null)
  const latencies = present(calls.map(({ latency }) => latency))
  const names = [
    'calls',
    'unpriced_calls',
    'priced_calls',
    'partly_priced_calls',
    'cost_usd',
    'mean_cost_usd',
  ]
  const more = ['p95_cost_usd', 'max_cost_usd', 'input_tokens', 'output_tokens', 'mean_input_tokens']
  const rates = ['mean_output_tokens', 'truncation_rate', 'error_rate', 'cache_hit_rate']
  const known = Object.fromEntries(
    [...names, ...more, ...rates].map((name) => [name, all[name as keyof typeof all] ?? null]),
  )
  const p = (at: number): number | null => quantile(latencies, at)
  return { ...known, stddev_cost_usd: stddev(calls), p50_latency_ms: p(0.5), p95_latency_ms: p(0.95) }
}

function expectClose(
  got: Cell | undefined,
  value: number | string | null,
  what: string,
  noise = 2e-12,
): void {
  if (value === null || got === null || got === undefined) expect(got ?? null, what).toBe(value)
  else if (typeof value === 'string') expect(picos(got), what).toBe(picos(value))
  else {
    expect(Math.abs(Number(got) - value), what).toBeLessThanOrEqual(noise + Math.abs(value) * 1e-9)
  }
}

/** A standard deviation is the root of a difference of squares, and squares are kept to 20 decimals. */
const noiseOf = (name: string, figures: ReturnType<typeof figuresOf>): number =>
  name === 'stddev_cost_usd' ? 1e-9 + 3e-8 * Number(figures['mean_cost_usd'] ?? 0) : 2e-12

const grows = new Set([
  'calls',
  'unpriced_calls',
  'priced_calls',
  'partly_priced_calls',
  'cost_usd',
  'input_tokens',
  'output_tokens',
])

/** totals: as long, and reached by the calls; daily: not as long. */
function basisOf(a: RawSide, b: RawSide, calls: readonly RawCall[]): 'totals' | 'daily' | 'means' {
  const length = ({ scope }: RawSide): number => Date.parse(scope.until ?? '') - Date.parse(scope.since ?? '')
  if (a.scope.since === b.scope.since && a.scope.until === b.scope.until) return 'totals'
  const first = Math.min(...calls.map(({ ts }) => ts))
  const day = (time: number): number => Math.floor(time / 86_400_000)
  const reached = [a, b].every(({ scope }) => day(Date.parse(scope.since ?? '')) >= day(first))
  if (!reached) return 'means'
  return length(a) === length(b) ? 'totals' : 'daily'
}

describe('figures', () => {
  test('of both sides, their differences and ratios', async () => {
    await fc.assert(
      fc.asyncProperty(logs, sides, async (calls, [a, b]) => {
        await load(db, calls)
        const { report, row } = await answerOf(a, b)
        const [ofA, ofB] = [calls.filter(a.has), calls.filter(b.has)]
        if (ofA.length + ofB.length === 0) {
          expect(report.sections[0]?.rows).toEqual([])
          return
        }
        const [figuresA, figuresB] = [figuresOf(ofA), figuresOf(ofB)]
        const basis = basisOf(a, b, calls)
        for (const [name, value] of Object.entries(figuresA)) {
          const other = figuresB[name] ?? null
          expectClose(row('a')[name], value, name, noiseOf(name, figuresA))
          expectClose(row('b')[name], other, name, noiseOf(name, figuresB))
          const compared = (basis === 'totals' || !grows.has(name)) && value !== null && other !== null
          const [ofSideA, ofSideB] = [row('a')[name], row('b')[name]]
          const [x, y] = [Number(ofSideA), Number(ofSideB)]
          const difference = row('difference')[name]
          if (compared && typeof ofSideA === 'string' && typeof ofSideB === 'string')
            expect(picos(difference), `difference of ${name}`).toBe(picos(ofSideA) - picos(ofSideB))
          else {
            // What subtracting doubles here loses of their last digits.
            const noise = 2e-12 + 1e-15 * (Math.abs(x) + Math.abs(y))
            expectClose(difference, compared ? x - y : null, `difference of ${name}`, noise)
          }
          expectClose(row('ratio')[name], compared && y !== 0 ? x / y : null, `ratio of ${name}`)
        }
        expect('daily_calls' in row('a')).toBe(basis === 'daily')
        if (basis === 'daily') {
          const days = (one: RawSide): number =>
            (Date.parse(one.scope.until ?? '') - Date.parse(one.scope.since ?? '')) / 86_400_000
          expectClose(row('a')['daily_calls'], ofA.length / days(a), 'calls a day')
          expectClose(row('b')['daily_calls'], ofB.length / days(b), 'calls a day')
        }
      }),
      runs,
    )
  })

  test('the part of calls that are on both sides', async () => {
    await fc.assert(
      fc.asyncProperty(logs, sides, async (calls, [a, b]) => {
        await load(db, calls)
        const both = calls.filter((call) => a.has(call) && b.has(call)).length
        expect(await askShared(await questionOf(a.scope), b.scope)).toBe(both)
      }),
      runs,
    )
  })
})

describe('what brought the difference about', () => {
  test('parts add up to it to the last digit, and are what they say', async () => {
    await fc.assert(
      fc.asyncProperty(logs, sides, async (calls, [a, b]) => {
        await load(db, calls)
        const { report, row } = await answerOf(a, b)
        const section = report.sections.find(({ id }) => id === 'cost_change')
        const [ofA, ofB] = [calls.filter(a.has), calls.filter(b.has)]
        const priced = [ofA, ofB].map((some) => some.filter(({ cost }) => cost !== null))
        const [pricedA = [], pricedB = []] = priced
        const basis = basisOf(a, b, calls)
        const known = basis !== 'means' && pricedA.length > 0 && pricedB.length > 0
        expect(section !== undefined).toBe(known)
        if (section === undefined) return
        const key = basis === 'daily' ? 'difference_daily_cost_usd' : 'difference_cost_usd'
        const parts = section.rows.map((part) => picos(part[key]))
        expect(parts.reduce((x, y) => x + y, 0n)).toBe(picos(section.totals?.[key]))
        expect(picos(section.totals?.[key])).toBe(
          picos(row('difference')[basis === 'daily' ? 'daily_cost_usd' : 'cost_usd']),
        )
        const days = (one: RawSide): number =>
          basis === 'totals'
            ? 1
            : (Date.parse(one.scope.until ?? '') - Date.parse(one.scope.since ?? '')) / 86_400_000
        const [nA, nB] = [pricedA.length / days(a), pricedB.length / days(b)]
        const mean = (some: readonly RawCall[]): number => Number(total(some)) / some.length / 1e12
        const volume = ((nA - nB) * (mean(pricedA) + mean(pricedB))) / 2
        const size = Math.abs(mean(pricedA)) + Math.abs(mean(pricedB))
        const close = (got: bigint | undefined, value: number): void =>
          expect(Math.abs(Number(got) / 1e12 - value)).toBeLessThanOrEqual(1e-11 + (nA + nB) * size * 1e-9)
        close(parts[0], volume)
        const within = withinModels(pricedA, pricedB) * ((nA + nB) / 2)
        // The part of the mix is told apart where there are several models and the mean moved.
        if (parts.length === 3) close(parts[2], within)
        else expect(section.rows[1]?.['part']).toBe('mean_cost')
      }),
      { numRuns: tries(14, 60) },
    )
  })
})

/** Change of the mean cost a call at the same mix of models, USD a call. */
function withinModels(a: readonly RawCall[], b: readonly RawCall[]): number {
  const models = new Set([...a, ...b].map(({ model }) => model))
  return [...models].reduce((sum, model) => {
    const [ofA, ofB] = [a, b].map((some) => some.filter((call) => call.model === model)) as [
      RawCall[],
      RawCall[],
    ]
    if (ofA.length === 0 || ofB.length === 0) return sum
    const mean = (some: readonly RawCall[]): number => Number(total(some)) / some.length / 1e12
    return sum + ((ofA.length / a.length + ofB.length / b.length) / 2) * (mean(ofA) - mean(ofB))
  }, 0)
}

describe('movers', () => {
  const keys: Readonly<Record<string, (call: RawCall) => string | boolean | null>> = {
    feature: ({ feature }) => feature,
    'tag.region': ({ region }) => region,
    cache_hit: ({ hit }) => hit,
    user_id: ({ user_id: user }) => user,
  }

  test('the groups that moved most, and the others; together they are all', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        sides,
        fc.constantFrom(...Object.keys(keys)),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom([1, 1] as const, [7, 30] as const),
        async (calls, [a, b], name, top, days) => {
          await load(db, calls)
          const { sql, params } = movers({ a: a.scope, b: b.scope, by: dimensionOf(name), top, days })
          const { rows } = await db.query<MoverRow>(sql, params)
          const key = keys[name]!
          const [ofA, ofB] = [calls.filter(a.has), calls.filter(b.has)]
          const values = [...new Set([...ofA, ...ofB].map(key))]
          const moved = (value: string | boolean | null): number =>
            Math.abs(
              Number(total(ofA.filter((call) => key(call) === value))) / days[0] -
                Number(total(ofB.filter((call) => key(call) === value))) / days[1],
            )
          const named = rows.filter((row) => !row.is_others)
          expect(named).toHaveLength(Math.min(top, values.length))
          // The largest change first; values of the same change in any order that is always the same.
          const sizes = values.map(moved).toSorted((x, y) => y - x)
          for (const [i, row] of named.entries()) {
            const value = row.value as string | boolean | null
            const size = Math.abs(moved(value) - (sizes[i] ?? 0))
            expect(size).toBeLessThanOrEqual(Math.abs(sizes[i] ?? 0) * 1e-12)
            const members = (some: readonly RawCall[]): RawCall[] =>
              some.filter((call) => key(call) === value)
            expectRow(row, members(ofA), members(ofB))
          }
          const kept = new Set(named.map(({ value }) => value))
          const rest = (some: readonly RawCall[]): RawCall[] => some.filter((call) => !kept.has(key(call)))
          const others = rows.filter((row) => row.is_others)
          expect(others).toHaveLength(values.length > top ? 1 : 0)
          if (others[0] !== undefined) {
            expect(others[0].groups).toBe(values.length - top)
            expectRow(others[0], rest(ofA), rest(ofB))
          }
        },
      ),
      runs,
    )
  })

  test('as shown, their differences add up to the whole difference', async () => {
    await fc.assert(
      fc.asyncProperty(logs, sides, fc.integer({ min: 1, max: 3 }), async (calls, [a, b], top) => {
        await load(db, calls)
        const { report, row } = await answerOf(a, b, top)
        const daily = basisOf(a, b, calls) === 'daily' ? 'daily_' : ''
        for (const section of report.sections.filter(({ id }) => id.startsWith('moved_by_'))) {
          for (const side of ['a', 'b', 'difference']) {
            const key = `${side}_${daily}cost_usd`
            const sum = section.rows.reduce((all, one) => all + picos(one[key]), 0n)
            expect(sum, key).toBe(picos(section.totals?.[key]))
          }
          const whole = picos(row('a')[`${daily}cost_usd`]) - picos(row('b')[`${daily}cost_usd`])
          expect(picos(section.totals?.[`difference_${daily}cost_usd`])).toBe(whole)
        }
      }),
      { numRuns: tries(14, 60) },
    )
  })
})

test('a report of a period has the same tables and sentences as the comparison', async () => {
  await fc.assert(
    fc.asyncProperty(logs, fc.constantFrom(100, 182.5, 365), async (calls, days) => {
      await load(db, calls)
      const middle = Date.UTC(2026, 0, 1)
      const of = (from: number, to: number): RawSide => ({
        scope: { since: iso(from), until: iso(to), filters: [], tz: 'UTC' },
        has: ({ ts }) => ts >= from && ts < to,
      })
      const [a, b] = [of(middle, middle + 182.5 * 86_400_000), of(middle - days * 86_400_000, middle)]
      const { report } = await answerOf(a, b)
      const by = ['feature', 'tag.region', 'cache_hit'].map(dimensionOf)
      const { since, until } = b.scope
      const request = { scope: a.scope, before: { since, until }, measures: summaryMeasures }
      const rows = await ask(db, summary(request))
      const part = await askWhatMoved(await questionOf(a.scope), { since, until }, rows, by, 2)
      const before = calls.some(b.has)
      const moved = report.sections.filter(({ id }) => id.startsWith('moved_by_'))
      expect(part.sections).toEqual(before ? moved : [])
      expect(part.findings ?? []).toEqual(before ? report.findings : [])
    }),
    { numRuns: tries(7, 30) },
  )
})

function expectRow(row: MoverRow, ofA: readonly RawCall[], ofB: readonly RawCall[]): void {
  const cost = (some: readonly RawCall[]): string | null =>
    some.some((call) => call.cost !== null) ? dollarText(total(some)) : null
  expect(row.a_calls).toBe(ofA.length)
  expect(row.b_calls).toBe(ofB.length)
  expect(row.a_cost_usd).toBe(cost(ofA))
  expect(row.b_cost_usd).toBe(cost(ofB))
}
