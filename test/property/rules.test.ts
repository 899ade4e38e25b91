/**
 * Rules against their definitions worked out over single calls: at each of many moments, at their bounds, with
 * `for` and minimum volume; and the dry run against checks of the same moments one by one.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askCapsOver } from '../../src/questions/caps-over.js'
import { checkRules, dryRunRules, judge } from '../../src/questions/rules/check-rules.js'
import { askBudgets } from '../../src/questions/budget-states.js'
import type { Question } from '../../src/questions/question.js'
import { askGrowth } from '../../src/questions/over-time.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { defaultBounds } from '../../src/domain/bounds.js'
import { defaultWarnAt, type Budget, type CapRules } from '../../src/domain/budgets/budget.js'
import { sameForAll } from '../../src/domain/budgets/cap-limits.js'
import { picos, shortUsdOf } from '../../src/domain/costs/amount.js'
import { dimensionOf } from '../../src/domain/dimensions.js'
import type { Rule } from '../../src/domain/rules/rule.js'
import type { RuleKindName } from '../../src/domain/rules/rule-kinds.js'
import { growthPart } from '../../src/reports/trends/growth.js'
import { bareCall, load, type RawCall } from './metrics-model.js'
import { capsHold, hour, ruleLike, priceAgeHolds, silenceHolds, windowHolds } from './rules-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

/** Not on a whole hour, as cron never is. The night before, clocks in Berlin go back. */
const now = Date.parse('2026-10-26T09:07:03.250Z')
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe'] as const
const runs = { numRuns: tries(11, 40) }

interface Setting {
  readonly asOf?: number
  readonly tz?: string
  readonly budgets?: readonly Budget[]
  readonly userCaps?: CapRules
}

function question(
  calls: readonly RawCall[],
  { asOf = now, tz = 'UTC', budgets = [], userCaps = {} }: Setting = {},
): Question {
  const first = calls.length === 0 ? null : new Date(Math.min(...calls.map(({ ts }) => ts))).toISOString()
  const config = { bounds: defaultBounds, budgets, userCaps, rules: [] }
  return {
    db,
    asOf: new Date(asOf),
    scope: { since: null, until: new Date(asOf).toISOString(), filters: [], tz },
    settings: { config } as unknown as Question['settings'],
    history: { first_ts: first } as Question['history'],
    fromInput: true,
    typed: (command: string) => command,
  }
}

/** Times of ten days, many just at or beside the ends of hours counted from now. */
const times = fc.oneof(
  fc.integer({ min: 1, max: 240 * hour }).map((ago) => now - ago),
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.constantFrom(-1, 0, 1))
    .map(([hours, off]) => now - hours * hour + off),
)
const few = <T>(...values: readonly T[]): fc.Arbitrary<T | null> =>
  fc.option(fc.constantFrom(...values), { freq: 5 })

/** Few distinct amounts, so that figures often lie exactly at their bounds. */
const call: fc.Arbitrary<RawCall> = fc
  .record({
    ts: times,
    feature: few('chat', 'search'),
    user_id: few('u1', 'u2', "u'3"),
    cost: few(10n ** 11n, 2n * 10n ** 11n, 3n * 10n ** 11n, 5n * 10n ** 11n, 0n, 1n),
    finish: few('stop', 'length'),
    status: few('ok', 'error'),
    hit: few(true, false),
    latency: few(100, 1000, 1000, 5000),
    input: few(0, 10, 100, 1000),
    output: few(0, 10, 100),
  })
  .map((one) => ({ ...bareCall, ...one }))
const logs = fc.oneof(fc.array(call, { maxLength: 60 }), fc.array(call, { maxLength: 1 }))

