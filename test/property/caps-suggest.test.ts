/** Suggested caps: levels against sorted lists, caps from revenue by hand, and the block read back as a config file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import type { CapRules } from '../../src/domain/budgets/budget.js'
import { capsFromRevenue, capsFromUse, readShare } from '../../src/domain/budgets/suggested-caps.js'
import { capNames, tokenCaps } from '../../src/domain/budgets/user-caps.js'
import { capLevels, type CapLevelRow } from '../../src/metrics/budgets/caps-levels.js'
import { askCapsSuggest } from '../../src/questions/caps-suggest.js'
import { capsBlock } from '../../src/reports/budgets/caps-suggest.js'
import { bareCall, bucketOf, dollarText, load, type RawCall } from './metrics-model.js'
import { tries } from './seed.js'

let db: Database
const folder = mkdtempSync(join(tmpdir(), 'llmcost-test-'))

beforeAll(async () => {
  db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
  await db.run('USE store')
})
afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

const cent = 10n ** 10n
const hour = 3_600_000
const tiers = [
  { userId: 'u1', tier: 'pro', monthlyRevenue: '20' },
  { userId: 'u2', tier: 'pro', monthlyRevenue: '30' },
  { userId: 'u3', tier: 'free', monthlyRevenue: null },
]

const calls = fc
  .array(
    fc.record({
      ts: fc.integer({ min: 0, max: 200 }).map((times) => Date.UTC(2026, 9, 23) + times * 20 * 60_000),
      user_id: fc.constantFrom('u1', 'u2', 'u3', 'u4', null),
      cost: fc.oneof(
        fc.constantFrom(null, 0n),
        fc.integer({ min: 1, max: 99 }).map((cents) => BigInt(cents) * cent),
      ),
      input: fc.constantFrom(null, 0, 10, 123),
      output: fc.constantFrom(null, 0, 7),
    }),
    { maxLength: 150 },
  )
  .map((some) => some.map((one): RawCall => ({ ...bareCall, ...one })))

/** The smallest value with at least 99 of 100 up to it. */
const p99 = (values: readonly bigint[]): bigint | undefined =>
  values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[Math.ceil(values.length * 0.99) - 1]

test('levels are the 99th percentile of the requests, hours, days and windows of a tier', async () => {
  await fc.assert(
    fc.asyncProperty(calls, fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'), async (some, tz) => {
      await load(db, some)
      const { sql, params } = capLevels(
        { since: null, until: '2027-01-01T00:00:00Z', filters: [], tz },
        tiers,
      )
      const { rows } = await db.query<CapLevelRow>(sql, params)
      const tierOf = (user: string | null): string | null =>
        tiers.find(({ userId }) => userId === user)?.tier ?? null
      const named = some.filter(({ user_id: user }) => user !== null)
      const groups = [
        { is_all: true, tier: null, mine: named },
        ...[null, 'pro', 'free'].map((tier) => ({
          is_all: false,
          tier,
          mine: named.filter(({ user_id: user }) => tierOf(user) === tier),
        })),
      ]
      const wanted = groups.flatMap(({ is_all: isAll, tier, mine }) => {
        const sums = (unit: string): [string, bigint][] => {
          const found = new Map<string, bigint>()
          for (const { user_id: user, ts, cost } of mine) {
            const key = JSON.stringify([user, unit === 'month' ? '' : bucketOf(unit, ts, tz)])
            found.set(key, (found.get(key) ?? 0n) + (cost ?? 0n))
          }
          return [...found]
        }
        const ofRequests = mine.map(({ user_id: user, input, output }): [string, bigint] => [
          JSON.stringify([user]),
          BigInt((input ?? 0) + (output ?? 0)) * 100n * cent,
        ])
        const spans = [
          ['request_tokens', ofRequests],
          ['hourly_usd', sums('hour')],
          ['daily_usd', sums('day')],
          ['monthly_usd', sums('month')],
        ] as const
        return spans.flatMap(([cap, values]) => {
          const used = values.filter(([, value]) => value > 0n)
          const level = p99(used.map(([, value]) => value))
          const users = new Set(used.map(([key]) => (JSON.parse(key) as string[])[0])).size
          return level === undefined ? [] : [[cap, isAll, tier, users, used.length, dollarText(level)].join()]
        })
      })
      expect(
        rows
          .map((row) =>
            [row.cap, row.is_all, row.tier, Number(row.users), Number(row.spans), row.level].join(),
          )
          .toSorted(),
      ).toEqual(wanted.toSorted())
    }),
    { numRuns: tries(25, 250) },
  )
})

const level = (cap: CapLevelRow['cap'], tier: string | null, amount: string, isAll = false) => ({
  cap,
  tier,
  is_all: isAll,
  level: amount,
})

