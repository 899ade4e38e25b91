/** Budgets, caps and tiers against plain loops over the calls; periods by date-fns. */
import { TZDate } from '@date-fns/tz'
import { addDays } from 'date-fns/addDays'
import { addMonths } from 'date-fns/addMonths'
import { format } from 'date-fns/format'
import { startOfDay } from 'date-fns/startOfDay'
import { startOfMonth } from 'date-fns/startOfMonth'
import { startOfWeek } from 'date-fns/startOfWeek'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askBudgets, budgetPart } from '../../src/questions/budget-states.js'
import { askCaps, capsPart } from '../../src/questions/user-caps.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { Budget, BudgetPeriod } from '../../src/domain/budgets/budget.js'
import type { BudgetState } from '../../src/domain/budgets/budget-state.js'
import type { Filter, Scope } from '../../src/domain/scope.js'
import { sameForAll } from '../../src/domain/budgets/cap-limits.js'
import { capNames, isTokens, type CapName } from '../../src/domain/budgets/user-caps.js'
import type { UserTier } from '../../src/domain/budgets/user-tier.js'
import { forecastCost } from '../../src/forecast/forecast.js'
import { costByTier, type TierRow } from '../../src/metrics/budgets/tiers.js'
import { capsSections } from '../../src/reports/budgets/caps.js'
import { tiersSection } from '../../src/reports/budgets/tiers.js'
import { bareCall, bucketOf, dollarText, instants, load, logs, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

const zone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
)
const runs = { numRuns: tries(14, 60) }

/** Filters and what they keep. */
const covers: readonly (readonly [readonly Filter[], (call: RawCall) => boolean])[] = [
  [[], () => true],
  [[{ dimension: 'feature', operator: '=', value: 'chat' }], ({ feature }) => feature === 'chat'],
  [[{ dimension: 'feature', operator: '!=', value: 'chat' }], ({ feature }) => feature !== 'chat'],
  [
    ['u1', 'u2'].map((value): Filter => ({ dimension: 'user_id', operator: '=', value })),
    ({ user_id: user }) => user === 'u1' || user === 'u2',
  ],
  [
    [
      { dimension: 'tag.region', operator: '=', value: 'eu' },
      { dimension: 'model', operator: '~', value: 'GPT' },
    ],
    ({ region, model }) => region === 'eu' && model === 'gpt-4o',
  ],
]

interface Ends {
  readonly since: number
  readonly until: number
}

/** Skipped midnights aside (no zone here has any), the calendar period of an instant, by date-fns. */
function periodAt(period: BudgetPeriod | 'hourly', asOf: number, tz: string): Ends {
  const local = new TZDate(asOf, tz)
  const [since, until] =
    period === 'daily'
      ? [startOfDay(local), startOfDay(addDays(local, 1))]
      : period === 'weekly'
        ? [
            startOfWeek(local, { weekStartsOn: 1 }),
            startOfWeek(addDays(startOfWeek(local, { weekStartsOn: 1 }), 7), { weekStartsOn: 1 }),
          ]
        : [startOfMonth(local), startOfMonth(addMonths(startOfMonth(local), 1))]
  return { since: since.getTime(), until: until.getTime() }
}

const sum = (costs: readonly bigint[]): bigint => costs.reduce((a, b) => a + b, 0n)
const pricedOf = (calls: readonly RawCall[]): bigint[] =>
  calls.flatMap(({ cost }) => (cost === null ? [] : [cost]))