const bounds: Readonly<Partial<Record<RuleKindName, readonly string[]>>> = {
  cost: ['0.1', '0.3', '0.5', '1'],
  call_cost: ['0.1', '0.2', '0.499999999999'],
  cost_spike: ['3', '1', '0.3', '1.5'],
  user_share: ['0.1', '0.5', '0.05'],
  error_rate: ['0.5', '0.333333333', '0', '0.05'],
  truncation_rate: ['0.5', '0.05'],
  cache_hit_rate: ['0.5', '1', '0.2'],
  unpriced_share: ['0.5', '0', '0.25'],
  p95_latency: ['100', '1000', '999', '4000'],
  p99_latency: ['1000', '4900'],
  p95_input_over_mean: ['1', '2', '1.5'],
}

const windowRule: fc.Arbitrary<Rule> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(bounds) as RuleKindName[])),
    pick: fc.nat(3),
    by: fc.constantFrom(null, 'feature', 'user_id'),
    windowHours: fc.constantFrom(1, 2, 5, 24),
    forHours: fc.constantFrom(0, 0, 1, 3),
    againstHours: fc.constantFrom(1, 24),
    minCalls: fc.constantFrom(0, 1, 2, 3),
    minUsd: fc.constantFrom('0', '0.2', '0.3'),
    filtered: fc.boolean(),
  })
  .map(({ kind, pick, filtered, by, againstHours, ...more }) => {
    const own = bounds[kind] ?? ['1']
    return ruleLike(kind, {
      ...more,
      bound: own[pick % own.length] ?? '1',
      by: kind === 'user_share' ? 'user_id' : by,
      againstHours: kind === 'cost_spike' ? againstHours : null,
      dailyUsd: kind === 'user_share' ? '2.0' : null,
      filters: filtered ? [{ dimension: 'feature', operator: '!=', value: 'search' }] : [],
    })
  })

const named = (rules: readonly Rule[]): Rule[] => rules.map((rule, i) => ({ ...rule, name: `rule ${i}` }))

/** `rule value` to the figure, of what holds at one step. */
function atStep(
  held: Awaited<ReturnType<typeof judge>>['held'],
  rule: Rule,
  step: number,
): Map<string | null, number> {
  return new Map(
    held
      .filter((one) => one.rule === rule && one.step === step)
      .map(({ value, measured }) => [value, Number(measured)]),
  )
}

function expectSame(
  got: ReadonlyMap<string | null, number>,
  wanted: ReadonlyMap<string | null, number>,
  said: string,
): void {
  expect(sorted(got.keys()), said).toEqual(sorted(wanted.keys()))
  for (const [value, figure] of wanted) expect(got.get(value), said).toBeCloseTo(figure, 8)
}

/** A missing value is a text of its own, so that texts can be put in order. */
const sorted = (values: Iterable<string | null>): string[] =>
  [...values].map((value) => JSON.stringify(value)).toSorted((a, b) => (a < b ? -1 : 1))

const withinDay = 30

/** Figures that lie exactly at a bound, and the bounds just beside it. */
const exactly: readonly [
  RuleKindName,
  at: string,
  beyond: string,
  calls: readonly Partial<RawCall>[],
  more?: Partial<Rule>,
][] = [
  ['cost', '0.3', '0.299999999999', [{ cost: 10n ** 11n }, { cost: 2n * 10n ** 11n }]],
  ['call_cost', '0.2', '0.199999999999', [{ cost: 10n ** 11n }, { cost: 2n * 10n ** 11n }]],
  ['user_share', '0.15', '0.149999999999', [{ cost: 3n * 10n ** 11n, user_id: 'u' }], { dailyUsd: '2' }],
  ['error_rate', '0.333333333333333333', '0.333333333', ['ok', 'ok', 'error'].map((status) => ({ status }))],
  ['truncation_rate', '0.25', '0.2499', ['stop', 'stop', 'stop', 'length'].map((finish) => ({ finish }))],
  ['cache_hit_rate', '0.5', '0.5001', [{ hit: true }, { hit: false }]],
  ['unpriced_share', '0.5', '0.499', [{ cost: 1n }, { cost: null }]],
  ['p95_latency', '1000', '999.999', [{ latency: 1000 }, { latency: 1000 }]],
  ['p99_latency', '1000', '999.999', [{ latency: 1000 }]],
  ['p95_input_over_mean', '1', '0.999999', [{ input: 7 }, { input: 7 }, { input: 7 }]],
]

