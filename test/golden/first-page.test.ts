/** The first page of the report on the demo log, as people see it, and against the report that it is made from. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Report, Row } from '../../src/reports/report.js'
import { reportCommand } from '../../src/commands/ask/report.js'
import { reportMessage } from '../../src/delivery/message.js'
import { json } from '../../src/renderers/json.js'
import { markdown } from '../../src/renderers/markdown.js'
import { table } from '../../src/renderers/table.js'

async function ask(options: Record<string, unknown>, now = '2026-10-05T12:00:00Z'): Promise<Report> {
  const terminal = { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr }
  const given = { budget: ['150'], input: ['fixtures/demo'], ...options }
  const { report } = await reportCommand.run({
    args: [],
    options: { tz: 'UTC', lockTimeout: '1s', ...given },
    env: {},
    version: '0.0.0',
    now: new Date(now),
    terminal,
    given: (name) => name in given,
  })
  if (report === undefined) throw new Error('no report')
  return report
}

const parsed = (report: Report): { sections: readonly { id: string; rows: readonly Row[] }[] } =>
  JSON.parse(json.render(report, { columns: 80, color: false }))

describe('the first page on the demo log', () => {
  let report: Report
  beforeAll(async () => {
    report = await ask({ asOf: 'latest' })
  }, 60_000)

  test.each([60, 80, 100, 200])('at %i columns', async (columns) => {
    const text = await table.render(report, { columns, color: false })
    expect(
      Math.max(
        ...text
          .split('\n')
          .filter((line) => !line.includes('llmcost '))
          .map(({ length }) => length),
      ),
    ).toBeLessThanOrEqual(columns)
    if (columns >= 100) expect(text.split('\n').length - 1).toBeLessThanOrEqual(40)
    await expect(text).toMatchFileSnapshot(`cli/__files__/first-page-${columns}.txt`)
  })
  test('in Markdown', async () => {
    const text = markdown.render(report, { columns: 100, color: false })
    await expect(text).toMatchFileSnapshot('cli/__files__/first-page.md')
  })
  test('every number of the sentence is one of the report', () => {
    const numbers: number[] = []
    const collect = (value: unknown): void => {
      if (typeof value === 'number') numbers.push(value)
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
    }
    collect(parsed(report).sections)
    const opening = report.brief?.opening ?? ''
    expect(opening).toBe(
      '$83.23, +378%: user-31 on document-analysis, $64 since Tuesday 11:00; September will end at $148–243 of $150.',
    )
    const amounts = [...opening.matchAll(/(?<=[$–])[\d,]+(?:\.\d+)?(?!:)/g)].map(([text]) => text)
    expect(amounts).toEqual(['83.23', '64', '148', '243', '150'])
    for (const text of amounts) {
      const places = text.split('.')[1]?.length ?? 0
      expect(numbers.map((number) => number.toFixed(places))).toContain(text)
    }
    expect(numbers.map((number) => (number * 100).toFixed(0))).toContain('378')
  })
  test('the days add up to the whole, and each has the cost of seven days before', async () => {
    const days = report.sections.find(({ id }) => id === 'cost_by_day')
    const earlier = await ask({ asOf: '2026-09-21' })
    const before = earlier.sections.find(({ id }) => id === 'cost_by_day')
    expect(days?.rows.map((row) => row['week_before_cost_usd'])).toEqual(
      before?.rows.map((row) => row['cost_usd']),
    )
  })
  test('no column of the top groups loses a cent', () => {
    const top = report.brief?.sections.find(({ id }) => id === 'top')
    for (const key of ['feature', 'model', 'user_id']) {
      const cents = (top?.rows ?? []).reduce((sum, row) => sum + Number(row[`${key}_cost_usd`] ?? 0), 0)
      expect(cents).toBeCloseTo(Number(report.sections[0]?.rows[0]?.['cost_usd']), 9)
    }
  })
  test('programs have the whole report, long or short', async () => {
    const full = await ask({ asOf: 'latest', full: true })
    expect(full.brief).toBeUndefined()
    expect(parsed(full)).toEqual(parsed(report))
    const text = await table.render(full, { columns: 100, color: false })
    expect(text).toContain('Efficiency by feature')
    expect(report.command).toBe('llmcost report --budget 150 --as-of latest --input fixtures/demo')
  })
  test('as a mail: the news in its subject, and under 60 KB', async () => {
    const { subject, html = '' } = await reportMessage(report)
    expect(subject).toBe('LLM cost $83.23 (+378%), 21–27 Sep')
    expect(Buffer.byteLength(html)).toBeLessThan(60_000)
    expect([...html.matchAll(/<h2[^>]*>([^<]*)/g)].map(([, title]) => title)).toEqual([
      'To look at',
      'Cost by day',
      'Forecast and budget',
      'Where it went',
      'Data notes',
    ])
  })
  test('a part asked for is shown whole', async () => {
    expect((await ask({ asOf: 'latest', sections: 'summary,models' })).brief).toBeUndefined()
  })
})

const last = ['fixtures/demo/calls-2026-09-21.jsonl.gz', 'fixtures/demo/calls-2026-09-28.jsonl.gz']

describe('calls since the window ended', () => {
  test('have a row of their own, and are in no other figure', async () => {
    const report = await ask({ input: last, asOf: 'latest', sections: 'summary,days' })
    const soFar = report.sections.find(({ id }) => id === 'so_far')?.rows[0]
    const day = await ask({ input: last, since: '2026-09-28', sections: 'summary' })
    const whole = day.sections[0]?.rows[0]
    expect([soFar?.['calls'], soFar?.['cost_usd']]).toEqual([whole?.['calls'], whole?.['cost_usd']])
  })
  test('are the answer where there are no others', async () => {
    const only = { input: ['fixtures/demo/calls-2026-09-28.jsonl.gz'] }
    const report = await ask(only, '2026-09-28T12:00:00Z')
    expect(report.brief?.opening).toBe('Today so far: $0.514, 87 calls, not over.')
    expect(report.sections.find(({ id }) => id === 'summary')?.rows[0]).toMatchObject({ calls: 87 })
    expect(report.warnings[0]).toContain('not over')
    const later = await ask(only, '2026-10-20T12:00:00Z')
    expect(later.sections[0]?.empty).toContain('--as-of')
  })
  test('are left out where somebody chose the end', async () => {
    const report = await ask({ input: last, until: '2026-09-28', sections: 'days' })
    expect(report.sections.map(({ id }) => id)).toEqual(['cost_by_day'])
  })
})
