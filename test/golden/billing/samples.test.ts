/** Bills of every source: the figures that must come out, to the last digit. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { askAll, ingestInto, Workshop, write } from '../../property/ingesting.js'

const fixtures = fileURLToPath(new URL('../../../fixtures/bills', import.meta.url))
const workshop = new Workshop()
afterAll(() => workshop.close())

/** Without the zeros behind the point. */
const short = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value

/** Sums of one file: money and tokens by type as the store has them, and what became of its records. */
async function sums(path: string): Promise<Readonly<Record<string, unknown>>> {
  const db = workshop.store()
  const { files } = await ingestInto(db, [join(fixtures, path)])
  const [[all = {}] = [], tokens = [], others = []] = await askAll(db, [
    `SELECT CAST(sum(billed_cost) AS VARCHAR) AS billed, CAST(sum(billed_cost) FILTER (is_llm) AS VARCHAR) AS llm,
      CAST(sum(billed_cost) FILTER (token_type IS NOT NULL) AS VARCHAR) AS for_tokens, count(*) AS charges FROM billed`,
    `SELECT token_type, CAST(CAST(sum(quantity) AS DECIMAL(38,0)) AS VARCHAR) AS n FROM billed WHERE token_type IS NOT NULL AND unit = 'tokens' GROUP BY ALL`,
    `SELECT unit, CAST(sum(quantity) AS VARCHAR) AS n FROM billed WHERE token_type IS NULL AND unit IS NOT NULL AND quantity IS NOT NULL AND is_llm GROUP BY ALL ORDER BY unit`,
  ])
  const [file] = files
  expect(file?.state, file?.note ?? '').toBe('read')
  const { lines, imported, duplicates, superseded, skipped, rejected } = file!
  expect(lines).toBe(imported + duplicates + superseded + skipped + rejected)
  return {
    importer: file?.importer,
    ...Object.fromEntries(Object.entries(all).map(([key, value]) => [key, short(value)])),
    tokens: Object.fromEntries(tokens.map((row) => [row['token_type'], row['n']])),
    others: Object.fromEntries(others.map((row) => [row['unit'], short(row['n'])])),
    rejected,
    skipped,
  }
}

const focus = (cost: string, tokens: Readonly<Record<string, string>>, more: object = {}): object => ({
  importer: 'focus',
  billed: cost,
  llm: cost,
  for_tokens: cost,
  tokens,
  ...more,
})

/** What the README of the samples says of each, worked out by hand from the file. */
const expected: Readonly<Record<string, object>> = {
  'openai/api/2026-05.json': {
    billed: '139.7067890123456789',
    tokens: { input: '1500000', cache_read: '900000', output: '1234567890123456789' },
    others: { units: '42' },
  },
  'openai/api/2026-05.usage.completions.json': {
    billed: null,
    tokens: { input: '4200000', output: '850000' },
    others: { requests: '10' },
  },
  // 76,562 of input, of which 1,280 were read from a cache.
  'openai/console/completions_usage_2026-09-01_2026-09-02.csv': {
    billed: null,
    tokens: { input: '75282', cache_read: '1280', output: '1467' },
    others: { requests: '126' },
    skipped: 2,
  },
  'openai/console/completions_usage_empty.csv': { charges: 0, skipped: 2 },
  'openai/console/cost_2026-09-01_2026-09-03.csv': {
    billed: '-0.4954635',
    tokens: { input: '66282', cache_read: '1280', output: '867' },
    skipped: 2,
  },
  'anthropic/api/2026-05.json': { billed: '117.845678', for_tokens: '112.345678' },
  'anthropic/api/2026-05.usage.json': {
    tokens: { input: '2001041', cache_read: '300000', cache_write: '100000', output: '2050123' },
    others: { 'web searches': '5' },
  },
  'anthropic/console/claude_api_cost_2026_09.csv': { billed: '1.4', for_tokens: '1.37' },
  'anthropic/console/claude_api_tokens_2026_09.csv': {
    tokens: {
      input: '437000',
      cache_write: '40000',
      cache_write_1h: '10000',
      cache_read: '900000',
      output: '45400',
    },
    others: { 'web searches': '3' },
  },
  'anthropic/analytics/cost_page.json': { billed: '14.9475' },
  // 0.0544 and 3.5, each what its tokens come to: 1,200 × 0.000002 + 52,000 × 0.000001, and so on.
  'deepseek/days-in-utc/cost-2026-4.csv': { billed: '3.5544', llm: '3.5544', charges: 2 },
  'deepseek/days-in-utc/amount-2026-4.csv': {
    importer: 'deepseek-bill',
    billed: null,
    tokens: { input: '2052000', cache_read: '45000000', output: '301200' },
    others: { requests: '904' },
    skipped: 2,
  },
  // 0.72 was used, of which 0.2 was given.
  'deepseek/days-in-a-zone/cost-2026-09-01_2026-09-30.csv': { billed: '0.52', llm: '0.52', charges: 3 },
  'deepseek/days-in-a-zone/amount-2026-09-01_2026-09-30.csv': {
    billed: null,
    tokens: { input: '1400000', cache_read: '10000000', output: '600000' },
    others: { requests: '57' },
  },
  // The bill has EC2 (0.9984) and tax (0.41) too; the credit of -1.5 is Bedrock's.
  'aws-cur/cur2-bedrock.csv': {
    charges: 15,
    billed: '20.10090297',
    llm: '18.69250297',
    for_tokens: '19.95250297',
    tokens: {
      input: '548811',
      cache_read: '5372659',
      cache_write: '2461240',
      cache_write_1h: '20000',
      output: '358579',
    },
    others: { '1K tokens': '1', 'search units': '120' },
  },
  'gcp/detailed-export.jsonl': {
    charges: 7,
    billed: '7.205',
    llm: '3.775',
    for_tokens: '3.975',
    tokens: { input: '1000000', cache_read: '3000000', output: '200000' },
  },
  'focus/per_token_ai_model_api.csv': focus('94.5', { input: '8400000', output: '2100000' }),
  'focus/csp_served_third_party_model.csv': focus('4.5', { input: '3000000', output: '500000' }),
  'focus/cached_tokens_via_csp_marketplace.csv': focus('47.5', {
    cache_read: '50000000',
    cache_write: '15000000',
  }),
  'focus/multi_model_usage.csv': focus('104.5', { input: '13000000', output: '2500000' }),
  'focus/ai_prompt_caching_a.csv': focus('33.9', {
    input: '500000',
    cache_write: '2000000',
    cache_read: '8000000',
    output: '1500000',
  }),
  'focus/ai_prompt_caching_b.csv': focus(
    '38.4',
    { input: '2500000', cache_read: '8000000', output: '1500000' },
    { for_tokens: '32.4', others: { 'Token-Hours': '6000000' } },
  ),
  'focus/versions/focus-1.2.csv': { billed: '11', llm: null, tokens: {} },
  'focus/versions/focus-1.3.csv': { billed: '34', llm: null, tokens: {} },
  'focus/versions/focus-1.4.csv': { billed: '25', llm: null, tokens: {} },
}