const close = (got: number | null, wanted: number): void =>
  expect(Math.abs((got ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(wanted)))

const budgetCase = fc.record({
  period: fc.constantFrom<BudgetPeriod>('daily', 'weekly', 'monthly'),
  cover: fc.constantFrom(...covers),
  usd: fc.oneof(fc.bigInt(1n, 10n ** 18n), fc.constantFrom(1n, 450_000_000n, 10n ** 15n)),
  /** In place of usd: what is spent over a level, so that the level is reached exactly. */
  exactly: fc.constantFrom(null, null, '1', '0.8'),
})

describe('budgets', () => {
  test('what is spent, shares, pace, levels and the day it ran out', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.array(budgetCase, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...covers),
        instants,
        zone,
        async (calls, cases, [filters, passes], moment, tz) => {
          await load(db, calls)
          // Near a call, so that periods are seldom empty.
          const asOf = (calls[0]?.ts ?? moment) + (moment % 100_000_000)
          const seen = calls.filter((call) => call.ts < asOf && passes(call))
          const budgets = cases.map((one): Budget => ({
            name: 'b',
            period: one.period,
            usd: dollarText(limitOf(one, seen, asOf, tz)),
            filters: one.cover[0],
            warnAt: [0.8, 0.9, 1],
          }))
          const scope: Scope = { since: null, until: null, filters, tz }
          const first = calls.length === 0 ? null : Math.min(...calls.map(({ ts }) => ts))
          const history = {
            calls: calls.length,
            first_ts: first === null ? null : new Date(first).toISOString(),
            last_ts: null,
            future_calls: 0,
            rejected_lines: 0,
            session_totals: 0,
            agent_rows: 0,
            reported_calls: 0,
            doubtful_rates: 0,
            price_data: null,
            price_date: null,
          }
          const question = { db, scope, asOf: new Date(asOf), history }
          const { states, figures } = await askBudgets(question, budgets)
          for (const [i, state] of states.entries()) {
            const covered = seen.filter(cases[i]!.cover[1])
            expectState(state, covered, asOf, tz)
            expectOutlook(state, covered, asOf, tz, first)
          }
          const began = Math.min(...states.map(({ period }) => Date.parse(period.since)))
          const running = seen.filter(({ ts }) => ts >= began)
          expect(figures).toEqual({
            calls: running.length,
            unpriced_calls: running.filter(({ cost }) => cost === null).length,
            partly_priced_calls: running.filter(({ partly }) => partly).length,
          })
        },
      ),
      runs,
    )
  })
})

function limitOf(
  one: { period: BudgetPeriod; cover: (typeof covers)[number]; usd: bigint; exactly: string | null },
  seen: readonly RawCall[],
  asOf: number,
  tz: string,
): bigint {
  const { since } = periodAt(one.period, asOf, tz)
  const spent = sum(pricedOf(seen.filter((call) => call.ts >= since && one.cover[1](call))))
  if (one.exactly === null || spent === 0n || spent % 4n !== 0n) return one.usd
  return one.exactly === '1' ? spent : (spent / 4n) * 5n
}

function expectState(state: BudgetState, covered: readonly RawCall[], asOf: number, tz: string): void {
  const { budget, period } = state
  const { since, until } = periodAt(budget.period, asOf, tz)
  expect([Date.parse(period.since), Date.parse(period.until)]).toEqual([since, until])
  const mine = covered.filter(({ ts }) => ts >= since)
  const limit = BigInt(budget.usd.replace('.', ''))
  const costs = pricedOf(mine)
  expect(state.calls).toBe(mine.length)
  expect(state.unpricedCalls).toBe(mine.length - costs.length)
  close(state.periodShare, (asOf - since) / (until - since))
  if (mine.length > 0 && costs.length === 0) {
    expect([state.spentUsd, state.remainingUsd, state.spentShare, state.level]).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(['unpriced', 'will_exceed']).toContain(state.status)
    return
  }
  const spent = sum(costs)
  expect(state.spentUsd).toBe(dollarText(spent))
  expect(BigInt(String(state.remainingUsd).replace('.', ''))).toBe(limit - spent)
  close(state.spentShare, Number(spent) / Number(limit))
  // 0.8, 0.9 and 1 of the limit, in tenths.
  const level = ([10n, 9n, 8n] as const).find((tenths) => spent * 10n >= limit * tenths)
  expect(state.level).toBe(level === undefined ? null : Number(level) / 10)
  if (asOf === since) expect([state.pace, state.meanDailyUsd]).toEqual([null, null])
  else {
    close(state.pace, (Number(spent) / Number(limit)) * ((until - since) / (asOf - since)))
    close(state.meanDailyUsd, (Number(spent) / 1e12 / (asOf - since)) * 86_400_000)
  }
  expect(state.ranOutOn).toBe(dayUsedUp(mine, limit, tz))
  if (spent < limit && asOf > since && spent > 0n) {
    const end = since + (Number(limit) / Number(spent)) * (asOf - since)
    if (end < until - 1) expect(Math.abs(Date.parse(state.runsOutAt ?? '') - end)).toBeLessThanOrEqual(2)
    else if (end > until + 1) expect(state.runsOutAt).toBeNull()
  } else expect(state.runsOutAt).toBeNull()
  const exceeds = (state.outlook?.usd ?? 0) > Number(limit) / 1e12
  const status = spent > limit ? 'over' : exceeds ? 'will_exceed' : level === undefined ? 'within' : 'warning'
  expect(state.status).toBe(status)
}

