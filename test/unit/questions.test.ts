/** The commands that ask, over a small store whose figures are worked out by hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { breakdownCommand } from '../../src/commands/ask/breakdown.js'
import { callsCommand } from '../../src/commands/ask/calls.js'
import type { CommandSpec } from '../../src/commands/command.js'
import { doubtsAbout, type Question } from '../../src/questions/question.js'
import { reportCommand } from '../../src/commands/ask/report.js'
import { sqlCommand } from '../../src/commands/ask/sql.js'
import { askHere } from '../../src/db/asker.js'
import { Database } from '../../src/db/database.js'
import { openStoreForReading, writeStore } from '../../src/db/store.js'
import type { Report, Section } from '../../src/reports/report.js'

// The process of statements is a built file; what it refuses and answers is tried by test/e2e/apart.test.ts.
vi.mock(import('../../src/db/ask-apart.js'), () => ({
  askApart: async (path, options) => askHere(await openStoreForReading(path, options)),
}))

const folder = mkdtempSync(join(tmpdir(), 'llmcost-questions-'))
const path = join(folder, 'store.duckdb')

beforeAll(async () => {
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  await writeStore(db, path, { lockTimeoutMs: 0 }, async () => {
    const columns =
      'call_id, source, ts, feature, user_id, provider, model, input_tokens, output_tokens, cost_usd, finish_reason, status, file_id, line'
    await db.run(`INSERT INTO store.calls (${columns}) VALUES
      ('a', 't', '2026-09-21 10:00', 'chat', 'u1', 'openai', 'gpt-4o', 100, 10, 4.000000000001, 'stop', 'ok', 1, 1),
      ('b', 't', '2026-09-28 00:00', 'chat', 'u1', 'openai', 'gpt-4o', 200, 20, 1.5, 'stop', 'ok', 1, 2),
      ('c', 't', '2026-09-29 10:00', 'chat', 'u2', 'openai', 'gpt-4o', 300, 30, 3.5, 'length', 'ok', 1, 3),
      ('d', 't', '2026-10-02 10:00', 'search', 'u1', 'acme', 'unknown-1', 400, 40, NULL, NULL, 'error', 1, 4),
      ('e', 't', '2026-10-04 23:59:59.999999', NULL, NULL, 'openai', 'gpt-4o', 500, 50, 2, 'stop', 'ok', 1, 5),
      ('f', 't', '2026-10-05 08:00', 'chat', 'u1', 'openai', 'gpt-4o', 600, 60, 8, 'stop', 'ok', 1, 6)`)
    await db.run("INSERT INTO store.rejects (reject_id, file_id, line, reason) VALUES ('r', 1, 7, 'bad')")
  })
  db.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(
  command: CommandSpec,
  options: Record<string, unknown> = {},
  args: string[] = [],
): Promise<Report> {
  const terminal = { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr }
  const { report } = await command.run({
    args,
    options: { db: path, tz: 'UTC', lockTimeout: '1s', ...options },
    env: {},
    version: '0.0.0',
    now: new Date('2026-10-05T12:00:00Z'),
    terminal,
    given: (name) => name in options,
  })
  if (report === undefined) throw new Error('no report')
  return report
}

const section = (report: Report, id: string): Section | undefined =>
  report.sections.find((one) => one.id === id)
const usage = expect.objectContaining({ code: 'usage' })

describe('report', () => {
  test('covers the last 7 complete days against the 7 before', async () => {
    const report = await run(reportCommand)
    expect(report.period).toEqual({
      since: '2026-09-28T00:00:00.000Z',
      until: '2026-10-05T00:00:00.000Z',
      tz: 'UTC',
    })
    expect(section(report, 'summary')?.rows[0]).toMatchObject({
      cost_usd: '7.000000000000',
      before_cost_usd: '4.000000000001',
      calls: 4,
      calls_change: 3,
      unpriced_calls: 1,
      input_tokens: 1400,
      output_tokens: 140,
      mean_cost_usd: 7 / 3,
      pace_30_days_usd: '30.000000000000',
    })
    expect(section(report, 'summary')?.rows[0]?.['cost_change']).toBeCloseTo(0.75, 9)
    const features = section(report, 'cost_by_feature')
    expect(features?.rows.map((row) => [row['feature'], row['cost_usd']])).toEqual([
      ['chat', '5.000000000000'],
      [null, '2.000000000000'],
      ['search', null],
    ])
    expect(features?.totals).toMatchObject({ cost_usd: '7.000000000000', cost_share: 1, calls: 4 })
    expect(section(report, 'efficiency_by_feature')?.rows[0]).toMatchObject({
      truncation_rate: 0.5,
      mean_input_tokens: 250,
    })
    expect(section(report, 'unpriced_models')?.rows).toMatchObject([
      { provider: 'acme', model: 'unknown-1', unpriced_calls: 1 },
    ])
    expect(section(report, 'caching')).toBeUndefined()
    expect(report.warnings.join('\n')).toMatch(
      /1 of 4 calls have no price.*acme\/unknown-1[^]*1 log line was rejected/,
    )
  })

  test('shows a budget as it stands in its running month', async () => {
    const rows = section(await run(reportCommand, { budget: ['$40'] }), 'budgets')?.rows
    expect(rows).toMatchObject([{ budget_usd: '40', cost_usd: '10.000000000000', budget_share: 0.25 }])
  })

  test('compares with nothing where the calls do not reach back', async () => {
    const report = await run(reportCommand, { since: '2026-09-22', until: '2026-10-05' })
    expect(section(report, 'summary')?.rows[0]).toMatchObject({ cost_change: null, calls_change: null })
    expect(report.warnings).toContain('too little history to compare with: the calls begin on 2026-09-21')
  })

  test('says where the data are when the window is empty', async () => {
    const empty = async (options: Record<string, unknown>): Promise<string | undefined> =>
      section(await run(reportCommand, options), 'summary')?.empty
    expect(await empty({ asOf: '2026-12-01' })).toBe(
      'no calls from 2026-11-24 to 2026-12-01; newest call 2026-10-05; try --as-of latest',
    )
    expect(await empty({ since: '2025-01-01', until: '2025-02-01' })).toMatch(
      /calls run from 2026-09-21 to 2026-10-05/,
    )
    expect(await empty({ where: ['feature=nope'] })).toBe(
      'no call at any time has feature=nope; the closest: search',
    )
  })
})

describe('breakdown', () => {
  test('keeps the first groups and gathers the others', async () => {
    const report = await run(breakdownCommand, { by: 'feature,model', top: '1' })
    expect(report.sections[0]?.rows).toMatchObject([
      {
        feature: 'chat',
        model: 'gpt-4o',
        calls: 4,
        cost_usd: '17.000000000001',
        p50_cost_usd: '3.750000000001',
      },
      {
        feature: '(others)',
        model: '(others)',
        calls: 2,
        cost_usd: '2.000000000000',
        p95_cost_usd: '2.000000000000',
      },
    ])
    expect(report.sections[0]?.totals).toMatchObject({
      calls: 6,
      cost_usd: '19.000000000001',
      max_cost_usd: '8.000000000000',
    })
  })

  test('shows the columns asked for, and the one it is sorted by', async () => {
    const report = await run(breakdownCommand, { by: 'user', columns: 'calls', sort: 'mean_cost:asc' })
    const [table] = report.sections
    expect(table?.columns.map(({ key }) => key)).toEqual(['user_id', 'calls', 'mean_cost_usd'])
    expect(table?.rows.map((row) => row['user_id'])).toEqual([null, 'u2', 'u1'])
    const named = await run(breakdownCommand, { by: 'user', sort: 'user:desc' })
    expect(named.sections[0]?.rows.map((row) => row['user_id'])).toEqual(['u2', 'u1', null])
  })

  test('cuts days in the zone, in their order', async () => {
    const report = await run(breakdownCommand, { by: 'day', tz: 'Asia/Kolkata', since: '2026-10-02' })
    expect(report.sections[0]?.rows.map((row) => [row['day'], row['calls']])).toEqual([
      ['2026-10-02', 1],
      ['2026-10-05', 2],
    ])
  })

  test('none is the total alone', async () => {
    const [table] = (await run(breakdownCommand, { by: 'none', where: ['user=u1', 'user=u2'] })).sections
    expect(table?.rows).toMatchObject([{ calls: 5, cost_share: 1 }])
    expect(table?.totals).toBeUndefined()
  })

  test.each([
    { by: 'nothing' },
    { columns: 'calls,spend' },
    { sort: 'calls:up' },
    { top: '0' },
    { since: 'tomorrow' },
    { where: ['feature'] },
    { tz: 'Mars/Base' },
    { map: ['ts=when'] },
  ])('refuses %j before it opens anything', async (options) => {
    await expect(run(breakdownCommand, { db: join(folder, 'absent.duckdb'), ...options })).rejects.toEqual(
      usage,
    )
  })
})

describe('calls', () => {
  test('lists them in the order asked for', async () => {
    const ids = async (order: string): Promise<unknown[]> =>
      (await run(callsCommand, { sort: order, top: '2' })).sections[0]?.rows.map((row) => row['call_id']) ??
      []
    expect(await ids('dearest')).toEqual(['f', 'a'])
    expect(await ids('latest')).toEqual(['f', 'e'])
    expect(await ids('truncated')).toEqual(['c'])
    expect(await ids('failed')).toEqual(['d'])
  })

  test('says how many there are', async () => {
    const report = await run(callsCommand, { sort: 'dearest', top: '2' })
    expect(report.sections[0]?.notes).toEqual(['2 of 6; --top shows more'])
    expect((await run(callsCommand, { sort: 'failed', where: ['user=u2'] })).sections[0]?.empty).toMatch(
      /no call failed/,
    )
  })
})

describe('sql', () => {
  test('answers with typed columns', async () => {
    const query =
      'SELECT model, count(*) AS calls, sum(cost_usd) AS cost_usd, max(ts) AS last, [1] AS list FROM calls GROUP BY model ORDER BY model'
    const [table] = (await run(sqlCommand, {}, [query])).sections
    expect(table?.columns.map(({ kind }) => kind)).toEqual(['text', 'count', 'usd', 'time', 'json'])
    expect(table?.rows[0]).toMatchObject({ model: 'gpt-4o', calls: 5, cost_usd: '19.000000000001' })
  })

  test.each([
    'DELETE FROM calls',
    'SELECT 1; SELECT 2',
    "SELECT * FROM read_csv('/etc/hostname')",
    "COPY calls TO 'x.csv'",
    "ATTACH 'x.duckdb'",
    'SET memory_limit = 1',
    'INSTALL httpfs',
    'SELEC 1',
    'SELECT nothing FROM calls',
    'SELECT 1 AS a, 2 AS a',
    ' ',
  ])('refuses %s', async (query) => {
    await expect(run(sqlCommand, {}, [query])).rejects.toEqual(usage)
  })

  test.each(['daily_costs', 'unpriced_models', 'truncated_calls', 'failed_calls'])(
    'offers %s',
    async (view) => {
      expect((await run(sqlCommand, {}, [`FROM ${view}`])).sections[0]?.rows.length).toBeGreaterThan(0)
    },
  )
})

describe('filters that find nothing', () => {
  test('are not looked into where calls were found', async () => {
    const asked: string[] = []
    const db = {
      query: async (sql: string) => {
        asked.push(sql)
        return { rows: [] }
      },
    } as unknown as Database
    const question = {
      db,
      scope: {
        since: null,
        until: null,
        tz: 'UTC',
        filters: [{ dimension: 'feature', operator: '=', value: 'x' }],
      },
      history: { price_date: null, last_ts: null },
    } as unknown as Question
    expect(await doubtsAbout(question, { calls: 1, unpriced_calls: 0 })).toMatchObject({ unmatched: [] })
    // Logged costs and doubtful prices are asked for, and no filter.
    expect(asked).toHaveLength(2)
    await expect(doubtsAbout(question, { calls: 0, unpriced_calls: 0 })).rejects.toThrow('not a function')
  })
})