test.each(exactly)('%s fires beyond its bound and not at it', async (kind, at, beyond, some, more = {}) => {
  await load(
    db,
    some.map((one) => ({ ...bareCall, ts: now - 1000, ...one })),
  )
  const fires = async (bound: string): Promise<boolean> => {
    const rule = ruleLike(kind, { bound, minCalls: 0, ...more })
    return (await checkRules(question([]), [rule])).fired.length > 0
  }
  expect([await fires(at), await fires(beyond)]).toEqual([false, true])
})

test('cost_spike fires at its bound', async () => {
  const costs = { [now - 1000]: 3n, [now - 24 * hour - 1000]: 1n }
  await load(
    db,
    Object.entries(costs).map(([ts, cost]) => ({ ...bareCall, ts: Number(ts), cost: cost * 10n ** 11n })),
  )
  const fires = async (bound: string): Promise<boolean> =>
    (await checkRules(question([]), [ruleLike('cost_spike', { bound, minUsd: '0.3' })])).fired.length > 0
  // 0.3 / 0.1 is below 3 as a double.
  expect([await fires('3'), await fires('3.000001')]).toEqual([true, false])
})

test('minimum volume: reached at exactly it', async () => {
  await load(db, [
    { ...bareCall, ts: now - 1000, cost: 5n * 10n ** 11n, status: 'error' },
    { ...bareCall, ts: now - 1000, cost: null, status: 'error' },
    { ...bareCall, ts: now - 1000, cost: null, status: null },
  ])
  const fires = async (more: Partial<Rule>): Promise<boolean> =>
    (await checkRules(question([]), [ruleLike('error_rate', { bound: '0.1', minCalls: 0, ...more })])).fired
      .length > 0
  // Two calls have a status.
  expect([await fires({ minCalls: 2 }), await fires({ minCalls: 3 })]).toEqual([true, false])
  expect([await fires({ minUsd: '0.5' }), await fires({ minUsd: '0.500000000001' })]).toEqual([true, false])
})

describe('rules about a window', () => {
  test('hold exactly where single calls say so, several sharing a statement', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.array(windowRule, { minLength: 1, maxLength: 6 }), async (calls, some) => {
        await load(db, calls)
        const rules = named(some)
        const { held, failed } = await judge(question(calls), rules, withinDay)
        expect(failed).toEqual([])
        for (const rule of rules) {
          for (let step = 0; step < withinDay; step += 7) {
            const said = `${JSON.stringify(rule)} at step ${step}`
            expectSame(atStep(held, rule, step), windowHolds(rule, calls, now - step * hour), said)
          }
        }
      }),
      { numRuns: tries(16, 80) },
    )
  })

  test('for: fires when it has held all that time, and says since when', async () => {
    await fc.assert(
      fc.asyncProperty(logs, windowRule, fc.constantFrom(0, 1, 2, 4), async (calls, one, forHours) => {
        await load(db, calls)
        const rule = { ...one, forHours, windowHours: 5 }
        const { fired } = await checkRules(question(calls), [rule])
        const holds = (back: number): ReadonlyMap<string | null, number> =>
          windowHolds(rule, calls, now - back * hour)
        const moments = Array.from({ length: 300 }, (_, back) => holds(back))
        const wanted = [...(moments[0]?.keys() ?? [])].filter((value) =>
          moments.slice(0, forHours + 1).every((held) => held.has(value)),
        )
        expect(sorted(fired.map(({ value }) => value))).toEqual(sorted(wanted))
        for (const { value, since } of fired) {
          const run = moments.findIndex((held) => !held.has(value))
          const length = run < 0 ? moments.length : run
          expect(Date.parse(since)).toBe(now - (length - 1) * hour)
        }
      }),
      runs,
    )
  })
})

