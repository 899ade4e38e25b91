/** Bedrock invocation logs. claude-sonnet-4-5 in a region: $3.3 in, $0.33 read, $4.125 written, $16.5 out. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const model = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const role = 'arn:aws:sts::111122223333:assumed-role/checkout-role/i-0ex'
const common = {
  ts: '2026-10-05T11:02:03Z',
  provider: 'aws',
  request_model: model,
  model,
  user_id: role,
}

test('plain, streamed natively and by Converse, failed, by inference profile without a body', async () => {
  const { calls, counts, importers, everything } = await readFixture('bedrock/shapes')
  expect(importers).toEqual(['bedrock'])
  expect(counts).toEqual([[5, 5, 0, 0, 0, 0]])
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'bed-1',
      feature: 'summary',
      team: 'growth',
      input_tokens: 3120, // 120 + 3,000
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 0,
      output_tokens: 446,
      latency_ms: 3640,
      temperature: 0.2,
      max_tokens: 512,
      finish_reason: 'stop',
      region: 'eu-central-1',
      cost_usd: '0.008745',
    },
    {
      ...common,
      call_id: 'bed-2',
      input_tokens: 1225, // 25 + 1,000 + 200
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 200,
      output_tokens: 77,
      latency_ms: 912,
      ttft_ms: 211,
      temperature: 1,
      max_tokens: 900,
      finish_reason: 'tool_calls',
      cost_usd: '0.002508',
    },
    {
      ...common,
      call_id: 'bed-3',
      input_tokens: 11,
      output_tokens: 512,
      latency_ms: 5000,
      finish_reason: 'length',
      cost_usd: '0.0084843',
    },
    {
      ...common,
      call_id: 'bed-4',
      status: 'error',
      error: 'ThrottlingException',
      cost_usd: '0',
      cost_basis: 'no_usage',
    },
    {
      ...common,
      call_id: 'bed-5',
      request_model: `eu.${model}`,
      model: `eu.${model}`,
      user_id: 'u-5',
      customer: 'acme',
      environment: 'prod',
      input_tokens: 50,
      output_tokens: 5,
      cost_usd: '0.0002475',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('writes that are kept for an hour: in native bodies and Converse’s, whole and streamed', async () => {
  const { calls, counts, everything } = await readFixture('bedrock/hour')
  expect(counts).toEqual([[4, 4, 0, 0, 0, 0]])
  expect(calls).toMatchObject(
    Array.from({ length: 4 }, () => ({
      input_tokens: 5120,
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 2000,
      cache_creation_1h_input_tokens: 1500,
      output_tokens: 40,
      region: 'us-east-1',
      // 120 × 3 + 3000 × 0.3 + 500 × 3.75 + 1500 × 6 + 40 × 15
      cost_usd: '0.012735',
    })),
  )
  expect(everything).not.toContain(marker)
})

test("a call that the application logs too, in a wrapper of its own, counts once: a client's answer names the request", async () => {
  const { calls, counts } = await readFixture('bedrock-converse/wrapped')
  expect(counts).toEqual([
    [1, 0, 1, 0, 0, 0],
    [1, 1, 0, 0, 0, 0],
  ])
  // 100 × 3.3 + 2,000 × 0.33 + 400 × 4.125 + 600 × 6.6 + 50 × 16.5
  expect(calls).toMatchObject([{ call_id: '0f9a1b2c-0000-4000-8000-000000000021', cost_usd: '0.007425' }])
})
