/**
 * What calls would have cost elsewhere, against the program itself: the same log with other names in it,
 * ingested, must cost what was said before.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { join } from 'node:path'
import { openStoreForReading } from '../../src/db/store.js'
import type { Database } from '../../src/db/database.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { resolveTargets, type PriceTime, type Target } from '../../src/pricing/what-if/targets.js'
import { modelsOf, whatIfQuery, type WhatIfColumns } from '../../src/pricing/what-if/what-if-sql.js'
import { ingestInto, Workshop, write } from './ingesting.js'

const workshop = new Workshop()
let book: PriceBook
let db: Database
const opened: Database[] = []

const pick = <T>(all: readonly T[], i: number): T => all[i % all.length]!

const failed = {
  status: 'error',
  error: 'timeout',
  input_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  output_tokens: 0,
}

/** Calls with every kind of usage that prices differ for, on models of three providers, through price changes and bands. */
const records = Array.from({ length: 240 }, (_, i) => {
  const [provider, model] = pick(
    [
      ['openai', 'gpt-4o'],
      ['openai', 'gpt-4o-mini'],
      ['anthropic', 'claude-sonnet-4-5'],
      ['google', 'gemini-2.5-pro'],
      ['openai', 'gpt-4'],
    ] as const,
    i,
  )
  const input = pick([0, 17, 1200, 90_001, 210_000, 1_500_000], i + Math.trunc(i / 7))
  return {
    id: `c${i}`,
    timestamp: new Date(Date.UTC(2024, 0, 1) + i * 4 * 86_400_000 + i * 3_700_000).toISOString(),
    provider,
    model,
    input_tokens: input,
    cache_read_input_tokens: pick([0, Math.trunc(input / 3), 0], i),
    cache_creation_input_tokens: pick([0, 0, 0, Math.trunc(input / 5)], i),
    output_tokens: pick([0, 5, 700, 33_333], i + 1),
    ...(i % 11 === 0 ? { web_search_requests: 2 } : {}),
    ...(i % 6 === 0 ? { service_tier: pick(['batch', 'flex', 'standard', 'priority'], i / 6) } : {}),
    ...(i % 13 === 0 ? failed : {}),
    ...(i % 17 === 0 ? { cache_hit: true } : {}),
  }
})

async function stored(rows: readonly object[]): Promise<Database> {
  const path = workshop.store()
  const log = write(join(workshop.room(), 'calls.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'))
  await ingestInto(path, [log])
  const one = await openStoreForReading(path, { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5000 })
  opened.push(one)
  return one
}

beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
  db = await stored(records)
})
afterAll(() => {
  for (const one of opened) one.close()
  workshop.close()
})

type Row = WhatIfColumns & { readonly call_id: string }

async function whatIf(
  targets: readonly Target[],
  prices: PriceTime = 'call',
  calls = 'calls',
): Promise<readonly Row[]> {
  const { rows: models } = await db.query<{ provider: string | null; model: string }>(modelsOf('calls'))
  const { params } = resolveTargets(book, targets, prices, models)
  const { rows } = await db.query<Row>(
    `SELECT * FROM (${whatIfQuery(calls, ['call_id'])}) ORDER BY target, call_id`,
    { ...params },
  )
  return rows
}

const parts = [
  'list_input_cost_usd',
  'list_cache_read_cost_usd',
  'list_cache_write_cost_usd',
  'list_output_cost_usd',
  'list_other_cost_usd',
] as const

const stay: Target = { provider: null, model: null, tier: null }