test('no_data: hours since the last call', async () => {
  const rule = fc.record({
    by: fc.constantFrom(null, 'feature', 'user_id'),
    bound: fc.constantFrom('1', '3', '24'),
    windowHours: fc.constantFrom(48, 100),
    minCalls: fc.constantFrom(1, 2),
  })
  await fc.assert(
    fc.asyncProperty(logs, rule, async (calls, more) => {
      await load(db, calls)
      const silent = ruleLike('no_data', more)
      const { held } = await judge(question(calls), [silent], withinDay)
      for (let step = 0; step < withinDay; step += 5)
        expectSame(atStep(held, silent, step), silenceHolds(silent, calls, now - step * hour), `step ${step}`)
    }),
    runs,
  )
})

test('price_age: calls later than the price data, by days', async () => {
  const rule = fc.record({
    by: fc.constantFrom(null, 'feature', 'user_id'),
    bound: fc.constantFrom('0', '3', '30'),
    minCalls: fc.constantFrom(1, 2),
  })
  const day = (ago: number): string => new Date(now - ago * 24 * hour).toISOString().slice(0, 10)
  await fc.assert(
    fc.asyncProperty(logs, rule, fc.constantFrom(day(0), day(4), day(34)), async (calls, more, date) => {
      await load(db, calls)
      await db.run("UPDATE calls SET cost_basis = 'list'")
      const aged = ruleLike('price_age', more)
      const asked = question(calls)
      const { held } = await judge(
        { ...asked, history: { ...asked.history, price_date: date } },
        [aged],
        withinDay,
      )
      for (let step = 0; step < withinDay; step += 5)
        expectSame(
          atStep(held, aged, step),
          priceAgeHolds(aged, calls, now - step * hour, date),
          `step ${step}`,
        )
    }),
    runs,
  )
})

test('user_caps: requests, hours, days and months, up to each moment', async () => {
  const caps = {
    request_tokens: 150,
    request_usd: '0.2',
    hourly_usd: '0.3',
    daily_usd: '0.5',
    monthly_usd: '1',
  }
  const own = { hourly_usd: '0.1', request_input_tokens: 120, request_tokens: null }
  const { request_tokens: _, ...others } = caps
  const ofUser = { ...others, ...own, request_tokens: Infinity }
  await fc.assert(
    fc.asyncProperty(
      logs,
      fc.constantFrom(...zones),
      fc.constantFrom(1, 3),
      async (calls, tz, windowHours) => {
        await load(db, calls)
        const rule = ruleLike('user_caps', { windowHours })
        const { held } = await judge(
          question(calls, { tz, userCaps: { ...caps, users: { u1: own } } }),
          [rule],
          withinDay,
        )
        for (let step = 0; step < withinDay; step += 5) {
          const got = held
            .filter((one) => one.step === step)
            .map((one) => [`${one.value} ${one.part}`, Number(one.measured)] as const)
          expectSame(
            new Map(got),
            capsHold(rule, (user) => (user === 'u1' ? ofUser : caps), calls, now - step * hour, tz),
            `step ${step} ${tz}`,
          )
        }
      },
    ),
    runs,
  )
})

