/** The two files of DeepSeek's console: of every age, in any zone, and what of them is never kept. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openStoreForReading } from '../../../src/db/store.js'
import { loadPriceBook } from '../../../src/pricing/book.js'
import { reconcile, type Reconciled } from '../../../src/questions/reconciling/reconciling.js'
import { askAll, ingestInto, Workshop, write } from '../../property/ingesting.js'

const fixtures = fileURLToPath(new URL('../../../fixtures/bills/deepseek', import.meta.url))
const workshop = new Workshop()
afterAll(() => workshop.close())

const short = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value

/** The named columns of all charges of a database. */
async function charges(db: string, columns: string): Promise<readonly unknown[]> {
  const [rows = []] = await askAll(db, [`SELECT ${columns} FROM billed ORDER BY kind, file_id, record, part`])
  return rows.map((row) => Object.values(row).map(short))
}

async function ingested(lines: readonly string[]): Promise<{ db: string; file: Record<string, unknown> }> {
  const db = workshop.store()
  const { files } = await ingestInto(db, [
    write(join(workshop.room(), 'a.csv'), lines.map((line) => `${line}\n`).join('')),
  ])
  return { db, file: { ...files[0]! } }
}

test.each(['days-in-utc', 'days-in-a-zone'])(
  'costs are what the tokens come to, by day: %s',
  async (folder) => {
    const db = workshop.store()
    await ingestInto(db, [join(fixtures, folder)])
    const [days = []] = await askAll(db, [
      `SELECT CAST(sum(quantity * CAST(tags['price'] AS DECIMAL(20,12))) AS VARCHAR) AS counted,
      CAST(sum(billed_cost) FILTER (charge_category = 'Usage') AS VARCHAR) AS billed FROM billed GROUP BY charge_period_start`,
    ])
    expect(days.length).toBeGreaterThan(0)
    for (const { counted, billed } of days) expect(short(counted)).toBe(short(billed))
  },
)

test('days in a zone keep their bounds; what a granted balance paid is a credit; names and prices are tags', async () => {
  const db = workshop.store()
  await ingestInto(db, [join(fixtures, 'days-in-a-zone')])
  expect(
    await charges(
      db,
      "kind, charge_period_start, charge_period_end, model, token_type, unit, CAST(quantity AS VARCHAR), CAST(billed_cost AS VARCHAR), currency, charge_category, api_key, tags['api_key_name'], tags['price'], tags['wallet_type']",
    ),
  ).toMatchInlineSnapshot(`
    [
      [
        "cost",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        null,
        "requests",
        null,
        "0.2",
        "USD",
        "Usage",
        null,
        null,
        null,
        "Granted",
      ],
      [
        "cost",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        null,
        null,
        null,
        "-0.2",
        "USD",
        "Credit",
        null,
        null,
        null,
        "Granted",
      ],
      [
        "cost",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        null,
        "requests",
        null,
        "0.52",
        "USD",
        "Usage",
        null,
        null,
        null,
        "Paid",
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        "input",
        "tokens",
        "1000000",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        "0.00000015",
        null,
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        "input",
        "tokens",
        "400000",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        "0.0000003",
        null,
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        "cache_read",
        "tokens",
        "10000000",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        "0.000000003",
        null,
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        "output",
        "tokens",
        "500000",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        "0.0000006",
        null,
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        "output",
        "tokens",
        "100000",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        "0.0000012",
        null,
      ],
      [
        "usage",
        "2026-08-31T16:00:00Z",
        "2026-09-01T16:00:00Z",
        "deepseek-flash",
        null,
        "requests",
        "57",
        null,
        null,
        "Usage",
        "sk-0a1b2***3c4d",
        "Team, Primary",
        null,
        null,
      ],
    ]
  `)
})