/** The local day of the call that used the budget up. */
function dayUsedUp(calls: readonly RawCall[], limit: bigint, tz: string): string | null {
  let spent = 0n
  for (const { ts, cost } of calls.toSorted((a, b) => a.ts - b.ts)) {
    spent += cost ?? 0n
    if (spent >= limit) return format(new TZDate(ts, tz), 'yyyy-MM-dd')
  }
  return null
}

/** The forecast from days added up by hand, or the pace where there is no whole day with a cost. */
function expectOutlook(
  state: BudgetState,
  covered: readonly RawCall[],
  asOf: number,
  tz: string,
  first: number | null,
): void {
  const name = (date: Date): string => format(date, 'yyyy-MM-dd')
  const today = startOfDay(new TZDate(asOf, tz))
  const clock = clockOf(asOf, tz)
  const history = []
  for (let day = startOfDay(addDays(today, -120)); day <= today; day = startOfDay(addDays(day, 1))) {
    const [from, to] = [day.getTime(), startOfDay(addDays(day, 1)).getTime()]
    if (from === asOf) break
    const mine = covered.filter(({ ts }) => ts >= from && ts < to)
    history.push({
      day: name(day),
      cost_usd: Number(dollarText(sum(pricedOf(mine)))),
      complete: Math.min(1, (asOf - from) / (to - from)),
      cost_by_now_usd: Number(dollarText(sum(pricedOf(mine.filter(({ ts }) => clockOf(ts, tz) < clock))))),
    })
  }
  const { since, until } = periodAt(state.budget.period, asOf, tz)
  const range = { since: name(new TZDate(since, tz)), until: name(new TZDate(until, tz)) }
  const forecast = forecastCost(history, range)
  if (forecast !== null && forecast.learnedDays > 0) {
    expect(state.outlook?.basis).toBe('history')
    close(state.outlook?.usd ?? null, forecast.mean)
    close(state.outlook?.lowUsd ?? null, forecast.low)
    close(state.outlook?.highUsd ?? null, forecast.high)
    return
  }
  const least = state.budget.period === 'daily' ? 3_600_000 : 86_400_000
  const reachesBack = first !== null && first < startOfDay(addDays(new TZDate(since, tz), 1)).getTime()
  if (state.spentUsd === null || asOf - since < least || !reachesBack) return expect(state.outlook).toBeNull()
  expect(state.outlook?.basis).toBe('pace')
  close(state.outlook?.usd ?? null, (Number(state.spentUsd) * (until - since)) / (asOf - since))
}

/** Time on the local clock, ms since midnight. */
function clockOf(ts: number, tz: string): number {
  const local = new TZDate(ts, tz)
  return (
    ((local.getHours() * 60 + local.getMinutes()) * 60 + local.getSeconds()) * 1000 + local.getMilliseconds()
  )
}

