/** Plans against a plain loop over the calls in whole numbers; months by date-fns; sums against breakdown. */
import { TZDate } from '@date-fns/tz'
import { addMonths } from 'date-fns/addMonths'
import { format } from 'date-fns/format'
import { setDate } from 'date-fns/setDate'
import { startOfMonth } from 'date-fns/startOfMonth'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { planCost, quotient, type Plan, type PlanTerms } from '../../src/domain/budgets/plan.js'
import type { PlanState } from '../../src/domain/budgets/plan-state.js'
import { picos, usdOf } from '../../src/domain/costs/amount.js'
import type { Filter } from '../../src/domain/scope.js'
import { breakdown } from '../../src/metrics/breakdown.js'
import { askPlans } from '../../src/questions/plans.js'
import { ask } from '../../src/questions/question.js'
import { plansSection } from '../../src/reports/budgets/plans.js'
import { bareCall, dollarText, instants, load, logs, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata')

/** Filters and what they keep. */
const covers: readonly (readonly [readonly Filter[], (call: RawCall) => boolean])[] = [
  [[], () => true],
  [[{ dimension: 'feature', operator: '=', value: 'chat' }], ({ feature }) => feature === 'chat'],
  [[{ dimension: 'feature', operator: '!=', value: 'chat' }], ({ feature }) => feature !== 'chat'],
  [
    ['u1', 'u2'].map((value): Filter => ({ dimension: 'user_id', operator: '=', value })),
    ({ user_id: user }) => user === 'u1' || user === 'u2',
  ],
  [[{ dimension: 'tag.region', operator: '=', value: 'eu' }], ({ region }) => region === 'eu'],
]

const amounts = fc.constantFrom('0.000000000001', '100', '0.5', '50000.25', '0.000225')
const terms: fc.Arbitrary<PlanTerms> = fc
  .record({
    fee: fc.constantFrom('0', '20', '100.5', '0.000000000003'),
    included: fc.option(
      fc.oneof(
        fc.record({ usd: amounts, overage: fc.constantFrom('list' as const, 'none' as const) }),
        fc.record({
          credits: fc.integer({ min: 1, max: 100_000 }),
          creditUsd: fc.constantFrom('0.04', '1', '0.000000000007'),
          overage: fc.constantFrom('list' as const, 'none' as const),
        }),
      ),
    ),
  })
  .map(({ fee, included }) => ({ name: 'p', fee, ...(included === null ? {} : { included }) }))
const dates = fc.option(fc.constantFrom('2025-06-10', '2026-01-01', '2026-03-29', '2026-10-02', '2026-11-15'))
const planCase = fc
  .record({
    terms,
    cover: fc.constantFrom(...covers),
    beginsOn: fc.constantFrom(1, 1, 15, 28),
    since: dates,
    until: dates,
    others: fc.array(terms, { maxLength: 2 }),
  })
  .filter(({ since, until }) => since === null || until === null || since < until)

/** Begin of the month `months` from the one of an instant, by date-fns. */
function monthAt(asOf: number, beginsOn: number, months: number, tz: string): TZDate {
  const local = new TZDate(asOf, tz)
  const first = setDate(startOfMonth(local), beginsOn)
  return setDate(startOfMonth(addMonths(startOfMonth(local), months - (first > local ? 1 : 0))), beginsOn)
}

const midnight = (day: string, tz: string): number => {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  return new TZDate(year, month - 1, date, tz).getTime()
}

/** What terms charge for a value, in whole numbers, said otherwise than in the program. */
function charged({ fee, included }: PlanTerms, value: bigint): bigint | null {
  const paid = picos(fee)
  if (included === undefined) return paid
  let most = 0n
  if ('usd' in included) most = picos(included.usd)
  else
    for (let left = included.credits; left > 0; left -= 1000)
      most += BigInt(Math.min(left, 1000)) * picos(included.creditUsd)
  if (value <= most) return paid
  return included.overage === 'list' ? paid + value - most : null
}

describe('plans', () => {
  test('each month is what a loop over its calls says, and what breakdown says', async () => {
    let judged = 0
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.array(planCase, { minLength: 1, maxLength: 3 }),
        instants,
        zone,
        fc.integer({ min: 1, max: 4 }),
        async (calls, cases, moment, tz, complete) => {
          await load(db, calls)
          const asOf = (calls[0]?.ts ?? moment) + (moment % 5_000_000_000)
          const plans = cases.map((one, i): Plan => ({
            ...one.terms,
            name: `p${i}`,
            filters: one.cover[0],
            beginsOn: one.beginsOn,
            ...(one.since === null ? {} : { since: one.since }),
            ...(one.until === null ? {} : { until: one.until }),
            alternatives: one.others,
          }))
          const scope = { since: null, until: null, filters: [], tz }
          const { states, shared } = await askPlans({ db, scope, asOf: new Date(asOf) }, plans, complete)

          const holds = (i: number, call: RawCall): boolean => {
            const { cover, since, until } = cases[i]!
            if (call.hit === true || call.ts >= asOf || !cover[1](call)) return false
            return (
              (since === null || call.ts >= midnight(since, tz)) &&
              (until === null || call.ts < midnight(until, tz))
            )
          }
          const ownerOf = (call: RawCall): number => cases.findIndex((_, i) => holds(i, call))
          const wanted = cases.flatMap((one, i) =>
            Array.from({ length: complete + 1 }, (_, j) => {
              const begins = monthAt(asOf, one.beginsOn, j - complete, tz)
              const [from, to] = [
                begins.getTime(),
                monthAt(asOf, one.beginsOn, j - complete + 1, tz).getTime(),
              ]
              const since = Math.max(from, one.since === null ? from : midnight(one.since, tz))
              const until = Math.min(to, one.until === null ? to : midnight(one.until, tz), asOf)
              return { i, label: format(begins, one.beginsOn === 1 ? 'yyyy-MM' : 'yyyy-MM-dd'), since, until }
            }).filter(({ since, until }) => since < until),
          )
          expect(states.map(({ plan, month }) => [plan.name, month.label])).toEqual(
            wanted.map(({ i, label }) => [`p${i}`, label]),
          )
          const both = new Map<string, number>()
          for (const [at, state] of states.entries()) {
            const { i, since, until } = wanted[at]!
            expect([Date.parse(state.told.since), Date.parse(state.told.until)]).toEqual([since, until])
            const mine = calls.filter((call) => call.ts >= since && call.ts < until && ownerOf(call) === i)
            for (const k of cases.keys()) {
              const n = k > i ? mine.filter((call) => holds(k, call)).length : 0
              if (n > 0) both.set(`p${i} p${k}`, n + (both.get(`p${i} p${k}`) ?? 0))
            }
            expectMonth(state, mine)
            if (state.unjudged.length === 0) {
              judged += 1
              expect(mine.length).toBeGreaterThan(0)
              // Whole, in the log from its first day to its last, and priced.
              const passing = calls.filter(
                (call) => call.hit !== true && call.ts < asOf && cases[i]!.cover[1](call),
              )
              const day = (at: number): string => format(new TZDate(at, tz), 'yyyy-MM-dd')
              expect(passing.some(({ ts }) => day(ts) <= day(since))).toBe(true)
              expect(passing.some(({ ts }) => day(ts) >= day(until - 1))).toBe(true)
              expect(mine.filter(({ list, partly }) => list === null || partly === true)).toEqual([])
            }
            if (i === 0) await expectBreakdown(state, cases[0]!.cover[0], tz)
          }
          expect(new Map(shared.map((one) => [`${one.first} ${one.other}`, one.calls]))).toEqual(both)
        },
      ),
      { numRuns: tries(30, 150) },
    )
    expect(judged).toBeGreaterThan(0)
  })
})