describe('caps from levels', () => {
  test('are rounded up to two digits; a window stands for 30 days', () => {
    const levels = [
      level('request_tokens', null, '58422', true),
      level('hourly_usd', null, '0.7001519', true),
      level('daily_usd', null, '11.9638944', true),
      level('monthly_usd', null, '66.5', true),
      level('daily_usd', 'pro', '5'),
    ]
    expect(capsFromUse(levels, 60)).toEqual({
      request_tokens: 59_000,
      hourly_usd: '0.71',
      daily_usd: '12',
      monthly_usd: '34',
      tiers: { pro: { daily_usd: '5' } },
    })
    expect(capsFromUse(levels, 27)).not.toHaveProperty('monthly_usd')
  })

  test('of users in no tier hold for all others', () => {
    const levels = [
      level('daily_usd', null, '9', true),
      level('daily_usd', null, '1'),
      level('daily_usd', 'pro', '9'),
    ]
    expect(capsFromUse(levels, 30)).toEqual({ daily_usd: '1', tiers: { pro: { daily_usd: '9' } } })
  })

  test('from revenue: a share of the mean of what is known, of tiers that pay', () => {
    const share = readShare('30%')!
    expect(capsFromRevenue([...tiers, { userId: 'u9', tier: 'zero', monthlyRevenue: '0' }], share)).toEqual({
      tiers: { pro: { monthly_usd: '7.5' } },
    })
    expect(['0', '101', '-1', '1e1', 'x', '', '100.000001'].map(readShare)).toEqual(Array(7).fill(undefined))
    expect(readShare('12.5 %')).toEqual({ digits: 125n, places: 3 })
  })
})

describe('the block for the config file', () => {
  const measured = { calls: 1, unpriced_calls: 0, partly_priced_calls: 0, calls_without_user: 0, users: 1 }
  const scope = { since: '2026-09-01T00:00:00Z', until: '2026-10-01T00:00:00Z', filters: [], tz: 'UTC' }
  const readBack = async (rules: CapRules): Promise<unknown> => {
    const chosen = { name: 'p99', rules }
    const answer = { scope, measured, sets: [], levels: [], suggested: [chosen], chosen, windowDays: 30 }
    const path = join(folder, 'block.yaml')
    const text = capsBlock(answer)
    // Nothing in it acts on a terminal.
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/)
    writeFileSync(path, text)
    const known = async () => ({ formats: [], importers: [] })
    return (await loadConfig({ cwd: folder, explicit: path, known })).userCaps
  }

  test('is read back as the very caps, whatever a tier is called', async () => {
    const amount = fc
      .bigInt({ min: 1n, max: 10n ** 17n })
      .map((picos) => dollarText(picos).replace(/\.?0+$/, ''))
    const caps = fc.record(
      Object.fromEntries(
        capNames.map((cap) => [
          cap,
          tokenCaps.some((one) => one === cap) ? fc.integer({ min: 1, max: 1e9 }) : amount,
        ]),
      ),
      { requiredKeys: ['daily_usd'] },
    )
    const name = fc.oneof(
      fc.constantFrom(
        'pro',
        'no',
        '#',
        'a: b',
        "'",
        '"',
        '\u001B[2J',
        '\u202E',
        '\u0085',
        '__proto__',
        '- x',
        '007',
      ),
      fc.string({ minLength: 1 }),
    )
    await fc.assert(
      fc.asyncProperty(
        caps,
        fc.dictionary(name, caps, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
        async (all, ofTiers) => {
          const rules = { ...all, tiers: ofTiers } as CapRules
          expect(await readBack(rules)).toEqual(rules)
        },
      ),
      { numRuns: tries(40, 400) },
    )
  })

  test('is that of the calls asked about', async () => {
    const some = Array.from({ length: 300 }, (_, i): RawCall => ({
      ...bareCall,
      ts: Date.UTC(2026, 8, 1) + i * 2 * hour,
      user_id: `u${(i % 4) + 1}`,
      cost: BigInt(i % 7) * cent,
      input: 100 + i,
      output: 10,
    }))
    await load(db, some)
    const share = readShare('30%')!
    const answer = await askCapsSuggest(
      { db, scope, asOf: new Date(scope.until) },
      { tiers, share, now: { daily_usd: '9' } },
    )
    expect(answer.suggested.map(({ name }) => name)).toEqual([
      'caps now',
      'p99',
      '30% of revenue',
      'p99, month 30% of revenue',
    ])
    const path = join(folder, 'whole.yaml')
    writeFileSync(path, capsBlock(answer))
    const known = async () => ({ formats: [], importers: [] })
    const { userCaps } = await loadConfig({ cwd: folder, explicit: path, known })
    expect(userCaps).toEqual(answer.chosen?.rules)
    expect(userCaps.tiers?.['pro']?.monthly_usd).toBe('7.5')
  })
})
