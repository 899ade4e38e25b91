/** Hostile bills: every record is accounted for, no value takes a run or an answer down, and nothing acts in any output. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, expect, test } from 'vitest'
import { emptyFolder } from '../e2e/program.js'
import { runWarm, runWarmWell } from '../e2e/together.js'
import { readPage } from '../property/harmless-page.js'
import { edgeCells, edgeValues } from '../property/hostile-values.js'
import { ask, ingestInto, Workshop, write } from '../property/ingesting.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

const fixture = (path: string): string =>
  readFileSync(new URL(`../../fixtures/bills/${path}`, import.meta.url), 'utf8')

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** What everything adds up to must be far from the bounds of a sum. */
const sums =
  "SELECT sum(billed_cost) AS billed, sum(list_cost) AS listed, sum(CAST(quantity AS DECIMAL(38,6))) FILTER (unit = 'tokens') AS tokens FROM billed"

/** One line of JSON whose values at some depth are each replaced by each of the edges, as text. */
function variants(value: unknown, put: (text: string) => string): string[] {
  const mark = '"\u0001"'
  if (Array.isArray(value))
    return value.flatMap((one, i) =>
      variants(one, (text) =>
        put(`[${value.map((v, j) => (i === j ? text : JSON.stringify(v))).join(',')}]`),
      ),
    )
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, one]) =>
      variants(one, (text) =>
        put(
          `{${Object.entries(value)
            .map(([k, v]) => `${JSON.stringify(k)}:${k === key ? text : JSON.stringify(v)}`)
            .join(',')}}`,
        ),
      ),
    )
  return [put(mark)].flatMap((line) => edgeValues.map((edge) => line.replace(mark, () => edge)))
}

const csvBills = [
  'aws-cur/cur2-bedrock.csv',
  'focus/versions/focus-1.4.csv',
  'openai/console/cost_2026-09-01_2026-09-03.csv',
  'anthropic/console/claude_api_cost_2026_09.csv',
]

test.each(csvBills)('%s: each edge in each column is booked, and all can be added up', async (name) => {
  const [header, row] = parse(fixture(name), { bom: true, relax_column_count: true })
  const lines = header!.flatMap((_, i) =>
    edgeCells.map((edge) => row!.map((text, j) => cell(i === j ? edge : text)).join(',')),
  )
  const sound = row!.map(cell).join(',')
  const path = write(
    join(workshop.room(), name),
    `${[header!.join(','), sound, sound, ...lines].join('\n')}\n`,
  )
  const store = workshop.store()
  const { files } = await ingestInto(store, [path])
  const { state, lines: read, imported, duplicates, superseded, skipped, rejected } = files[0]!
  expect([state, files[0]!.note]).toEqual(['read', null])
  expect(read).toBe(1 + 2 + lines.length)
  expect(imported + duplicates + superseded + skipped + rejected).toBe(read)
  expect(imported).toBeGreaterThan(2)
  await ask(store, sums)
})

const pages = ['openai/api/2026-05.json', 'anthropic/api/2026-05.json', 'anthropic/api/2026-05.usage.json']

test.each(pages)('%s: each edge in each value is booked, and all can be added up', async (name) => {
  const buckets = [JSON.parse(fixture(name))].flat() as { results: unknown[] }[]
  const bucket = buckets.find(({ results }) => results.length > 0)!
  const one = { ...bucket, results: [bucket.results[0]] }
  const lines = variants(one, (text) => text)
  const sound = JSON.stringify(one)
  const path = write(join(workshop.room(), 'pages.jsonl'), `${[sound, sound, ...lines].join('\n')}\n`)
  const store = workshop.store()
  const { files } = await ingestInto(store, [path])
  const { state, lines: read, imported, duplicates, superseded, skipped, rejected, note } = files[0]!
  expect([state, note]).toEqual(['read', null])
  // A record that holds a list of others is as many.
  expect(read).toBeGreaterThanOrEqual(2 + lines.length)
  expect(imported + duplicates + superseded + skipped + rejected).toBe(read)
  await ask(store, sums)
})

const texts = [
  '=cmd()',
  '+1+1',
  '@SUM(A1)',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '\u001b[31m\u001b]0;title\u0007evil\u009b2J',
  '\u202eabc\u2066',
  "'; DROP TABLE billed; --",
  '| x | [a](javascript:alert(1)) `',
  'x'.repeat(10_000_000),
]

