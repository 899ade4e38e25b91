/** Words of gateways for an answer out of a response cache, as teams write them down: such a call cost nothing. */
import { afterAll, expect } from 'vitest'
import { atOnce, readRecord, workshop } from './reading.js'

afterAll(() => workshop.close())

/** 1,000 tokens in and 100 out. */
const read = (record: object): ReturnType<typeof readRecord> =>
  readRecord({ model: 'gpt-4o', input_tokens: 1000, output_tokens: 100, ...record })

const hit = { cache_hit: true, cost_usd: '0' }

atOnce.each([
  { cache: 'HIT' },
  { response_cache: 'hit' },
  { 'x-cache': 'Hit from cloudfront' },
  { x_cache: 'MISS, HIT' },
  { 'cf-aig-cache-status': 'HIT' },
  { cf_aig_cache_status: 'HIT' },
  { 'Helicone-Cache': 'HIT' },
  { 'x-portkey-cache-status': 'SEMANTIC HIT' },
  { cache: { hit: true } },
  { cache: { status: 'HIT' } },
  { headers: { 'x-cache': 'HIT' } },
  { response: { headers: { 'cf-aig-cache-status': 'HIT' } } },
  { metadata: { 'cf-aig-cache-status': 'HIT' } },
])('%o is a hit', async (record) => {
  const { calls } = await read(record)
  expect(calls).toMatchObject([hit])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

/** 1,000 × 2.5 and 100 × 10, in USD a million. */
atOnce.each([
  { cache: 'MISS' },
  { 'x-cache': 'BYPASS' },
  { cache: 'redis-1' },
  { cache: 'ephemeral' },
  { cache: true },
  { cache: { hit: false } },
])('%o is none', async (record) => {
  const { calls, rejects } = await read(record)
  expect(rejects).toEqual([])
  expect(calls).toMatchObject([{ cost_usd: '0.0035' }])
})

atOnce.each([{ cache: 'HIT' }, { cached: true }, { is_cached: true }])(
  '%o beside cached tokens is one of the cache of prompts',
  async (record) => {
    const { calls } = await read({ ...record, cached_tokens: 600 })
    // 400 × 2.5, 600 × 1.25, 100 × 10.
    expect(calls).toMatchObject([{ cache_read_input_tokens: 600, cost_usd: '0.00275' }])
  },
)

atOnce.each([{ cached: true }, { cached: true, cached_tokens: 0 }, { cache_hit: true, cached_tokens: 600 }])(
  '%o is a hit all the same',
  async (record) => {
    const { calls } = await read(record)
    expect(calls).toMatchObject([hit])
  },
)