test.each(Object.entries(expected))('%s comes out to the last digit', async (path, figures) => {
  expect(await sums(path)).toMatchObject(figures)
})

test('models are named as calls name them', async () => {
  const db = workshop.store()
  await ingestInto(db, [fixtures])
  const [rows = [], calls = []] = await askAll(db, [
    `SELECT DISTINCT provider, billed_model, model FROM billed WHERE model IS NOT NULL AND model <> billed_model ORDER BY ALL`,
    'SELECT count(*) AS n FROM calls',
  ])
  expect(calls).toEqual([{ n: 0 }])
  expect(rows.map((row) => Object.values(row))).toMatchInlineSnapshot(`
    [
      [
        "anthropic",
        "Claude Haiku 4.5",
        "claude-haiku-4-5",
      ],
      [
        "anthropic",
        "Claude Sonnet 4.5",
        "claude-sonnet-4-5",
      ],
      [
        "aws",
        "Claude Haiku 4.5",
        "claude-haiku-4-5",
      ],
      [
        "aws",
        "Claude4.5Sonnet",
        "claude-sonnet-4-5",
      ],
      [
        "aws",
        "Claude4.6Sonnet",
        "claude-sonnet-4-6",
      ],
      [
        "google",
        "Claude Sonnet 4.5",
        "claude-sonnet-4-5",
      ],
      [
        "google",
        "Gemini 2.5 Pro",
        "gemini-2.5-pro",
      ],
    ]
  `)
})

test('two rows that differ in who asked alone both count', async () => {
  const db = workshop.store()
  await ingestInto(db, [join(fixtures, 'aws-cur/cur2-bedrock.csv')])
  const [rows] = await askAll(db, [
    "SELECT principal, CAST(CAST(quantity AS DECIMAL(38,0)) AS VARCHAR) AS n FROM billed WHERE sku = 'USW2-Claude4.6Sonnet-input-tokens' ORDER BY ALL",
  ])
  expect(rows?.map((row) => row['n'])).toEqual(['17330', '2000'])
})

test("a FOCUS file of llmcost's own is no bill", async () => {
  const db = workshop.store()
  const path = write(
    join(workshop.room(), 'own.csv'),
    'BilledCost,ChargePeriodStart,ChargePeriodEnd,x_CostBasis,x_Model,x_ServiceTier\n1,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z,list,gpt-4o,standard\n',
  )
  const { files } = await ingestInto(db, [path])
  expect(files[0]?.state).toBe('refused')
  expect(files[0]?.note).toContain('a FOCUS file of charges')
})