test('names of a bill that would act, a period of 100 years, refunds: told, and nothing acts', async () => {
  const cwd = emptyFolder()
  const columns =
    'BillingAccountId,BillingCurrency,BilledCost,ListCost,EffectiveCost,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ServiceName,ServiceCategory,ProviderName,InvoiceIssuerName,SkuId,ChargeDescription,ConsumedQuantity,ConsumedUnit,RegionId,SubAccountId'
  const row = (text: string, end = '2026-09-03T00:00:00Z', amount = '1.5'): string =>
    `acc,USD,${amount},${amount},${amount},Usage,2026-09-02T00:00:00Z,${end},${[
      text,
      'AI and Machine Learning',
      text,
      text,
      text,
      text,
      '-5',
      'tokens',
      text,
      text,
    ]
      .map(cell)
      .join(',')}`
  const rows = [
    ...texts.map((text) => row(text)),
    row('OpenAI', '2126-09-02T00:00:00Z', '7'),
    row('OpenAI', '2026-09-03T00:00:00Z', '-3'),
    // Each is a number that a column holds; all of them are more than a sum can.
    ...Array.from({ length: 5 }, (_, i) => row('OpenAI', '2026-09-03T00:00:00Z', `${'9'.repeat(19)}${i}`)),
    row('OpenAI', '2026-09-03T00:00:00Z', '1e308'),
  ]
  writeFileSync(join(cwd, 'bill.csv'), `${[columns, ...rows].join('\n')}\n`)
  writeFileSync(
    join(cwd, 'log.jsonl'),
    `${JSON.stringify({ id: 'a', timestamp: '2026-09-02T10:00:00Z', model: 'gpt-4o', input_tokens: 9, output_tokens: 1 })}\n`,
  )
  const db = ['--db', 'calls.duckdb']
  const ran = await runWarm(['ingest', 'bill.csv', 'log.jsonl', '--max-rejects', '100%', ...db], { cwd })
  expect([ran.code, ran.stderr.includes('defect')]).toEqual([0, false])
  expectHarmless('ingest', ran.stdout + ran.stderr)
  const store = join(cwd, 'calls.duckdb')
  // Nine texts, and the refund.
  expect(await ask(store, 'SELECT count(*) AS n, CAST(sum(billed_cost) AS DOUBLE) AS s FROM billed')).toEqual(
    [{ n: 10, s: 9 * 1.5 - 3 }],
  )
  expect(await ask(store, 'SELECT reason, count(*) AS n FROM rejects GROUP BY 1 ORDER BY 1')).toEqual([
    { reason: 'charge period: longer than ten years', n: 1 },
    // The cell of 10 MB.
    { reason: 'it cannot be read', n: 1 },
    { reason: 'list_cost: no number, or too large', n: 1 },
    { reason: 'list_cost: too large', n: 5 },
  ])
  for (const question of [['reconcile'], ['reconcile', '--by', 'provider,model,project'], ['status']])
    for (const format of ['table', 'markdown', 'json', 'csv']) {
      const name = `${question.join(' ')} ${format}`
      const answer = await runWarm([...question, '--format', format, ...db], { cwd })
      expect([name, answer.code, answer.code === 0 ? '' : answer.stderr]).toEqual([name, 0, ''])
      expectHarmless(name, answer.stdout + answer.stderr, format)
    }
  await runWarmWell(['reconcile', '--by', 'provider,model,project', '--output', 'page.html', ...db], { cwd })
  expect(readPage(readFileSync(join(cwd, 'page.html'), 'utf8')).offences).toEqual([])
})

function expectHarmless(name: string, text: string, format = 'table'): void {
  // eslint-disable-next-line no-control-regex
  const acts = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/
  expect(acts.exec(text.replaceAll('\r\n', '\n'))?.[0], `${name}: controls`).toBeUndefined()
  if (format === 'markdown')
    expect(/<(?:script|img)|(?<!\\)\]\(javascript:/i.exec(text)?.[0], name).toBeUndefined()
  if (format === 'csv') {
    const cells = parse(text, { relax_column_count: true }).flat()
    expect(
      cells.find((one) => /^(?:[=@\t\r]|[+-](?![\d.]))/.test(one)),
      name,
    ).toBeUndefined()
  }
}