const spans: readonly (readonly [CapName, string])[] = [
  ['hourly_usd', 'hour'],
  ['daily_usd', 'day'],
  ['monthly_usd', 'month'],
]

interface Over {
  readonly cap: string
  readonly user: string
  readonly bucket: string | null
  readonly call: string | null
  readonly used: bigint
  readonly calls: number
}

/** Everything over a cap, by plain loops; USD and tokens × 10^12. */
function overCaps(
  calls: readonly RawCall[],
  caps: Readonly<Record<string, bigint>>,
  scope: Ends,
  tz: string,
  isOwn: (user: string) => boolean = () => false,
): Over[] {
  /** Of u1, half of a day and no cap on the month, where he has caps of his own. */
  const limitFor = (cap: string, user: string, limit: bigint): bigint | undefined =>
    !isOwn(user) ? limit : cap === 'daily_usd' ? limit / 2n : cap === 'monthly_usd' ? undefined : limit
  const found: Over[] = []
  const past = calls.map((call, i) => ({ call, id: `c${i}` })).filter(({ call }) => call.ts < scope.until)
  for (const [cap, unit] of spans) {
    const limit = caps[cap]
    if (limit === undefined) continue
    const buckets = new Map<string, RawCall[]>()
    for (const { call } of past) {
      if (call.user_id === null) continue
      const key = JSON.stringify([call.user_id, bucketOf(unit, call.ts, tz)])
      buckets.set(key, [...(buckets.get(key) ?? []), call])
    }
    for (const [key, mine] of buckets) {
      const used = sum(pricedOf(mine))
      const [user = '', bucket = ''] = JSON.parse(key) as string[]
      const own = limitFor(cap, user, limit)
      if (own === undefined || used <= own || mine.every(({ ts }) => ts < scope.since)) continue
      found.push({ cap, user, bucket, call: null, used, calls: mine.length })
    }
  }
  for (const [cap, amount] of [
    ['request_usd', ({ cost }: RawCall) => cost ?? 0n],
    ['request_tokens', ({ input, output }: RawCall) => BigInt((input ?? 0) + (output ?? 0)) * 10n ** 12n],
    ['request_input_tokens', ({ input }: RawCall) => BigInt(input ?? 0) * 10n ** 12n],
    ['request_output_tokens', ({ output }: RawCall) => BigInt(output ?? 0) * 10n ** 12n],
  ] as const) {
    const limit = caps[cap]
    if (limit === undefined) continue
    for (const { call, id } of past) {
      if (call.user_id === null || call.ts < scope.since || amount(call) <= limit) continue
      found.push({ cap, user: call.user_id, bucket: null, call: id, used: amount(call), calls: 1 })
    }
  }
  return found
}