test('the list of who is over a cap now has the keys of the alerts', async () => {
  const dear: RawCall = { ...bareCall, ts: now - 60_000, user_id: 'a "b"', cost: 7n * 10n ** 12n }
  await load(db, [dear, { ...dear, user_id: 'c', ts: now - 30_000 }])
  const rule = { ...ruleLike('user_caps', { windowHours: 1 }), name: 'over' }
  const asked = question([dear], { userCaps: { daily_usd: '5', hourly_usd: '5' } })
  const set = { ...asked.settings, config: { ...asked.settings.config, rules: [rule] } }
  const { fired } = await checkRules({ ...asked, settings: set }, [rule])
  const listed = await askCapsOver(
    { ...asked, settings: set },
    sameForAll({ daily_usd: '5', hourly_usd: '5' }),
  )
  const told = fired.map(({ measured, details, ...rest }) => ({
    ...rest,
    measured: shortUsdOf(picos(measured ?? 0)),
    details: { ...details, subject: null },
  }))
  const same = listed.map((one) => ({ ...one, details: { ...one.details, subject: null } }))
  const names = [
    'key',
    'rule',
    'kind',
    'severity',
    'dimension',
    'value',
    'measured',
    'bound',
    'details',
  ] as const
  const keysOf = (list: readonly Readonly<Record<(typeof names)[number], unknown>>[]): string[] =>
    list.map((one) => JSON.stringify(names.map((name) => one[name]))).toSorted()
  expect(told).toHaveLength(4)
  expect(keysOf(same)).toEqual(keysOf(told))
})

const budget = (name: string, period: Budget['period'], usd: string, feature?: string): Budget => ({
  name,
  period,
  usd,
  filters: feature === undefined ? [] : [{ dimension: 'feature', operator: '=', value: feature }],
  warnAt: defaultWarnAt,
})
const budgets = [
  budget('day', 'daily', '1'),
  budget('week', 'weekly', '2', 'chat'),
  budget('month', 'monthly', '4'),
]

test('budgets: as llmcost budget tells them at each moment', async () => {
  const rules = named([
    ruleLike('budget_used', { bound: '0.5' }),
    ruleLike('budget_forecast', { bound: '1.2' }),
  ])
  await fc.assert(
    fc.asyncProperty(logs, fc.constantFrom(...zones), async (calls, tz) => {
      await load(db, calls)
      const { held } = await judge(question(calls, { tz, budgets }), rules, withinDay)
      for (let step = 0; step < withinDay; step += 6) {
        const asOf = now - step * hour
        const past = calls.filter(({ ts }) => ts < asOf)
        const { states } = await askBudgets(question(past, { tz, asOf }), budgets)
        const used = states.flatMap(({ budget: { name, usd }, spentUsd }) =>
          spentUsd !== null && Number(spentUsd) > 0.5 * Number(usd)
            ? [[name, Number(spentUsd) / Number(usd)] as const]
            : [],
        )
        const forecast = states.flatMap(({ budget: { name, usd }, outlook }) =>
          outlook !== null && outlook.usd > 1.2 * Number(usd)
            ? [[name, outlook.usd / Number(usd)] as const]
            : [],
        )
        expectSame(atStep(held, rules[0]!, step), new Map(used), `used ${step} ${tz}`)
        expectSame(atStep(held, rules[1]!, step), new Map(forecast), `forecast ${step} ${tz}`)
      }
    }),
    { numRuns: tries(4, 15) },
  )
})

/** Weeks of calls that often grow. */
const weeksOfCalls = fc
  .array(
    fc.record({
      ago: fc.integer({ min: 1, max: 60 * 24 }),
      feature: few('chat', 'search'),
      cost: few(1n, 2n, 3n),
    }),
    { maxLength: 40 },
  )
  .map((some) =>
    some.map(({ ago, feature, cost }): RawCall => ({
      ...bareCall,
      ts: now - ago * hour,
      feature,
      cost: cost === null ? null : cost * 10n ** 12n * BigInt(Math.ceil((62 * 24 - ago) / 168)),
    })),
  )

