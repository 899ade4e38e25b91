/** Responses of the Anthropic API. claude-sonnet-4-5: $3 in, $0.3 read, $3.75 / $6 written for 5m / 1h, $15 out. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const model = 'claude-sonnet-4-5-20250929'
const common = { provider: 'anthropic', response_model: model, model }

test('messages: cached input is added to the input, the hour’s writes are inside the writes', async () => {
  const { calls, counts, importers, everything } = await readFixture('anthropic/messages')
  expect(importers).toEqual(['anthropic'])
  expect(counts).toEqual([[4, 4, 0, 0, 0, 0]])
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'msg_1',
      ts: '2026-09-21T14:13:20.123Z',
      user_id: 'u1',
      session_id: 's1',
      input_tokens: 3620, // 120 + 3000 + 500
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 500,
      cache_creation_1h_input_tokens: 400,
      output_tokens: 300,
      reasoning_output_tokens: 90,
      web_search_requests: 1,
      finish_reason: 'length',
      service_tier: 'standard',
      // 120 × 3 + 3000 × 0.3 + 100 × 3.75 + 400 × 6 + 300 × 15, and a search at $10 a thousand
      cost_usd: '0.018535',
    },
    {
      ...common,
      call_id: 'msg_2',
      ts: '2026-09-21T14:13:21.123Z',
      user_id: 'u1',
      input_tokens: 10,
      output_tokens: 5,
      finish_reason: 'stop',
      cost_usd: '0.000105',
    },
    {
      ...common,
      call_id: 'msg_3',
      ts: '2026-09-21T14:13:22.123Z',
      user_id: 'u1',
      input_tokens: 17,
      cache_creation_input_tokens: 7,
      output_tokens: 5,
      finish_reason: 'context_exceeded',
      cost_usd: '0.00013125', // 10 × 3 + 7 × 3.75 + 5 × 15
    },
    {
      ...common,
      call_id: 'msg_4',
      ts: '2026-09-21T14:13:23.123Z',
      user_id: 'u1',
      input_tokens: 1,
      output_tokens: 1,
      finish_reason: 'content_filter',
      cost_usd: '0.000018',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('batch results: half price; the cancelled and the expired are no calls', async () => {
  const { calls, counts, everything } = await readFixture('anthropic/batch', {
    read: { set: { ts: '2026-10-01' } },
  })
  expect(counts).toEqual([[4, 2, 0, 0, 2, 0]])
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'msg_b1',
      ts: '2026-10-01T00:00:00Z',
      input_tokens: 400,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      output_tokens: 80,
      finish_reason: 'stop',
      service_tier: 'batch',
      tags: { custom_id: 'row-17' },
      cost_usd: '0.0012', // (400 × 3 + 80 × 15) / 2
    },
    {
      call_id: 'row-18',
      ts: '2026-10-01T00:00:00Z',
      provider: 'anthropic',
      status: 'error',
      error: 'invalid_request_error',
      service_tier: 'batch',
      tags: { custom_id: 'row-18' },
      cost_usd: '0',
      cost_basis: 'no_usage',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('a message without a time anywhere is rejected, not guessed', async () => {
  const { rejects, counts } = await readFixture('anthropic/batch')
  expect(counts).toEqual([[4, 0, 0, 0, 2, 2]])
  expect(rejects.map(([line, reason]) => [line, String(reason).slice(0, 11)])).toEqual([
    [1, 'ts: missing'],
    [2, 'ts: missing'],
  ])
})