describe('caps', () => {
  test('who went over, when, by how much, with how many calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.uniqueArray(fc.constantFrom(...capNames), {
          minLength: 1,
        }),
        fc.array(fc.nat(), { minLength: 7, maxLength: 7 }),
        fc.tuple(instants, instants),
        fc.tuple(fc.boolean(), fc.boolean()),
        zone,
        async (calls, names, picks, [a, b], [open, hasOwn], tz) => {
          await load(db, calls)
          const ends = { since: open ? Number.NEGATIVE_INFINITY : Math.min(a, b), until: Math.max(a, b) + 1 }
          // Caps that some bucket or request meets exactly, and any others.
          const caps: Record<string, bigint> = {}
          for (const [i, name] of names.entries()) {
            const met = overCaps(calls, { [name]: 0n }, ends, tz)
            const limit = met.length === 0 ? 10n ** 15n : met[picks[i]! % met.length]!.used
            const whole = limit > 10n ** 12n ? limit / 10n ** 12n : 1n
            caps[name] = isTokens(name) ? whole * 10n ** 12n : limit
          }
          const given = Object.fromEntries(
            names.map((name) => [
              name,
              isTokens(name) ? Number(caps[name]! / 10n ** 12n) : dollarText(caps[name]!),
            ]),
          )
          const scope: Scope = {
            since: open ? null : new Date(ends.since).toISOString(),
            until: new Date(ends.until).toISOString(),
            filters: [],
            tz,
          }
          const half =
            caps['daily_usd'] === undefined ? {} : { daily_usd: dollarText(caps['daily_usd'] / 2n) }
          const { monthly_usd: _, ...others } = given
          const own = hasOwn ? [{ userId: 'u1', caps: { ...others, ...half } }] : []
          const limits = { all: given, own }
          const { rows, measured } = await askCaps({ db, scope }, limits, 1000)
          const wanted = overCaps(calls, caps, ends, tz, (user) => hasOwn && user === 'u1')
          const limitOf = (cap: string, user: string): bigint =>
            hasOwn && user === 'u1' && cap === 'daily_usd' ? caps[cap]! / 2n : caps[cap]!
          const key = (one: Over): string =>
            JSON.stringify({ ...one, used: String(one.used), limit: String(limitOf(one.cap, one.user)) })
          const got = rows.map((row): Over => ({
            cap: row.cap,
            user: row.user_id,
            bucket: row.bucket,
            call: row.call_id,
            used: BigInt(row.used.replace('.', '')),
            calls: Number(row.calls),
          }))
          expect(got.map(key).toSorted()).toEqual(wanted.map(key).toSorted())
          for (const row of rows) {
            const used = BigInt(row.used.replace('.', ''))
            expect(BigInt(row.limit_value.replace('.', ''))).toBe(limitOf(row.cap, row.user_id))
            expect(BigInt(row.excess.replace('.', ''))).toBe(used - limitOf(row.cap, row.user_id))
            const same = wanted.filter(({ cap }) => cap === row.cap)
            expect(row.cap_times).toBe(same.length)
            expect(row.cap_users).toBe(new Set(same.map(({ user }) => user)).size)
            expect(row.user_times).toBe(same.filter(({ user }) => user === row.user_id).length)
          }
          for (const tokens of [false, true]) {
            const mine = rows.filter(({ cap }) => isTokens(cap) === tokens)
            const excess = mine.map((row) => BigInt(row.excess.replace('.', '')))
            expect(excess).toEqual(excess.toSorted((x, y) => (x > y ? -1 : x < y ? 1 : 0)))
            expect(mine.map(({ place }) => place)).toEqual(mine.map((_, i) => i + 1))
          }
          expectBeginnings(rows, scope)
          const past = calls.filter(({ ts }) => ts >= ends.since && ts < ends.until)
          expect(measured.calls_without_user).toBe(past.filter(({ user_id: user }) => user === null).length)
          // A shorter list says as much of all of them.
          const short = await askCaps({ db, scope }, limits, 1)
          for (const name of names) {
            const of = (list: typeof rows): unknown => list.find(({ cap }) => cap === name)?.cap_times
            expect(of(short.rows)).toBe(of(rows))
          }
        },
      ),
      runs,
    )
  })
})

/** `since` of each row is an instant at which, by date-fns, its bucket begins. */
function expectBeginnings(rows: Parameters<typeof capsSections>[0]['rows'], scope: Scope): void {
  for (const row of capsSections({ rows, scope }).flatMap((section) => section.rows)) {
    const unit = { hourly_usd: 'hour', daily_usd: 'day', monthly_usd: 'month' }[String(row['cap'])]
    if (unit === undefined) continue
    const since = Date.parse(String(row['since']))
    expect(bucketOf(unit, since, scope.tz)).toBe(row['bucket'])
    if (unit !== 'hour') expect(bucketOf(unit, since - 1, scope.tz)).not.toBe(row['bucket'])
  }
}

const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', "'; --", 'é']