test('growth: as llmcost trend tells it at each moment', async () => {
  await fc.assert(
    fc.asyncProperty(weeksOfCalls, fc.constantFrom(...zones), fc.boolean(), async (calls, tz, byFeature) => {
      await load(db, calls)
      const rule = ruleLike('growth', {
        weeks: 2,
        bound: '0.1',
        minUsd: '2',
        by: byFeature ? 'feature' : null,
      })
      const { held } = await judge(question(calls, { tz }), [rule], 60)
      for (const step of [0, 20, 59]) {
        const asOf = now - step * hour
        const set = question(calls, { tz, asOf })
        const config = { bounds: { ...defaultBounds, growth_weeks: 2, growth_rate: 0.1, growth_usd: 2 } }
        const asked = { ...set, settings: { config } as unknown as Question['settings'] }
        const answer = await askGrowth(asked, [dimensionOf('feature')], 100)
        const findings = answer.rows.length === 0 ? [] : growthPart(answer).findings
        const wanted = findings.filter(({ dimension }) => (dimension === null) === !byFeature)
        expectSame(
          atStep(held, rule, step),
          new Map(wanted.map(({ value, measured }) => [value as string | null, Number(measured)])),
          `step ${step} ${tz}`,
        )
      }
    }),
    { numRuns: tries(8, 30) },
  )
})

/** An hour of each day, and at times far more: what `unusual_cost` is for. */
const spikyCalls = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 5, max: 40 }),
  )
  .map(([spikes, times]) => {
    const calls: RawCall[] = []
    for (let ago = 1; ago < 24 * 16; ago++)
      calls.push({
        ...bareCall,
        ts: now - ago * hour,
        feature: 'chat',
        cost: 10n ** 11n + BigInt(ago % 7) * 10n ** 10n,
      })
    for (const ago of spikes)
      for (let i = 0; i < times; i++)
        calls.push({ ...bareCall, ts: now - ago * hour - i * 60_000, feature: 'chat', cost: 10n ** 11n })
    return calls
  })

test('the dry run says of each hour what a check as of that hour says', async () => {
  const userCaps = { daily_usd: '0.5', request_tokens: 150 }
  const others = fc.constantFrom(
    ruleLike('no_data', { bound: '2' }),
    ruleLike('no_data', { bound: '5', by: 'feature', forHours: 2 }),
    ruleLike('user_caps', { windowHours: 2 }),
    ruleLike('budget_used', { bound: '0.5', forHours: 1 }),
    ruleLike('budget_forecast', { bound: '0.9' }),
    ruleLike('unusual_cost', { minUsd: '0.1' }),
    ruleLike('unusual_cost', { minUsd: '0.1', by: 'feature', forHours: 1, windowHours: 3 }),
    ruleLike('growth', { weeks: 1, minUsd: '0.1' }),
    ruleLike('sql', {
      windowHours: 2,
      message: '{text}',
      sql: 'SELECT feature AS value, count(*) AS measured FROM calls WHERE ts >= $since AND ts < $as_of GROUP BY ALL',
    }),
  )
  const steps = 36
  const rulesOf = fc.array(fc.oneof(windowRule, others), { minLength: 2, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(logs, spikyCalls),
      rulesOf,
      fc.constantFrom(...zones),
      fc.array(fc.nat(steps - 1), { minLength: 2, maxLength: 3 }),
      async (calls, some, tz, picked) => {
        await load(db, calls)
        const rules = named(some)
        const set = { tz, budgets, userCaps }
        const { histories, failed } = await dryRunRules(question(calls, set), rules, steps)
        expect(failed).toEqual([])
        const { held } = await judge(question(calls, set), rules, steps, true)
        for (const step of picked) {
          const { fired } = await checkRules(question(calls, { ...set, asOf: now - step * hour }), rules)
          for (const rule of rules) {
            const run = Array.from({ length: rule.forHours + 1 }, (_, back) =>
              atStep(held, rule, step + back),
            )
            const dry = [...(run[0]?.keys() ?? [])].filter((value) => run.every((one) => one.has(value)))
            const checked = fired.filter((one) => one.rule === rule.name)
            // A user over two caps is two subjects.
            expect(sorted(new Set(checked.map(({ value }) => value))), JSON.stringify([rule, step])).toEqual(
              sorted(dry),
            )
            if (checked.length > 0)
              expect(histories.find((one) => one.rule === rule)?.hours).toBeGreaterThan(0)
          }
        }
      },
    ),
    { numRuns: tries(4, 12) },
  )
})
