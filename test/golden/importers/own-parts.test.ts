/** Records of one's own that tell the input by its parts, and costs by what they are for. */
import { afterAll, expect } from 'vitest'
import { atOnce, readRecord, workshop } from './reading.js'

afterAll(() => workshop.close())

/** 400 plain × 2.5, 600 cached × 1.25, 200 × 10, in USD a million. */
const cached = { input_tokens: 1000, cache_read_input_tokens: 600, output_tokens: 200, cost_usd: '0.00375' }

atOnce.each([
  [{ model: 'gpt-4o', prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400, completion_tokens: 200 }],
  [{ model: 'gpt-4o', uncached_tokens: 400, cached_tokens: 600, output_tokens: 200 }],
  [{ model: 'gpt-4o', input_tokens_uncached: 400, input_tokens_cached: 600, output_tokens: 200 }],
  [{ model: 'gpt-4o', usage: { non_cached_input_tokens: 400, cached_tokens: 600, output_tokens: 200 } }],
  // Where the whole is told it counts.
  [{ model: 'gpt-4o', input_tokens: 1000, uncached_tokens: 400, cached_tokens: 600, output_tokens: 200 }],
])('%o', async (record) => {
  const { calls } = await readRecord(record)
  expect(calls).toMatchObject([cached])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

const tokens = { model: 'gpt-4o', input_tokens: 1000, output_tokens: 200 }

atOnce('parts of a cost inside the usage are nothing beside its total', async () => {
  const { calls } = await readRecord({
    ...tokens,
    usage: { cost: { input: 0.0025, output: 0.002, total: 0.0045 } },
  })
  expect(calls).toMatchObject([{ input_tokens: 1000, reported_cost_usd: '0.0045' }])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

atOnce('what cached tokens cost is no number of tokens', async () => {
  const cost = { input: 0.0025, output: 0.0015, cache_read: 0.0005, total: 0.0045 }
  const { calls, rejects } = await readRecord({ ...tokens, cost })
  expect(rejects).toEqual([])
  expect(calls).toMatchObject([{ input_tokens: 1000, reported_cost_usd: '0.0045' }])
  expect(calls[0]).not.toHaveProperty('cache_read_input_tokens')
})

atOnce('millionths of a cent are named, not taken for those of a dollar', async () => {
  const { calls } = await readRecord({ ...tokens, cost_microcents: 450_000 })
  expect(calls).toMatchObject([{ unread_usage: 'cost_microcents' }])
  expect(calls[0]).not.toHaveProperty('reported_cost_usd')
})