const tierFile = fc
  .uniqueArray(
    fc.record({
      userId: fc.constantFrom(...users),
      tier: fc.constantFrom('pro', 'free', "x'y", '"'),
      monthlyRevenue: fc.option(fc.constantFrom('0', '29.9', '1000000', '0.000000000001')),
    }),
    { selector: ({ userId }) => userId, minLength: 1 },
  )
  .map((tiers): readonly UserTier[] => tiers)

describe('tiers', () => {
  test('cost, users, mean, p95, revenue and margin of each tier', async () => {
    await fc.assert(
      fc.asyncProperty(logs, tierFile, instants, instants, zone, async (calls, tiers, a, b, tz) => {
        await load(db, calls)
        const ends = { since: Math.min(a, b), until: Math.max(a, b) + 1 }
        const scope: Scope = {
          since: new Date(ends.since).toISOString(),
          until: new Date(ends.until).toISOString(),
          filters: [],
          tz,
        }
        const { sql, params } = costByTier(scope, tiers)
        const { rows } = await db.query<TierRow>(sql, params)
        const section = tiersSection({ scope, rows })
        const seen = calls.filter(({ ts }) => ts >= ends.since && ts < ends.until)
        const all = sum(pricedOf(seen))
        const named = new Set([
          ...tiers.map(({ userId }) => userId),
          ...seen.flatMap(({ user_id: u }) => u ?? []),
        ])
        const tierOf = new Map(tiers.map((one) => [one.userId, one]))
        const groups = new Map<string, string[]>()
        for (const user of named) {
          const key = JSON.stringify(tierOf.get(user)?.tier ?? null)
          groups.set(key, [...(groups.get(key) ?? []), user])
        }
        const anonymous = seen.filter(({ user_id: user }) => user === null)
        expect(section.rows).toHaveLength(groups.size + (anonymous.length > 0 ? 1 : 0))
        for (const row of section.rows) {
          if (row['tier'] === '(no user)') {
            expect(row).toMatchObject({ calls: anonymous.length, tier_users: null, margin_usd: null })
            expect(row['cost_usd']).toBe(textOf(pricedOf(anonymous)))
            continue
          }
          expectTier(row, groups.get(JSON.stringify(row['tier'])) ?? [], { seen, tierOf, ends, tz, all })
        }
        const total = section.totals ?? {}
        expect(total['cost_usd'] ?? null).toBe(textOf(pricedOf(seen)))
        expect(total).toMatchObject({ tier_users: named.size, calls: seen.length })
      }),
      runs,
    )
  })
})

const textOf = (costs: readonly bigint[]): string | null =>
  costs.length === 0 ? null : dollarText(sum(costs))

interface World {
  readonly seen: readonly RawCall[]
  readonly tierOf: ReadonlyMap<string, UserTier>
  readonly ends: Ends
  readonly tz: string
  readonly all: bigint
}

