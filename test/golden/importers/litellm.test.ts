/** Logs of the LiteLLM proxy: rows of its table as JSON, as an array and as CSV, and its logging payload. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const common = {
  ts: '2026-10-02T08:15:30.12Z',
  provider: 'anthropic',
  request_model: 'claude-sonnet',
  response_model: 'anthropic/claude-sonnet-4-5',
  model: 'anthropic/claude-sonnet-4-5',
  user_id: 'u-12',
  customer: 'cust-55',
  session_id: 'sess-3',
  latency_ms: 3360,
  ttft_ms: 780,
}

const rows = [
  {
    ...common,
    call_id: 'chatcmpl-ex77',
    feature: 'summary',
    team: 'growth',
    environment: 'prod',
    input_tokens: 2100, // the proxy adds cached ones for every provider
    cache_read_input_tokens: 1500,
    cache_creation_input_tokens: 0,
    output_tokens: 200,
    reported_cost_usd: '0.00421',
    cost_usd: '0.00525', // 600 × 3 + 1,500 × 0.3 + 200 × 15
    finish_reason: 'length',
    cache_hit: false,
    tags: { feature: 'summary', env: 'prod', beta: 'true' },
  },
  {
    ...common,
    call_id: 'chatcmpl-ex78',
    team: 'team-9',
    input_tokens: 100,
    output_tokens: 10,
    reported_cost_usd: '0',
    cost_usd: '0',
    cost_basis: 'response_cache',
    cache_hit: true,
  },
  {
    ...common,
    call_id: 'chatcmpl-ex79',
    team: 'team-9',
    input_tokens: 0,
    output_tokens: 0,
    reported_cost_usd: '0',
    cost_usd: '0',
    status: 'error',
    error: 'RateLimitError',
  },
]

test.each([
  ['lines', 'litellm/spend-logs', [[3, 3, 0, 0, 0, 0]]],
  ['an array', 'litellm/spend-logs-array', [[3, 3, 0, 0, 0, 0]]],
  ['CSV with JSON in a column, times without zone', 'litellm/spend-logs-csv', [[4, 3, 0, 0, 1, 0]]],
])('spend logs as %s', async (_shape, folder, expected) => {
  const { calls, counts, importers, everything } = await readFixture(folder)
  expect(importers).toEqual(['litellm'])
  expect(counts).toEqual(expected)
  expect(calls).toEqual(rows)
  expect(everything).not.toContain(marker)
  expect(everything).not.toContain('88dc28hash')
})

test('the logging payload: float seconds, streaming, a failed attempt', async () => {
  const { calls, everything } = await readFixture('litellm/standard-payload')
  const attempt = {
    ts: '2026-09-21T14:15:00.25Z',
    provider: 'openai',
    request_model: 'fast',
    response_model: 'gpt-4o',
    model: 'gpt-4o',
    trace_id: 'tr-41',
  }
  expect(calls).toEqual([
    {
      ...attempt,
      call_id: 'chatcmpl-ex80',
      feature: 'search',
      user_id: 'u-12',
      customer: 'cust-55',
      team: 'growth',
      environment: 'prod',
      input_tokens: 1400,
      cache_read_input_tokens: 1024,
      output_tokens: 100,
      reasoning_output_tokens: 32,
      reported_cost_usd: '0.0031',
      cost_usd: '0.00322', // 376 × 2.5 + 1,024 × 1.25 + 100 × 10
      latency_ms: 1500,
      ttft_ms: 350,
      temperature: 0.2,
      max_tokens: 300,
      finish_reason: 'stop',
      cache_hit: false,
      tags: { env: 'prod' },
    },
    {
      ...attempt,
      call_id: 'chatcmpl-ex81',
      input_tokens: 0,
      output_tokens: 0,
      reported_cost_usd: '0',
      cost_usd: '0',
      latency_ms: 250,
      status: 'error',
      error: 'RateLimitError',
    },
  ])
  expect(everything).not.toContain(marker)
})

test("payloads of the kit itself: the cost's parts say nothing more, and the user stands in the parameters", async () => {
  const { calls, everything } = await readFixture('litellm/sdk')
  const of = (...names: readonly string[]): readonly unknown[] => calls.map((call) => names.map((name) => call[name]))
  expect(of('input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens', 'output_tokens', 'reasoning_output_tokens')).toEqual([
    [1500, 1024, undefined, 100, 30],
    [1648, undefined, undefined, 0, undefined],
    [0, undefined, undefined, 0, undefined],
    [1907, 1024, 211, 221, 0],
  ])
  // The kit's own figures, which the prices of the providers give too: 476 × 0.15 + 1024 × 0.075 + 100 × 0.6; 1648 × 0.02; 672 × 1 + 1024 × 0.1 + 211 × 1.25 + 221 × 5.
  expect(of('reported_cost_usd', 'cost_usd')).toEqual([
    ['0.0002082', '0.0002082'],
    ['0.00003296', '0.00003296'],
    ['0', '0'],
    ['0.00214315', '0.00214315'],
  ])
  expect(of('unread_usage', 'partly_priced')).toEqual(calls.map(() => [undefined, undefined]))
  expect(of('customer', 'feature', 'error')).toEqual([
    ['ada', 'clerk', undefined],
    [undefined, undefined, undefined],
    ['ada', 'clerk', 'RateLimitError'],
    ['ada', 'clerk', undefined],
  ])
  expect(everything).not.toContain(marker)
}) // prettier-ignore
