/** Rows of gateways and platforms in older layouts, from their own tables, and with what newer versions add. */
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { write } from '../../property/ingesting.js'
import { atOnce, readBeside, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

let files = 0

const read = (...records: readonly object[]): Promise<Read> =>
  readBeside([
    write(
      join(workshop.room(), 'log.jsonl'),
      records.map((record) => `${JSON.stringify({ ...record, ...named() })}\n`).join(''),
    ),
  ])

/** Ids of its own for each record: no log may hold a call of another. */
const named = (): object => ({ id: `o${(files += 1)}`, traceId: `t${files}`, request_id: `r${files}` })

const observation = {
  type: 'GENERATION',
  name: 'answer',
  startTime: '2026-10-05T08:00:00.000Z',
  model: 'gpt-4o',
}

atOnce.each([
  [
    'details as texts, as a table writes them',
    {
      usageDetails: '{"input":400,"input_cached_tokens":600,"output":200,"total":1200}',
      costDetails: '{"total":0.00375}',
    },
    { input_tokens: 1000, cache_read_input_tokens: 600, output_tokens: 200, cost_usd: '0.00375' },
  ],
  [
    'version 2',
    { promptTokens: 1000, completionTokens: 200, totalTokens: 1200, unit: 'TOKENS' },
    { input_tokens: 1000, output_tokens: 200, cost_usd: '0.0045' },
  ],
  [
    "a provider's own names, and predictions inside the output",
    {
      usageDetails: { input_tokens: 1000, output_tokens: 180, output_accepted_prediction_tokens: 20 },
      costDetails: {},
    },
    { input_tokens: 1000, output_tokens: 200, cost_usd: '0.0045' },
  ],
])('langfuse: %s', async (_, usage, call) => {
  const { calls, importers } = await read({ ...observation, ...usage })
  expect(importers).toEqual(['langfuse'])
  expect(calls).toMatchObject([call])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

atOnce('langfuse: characters are no tokens', async () => {
  const usage = { input: 1000, output: 200, total: 1200, unit: 'CHARACTERS' }
  const [call] = (await read({ ...observation, usage, calculatedTotalCost: 0.003 })).calls
  expect(call).toMatchObject({ cost_usd: '0.003', unread_usage: 'usage in CHARACTERS' })
  expect(call).not.toHaveProperty('input_tokens')
  expect(call).not.toHaveProperty('total_tokens')
})

const payload = {
  call_type: 'acompletion',
  custom_llm_provider: 'openai',
  model: 'gpt-4o',
  response_cost: 0.0045,
  prompt_tokens: 1000,
  completion_tokens: 200,
  total_tokens: 1200,
  startTime: 1_791_187_200,
  status: 'success',
}

atOnce.each([
  // What the key spent so far, and the cost again, are no cost of the call.
  [
    { metadata: { user_api_key_spend: 123.4 }, hidden_params: { response_cost: '0.0045' } },
    { cost_usd: '0.0045' },
  ],
  [{ model_parameters: { service_tier: 'priority' } }, { service_tier: 'priority', cost_usd: '0.00765' }],
  [
    {
      response: {
        usage: {
          input_tokens_details: { cached_tokens: 600 },
          output_tokens_details: { reasoning_tokens: 50 },
        },
      },
    },
    { cache_read_input_tokens: 600, reasoning_output_tokens: 50, cost_usd: '0.00375' },
  ],
  // 1,000 × 3 + 200 × 15 in USD a million, and two searches at 0.01.
  [
    {
      custom_llm_provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      metadata: { usage_object: { server_tool_use: { web_search_requests: 2 } } },
    },
    { web_search_requests: 2, cost_usd: '0.026' },
  ],
])('litellm: %o', async (more, call) => {
  const { calls, importers } = await read({ ...payload, ...more })
  expect(importers).toEqual(['litellm'])
  expect(calls).toMatchObject([call])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

atOnce('helicone: rows of its own table count money in billionths of a dollar', async () => {
  const row = {
    request_created_at: '2026-10-05 08:00:00',
    organization_id: 'o',
    model: 'acme-1',
    provider: 'CUSTOM',
    prompt_tokens: 1000,
    completion_tokens: 200,
    latency: 2000,
  }
  const { calls } = await read({ ...row, status: 200, cost: 4_500_000 }, { ...row, status: 429, cost: 0 })
  expect(calls).toMatchObject([{ reported_cost_usd: '0.0045', latency_ms: 2000 }, { status: 'error' }])
})