function expectTier(row: Readonly<Record<string, unknown>>, members: readonly string[], world: World): void {
  const callsOf = (user: string): RawCall[] => world.seen.filter(({ user_id: id }) => id === user)
  const mine = members.flatMap(callsOf)
  const costs = members.map((user) => pricedOf(callsOf(user))).filter((list) => list.length > 0)
  const perUser = costs.map((list) => Number(sum(list)) / 1e12).toSorted((x, y) => x - y)
  expect(row['tier_users']).toBe(members.length)
  expect(row['active_users']).toBe(members.filter((user) => callsOf(user).length > 0).length)
  expect(row['calls']).toBe(mine.length)
  expect(row['unpriced_calls']).toBe(mine.length - pricedOf(mine).length)
  expect(row['cost_usd']).toBe(textOf(pricedOf(mine)))
  if (perUser.length === 0)
    expect([row['mean_user_cost_usd'], row['p95_user_cost_usd']]).toEqual([null, null])
  else {
    close(Number(row['mean_user_cost_usd']), perUser.reduce((x, y) => x + y, 0) / perUser.length)
    const rank = (perUser.length - 1) * 0.95
    const [low = 0, high = 0] = [perUser[Math.floor(rank)], perUser[Math.ceil(rank)]]
    close(Number(row['p95_user_cost_usd']), low + (high - low) * (rank - Math.floor(rank)))
    close(Number(row['max_user_cost_usd']), perUser.at(-1) ?? 0)
    if (world.all > 0n) close(Number(row['cost_share']), Number(sum(pricedOf(mine))) / Number(world.all))
  }
  const paying = members.filter((user) => world.tierOf.get(user)?.monthlyRevenue != null)
  expect(row['revenue_users']).toBe(paying.length)
  if (paying.length === 0) {
    expect([row['revenue_usd'], row['margin_usd'], row['margin_rate']]).toEqual([null, null, null])
    return
  }
  const monthly = paying.reduce((x, user) => x + Number(world.tierOf.get(user)?.monthlyRevenue), 0)
  const revenue = monthly * monthsOf(world.ends, world.tz)
  const cost = Number(sum(pricedOf(paying.flatMap(callsOf)))) / 1e12
  close(Number(row['revenue_usd']), revenue)
  close(Number(row['margin_usd']), revenue - cost)
  if (Number(row['revenue_usd']) === 0) expect(row['margin_rate']).toBeNull()
  else if (revenue > 1e-3) close(Number(row['margin_rate']), (revenue - cost) / revenue)
}

/** Days of each calendar month inside the window over the month's length, by date-fns. */
function monthsOf({ since, until }: Ends, tz: string): number {
  let months = 0
  for (
    let month = startOfMonth(new TZDate(since, tz));
    month.getTime() < until;
    month = startOfMonth(addMonths(month, 1))
  ) {
    const end = startOfMonth(addMonths(month, 1)).getTime()
    months += (Math.min(end, until) - Math.max(month.getTime(), since)) / (end - month.getTime())
  }
  return months
}

describe('parts of the report', () => {
  const one: RawCall = {
    ...bareCall,
    ts: Date.UTC(2026, 9, 2, 10),
    user_id: 'u1',
    cost: 5n * 10n ** 12n,
    input: 10,
    output: 5,
  }
  const scope: Scope = {
    since: '2026-10-01T00:00:00Z',
    until: '2026-10-03T00:00:00Z',
    filters: [],
    tz: 'UTC',
  }
  const history = {
    calls: 1,
    first_ts: '2026-10-02T10:00:00Z',
    last_ts: '2026-10-02T10:00:00Z',
    future_calls: 0,
    rejected_lines: 0,
    session_totals: 0,
    agent_rows: 0,
    reported_calls: 0,
    doubtful_rates: 0,
    price_data: null,
    price_date: null,
  }

  test('budgets show a table and say what is over; caps say who', async () => {
    await load(db, [one])
    const budget: Budget = { name: 'b', period: 'monthly', usd: '4', filters: [], warnAt: [0.8] }
    const question = {
      db,
      scope,
      asOf: new Date('2026-10-03T00:00:00Z'),
      history,
      typed: (command: string) => command,
    }
    const budgets = await budgetPart(question, [budget])
    expect(budgets.sections[0]?.rows[0]).toMatchObject({ cost_usd: '5.000000000000', status: 'over' })
    expect(budgets.findings?.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['budget_over', 'critical'],
    ])
    const caps = await capsPart(question, sameForAll({ daily_usd: '4.5', request_tokens: 15 }))
    expect(caps.findings?.map(({ kind, value, measured, bound }) => [kind, value, measured, bound])).toEqual([
      ['user_cap_daily_usd', 'u1', 5, 4.5],
    ])
    expect(await budgetPart(question, [])).toEqual({ sections: [] })
    expect(await capsPart(question, sameForAll({}))).toEqual({ sections: [] })
  })
})