function expectMonth(state: PlanState, mine: readonly RawCall[]): void {
  const prices = mine.flatMap(({ list }) => (list === null ? [] : [list]))
  const value = prices.reduce((a, b) => a + b, 0n)
  expect([state.calls, state.unpriced, state.partlyPriced]).toEqual([
    mine.length,
    mine.length - prices.length,
    mine.filter(({ partly }) => partly === true).length,
  ])
  expect(state.value).toBe(prices.length === 0 ? null : value)
  if (state.value === null) return expect([state.cost, state.options]).toEqual([null, []])
  expect(state.cost?.cost).toBe(charged(state.plan, value))
  expect(state.cost!.covered + state.cost!.beyond).toBe(value)
  expect(state.options.map(({ cost }) => cost.cost)).toEqual([
    ...state.plan.alternatives.map((one) => charged(one, value)),
    value,
  ])
}

/** The first plan shares no call away, so that breakdown with its filters has the same sum. */
async function expectBreakdown(state: PlanState, filters: readonly Filter[], tz: string): Promise<void> {
  const noHit: Filter = { dimension: 'cache_hit', operator: '!=', value: 'true' }
  const scope = { ...state.told, filters: [...filters, noHit], tz }
  const [total] = await ask(db, breakdown({ scope, by: [], measures: ['calls', 'list_cost_usd'] }))
  expect(Number(total!.calls)).toBe(state.calls)
  expect(total!.list_cost_usd).toBe(state.value === null ? null : usdOf(state.value))
}