describe('calls elsewhere', () => {
  test('cost what they cost where nothing changes', async () => {
    const rows = await whatIf([stay])
    const { rows: own } = await db.query<Record<string, string | null>>(
      'SELECT * FROM calls ORDER BY call_id',
    )
    expect(rows).toHaveLength(records.length)
    expect(rows.filter(({ cost_usd: cost }) => cost !== null).length).toBeGreaterThan(200)
    for (const [i, row] of rows.entries()) {
      expect(row.unknown).toBeNull()
      expect([row.cost_usd, row.own_cost_usd]).toEqual([own[i]!['cost_usd'], own[i]!['cost_usd']])
      for (const part of parts) expect(row[part]).toBe(own[i]![part])
    }
  })

  test.each([
    ['openai', 'gpt-4o-mini', null],
    ['anthropic', 'claude-haiku-4-5', null],
    ['google', 'gemini-2.5-pro', 'batch'],
    ['openai', 'gpt-4o', 'flex'],
  ] as const)(
    'on %s %s (%s) cost what the log with these names in it costs',
    async (provider, model, tier) => {
      const rows = await whatIf([{ provider, model, tier }])
      const other = await stored(
        records.map((row) => ({ ...row, provider, model, ...(tier === null ? {} : { service_tier: tier }) })),
      )
      const { rows: there } = await other.query<Record<string, string | null>>(
        'SELECT * FROM calls ORDER BY call_id',
      )
      let known = 0
      for (const [i, row] of rows.entries()) {
        const ingested = there[i]!
        for (const part of parts) expect(row[part]).toBe(ingested[part])
        if (row.unknown === null) {
          known += 1
          expect(row.cost_usd).toBe(ingested['cost_usd'])
        } else {
          expect(row.cost_usd).toBeNull()
          expect(ingested['unpriced_usage'] ?? 'no price').toBe(row.unknown)
        }
      }
      // GPT-4o has no flex price: whatever costs something there is unknown.
      expect(known).toBeGreaterThan(model === 'gpt-4o' ? 10 : 100)
      if (model === 'gpt-4o') expect(rows.some(({ unknown }) => unknown === 'service_tier=flex')).toBe(true)
    },
  )

  test('have no cost where no price is known, and say so', async () => {
    const { targets } = resolveTargets(book, [{ provider: null, model: 'no-such-model', tier: null }], 'call')
    expect(targets[0]).toMatchObject({ priced: false })
    const rows = await whatIf([{ provider: null, model: 'no-such-model', tier: null }])
    const free = new Set(records.filter((one) => 'status' in one || 'cache_hit' in one).map(({ id }) => id))
    for (const row of rows) {
      // What the response cache answered, and what failed without usage, costs nothing anywhere.
      const isFree = free.has(row.call_id)
      expect([row.unknown, row.cost_usd]).toEqual(isFree ? [null, '0.000000000000'] : ['no price', null])
    }
  })

  test('at the prices of a moment cost what they would have then', async () => {
    const moment = new Date('2024-09-01T12:00:00Z')
    const rows = await whatIf([{ provider: 'openai', model: 'gpt-4o', tier: 'standard' }], moment)
    const other = await stored(
      records.map((row) => ({
        ...row,
        provider: 'openai',
        model: 'gpt-4o',
        service_tier: 'standard',
        timestamp: '2024-09-01T12:00:00Z',
      })),
    )
    const { rows: there } = await other.query<Record<string, string | null>>(
      'SELECT * FROM calls ORDER BY call_id',
    )
    for (const [i, row] of rows.entries()) expect(row.list_cost_usd).toBe(there[i]!['list_cost_usd'])
  })

  test('of several targets are rows of each, from calls that the caller changed', async () => {
    const calls =
      '(SELECT * REPLACE (input_tokens // 2 AS input_tokens, output_tokens * 2 AS output_tokens) FROM calls)'
    const rows = await whatIf(
      [stay, { provider: 'openai', model: 'gpt-4o-mini', tier: 'standard' }],
      'call',
      calls,
    )
    expect(rows.map(({ target }) => target)).toEqual([...records.map(() => 0), ...records.map(() => 1)])
    const ids = records.map(({ id }) => id).sort()
    const plain = records.find(
      (one) =>
        !('web_search_requests' in one || 'status' in one || 'cache_hit' in one) &&
        one.cache_read_input_tokens === 0 &&
        one.cache_creation_input_tokens === 0 &&
        one.input_tokens === 1200,
    )!
    const row = rows[records.length + ids.indexOf(plain.id)]!
    // 600 × $0.15 + 2 × output × $0.60 a million, in 1e-12 USD.
    const expected = 600n * 150_000n + BigInt(plain.output_tokens) * 2n * 600_000n
    expect(BigInt(row.cost_usd!.replace('.', ''))).toBe(expected)
  })
})
