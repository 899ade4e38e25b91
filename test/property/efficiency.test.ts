/** Sessions and quality by group, against the same figures worked out in plain TypeScript. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import { defaultBounds } from '../../src/domain/bounds.js'
import { goodAnswers } from '../../src/domain/quality.js'
import type { Scope } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import type { GroupKeys } from '../../src/metrics/groups.js'
import type { Query } from '../../src/metrics/query.js'
import { quality, scoreRange, type QualityRow } from '../../src/metrics/quality.js'
import { sessionCosts, type SessionRow } from '../../src/metrics/sessions.js'
import { efficiencyFindings, judgedMeasures } from '../../src/reports/efficiency/efficiency-findings.js'
import {
  bareCall,
  dollarText,
  load,
  logs,
  mean,
  present,
  quantile,
  ratio,
  sum,
  type RawCall,
} from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const everything: Scope = { since: null, until: '2027-01-01T00:00:00Z', tz: 'UTC', filters: [] }
const ask = async <R>({ sql, params }: Query<R>): Promise<R[]> => (await db.query<R>(sql, params)).rows as R[]

type Groups = ReadonlyMap<string, readonly RawCall[]>

function grouped(calls: readonly RawCall[], key: (call: RawCall) => unknown): Groups {
  const groups = new Map<string, RawCall[]>()
  for (const call of calls) {
    const name = JSON.stringify(key(call))
    groups.set(name, [...(groups.get(name) ?? []), call])
  }
  return groups
}

const costOf = (calls: readonly RawCall[]): bigint | null => sum(calls.map(({ cost }) => cost))

/** The first `top` groups by cost, ties by key with none last, and all others as one. */
function ranked(groups: Groups, top: number): { kept: Groups; others: readonly RawCall[] } {
  const order = [...groups].toSorted(([a, one], [b, two]) => {
    const [x, y] = [costOf(one) ?? -1n, costOf(two) ?? -1n]
    if (x !== y) return x > y ? -1 : 1
    if (a === 'null' || b === 'null') return a === 'null' ? 1 : -1
    return String(JSON.parse(a)) < String(JSON.parse(b)) ? -1 : 1
  })
  return { kept: new Map(order.slice(0, top)), others: order.slice(top).flatMap(([, calls]) => calls) }
}

/** The calls of a row. */
function membersOf(
  row: GroupKeys,
  calls: readonly RawCall[],
  kept: Groups,
  others: readonly RawCall[],
): readonly RawCall[] {
  if (row.is_total) return calls
  return row.is_others ? others : (kept.get(JSON.stringify(row.d0)) ?? [])
}

const close = (got: unknown, wanted: number | null, name: string): void => {
  if (wanted === null || got === null) expect(got, name).toBe(wanted)
  else expect(Math.abs(Number(got) - wanted), name).toBeLessThanOrEqual(2e-12 + Math.abs(wanted) * 1e-12)
}

test('sessions: each is the sum of its calls within the group', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      async (calls, top) => {
        await load(db, calls)
        const rows = await ask(sessionCosts({ scope: everything, by: [dimensionOf('feature')], top }))
        const { kept, others } = ranked(
          grouped(calls, ({ feature }) => feature),
          top ?? Infinity,
        )
        for (const row of rows) expectSessions(row, membersOf(row, calls, kept, others))
        const withSession = (some: readonly RawCall[]): boolean =>
          some.some(({ session }) => session !== null)
        const wanted = [...[...kept.values()].filter(withSession), others, calls].filter(withSession)
        expect(rows).toHaveLength(wanted.length)
        const [total] = await ask(sessionCosts({ scope: everything, by: [] }))
        if (withSession(calls)) expectSessions(total!, calls)
        else expect(total).toBeUndefined()
      },
    ),
    { numRuns: tries(20, 100) },
  )
})

function expectSessions(row: SessionRow, calls: readonly RawCall[]): void {
  const own = calls.filter(({ session }) => session !== null)
  const sessions = [...grouped(own, ({ session }) => session).values()]
  const costs = present(sessions.map(costOf))
  const usd = (value: number | null): number | null => (value === null ? null : value / 1e12)
  expect(row.sessions).toBe(sessions.length)
  close(row.mean_session_cost_usd, usd(ratio(sum(costs), costs.length)), 'mean')
  close(row.p50_session_cost_usd, usd(quantile(costs, 0.5)), 'p50')
  close(row.p95_session_cost_usd, usd(quantile(costs, 0.95)), 'p95')
  const most = costs.reduce<bigint | null>((a, b) => (a === null || b > a ? b : a), null)
  expect(row.max_session_cost_usd).toBe(most === null ? null : dollarText(most))
  close(row.mean_session_calls, own.length / sessions.length, 'calls')
}

