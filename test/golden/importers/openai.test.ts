/** Responses of the OpenAI API. gpt-4o costs $2.5 in, $1.25 cached and $10 out a million; batch and flex half. */
import { afterAll, describe, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const chat = { provider: 'openai', response_model: 'gpt-4o-2024-08-06', model: 'gpt-4o-2024-08-06' }

test('chat completions: cached input and reasoning are inside the totals', async () => {
  const { calls, counts, importers, everything } = await readFixture('openai/chat')
  expect(importers).toEqual(['openai'])
  expect(counts).toEqual([[3, 3, 0, 0, 0, 0]])
  expect(calls).toEqual([
    {
      ...chat,
      call_id: 'chatcmpl-1',
      ts: '2026-09-21T14:13:20Z',
      input_tokens: 1850,
      cache_read_input_tokens: 1024,
      cache_creation_input_tokens: 0,
      output_tokens: 212,
      reasoning_output_tokens: 64,
      input_audio_tokens: 0,
      output_audio_tokens: 0,
      finish_reason: 'stop',
      service_tier: 'standard',
      cost_usd: '0.005465', // 826 × 2.5 + 1024 × 1.25 + 212 × 10
    },
    {
      ...chat,
      call_id: 'chatcmpl-2',
      ts: '2026-09-21T14:14:20Z',
      input_tokens: 10,
      output_tokens: 20,
      finish_reason: 'length', // one of two choices was cut off
      service_tier: 'standard',
      cost_usd: '0.000225',
    },
    {
      ...chat,
      call_id: 'chatcmpl-3',
      ts: '2026-09-21T14:15:20Z',
      input_tokens: 5,
      output_tokens: 1,
      finish_reason: 'tool_calls',
      service_tier: 'priority',
      cost_usd: '0.00003825', // priority: 5 × 4.25 + 17
    },
  ])
  expect(everything).not.toContain(marker)
})

test('the Responses API: states, reasons and flex', async () => {
  const { calls, counts, everything } = await readFixture('openai/responses')
  expect(counts).toEqual([[5, 4, 0, 0, 1, 0]])
  const common = {
    provider: 'openai',
    response_model: 'gpt-4o',
    model: 'gpt-4o',
    ts: '2026-09-21T14:13:20Z',
    feature: 'report',
    user_id: 'u-9',
    temperature: 1,
    max_tokens: 400,
  }
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'resp_1',
      input_tokens: 3000,
      cache_read_input_tokens: 2048,
      cache_creation_input_tokens: 0,
      output_tokens: 400,
      reasoning_output_tokens: 310,
      latency_ms: 4000,
      finish_reason: 'length',
      service_tier: 'flex',
      cost_usd: '0.00894', // 952 × 2.5 + 2,048 × 1.25 + 400 × 10: what flex is of gpt-4o nobody says
      partly_priced: true,
      unpriced_usage: 'service_tier=flex',
    },
    {
      ...common,
      call_id: 'resp_2',
      input_tokens: 100,
      output_tokens: 7,
      latency_ms: 4000,
      finish_reason: 'stop',
      service_tier: 'standard',
      cost_usd: '0.00032',
    },
    {
      ...common,
      call_id: 'resp_3',
      finish_reason: 'error',
      status: 'error',
      error: 'server_error',
      service_tier: 'flex',
      cost_usd: '0',
      cost_basis: 'no_usage',
    },
    {
      ...common,
      call_id: 'resp_5',
      user_id: 'u-10',
      session_id: 'conv-1',
      input_tokens: 9,
      output_tokens: 0,
      latency_ms: 4000,
      finish_reason: 'content_filter',
      service_tier: 'flex',
      cost_usd: '0.0000225', // 5 × 2.5 + 1 × 10, as standard
      partly_priced: true,
      unpriced_usage: 'service_tier=flex',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('batch output: half price, and errors of both kinds', async () => {
  const { calls, counts, everything } = await readFixture('openai/batch', {
    read: { set: { ts: '2026-10-01' } },
  })
  expect(counts).toEqual([[3, 3, 0, 0, 0, 0]])
  expect(calls).toEqual([
    {
      ...chat,
      call_id: 'chatcmpl-b1',
      ts: '2026-09-21T14:13:20Z',
      input_tokens: 700,
      output_tokens: 256,
      finish_reason: 'length',
      service_tier: 'batch',
      tags: { custom_id: 'row-17' },
      cost_usd: '0.002155', // (700 × 2.5 + 256 × 10) / 2
    },
    {
      call_id: 'batch_req_2',
      ts: '2026-10-01T00:00:00Z',
      status: 'error',
      error: 'context_length_exceeded',
      service_tier: 'batch',
      tags: { custom_id: 'row-18' },
      cost_usd: '0',
      cost_basis: 'no_usage',
    },
    {
      call_id: 'batch_req_3',
      ts: '2026-10-01T00:00:00Z',
      status: 'error',
      error: 'batch_expired',
      service_tier: 'batch',
      tags: { custom_id: 'row-19' },
      cost_usd: '0',
      cost_basis: 'no_usage',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('of a stream only the chunk with the usage is a call', async () => {
  const { calls, counts, everything } = await readFixture('openai/stream')
  expect(counts).toEqual([[3, 1, 0, 0, 2, 0]])
  expect(calls).toMatchObject([
    { call_id: 'chatcmpl-s', input_tokens: 30, output_tokens: 4, cost_usd: '0.000115' },
  ])
  expect(everything).not.toContain(marker)
})

describe('wrapped responses', () => {
  test('take who, when and how long from the wrapper, wherever the response stands', async () => {
    const { calls, counts, everything } = await readFixture('openai/wrapped')
    expect(counts).toEqual([[9, 9, 0, 0, 0, 0]])
    const wrapper = {
      ts: '2026-10-05T08:00:00Z',
      feature: 'search',
      user_id: 'u1',
      environment: 'prod',
      latency_ms: 321.5,
      provider: 'openai',
      request_model: 'gpt-4o',
    }
    const answered = {
      ...wrapper,
      ...chat,
      input_tokens: 100,
      output_tokens: 10,
      finish_reason: 'stop',
      service_tier: 'standard',
      cost_usd: '0.00035',
    }
    const failed = { ...wrapper, model: 'gpt-4o', status: 'error', cost_usd: '0', cost_basis: 'no_usage' }
    expect(calls).toEqual([
      ...['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'own-id'].map((id) => ({ ...answered, call_id: id })),
      { ...failed, call_id: 'own-8', error: 'timeout' },
      { ...failed, call_id: 'own-9', error: 'rate_limit_exceeded' },
    ])
    expect(everything).not.toContain(marker)
  })
})

test('clones and embeddings', async () => {
  const { calls } = await readFixture('openai/clones')
  expect(calls).toMatchObject([
    {
      call_id: 'ds-1',
      provider: 'deepseek',
      input_tokens: 100,
      cache_read_input_tokens: 60,
      output_tokens: 10,
    },
    { call_id: '#', operation: 'embedding', input_tokens: 8, cost_usd: '0.00000016' },
  ])
})