test('older files: days without strokes, no wallet, a type that nobody knows, a key that is not masked', async () => {
  const cost = await ingested(['user_id,utc_date,model,cost,currency', 'u,20240726,deepseek-chat,0.01,CNY'])
  expect(
    await charges(cost.db, 'charge_period_start, account, CAST(billed_cost AS VARCHAR), currency'),
  ).toEqual([['2024-07-26T00:00:00Z', 'u', '0.01', 'CNY']])
  const amount = await ingested([
    'user_id,utc_date,model,api_key_name,api_key,type,price,amount',
    'u,20240726,deepseek-chat,k,sk-0123456789abcdef0123456789abcdef,output_tokens,0.000002,7',
    'u,20240726,deepseek-chat,k,sk-01234***cdef,search_count,0.01,3',
  ])
  expect(await charges(amount.db, 'token_type, unit, CAST(quantity AS VARCHAR), api_key')).toEqual([
    ['output', 'tokens', '7', 'sk-01234***cdef'],
    [null, 'search_count', '3', 'sk-01234***cdef'],
  ])
  // The secret is in no table.
  const [tables = []] = await askAll(amount.db, ['SELECT table_name AS t FROM duckdb_tables()'])
  const all = await askAll(
    amount.db,
    tables.map(({ t }) => `SELECT CAST(t AS VARCHAR) AS row FROM "${String(t)}" t`),
  )
  expect(JSON.stringify(all)).toContain('sk-01234***cdef')
  expect(JSON.stringify(all)).not.toContain('89abcdef')
})

test('what cannot be read is rejected with its reason, and what was not used is skipped', async () => {
  const cost = await ingested([
    'user_id,utc_date,model,wallet_type,cost,currency',
    'u,2026-04-27,m,Paid,,CNY',
    'u,2026-04-27,m,Granted,much,CNY',
    'u,2026-04-27,m,Paid,1,',
    'u,soon,m,Paid,1,CNY',
    'u,2026-04-27,m,Granted,0,CNY',
  ])
  expect(cost.file).toMatchObject({ importer: 'deepseek-bill', imported: 1, rejected: 4, skipped: 1 })
  const amount = await ingested([
    'user_id,utc_date,model,api_key_name,api_key,type,price,amount',
    'u,2026-04-27,m,k,sk,output_tokens,0.1,',
    'u,2026-04-27,m,k,sk,output_tokens,0.1,many',
    'u,2026-04-27,m,k,sk,output_tokens,0.1,0',
  ])
  expect(amount.file).toMatchObject({ importer: 'deepseek-bill', imported: 0, rejected: 2, skipped: 2 })
  const [rejects = []] = await askAll(amount.db, ['SELECT line, reason FROM rejects ORDER BY line'])
  expect(rejects.map((row) => Object.values(row))).toEqual([
    [2, 'nothing in it is a charge'],
    [3, 'quantity: no number, or too large'],
  ])
})

test('the month again takes its own place, by day; in another zone, too', async () => {
  const header = 'user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency'
  const month = (zone: string, costs: readonly string[]): string =>
    `${header}\n${costs
      .map((cost, i) => {
        const [start, end] = [i + 1, i + 2].map(
          (day) => `2026-09-${String(day).padStart(2, '0')}T00:00:00${zone}`,
        )
        return `u,${start},${end},deepseek-flash,Paid,${cost},CNY\n`
      })
      .join('')}`
  const room = workshop.room()
  const file = (name: string, text: string, at: number): string => {
    const path = write(join(room, name), text)
    utimesSync(path, at, at)
    return path
  }
  const all = [
    file('one.csv', month('+08:00', ['1', '2']), 1_790_000_000),
    file('two.csv', month('+08:00', ['1', '2.5', '3']), 1_790_001_000),
    file('three.csv', month('+00:00', ['1.1', '2.4', '3']), 1_790_002_000),
  ]
  const sum = async (paths: readonly string[]): Promise<unknown> => {
    const db = workshop.store()
    await ingestInto(db, [...paths])
    const [rows = []] = await askAll(db, ['SELECT CAST(sum(billed_cost) AS VARCHAR) AS n FROM billed'])
    return short(rows[0]?.['n'])
  }
  expect(await sum([all[1]!, all[0]!])).toBe('6.5')
  // The first day of the zone began in August, UTC: no day of the newest is about it.
  expect(await sum(all)).toBe('7.5')
})

