/**
 * Caps on trial against a plain limiter: the one that guides publish, which keeps what each user has spent in the
 * running hour, day and month, refuses a call when one of them is at its limit, and else adds the call's cost to all
 * three. It goes through the calls one by one; the passes over sets must refuse the very same, for the same reason.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { capLimits, type CapLimits } from '../../src/domain/budgets/cap-limits.js'
import { parseCaps, type CapName } from '../../src/domain/budgets/user-caps.js'
import type { Scope } from '../../src/domain/scope.js'
import { capsNow, type CapNowRow } from '../../src/metrics/budgets/caps-now.js'
import type { CapsReplayRow } from '../../src/metrics/budgets/caps-replay.js'
import { askCapsReplay } from '../../src/questions/caps-replay.js'
import { bareCall, bucketOf, dollarText, load, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => db.close())

interface Refusal {
  readonly id: string
  readonly cap: CapName
  readonly call: RawCall
}

const picosOf = (usd: string): bigint => {
  const [whole = '', fraction = ''] = usd.split('.')
  return BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(12, '0').slice(0, 12))
}

const windows = [
  ['hourly_usd', 'hour'],
  ['daily_usd', 'day'],
  ['monthly_usd', 'month'],
] as const

/**
 * `allow` of the limiter, call by call:
 *
 *     for window, limit in limits:
 *         if spent[user, window, key(now)] >= limit: return False
 *     for window, limit in limits: spent[user, window, key(now)] += cost
 *     return True
 */
function limiter(calls: readonly RawCall[], { all, own }: CapLimits, tz: string): Refusal[] {
  const spent = new Map<string, bigint>()
  const refused: Refusal[] = []
  const ordered = calls
    .map((call, i) => ({ call, id: `c${i}` }))
    .filter(({ call }) => call.user_id !== null)
    .toSorted((a, b) => a.call.ts - b.call.ts || (a.id < b.id ? -1 : 1))
  for (const { call, id } of ordered) {
    const caps = own.find(({ userId }) => userId === call.user_id)?.caps ?? all
    const [input, output] = [call.input ?? 0, call.output ?? 0]
    const uses = [
      ['request_tokens', input + output],
      ['request_input_tokens', input],
      ['request_output_tokens', output],
    ] as const
    const keys = windows.map(
      ([cap, unit]) => [cap, JSON.stringify([call.user_id, unit, bucketOf(unit, call.ts, tz)])] as const,
    )
    const by =
      uses.find(([cap, used]) => used > (caps[cap] ?? Infinity))?.[0] ??
      (caps.request_usd !== undefined && (call.cost ?? 0n) > picosOf(caps.request_usd)
        ? ('request_usd' as const)
        : keys.find(([cap, key]) => {
            const limit = caps[cap]
            return limit !== undefined && (spent.get(key) ?? 0n) >= picosOf(limit)
          })?.[0])
    if (by !== undefined) refused.push({ id, cap: by, call })
    else for (const [, key] of keys) spent.set(key, (spent.get(key) ?? 0n) + (call.cost ?? 0n))
  }
  return refused
}

const cent = 10n ** 10n
const minute = 60_000

/** Close enough in time to share hours and days; around changes of clocks, months and days of five zones. */
const moments = [
  '2026-10-25T00:30Z',
  '2026-03-29T00:30Z',
  '2026-04-04T14:45Z',
  '2026-09-30T21:30Z',
  '2026-10-31T18:00Z',
]
const somewhen = fc
  .tuple(fc.constantFrom(...moments), fc.constantFrom(5, 60, 24 * 60), fc.integer({ min: 0, max: 40 }))
  .map(([start, step, times]) => Date.parse(start) + times * step * minute)

const calls = fc
  .array(
    fc.record({
      ts: somewhen,
      user_id: fc.constantFrom('u1', 'u1', 'u2', 'ada.b', null),
      cost: fc.oneof(
        fc.constantFrom(null, 0n, 1n, cent, 5n * cent),
        fc.integer({ min: 1, max: 30 }).map((cents) => BigInt(cents) * cent),
      ),
      input: fc.constantFrom(null, 0, 10, 100),
      output: fc.constantFrom(null, 0, 10, 100),
    }),
    { maxLength: 60 },
  )
  .map((some) => some.map((one): RawCall => ({ ...bareCall, ...one })))