test('quality: what is judged, what is good, and what a good answer cost', async () => {
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.constantFrom(0.5, 0.8, 1, 4, 50),
      fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      async (calls, bound, top) => {
        await load(db, calls)
        const [range] = await ask(scoreRange(everything))
        const highest = highestOf(calls)
        expect(range).toEqual({ max_quality_score: highest.score, max_user_feedback: highest.feedback })
        const good = goodAnswers(bound, highest)
        const by = [dimensionOf('prompt_version')]
        const rows = await ask(quality({ scope: everything, by, good, top }))
        const version = ({ promptName, promptHash }: RawCall): string | null => promptName ?? promptHash
        const { kept, others } = ranked(grouped(calls, version), top ?? Infinity)
        for (const row of rows) expectQuality(row, membersOf(row, calls, kept, others), bound, highest)
        expect(rows).toHaveLength(kept.size + (others.length > 0 ? 1 : 0) + 1)
        const [total] = await ask(quality({ scope: everything, by: [], good }))
        expectQuality(total!, calls, bound, highest)
      },
    ),
    { numRuns: tries(20, 100) },
  )
})

interface Highest {
  readonly score: number | null
  readonly feedback: number | null
}

const most = (values: readonly (number | null)[]): number | null => {
  const found = present(values)
  return found.length === 0 ? null : Math.max(...found)
}

const highestOf = (calls: readonly RawCall[]): Highest => ({
  score: most(calls.map(({ quality: score }) => score)),
  feedback: most(calls.map(({ feedback }) => feedback)),
})

/** From which value on one is good: a share of the smallest usual scale that holds the highest. */
function from(bound: number, highest: number | null): number {
  if (bound > 1) return bound
  if (highest === null || highest <= 1) return bound
  return bound * (highest <= 5 ? 5 : highest <= 10 ? 10 : highest <= 100 ? 100 : highest)
}

function isGood({ quality: score, feedback }: RawCall, bound: number, highest: Highest): boolean {
  if (score !== null && score >= from(bound, highest.score)) return true
  if (feedback === null) return false
  return (highest.feedback ?? 0) <= 1 ? feedback > 0 : feedback >= from(bound, highest.feedback)
}

function expectQuality(row: QualityRow, calls: readonly RawCall[], bound: number, highest: Highest): void {
  const judged = calls.filter(({ quality: score, feedback }) => (score ?? feedback) !== null)
  const good = calls.filter((call) => isGood(call, bound, highest))
  expect([row.calls, row.judged_calls, row.good_answers]).toEqual([calls.length, judged.length, good.length])
  close(row.good_answer_rate, ratio(good.length, judged.length), 'rate')
  const cost = ratio(costOf(judged), good.filter((call) => call.cost !== null).length)
  close(row.cost_per_good_answer_usd, cost === null ? null : cost / 1e12, 'cost of a good answer')
  close(row.mean_quality_score ?? null, mean(calls.map((call) => call.quality)), 'quality')
  close(row.mean_user_feedback ?? null, mean(calls.map(({ feedback }) => feedback)), 'feedback')
}

/** Calls of which the database works out each figure exactly at its bound, and with one call more beyond it. */
const at = (times: number, known: Partial<RawCall>): RawCall[] =>
  Array.from({ length: times }, () => ({ ...bareCall, ...known }))
const tokens = (times: number, input: number): RawCall[] => at(times, { input, hit: true })
const boundary: readonly (readonly [string, readonly RawCall[], RawCall, boolean])[] = [
  [
    'truncation_rate',
    [...at(19, { finish: 'stop' }), ...at(1, { finish: 'length' })],
    { ...bareCall, finish: 'length' },
    false,
  ],
  ['mean_cost_usd', at(21, { cost: 100_000_000_000n }), { ...bareCall, cost: 100_000_000_021n }, false],
  [
    'mean_output_input_ratio',
    at(30, { input: 7, output: 7, hit: true }),
    { ...bareCall, input: 7, output: 8, hit: true },
    false,
  ],
  // 1,000 is the p95, and 100 the mean.
  [
    'p95_input_over_mean',
    [...tokens(6, 1000), ...tokens(93, 42), ...tokens(1, 94)],
    { ...bareCall, input: 0, hit: true },
    true,
  ],
  [
    'p95_output_of_max_tokens',
    at(20, { output: 20, maxTokens: 100 }),
    { ...bareCall, output: 20, maxTokens: 101 },
    false,
  ],
]

test.each(boundary)('%s: exactly at its bound, and beyond', async (kind, calls, beyond, atIsBeyond) => {
  const judge = async (some: readonly RawCall[]): Promise<string[]> => {
    await load(db, some)
    const rows = await ask(breakdown({ scope: everything, by: [], measures: judgedMeasures }))
    return efficiencyFindings({ by: [], rows, bounds: defaultBounds }).map((finding) => finding.kind)
  }
  expect(await judge(calls)).toEqual(atIsBeyond ? [kind] : [])
  // Of the p95 of the share of max_tokens, all calls but few must move.
  const more = kind === 'p95_output_of_max_tokens' ? at(400, beyond) : [beyond]
  expect(await judge([...calls, ...more])).toEqual([kind])
  expect(await judge(calls.slice(0, 3))).toEqual([])
})