describe('a month is held against other plans', () => {
  const dollar = 10n ** 12n
  /** A call of a dollar at noon of each day of September and of three of October. */
  const days = Array.from({ length: 33 }, (_, i): RawCall => ({
    ...bareCall,
    ts: Date.UTC(2026, 8, 1 + i, 12),
    list: dollar,
  }))
  const max: Plan = { name: 'Max', fee: '100', filters: [], beginsOn: 1, alternatives: [] }
  const september = async (calls: readonly RawCall[], plan: Plan): Promise<PlanState> => {
    await load(db, calls)
    const scope = { since: null, until: null, filters: [], tz: 'Europe/Berlin' }
    const { states } = await askPlans({ db, scope, asOf: new Date('2026-10-04T12:00Z') }, [plan], 1)
    expect(states.map(({ month }) => month.label)).toEqual(['2026-09', '2026-10'])
    expect(states[1]!.unjudged[0]).toEqual({ kind: 'running' })
    return states[0]!
  }
  const changed = (at: number, by: Partial<RawCall>): RawCall[] =>
    days.map((call, i) => (i === at ? { ...call, ...by } : call))

  test('where it is whole and priced', async () => {
    const { value, unjudged, cost } = await september(days, max)
    expect([value, unjudged, cost?.cost]).toEqual([30n * dollar, [], 100n * dollar])
    const all = await september(days, { ...max, included: { usd: '30', overage: 'none' } })
    expect(all.unjudged).toEqual([])
  })

  test.each<[string, RawCall[], Partial<Plan>, PlanState['unjudged']]>([
    ['the log begins within it', days.slice(1), {}, [{ kind: 'log_begins', day: '2026-09-02' }]],
    ['the log ends within it', days.slice(0, 29), {}, [{ kind: 'log_ends', day: '2026-09-29' }]],
    ['no call is of it', days.slice(30), {}, [{ kind: 'no_calls' }]],
    ['a call has no list price', changed(3, { list: null }), {}, [{ kind: 'unpriced', calls: 1 }]],
    ['a call is priced in part', changed(3, { partly: true }), {}, [{ kind: 'partly_priced', calls: 1 }]],
    [
      'the plan begins within it',
      days,
      { since: '2026-09-05' },
      [{ kind: 'plan_begins', day: '2026-09-05' }],
    ],
    [
      'it used more than the plan serves',
      days,
      { included: { usd: '29.999999999999', overage: 'none' } },
      [{ kind: 'beyond' }],
    ],
  ])('not where %s', async (_, calls, change, unjudged) => {
    expect((await september(calls, { ...max, ...change })).unjudged).toEqual(unjudged)
  })

  test('the plan ends within it', async () => {
    await load(db, days)
    const scope = { since: null, until: null, filters: [], tz: 'UTC' }
    const plan = { ...max, until: '2026-09-20' }
    const { states } = await askPlans({ db, scope, asOf: new Date('2026-10-04T12:00Z') }, [plan], 1)
    expect(states.map(({ calls, unjudged }) => [calls, unjudged])).toEqual([
      [19, [{ kind: 'plan_ends', day: '2026-09-19' }]],
    ])
  })

  test('the cheapest is named, the plan itself of equal ones, and never one that serves too little', async () => {
    const plan = (alternatives: readonly PlanTerms[]): Plan => ({ ...max, fee: '20', alternatives })
    const cheapest = async (alternatives: readonly PlanTerms[]): Promise<unknown> => {
      const state = await september(days, plan(alternatives))
      const [row] = plansSection([state]).rows
      return [row!['cheapest'], row!['cheapest_cost_usd']]
    }
    const included = (usd: string, overage: 'list' | 'none'): PlanTerms['included'] => ({ usd, overage })
    expect(await cheapest([])).toEqual(['Max', '20.000000000000'])
    expect(await cheapest([{ name: 'Same', fee: '20' }])).toEqual(['Max', '20.000000000000'])
    expect(await cheapest([{ name: 'Lite', fee: '1', included: included('29', 'none')! }])).toEqual([
      'Max',
      '20.000000000000',
    ])
    expect(
      await cheapest([
        { name: 'Pro', fee: '5', included: included('16', 'list')! },
        { name: 'Plus', fee: '6', included: included('18', 'list')! },
      ]),
    ).toEqual(['Plus', '18.000000000000'])
  })
})

describe('terms', () => {
  test('what is covered and what is beyond add up to the value, and a dollar more never costs less', () => {
    fc.assert(
      fc.property(terms, fc.bigInt(0n, 10n ** 18n), fc.bigInt(0n, 10n ** 15n), (one, value, more) => {
        const [less, larger] = [planCost(one, value), planCost(one, value + more)]
        expect(less.covered + less.beyond).toBe(value)
        expect(less.cost).toBe(charged(one, value))
        if (less.cost === null) expect(larger.cost).toBeNull()
        else if (larger.cost !== null) expect(larger.cost >= less.cost).toBe(true)
      }),
    )
  })

  test('a quotient has six places, rounded half away from zero', () => {
    expect(quotient(picos('1'), picos('3'))).toBe('0.333333')
    expect(quotient(picos('2'), picos('3'))).toBe('0.666667')
    expect(quotient(picos('0.0000005'), picos('1'))).toBe('0.000001')
    expect(quotient(picos(dollarText(10n ** 17n)), picos('0.04'))).toBe('2500000.000000')
    expect(quotient(1n, 0n)).toBeNull()
  })
})