const rules = fc
  .subarray(
    [
      'hourly_usd=0.2',
      'daily_usd=0.35',
      'monthly_usd=0.6',
      'request_usd=0.2',
      'request_tokens=150',
      'request_input_tokens=50',
      'request_output_tokens=50',
      'tier.pro.hourly_usd=0.4',
      'tier.pro.daily_usd=none',
      'user.u2.monthly_usd=0.3',
      'user.ada.b.hourly_usd=0.000000000001',
      'user.ada.b.request_tokens=none',
    ],
    { minLength: 1 },
  )
  .map(parseCaps)

const tiers = [
  { userId: 'u1', tier: 'pro', monthlyRevenue: null },
  { userId: 'u2', tier: 'free', monthlyRevenue: null },
]
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

test('a limiter that goes call by call refuses the same calls, for the same reasons', async () => {
  await fc.assert(
    fc.asyncProperty(
      calls,
      rules,
      fc.constantFrom(...zones),
      fc.option(somewhen),
      async (some, caps, tz, since) => {
        await load(db, some)
        const scope: Scope = {
          since: since === null ? null : new Date(since).toISOString(),
          until: '2027-01-01T00:00:00Z',
          filters: [],
          tz,
        }
        const asked = { tiers, top: 100 }
        const { sets } = await askCapsReplay({ db, scope }, [{ name: 'all', rules: caps }], asked)
        const isIn = ({ ts }: RawCall): boolean => since === null || ts >= since
        const refused = limiter(some, capLimits(caps, tiers), tz).filter(({ call }) => isIn(call))
        expectSame(sets[0]?.rows ?? [], refused, some.filter(isIn), tz)
      },
    ),
    { numRuns: tries(60, 600) },
  )
})

test('who is at a cap now, by what the running hour, day and month hold', async () => {
  await fc.assert(
    fc.asyncProperty(calls, rules, fc.constantFrom(...zones), somewhen, async (some, caps, tz, at) => {
      await load(db, some)
      const limits = capLimits(caps, tiers)
      const until = new Date(at).toISOString()
      const scope: Scope = { since: null, until, filters: [], tz }
      const { sql, params } = capsNow({ scope, asOf: new Date(at), limits })
      const { rows } = await db.query<CapNowRow>(sql, params)
      const past = some.filter(({ ts, user_id: user }) => ts < at && user !== null)
      const wanted = [...new Set(past.map(({ user_id: user }) => user))].flatMap((user) => {
        const own = limits.own.find(({ userId }) => userId === user)?.caps ?? limits.all
        return windows.flatMap(([cap, unit]) => {
          const label = bucketOf(unit, at, tz)
          const mine = past.filter((one) => one.user_id === user && bucketOf(unit, one.ts, tz) === label)
          const used = mine.reduce((sum, { cost }) => sum + (cost ?? 0n), 0n)
          const limit = own[cap]
          return limit === undefined || used < picosOf(limit)
            ? []
            : [[cap, user, used, picosOf(limit), mine.length].join()]
        })
      })
      expect(
        rows
          .map((row) =>
            [row.cap, row.user_id, picosOf(row.used), picosOf(row.limit_value), Number(row.calls)].join(),
          )
          .toSorted(),
      ).toEqual(wanted.toSorted())
    }),
    { numRuns: tries(40, 400) },
  )
})

