/** Budgets, caps and tiers as people write them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readUserTiers } from '../../src/config/user-tiers.js'
import { readUsd } from '../../src/domain/costs/amount.js'
import { tightestBudget } from '../../src/domain/budgets/budget.js'
import { parseBudget } from '../../src/domain/budgets/budget-option.js'
import { runningPeriod } from '../../src/domain/budgets/budget-period.js'
import { budgetState } from '../../src/domain/budgets/budget-state.js'
import { parseCaps } from '../../src/domain/budgets/user-caps.js'
import { revenueIn } from '../../src/domain/budgets/user-tier.js'
import { UserError } from '../../src/errors.js'

function refusal(work: () => unknown): UserError {
  try {
    work()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('--budget', () => {
  test.each([
    ['500', { name: 'monthly', period: 'monthly', usd: '500', filters: [] }],
    ['$1,234.50', { period: 'monthly', usd: '1234.5' }],
    [' Daily: 0.000000000001 ', { name: 'daily', period: 'daily', usd: '0.000000000001' }],
    [
      'monthly:200 feature=search',
      {
        name: 'monthly feature=search',
        usd: '200',
        filters: [{ dimension: 'feature', operator: '=', value: 'search' }],
      },
    ],
    [
      'weekly:20 team=data science user!=(none) model~gpt',
      {
        filters: [
          { dimension: 'team', operator: '=', value: 'data science' },
          { dimension: 'user_id', operator: '!=', value: '(none)' },
          { dimension: 'model', operator: '~', value: 'gpt' },
        ],
      },
    ],
    [
      String.raw`40 user=ada,bob feature!=a\,b`,
      {
        name: 'monthly user_id=ada,bob feature!=a,b',
        filters: [
          { dimension: 'user_id', operator: '=', value: 'ada' },
          { dimension: 'user_id', operator: '=', value: 'bob' },
          { dimension: 'feature', operator: '!=', value: 'a,b' },
        ],
      },
    ],
  ])('%s', (text, wanted) => {
    expect(parseBudget(text)).toMatchObject({ warnAt: [0.8, 0.9, 1], ...wanted })
  })

  test.each([
    ['0', /0 is not an amount above 0/],
    ['0.00', /not an amount above 0/],
    ['-5', /-5 is not an amount/],
    ['1,5', /1,5 is not an amount/],
    ['1e3', /not an amount/],
    ['', /not an amount/],
    ['yearly:5', /yearly is not a period \(daily, weekly, monthly\)/],
    ['daily:5 search', /search is not a filter/],
    ['daily:5 day=2026-10-02', /a filter cannot be on day/],
    ['daily:5 fature=x', /fature is not a dimension/],
    ['daily:5 feature=', /has no value/],
    ['daily:5 user=@research', /not groups of them/],
    ['daily:5 user=ada,@research', /not groups of them/],
    ['daily:5 group.user=research', /not groups of them/],
  ])('%s is refused', (text, message) => {
    const error = refusal(() => parseBudget(text))
    expect(error.code).toBe('usage')
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('--where')
    expect(error.hint).toBeDefined()
  })
})

test.each([
  ['12', '12'],
  ['$ 1,000,000.10', '1000000.1'],
  ['007', '7'],
  ['0', '0'],
  ['1,00', undefined],
  ['.5', undefined],
  ['5.', undefined],
  ['1234567890123', undefined],
])('an amount %s', (text, wanted) => expect(readUsd(text)).toBe(wanted))

describe('the tightest budget', () => {
  const budgets = [
    'monthly:500',
    'monthly:160.50',
    'monthly:160.5000001',
    'weekly:30',
    'monthly:5 feature=search model=gpt-4o',
    'monthly:1 feature=search',
    'monthly:2 feature!=search',
  ].map(parseBudget)
  const filter = (dimension: string, value: string) => ({ dimension, operator: '=' as const, value })
  const search = filter('feature', 'search')
  const model = filter('model', 'gpt-4o')

  test.each([
    ['the least of the month', 'monthly', [], '160.5'],
    ['of its own period', 'weekly', [], '30'],
    ['of the same filters', 'monthly', [search], '1'],
    ['of the same filters in another order', 'monthly', [model, search, search], '5'],
  ] as const)('%s', (_, period, filters, usd) => {
    expect(tightestBudget(budgets, period, filters)?.usd).toBe(usd)
  })

  test.each([
    ['another period', 'daily', []],
    ['wider or narrower filters', 'monthly', [model]],
    ['a part with a budget for all alone', 'weekly', [search]],
  ] as const)('none for %s', (_, period, filters) => {
    expect(tightestBudget(budgets, period, filters)).toBeUndefined()
  })
})

describe('running periods', () => {
  test.each([
    ['daily', '2026-03-29T10:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
    ['daily', '2026-10-25T22:59:59.999Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
    ['weekly', '2026-10-04T21:59Z', '2026-09-27T22:00Z', '2026-10-04T22:00Z'],
    ['weekly', '2026-10-04T22:00Z', '2026-10-04T22:00Z', '2026-10-11T22:00Z'],
    ['weekly', '2027-01-01T00:00Z', '2026-12-27T23:00Z', '2027-01-03T23:00Z'],
    ['monthly', '2026-03-31T22:00Z', '2026-03-31T22:00Z', '2026-04-30T22:00Z'],
    ['monthly', '2026-10-31T22:59Z', '2026-09-30T22:00Z', '2026-10-31T23:00Z'],
    ['monthly', '2026-12-31T23:00Z', '2026-12-31T23:00Z', '2027-01-31T23:00Z'],
  ] as const)('%s at %s in Berlin', (period, asOf, since, until) => {
    const found = runningPeriod(period, new Date(asOf), 'Europe/Berlin')
    expect([Date.parse(found.since), Date.parse(found.until)]).toEqual([Date.parse(since), Date.parse(until)])
  })
})

describe('status', () => {
  const period = { since: '2026-10-01T00:00:00Z', until: '2026-11-01T00:00:00Z' }
  const state = (cost: string, asOf = '2026-10-31T00:00Z', warnAt = [0.8, 0.9, 1]): string => {
    const { status, level } = budgetState({
      budget: { name: 'b', period: 'monthly', usd: '10', filters: [], warnAt },
      period,
      asOf: new Date(asOf),
      days: [{ day: '2026-10-05', calls: 1, unpricedCalls: 0, costUsd: cost }],
      isWhole: true,
      outlook: { usd: Number(cost), lowUsd: null, highUsd: null, runsOutOn: null, basis: 'history' },
    })
    return `${status} ${level}`
  }

  test.each([
    ['7.999999999999', 'within null'],
    ['8', 'warning 0.8'],
    ['8.000000000000', 'warning 0.8'],
    ['9', 'warning 0.9'],
    ['9.999999999999', 'warning 0.9'],
    ['10', 'warning 1'],
    ['10.000000000001', 'over 1'],
  ])('of $10, $%s: %s', (cost, wanted) => expect(state(cost)).toBe(wanted))

  test('levels are exact, whatever a double makes of them', () => {
    expect(state('7', '2026-10-31T00:00Z', [0.7])).toBe('warning 0.7')
    expect(state('6.999999999999', '2026-10-31T00:00Z', [0.7])).toBe('within null')
  })

  test('within its first hours a period has no forecast of its pace', () => {
    const at = (asOf: string): number | undefined =>
      budgetState({
        budget: { name: 'b', period: 'monthly', usd: '10', filters: [], warnAt: [] },
        period,
        asOf: new Date(asOf),
        days: [{ day: '2026-10-01', calls: 1, unpricedCalls: 0, costUsd: '1' }],
        isWhole: true,
        outlook: null,
      }).outlook?.usd
    expect(at('2026-10-01T23:59Z')).toBeUndefined()
    expect(at('2026-10-02T00:00Z')).toBe(31)
  })
})

describe('--cap', () => {
  test('amounts by name', () => {
    expect(parseCaps(['daily_usd=5', 'request-tokens=50000', 'hourly_usd=$0.10', 'daily_usd=6'])).toEqual({
      daily_usd: '6',
      request_tokens: 50_000,
      hourly_usd: '0.1',
    })
  })
  test.each([
    'daily=5',
    'daily_usd',
    'daily_usd=0',
    'daily_usd=-1',
    'request_tokens=1.5',
    'request_tokens=0',
    '=5',
  ])('%s is refused', (text) => expect(refusal(() => parseCaps([text]))).toMatchObject({ code: 'usage' }))
})

describe('the file of tiers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-tiers-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'users.csv')
  const read = (content: string | Buffer): ReturnType<typeof readUserTiers> => {
    writeFileSync(path, content)
    return readUserTiers(path)
  }

  test('columns in any order, quotes, a byte order mark, empty revenue', () => {
    expect(
      read('\uFEFFTier,user_id,monthly_revenue\r\npro,u1,29.90\r\n"a, b","u ""2""",\r\n\r\nfree,#3,0\r\n'),
    ).toEqual([
      { userId: 'u1', tier: 'pro', monthlyRevenue: '29.9' },
      { userId: 'u "2"', tier: 'a, b', monthlyRevenue: null },
      { userId: '#3', tier: 'free', monthlyRevenue: '0' },
    ])
    expect(read('user_id,tier\nu1,pro')).toEqual([{ userId: 'u1', tier: 'pro', monthlyRevenue: null }])
  })

  test.each([
    ['user_id,tier\nu1,pro\nu2,free\nu1,free\n', ':4', /user u1 stands twice, first in line 2/],
    ['user_id,tier,plan\nu1,pro,x\n', ':1', /unknown column "plan"/],
    ['user_id,user_id,tier\nu1,u1,pro\n', ':1', /column user_id stands twice/],
    ['user_id,monthly_revenue\nu1,5\n', ':1', /column tier is missing/],
    ['user_id,tier,monthly_revenue\nu1,pro,5\nu2,pro,-5\n', ':3', /monthly_revenue -5 is not an amount/],
    ['user_id,tier,monthly_revenue\nu1,pro,abc\n', ':2', /monthly_revenue abc is not an amount/],
    ['user_id,tier\nu1,pro\nu2\n', ':3', /1 cells, the header 2/],
    ['user_id,tier\nu1,pro,5\n', ':2', /3 cells, the header 2/],
    ['user_id,tier\n,pro\n', ':2', /user_id is empty/],
    ['user_id,tier\nu1,\n', ':2', /tier is empty/],
    ['user_id,tier\n"u1,pro\n', ':', /not CSV/],
    ['', '', /is empty/],
    ['\n\n', '', /is empty/],
    ['user_id,tier\n', '', /names no user/],
    [Buffer.from('user_id,tier\nu1,pro\nu\xE9,pro\n', 'latin1'), ':3', /not UTF-8/],
  ])('%j is refused', (content, line, message) => {
    const error = refusal(() => read(content))
    expect(error).toMatchObject({ code: 'usage' })
    expect(error.message).toMatch(message)
    expect(error.location?.startsWith(path + line)).toBe(true)
    expect(error.hint).toBeDefined()
  })

  test('a file that is not there', () => {
    expect(refusal(() => readUserTiers(join(folder, 'none.csv')))).toMatchObject({ code: 'usage' })
  })
})

describe('revenue in a window', () => {
  test.each([
    ['2026-10-01', '2026-11-01', '31.000000000000'],
    ['2026-10-01', '2026-10-08', '7.000000000000'],
    ['2026-09-16', '2026-10-02', '16.500000000000'],
    ['2026-01-01', '2027-01-01', '372.000000000000'],
  ])('$31 a month from %s to %s', (since, until, wanted) => {
    const window = { since: `${since}T00:00:00Z`, until: `${until}T00:00:00Z` }
    expect(revenueIn('31', window, 'UTC')).toBe(wanted)
  })

  test('a month with a change of clocks is one month', () => {
    const window = { since: '2026-02-28T23:00:00Z', until: '2026-03-31T22:00:00Z' }
    expect(revenueIn('29.9', window, 'Europe/Berlin')).toBe('29.900000000000')
  })

  test('an open window has none', () =>
    expect(revenueIn('5', { since: null, until: null }, 'UTC')).toBeNull())
})