/** Calls of DeepSeek from 2026-09-01, 16:00 to 2026-09-03, 15:30 UTC: two days in Shanghai, of three in UTC. */
const calls = Array.from({ length: 96 }, (_, i) => ({
  ts: new Date(Date.UTC(2026, 8, 1, 16, i * 30)).toISOString(),
  request_id: `call-${i}`,
  provider: 'deepseek',
  model: 'deepseek-chat',
  input_tokens: 1000 + i * 7,
  cached_tokens: 400 + i,
  output_tokens: 100 + i * 3,
}))

const day = (n: number): string => `2026-09-0${n}T00:00:00+08:00,2026-09-0${n + 1}T00:00:00+08:00`

/** What the calls come to, held against bills with days of Shanghai. */
async function compared(tz: string, currency: string, since = '2026-08-31'): Promise<Reconciled> {
  const db = workshop.store()
  const room = workshop.room()
  await ingestInto(db, [
    write(join(room, 'calls.jsonl'), calls.map((call) => `${JSON.stringify(call)}\n`).join('')),
  ])
  const [costs = []] = await askAll(db, [
    `SELECT CAST(sum(cost_usd) AS VARCHAR) AS cost, CAST(sum(input_tokens - cache_read_input_tokens) AS VARCHAR) AS miss,
      CAST(sum(cache_read_input_tokens) AS VARCHAR) AS hit, CAST(sum(output_tokens) AS VARCHAR) AS out
    FROM calls GROUP BY CAST(ts + INTERVAL 8 HOUR AS DATE) ORDER BY min(ts)`,
  ])
  expect(costs).toHaveLength(2)
  const of = (i: number, name: string): string => String(costs[i]?.[name])
  const cost = [2, 3].map((n, i) => `u,${day(n)},deepseek-chat,Paid,${of(i, 'cost')},${currency}\n`)
  const amount = [2, 3].flatMap((n, i) =>
    [
      ['input_cache_miss_tokens', 'miss'],
      ['input_cache_hit_tokens', 'hit'],
      ['output_tokens', 'out'],
    ].map(([type, name]) => `u,${day(n)},deepseek-chat,k,sk-0***1,${type},0.1,${of(i, name!)}\n`),
  )
  await ingestInto(db, [
    write(
      join(room, 'cost.csv'),
      `user_id,start_time_iso,end_time_iso,model,wallet_type,cost,currency\n${cost.join('')}`,
    ),
    write(
      join(room, 'amount.csv'),
      `user_id,start_time_iso,end_time_iso,model,api_key_name,api_key,type,price,amount\n${amount.join('')}`,
    ),
  ])
  const store = await openStoreForReading(db, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  const book = await loadPriceBook({ overrideFiles: [] })
  const scope = { since: `${since}T00:00:00.000Z`, until: '2026-09-05T00:00:00.000Z', tz, filters: [] }
  const found = await reconcile(store, scope, ['day'], undefined, book)
  store.close()
  return found
}

test('days of Shanghai agree with the calls of these days', async () => {
  const { rows, parts, agrees } = await compared('Asia/Shanghai', 'USD')
  expect(rows.map(({ labels }) => labels.day)).toEqual(['2026-09-02', '2026-09-03'])
  for (const row of rows) {
    expect(row.billed).toBe(row.computed)
    expect(row.billedTokens).toBe(row.tokens)
  }
  expect([agrees, parts]).toEqual([true, []])
})

test('asked in UTC, the zone is what they differ by', async () => {
  // Eight hours of the first day lie before the window.
  const { parts, billed, computed } = await compared('UTC', 'USD', '2026-09-02')
  expect(billed).not.toBe(computed)
  expect(parts.map(({ cause, amount }) => [cause, amount])).toEqual([['day_zone', billed - computed]])
})

test('usage of days that are billed in yuan is left out with them', async () => {
  const { rows, left } = await compared('Asia/Shanghai', 'CNY')
  expect(rows).toEqual([])
  expect(left).toEqual([
    '2 charges in CNY left out, and the usage of their days: only USD is compared',
    'calls of deepseek are left out: no bill of the window is of them',
  ])
})
