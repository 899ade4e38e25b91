/** The sides of a comparison: what --vs means, what a saved answer may hold, and what is said in words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { breakdownCommand } from '../../src/commands/ask/breakdown.js'
import type { CommandSpec } from '../../src/commands/command.js'
import { compareCommand } from '../../src/commands/ask/compare.js'
import { Database } from '../../src/db/database.js'
import { writeStore } from '../../src/db/store.js'
import { parseFilter } from '../../src/domain/filters.js'
import type { Scope } from '../../src/domain/scope.js'
import { otherSide, parseVersus, surelyApart } from '../../src/domain/versus.js'
import { json } from '../../src/renderers/json.js'
import { meanCostFinding } from '../../src/reports/comparison/chance-words.js'
import type { Cell, Report, Row } from '../../src/reports/report.js'
import { readSaved } from '../../src/reports/comparison/saved.js'

const usage = expect.objectContaining({ code: 'usage' })
const asOf = new Date('2026-10-05T12:00:00Z')

const scope = (since: string, until: string, filters: readonly string[] = [], tz = 'UTC'): Scope => ({
  since: new Date(since).toISOString(),
  until: new Date(until).toISOString(),
  filters: filters.map((text) => parseFilter(text)),
  tz,
})

const week = scope('2026-09-28T00:00Z', '2026-10-05T00:00Z', ['model=gpt-4o', 'env=production'])
const versus = (first: Scope, ...texts: string[]): Scope =>
  otherSide(first, parseVersus(texts, asOf, first.tz), asOf)

describe('--vs', () => {
  test.each<[string[], string, string]>([
    [[], '2026-09-21', '2026-09-28'],
    [['previous'], '2026-09-21', '2026-09-28'],
    [['14d'], '2026-09-14', '2026-09-28'],
    [['3w'], '2026-09-07', '2026-09-28'],
    [['36h'], '2026-09-26T12:00Z', '2026-09-28'],
    [['last-month'], '2026-09-01', '2026-10-01'],
    [['this-month'], '2026-10-01', '2026-10-05T12:00Z'],
    [['2026-08-01..2026-09-01'], '2026-08-01', '2026-09-01'],
    [['2026-08-01T06:00Z..2026-08-02'], '2026-08-01T06:00Z', '2026-08-02'],
    [['14d..7d'], '2026-09-21T12:00Z', '2026-09-28T12:00Z'],
    [['2026-10-01..'], '2026-10-01', '2026-10-05T12:00Z'],
  ])('%s', (texts, since, until) => {
    expect(versus(week, ...texts)).toEqual({ ...week, ...scope(since, until), filters: week.filters })
  })

  test('days are those of the zone, over a change to winter time', () => {
    const zone = 'Europe/Berlin'
    const after = scope('2026-10-25T23:00Z', '2026-11-01T23:00Z', [], zone)
    expect(versus(after, '7d')).toMatchObject({
      since: '2026-10-18T22:00:00.000Z',
      until: '2026-10-25T23:00:00.000Z',
    })
    expect(versus(after, '2026-10-01..2026-10-25')).toMatchObject({ until: '2026-10-24T22:00:00.000Z' })
  })

  test('a filter takes the place of those on the same dimension', () => {
    const other = versus(week, 'model=gpt-4o-mini')
    expect(other).toMatchObject({ since: week.since, until: week.until })
    expect(other.filters.map(({ value }) => value)).toEqual(['production', 'gpt-4o-mini'])
    expect(versus(week, 'model=a', 'model=b', 'previous')).toMatchObject({
      since: '2026-09-21T00:00:00.000Z',
      filters: [{ value: 'production' }, { value: 'a' }, { value: 'b' }],
    })
  })

  test.each([
    [['foo']],
    [['2026-08-01']],
    [['..2026-08-01']],
    [['2026-09-01..2026-08-01']],
    [['2026-02-30..2026-08-01']],
    [['previous', '14d']],
    [['modle=x']],
    [['model=']],
    [['day=2026-08-01']],
    [['model=gpt-4o', 'env=production']],
    [['2026-09-28..2026-10-05']],
  ])('%j is refused', (texts) => {
    expect(() => versus(week, ...texts)).toThrow(usage)
  })

  test('names itself in its errors', () => {
    expect(() => versus(week, 'model=')).toThrow('--vs model= has no value')
  })

  test.each<[Scope, Scope, boolean]>([
    [week, versus(week), true],
    [week, versus(week, 'model=x'), true],
    [week, versus(week, 'model~x'), false],
    [week, { ...week, filters: [] }, false],
    [
      scope('2026-01-01', '2026-02-01', ['attempt=1']),
      scope('2026-01-01', '2026-02-01', ['attempt=1.0']),
      false,
    ],
    [scope('2026-01-01', '2026-02-02'), scope('2026-02-01', '2026-03-01'), false],
  ])('knows what cannot overlap', (a, b, apart) => {
    expect(surelyApart(a, b)).toBe(apart)
    expect(surelyApart(b, a)).toBe(apart)
  })
})

describe('words', () => {
  const calls = (n: number, mean: number, stddev: number | null = mean, max: number | null = mean * 4) => ({
    calls: n,
    priced_calls: n,
    mean_cost_usd: mean as never,
    stddev_cost_usd: stddev as never,
    max_cost_usd: max as never,
  })
  const says = (a: object, b: object, shared = 0, file?: string): string | undefined =>
    meanCostFinding({ label: 'v2', figures: a }, { label: 'v1', figures: b, file }, shared)?.text

  test.each([
    [
      calls(5000, 0.0051),
      calls(5000, 0.0046),
      'Calls cost 10.9% more ($0.0051 against $0.0046); more than chance (95% interval +6.6% … +15.3%).',
    ],
    [
      calls(100, 0.0051),
      calls(100, 0.0046),
      'Calls cost 10.9% more ($0.0051 against $0.0046); may be chance (95% interval -16.1% … +46.5%).',
    ],
    [
      calls(5000, 0.0046),
      calls(5000, 0.0092),
      'Calls cost 50% less ($0.0046 against $0.0092); more than chance (95% interval -51.9% … -48.0%).',
    ],
    [
      calls(12, 0.0051),
      calls(5000, 0.0046),
      'Calls cost 10.9% more ($0.0051 against $0.0046); 12 calls on a side are too few to tell whether that is chance (30 are needed).',
    ],
    [
      calls(1, 0.0046, null),
      calls(5000, 0.0046),
      'Calls cost the same ($0.0046 against $0.0046); 1 call on a side is too few to tell whether that is chance (30 are needed).',
    ],
    [
      calls(400, 0.1, 0.2, 3.9),
      calls(40_000, 0.1, 0.1, 1),
      'Calls cost the same ($0.10 against $0.10); too few calls to tell whether that is chance: one call of v2 makes up 90% of the scatter.',
    ],
    [
      calls(40, 0.1, 0.3),
      calls(40, 0.1, 0.1),
      'Calls cost the same ($0.10 against $0.10); too few calls to tell whether that is chance, for costs that differ so much from call to call.',
    ],
    [
      calls(40, 0.1),
      calls(40, 0),
      'Calls cost more than nothing ($0.10 against $0.00); whether that is chance cannot be told of calls that cost nothing.',
    ],
    [
      calls(4000, 0.41),
      calls(4000, 0.01),
      'Calls cost 41 times as much ($0.41 against $0.01); more than chance (95% interval 39.2 to 42.8 times as much).',
    ],
  ])('%#', (a, b, text) => expect(says(a, b)).toBe(text))

  test('nothing is judged where calls are on both sides, or a file lacks what it takes', () => {
    expect(says(calls(50, 2), calls(50, 1), 1_234)).toBe(
      'Calls cost 100% more ($2.00 against $1.00); whether that is chance is not judged: 1,234 calls are on both sides.',
    )
    expect(says(calls(50, 2), { calls: 50, mean_cost_usd: '1' }, 0, 'old.json')).toBe(
      'Calls cost 100% more ($2.00 against $1.00); chance cannot be judged from old.json: it has no stddev_cost_usd.',
    )
    expect(says(calls(50, 2), { calls: 50, unpriced_calls: 50, mean_cost_usd: null })).toBeUndefined()
    expect(says(calls(0, 2), calls(50, 2))).toBeUndefined()
  })
})

describe('a saved answer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-compare-'))
  const db = join(folder, 'store.duckdb')

  beforeAll(async () => {
    const memory = await Database.open(':memory:', 'write', { threads: 1 })
    await writeStore(memory, db, { lockTimeoutMs: 0 }, async () => {
      await memory.run(`INSERT INTO store.calls (call_id, source, ts, model, user_id, input_tokens, cost_usd, status,
        quality_score)
        SELECT 'c' || i, 't', TIMESTAMP '2026-09-21' + INTERVAL (i) HOUR, 'gpt-4o', 'u' || i % 3, 100 + i,
          0.000000000001 + i * 0.000123456789, CASE WHEN i % 10 = 0 THEN 'error' ELSE 'ok' END,
          CASE WHEN i >= 168 THEN i % 5 END
        FROM range(336) calls(i)`)
    })
    memory.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function run(command: CommandSpec, options: Record<string, unknown>): Promise<Report> {
    const terminal = { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr }
    const { report } = await command.run({
      args: [],
      options: { db, tz: 'UTC', lockTimeout: '1s', ...options },
      env: {},
      version: '0.0.0',
      now: asOf,
      terminal,
      given: (name) => name in options,
    })
    if (report === undefined) throw new Error('no report')
    return report
  }

  const save = (report: Report): string => {
    const path = join(folder, 'saved.json')
    writeFileSync(path, json.render(report, { columns: 80, color: false }))
    return path
  }
  /** JSON leaves out zeros that say nothing. */
  const plainText = (value: Cell): string => String(value).replace(/(\.\d*?)0+$/, '$1')
  const row = (report: Report, side: string): Row | undefined =>
    report.sections[0]?.rows.find((one) => one['side'] === side)

  test('of compare is as good as the calls themselves', async () => {
    const earlier = await run(compareCommand, { asOf: '2026-09-28', vs: ['this-year'], by: 'none' })
    const own = await run(compareCommand, {})
    const other = await run(compareCommand, { against: save(earlier) })
    for (const [key, value] of Object.entries(row(own, 'b') ?? {})) {
      if (key !== 'label') expect(String(row(other, 'b')?.[key] ?? null), key).toBe(plainText(value))
    }
    expect(row(other, 'ratio')).toEqual(row(own, 'ratio'))
    expect(other.findings?.[0]?.text).toBe(own.findings?.[0]?.text)
    const cost = (report: Report): unknown => report.sections.find(({ id }) => id === 'cost_change')?.totals
    expect(cost(other)).toEqual(cost(own))
    // What only one side has is there, and not compared.
    expect(row(own, 'b')?.['mean_quality_score']).toBeNull()
    expect(row(own, 'a')?.['mean_quality_score']).not.toBeNull()
    expect(row(own, 'difference')?.['mean_quality_score']).toBeNull()
    expect(Object.keys(row(own, 'a') ?? {})).not.toContain('mean_user_feedback')
  })

  test('of breakdown gives its total, whether or not it has groups', async () => {
    const window = { since: '2026-09-21', until: '2026-09-28' }
    for (const by of ['user', 'none']) {
      const saved = save(await run(breakdownCommand, { ...window, by }))
      const report = await run(compareCommand, { against: saved })
      expect(row(report, 'b')).toMatchObject({ calls: '168', cost_usd: '1.73185183626', label: 'saved.json' })
      expect(report.findings?.[0]?.text).toContain('chance cannot be judged from saved.json')
    }
  })

  test('says when it is of other calls', async () => {
    const all = save(await run(compareCommand, { asOf: '2026-09-28', vs: ['this-year'], by: 'none' }))
    const report = await run(compareCommand, { against: all, where: ['user=u1'] })
    expect(report.sections[0]?.notes).toContain('saved.json is of all calls, this side of user_id=u1.')
  })

  const good = {
    schemaVersion: 2,
    kind: 'breakdown',
    period: { since: '2026-09-21T00:00:00.000Z', until: '2026-09-28T00:00:00Z', tz: 'UTC' },
    rows: [],
    totals: { calls: 5, cost_usd: 1.25 },
  }
  const read = (answer: unknown): unknown => readSaved(JSON.stringify(answer), 'f.json')
  const totals = (more: object): object => ({ ...good, totals: { ...good.totals, ...more } })

  test('keeps all digits of an amount', () => {
    const text = JSON.stringify(good).replace('1.25', '123456789012.123456789012')
    expect(readSaved(text, 'f.json').figures).toEqual({ calls: '5', cost_usd: '123456789012.123456789012' })
  })

  test('keys of no figure are not read', () => {
    const text = JSON.stringify(totals({ toString: 1, junk: { deep: [] } })).replace('"junk"', '"__proto__"')
    expect(readSaved(text, 'f.json').figures).toEqual({ calls: '5', cost_usd: '1.25' })
  })

  test.each<[string, string]>([
    ['empty', ''],
    ['not JSON', 'calls,cost\n1,2\n'],
    ['binary', '\u0000\u0001ÿþ'],
    ['cut off', JSON.stringify(good).slice(0, -9)],
    ['a list', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['nested deeply', '['.repeat(200_000)],
    ['an object nested deeply', '{"a":'.repeat(200_000)],
  ])('%s is refused in one sentence', (_, text) => {
    expect(() => readSaved(text, 'f.json')).toThrow(
      expect.objectContaining({ code: 'usage', location: 'f.json' }),
    )
  })

  test.each<[string, unknown]>([
    ['no version', { ...good, schemaVersion: undefined }],
    ['a version to come', { ...good, schemaVersion: 3 }],
    ['a version in quotes', { ...good, schemaVersion: '2' }],
    ['another kind', { ...good, kind: 'calls' }],
    ['a kind that is no text', { ...good, kind: ['report'] }],
    ['no figures', { ...good, totals: {} }],
    ['a report without a summary', { ...good, kind: 'report', totals: null, sections: [] }],
    ['several groups without a total', { ...good, totals: null, rows: [{ calls: 1 }, { calls: 2 }] }],
    ['sections that are no list', { ...good, kind: 'compare', sections: 'x', rows: 3 }],
    ['calls below 0', totals({ calls: -1 })],
    ['half a call', totals({ calls: 1.5 })],
    ['calls in quotes', totals({ calls: '5' })],
    ['a cost that is a list', totals({ cost_usd: [1] })],
    ['a cost below 0', totals({ cost_usd: -0.5 })],
    ['a spread below 0', totals({ stddev_cost_usd: -0.5 })],
    ['a rate above 1', totals({ error_rate: 1.01 })],
    ['no period', { ...good, period: null }],
    ['a period that is no time', { ...good, period: { ...good.period, since: 'yesterday' } }],
    ['a period of year 10000', { ...good, period: { ...good.period, until: '+10000-01-01T00:00:00Z' } }],
    ['a period that ends first', { ...good, period: { ...good.period, until: '2026-09-20T00:00:00Z' } }],
    ['no such zone', { ...good, period: { ...good.period, tz: 'Mars/Olympus' } }],
    ['a zone that is no text', { ...good, period: { ...good.period, tz: 1 } }],
  ])('%s is refused in one sentence', (_, answer) => {
    expect(() => read(answer)).toThrow(expect.objectContaining({ code: 'usage', location: 'f.json' }))
  })

  test('1e400 is refused, and no number of calls', () => {
    for (const number of ['1e400', '1e99999', '-0.1']) {
      const text = JSON.stringify(good).replace('1.25', number)
      expect(() => readSaved(text, 'f.json')).toThrow(usage)
    }
  })
})
