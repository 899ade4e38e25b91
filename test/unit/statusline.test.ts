/** What the line says of given sums: where days begin, what stands beside what, and what leaves for want of room. */
import { describe, expect, test } from 'vitest'
import { parseBudget } from '../../src/domain/budgets/budget-option.js'
import { lineFigures } from '../../src/statusline/figures.js'
import { jsonOf, lineOf } from '../../src/statusline/line.js'
import { quarterMs, type Sums } from '../../src/statusline/sums.js'

const noSession = { id: undefined, costUsd: undefined, columns: undefined }

/** Calls for a dollar each, at these moments. */
function sumsOf(tz: string, moments: readonly string[], budgets: readonly string[] = []): Sums {
  const set = moments.map((iso) => ({
    quarter: Math.floor(Date.parse(iso) / quarterMs),
    calls: 1,
    unpricedCalls: 0,
    costUsd: '1.000000000000',
  }))
  const last = moments.at(-1)!
  return {
    mark: '',
    schemaVersion: 1,
    made: last,
    since: '2026-09-01T00:00:00Z',
    until: '2026-12-31T00:00:00Z',
    laterCalls: 0,
    isElsewhere: false,
    tz,
    budgets: budgets.map((text) => ({ ...parseBudget(text), set: 0 })),
    sets: [set],
    sessions: new Map([['s', { calls: 2, unpricedCalls: 1, costUsd: '0.5' }]]),
  }
}

const costs = (sums: Sums, now: string): Record<string, string | null> => {
  const { periods } = lineFigures(sums, noSession, { now: new Date(now), isBehind: false })!
  return Object.fromEntries(
    Object.entries(periods).map(([period, { costUsd }]) => [period, costUsd && String(Number(costUsd))]),
  )
}

describe('days begin at midnight', () => {
  test.each([
    // 18:15 UTC is midnight of Kathmandu, 5:45 ahead.
    ['Asia/Kathmandu', ['2026-11-10T18:14:59Z', '2026-11-10T18:15:00Z'], '2026-11-10T18:14:59.999Z', '1'],
    ['Asia/Kathmandu', ['2026-11-10T18:14:59Z', '2026-11-10T18:15:00Z'], '2026-11-10T18:15:00Z', '1'],
    ['Asia/Kathmandu', ['2026-11-10T17:00:00Z', '2026-11-10T18:00:00Z'], '2026-11-10T18:14:00Z', '2'],
    ['Asia/Kathmandu', ['2026-11-10T17:00:00Z', '2026-11-10T18:00:00Z'], '2026-11-10T18:20:00Z', '0'],
    // The day of 25 hours of Berlin, from 22:00 to 23:00 UTC.
    [
      'Europe/Berlin',
      ['2026-10-24T21:59:00Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:00Z'],
      '2026-10-25T22:59:30Z',
      '2',
    ],
    // That of 23.5 hours of Lord Howe, 10:30 and then 11 hours ahead.
    [
      'Australia/Lord_Howe',
      ['2026-10-03T13:29:00Z', '2026-10-03T13:30:00Z', '2026-10-04T12:59:00Z'],
      '2026-10-04T12:59:59Z',
      '2',
    ],
    ['Australia/Lord_Howe', ['2026-10-04T12:59:00Z'], '2026-10-04T13:00:00Z', '0'],
  ])('of %s, %j at %s', (tz, moments, now, today) => {
    expect(costs(sumsOf(tz, moments), now)['daily']).toBe(today)
  })

  test('weeks on Mondays, months on the first', () => {
    const sums = sumsOf('America/New_York', [
      '2026-11-01T03:59:00Z',
      '2026-11-01T04:00:00Z',
      '2026-11-02T04:59:00Z',
      '2026-11-02T05:00:00Z',
    ])
    expect(costs(sums, '2026-11-02T06:00:00Z')).toEqual({ daily: '1', weekly: '1', monthly: '3' })
    expect(costs(sums, '2026-12-01T05:00:00Z')).toEqual({ daily: '0', weekly: '0', monthly: '0' })
  })
})

test('a clock that was turned back to before the sums finds no figures', () => {
  const sums = sumsOf('UTC', ['2026-09-10T00:00:00Z'])
  expect(
    lineFigures(sums, noSession, { now: new Date('2026-08-31T00:00:00Z'), isBehind: false }),
  ).toBeUndefined()
})

describe('what stands beside what', () => {
  const sums = {
    ...sumsOf(
      'UTC',
      ['2026-11-10T08:00:00Z', '2026-11-10T09:00:00Z'],
      ['200', '3', 'daily:2.2', 'weekly:1', 'monthly:2 feature=search', 'monthly:50 feature=chat'],
    ),
    made: '2026-11-10T09:30:00Z',
  }
  const figures = (now = '2026-11-10T09:40:00Z', isBehind = false) =>
    lineFigures(sums, { ...noSession, id: 's', costUsd: '9' }, { now: new Date(now), isBehind })!
  const line = (columns?: number, now?: string, isBehind?: boolean): string =>
    lineOf(figures(now, isBehind), { columns, color: false })

  test('the tightest budget of all calls, others from their first level on', () => {
    expect(line()).toBe(
      '$0.50 session · $2.00 of $2.20 today (90.9%) · $2.00 of $1.00 week (200%) · $2.00 of $3.00 month (66.7%) · $2.00 of $2.00 monthly feature=search (100%)',
    )
  })

  test.each([
    [
      160,
      '$0.50 session · $2.00 of $2.20 today (90.9%) · $2.00 of $1.00 week (200%) · $2.00 of $3.00 month (66.7%) · $2.00 of $2.00 monthly feature=search (100%)',
    ],
    [
      120,
      '$0.50 session · $2.00 of $2.20 today (90.9%) · $2.00 of $1.00 week (200%) · $2.00 of $3.00 month (66.7%)',
    ],
    [100, '$0.50 session · $2.00 of $2.20 today (90.9%) · $2.00 of $3.00 month (66.7%)'],
    [80, '$0.50 session · $2.00 of $2.20 today (90.9%) · $2.00 of $3.00 month (66.7%)'],
    [70, '$0.50 session · $2.00 of $2.20 today · $2.00 of $3.00 month'],
    [50, '$2.00 of $2.20 today · $2.00 of $3.00 month'],
    [30, '$2.00 of $3.00 month'],
    [10, '$2.00 of …'],
  ])('in %i columns', (columns, text) => {
    expect(line(columns)).toBe(text)
  })

  test('doubt stays where all else leaves', () => {
    expect(line(60, '2026-11-10T10:00:00Z', true)).toBe(
      '$2.00 of $3.00 month · 30 min old, older than the database',
    )
  })

  test('in colours, by level', () => {
    expect(lineOf(figures(), { columns: undefined, color: true })).toContain(
      '\u001B[33m$2.00 of $2.20 today (90.9%)\u001B[39m · \u001B[31m$2.00 of $1.00 week (200%)\u001B[39m · $2.00 of',
    )
  })

  test('as JSON, with all digits', () => {
    expect(JSON.parse(jsonOf(figures()))).toMatchObject({
      session: { from: 'database', cost_usd: '0.5' },
      today: { since: '2026-11-10T00:00:00.000Z', cost_usd: '2.000000000000', calls: 2 },
      budgets: [{ budget_usd: '200', level: null, status: 'within' }, {}, {}, { status: 'over' }, {}, {}],
      age_ms: 600_000,
      is_behind: false,
    })
  })
})