function expectSame(
  rows: readonly CapsReplayRow[],
  refused: readonly Refusal[],
  seen: readonly RawCall[],
  tz: string,
): void {
  const of = (part: string): CapsReplayRow[] => rows.filter((row) => row.part === part)
  expect(of('call').map(({ call_id, cap, user_id }) => [call_id, cap, user_id])).toEqual(
    refused.map(({ id, cap, call }) => [id, cap, call.user_id]),
  )
  const figures = ({
    refused_calls,
    saved_usd,
    unpriced_calls,
    times,
    users,
    first_ts,
  }: CapsReplayRow): unknown => [
    Number(refused_calls),
    picosOf(saved_usd),
    Number(unpriced_calls),
    Number(times),
    Number(users),
    first_ts === null ? null : Date.parse(first_ts),
  ]
  const wanted = (some: readonly Refusal[]): unknown => [
    some.length,
    some.reduce((sum, { call }) => sum + (call.cost ?? 0n), 0n),
    some.filter(({ call }) => call.cost === null).length,
    new Set(some.map(({ id, cap, call }) => placeOf(id, cap, call, tz))).size,
    new Set(some.map(({ call }) => call.user_id)).size,
    some[0]?.call.ts ?? null,
  ]
  const group = <K>(keyOf: (one: Refusal) => K): Map<K, Refusal[]> => {
    const found = new Map<K, Refusal[]>()
    for (const one of refused) found.set(keyOf(one), [...(found.get(keyOf(one)) ?? []), one])
    return found
  }
  expect(of('all').map(figures)).toEqual([wanted(refused)])
  const sorted = (list: readonly (readonly [unknown, unknown])[]): unknown =>
    list.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  const byCap = [...group(({ cap }) => cap)]
  expect(sorted(of('cap').map((row) => [row.cap, figures(row)]))).toEqual(
    sorted(byCap.map(([cap, some]) => [cap, wanted(some)])),
  )
  const byUser = [...group(({ call }) => call.user_id)]
  expect(sorted(of('user').map((row) => [row.user_id, figures(row)]))).toEqual(
    sorted(byUser.map(([user, some]) => [user, wanted(some)])),
  )
  const named = seen.filter(({ user_id: user }) => user !== null)
  const costOf = (some: readonly RawCall[]): bigint => some.reduce((sum, { cost }) => sum + (cost ?? 0n), 0n)
  expect(of('all').map(({ calls: all, cost_usd }) => [Number(all), picosOf(cost_usd ?? '0')])).toEqual([
    [named.length, costOf(named)],
  ])
  for (const { user_id: user, calls: own, cost_usd } of of('user')) {
    const mine = named.filter((call) => call.user_id === user)
    expect([Number(own), picosOf(cost_usd ?? '0')]).toEqual([mine.length, costOf(mine)])
  }
}

function placeOf(id: string, cap: CapName, call: RawCall, tz: string): string {
  const unit = windows.find(([name]) => name === cap)?.[1]
  return JSON.stringify([cap, call.user_id, unit === undefined ? id : bucketOf(unit, call.ts, tz)])
}

describe('the story of one runaway user', () => {
  /** A loop calls a model every ten minutes for three days, 25 cents each; another user calls now and then. */
  const story = Array.from({ length: 3 * 24 * 6 }, (_, i): RawCall => {
    const ts = Date.UTC(2026, 8, 29) + i * 10 * minute
    const isOther = i % 50 === 7
    return { ...bareCall, ts, user_id: isOther ? 'ada' : 'looping', cost: (isOther ? 3n : 25n) * cent }
  })
  const scope: Scope = { since: null, until: '2026-10-05T00:00:00Z', filters: [], tz: 'UTC' }

  test('$1 an hour, $5 a day and $50 a month refuse what a plain limiter refuses, one by one', async () => {
    await load(db, story)
    const caps = parseCaps(['hourly_usd=1', 'daily_usd=5', 'monthly_usd=50'])
    const { sets } = await askCapsReplay({ db, scope }, [{ name: 'guide', rules: caps }], {
      tiers: undefined,
      top: 1000,
    })
    const refused = limiter(story, capLimits(caps, undefined), 'UTC')
    expectSame(sets[0]?.rows ?? [], refused, story, 'UTC')
    // By hand: of six calls an hour four are let through, so that a day's $5.00 are gone after five hours.
    const [all] = sets[0]?.rows ?? []
    expect(all?.users).toBe(1)
    const accepted =
      story.filter(({ user_id: user }) => user === 'looping').length - Number(all?.refused_calls)
    expect(accepted * 25).toBe(3 * 500)
    expect(new Set(refused.map(({ call }) => call.user_id))).toEqual(new Set(['looping']))
  })

  test('sets stand side by side, and a session stated as a whole is no call', async () => {
    await load(db, story)
    await db.run("UPDATE calls SET operation = 'session_total' WHERE user_id = 'ada'")
    const sets = ['daily_usd=5', 'daily_usd=500', 'user.looping.daily_usd=5'].map((text) => ({
      name: text,
      rules: parseCaps([text]),
    }))
    const answer = await askCapsReplay({ db, scope }, sets, { tiers: undefined, top: 1 })
    const all = answer.sets.map(({ rows }) => rows.find(({ part }) => part === 'all'))
    expect(all.map((row) => Number(row?.calls))).toEqual([423, 423, 423])
    expect(all.map((row) => dollarText(picosOf(row?.saved_usd ?? '0')))).toEqual([
      dollarText(423n * 25n * cent - 1500n * cent),
      dollarText(0n),
      dollarText(423n * 25n * cent - 1500n * cent),
    ])
  })
})
