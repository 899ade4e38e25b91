/** Exports of Helicone, against figures worked out by hand and those that its own rows state. */
import { afterAll, expect, test } from 'vitest'
import { fixtures, marker, readEach, readFixture, workshop } from './reading.js'
import { join } from 'node:path'

afterAll(() => workshop.close())

test('a page: requests beside their responses, one of which failed', async () => {
  const { calls, counts } = await readFixture('helicone/page')
  expect(counts).toEqual([[4, 4, 0, 0, 0, 0]])
  const sum = (name: string): number => calls.reduce((all, call) => all + Number(call[name] ?? 0), 0)
  expect([sum('input_tokens'), sum('output_tokens'), Number(sum('reported_cost_usd').toFixed(9))]).toEqual([
    3300, 800, 0.005828,
  ])
  expect(calls.find((call) => call['call_id'] === 'req-aaa-001')).toMatchObject({
    ts: '2026-04-01T10:00:00Z',
    provider: 'anthropic',
    user_id: 'test-user',
    session_id: 'sess-1',
    latency_ms: 3500,
    // 1,500 × 3 + 320 × 15 per million; the row says $0.00513
    cost_usd: '0.0093',
    reported_cost_usd: '0.00513',
    tags: { Session: 'sess-1' },
  })
  const failed = calls.find((call) => call['call_id'] === 'req-aaa-004')
  expect(failed).toMatchObject({ status: 'error', error: 'model overloaded', input_tokens: 400 })
})

test('rows: properties are columns and tags; what nobody counted is unknown; the answer knows more', async () => {
  const { calls, counts, rejects, everything } = await readFixture('helicone/rows')
  expect(counts).toEqual([[10, 8, 1, 0, 0, 1]])
  expect(rejects).toEqual([[10, 'not JSON']])
  const of = (id: string): unknown => calls.find((call) => call['call_id'] === id)
  expect(of('rq-1')).toEqual({
    call_id: 'rq-1',
    ts: '2026-08-03T09:12:04Z',
    provider: 'openai',
    request_model: 'gpt-5-mini',
    response_model: 'gpt-5-mini-2025-08-07',
    model: 'gpt-5-mini-2025-08-07',
    user_id: 'cust-55',
    session_id: 'sess-3',
    feature: 'search',
    environment: 'prod',
    team: 'growth',
    prompt_name: 'search-v2',
    input_tokens: 1200,
    cache_read_input_tokens: 1024,
    cache_creation_input_tokens: 0,
    output_tokens: 100,
    // 176 × 0.25 + 1,024 × 0.025 + 100 × 2 per million: its own cost says that the input includes the cached
    cost_usd: '0.0002696',
    reported_cost_usd: '0.0002696',
    latency_ms: 1500,
    ttft_ms: 310,
    tags: {
      feature: 'search',
      'Helicone-Session-Id': 'sess-3',
      environment: 'prod',
      Team: 'growth',
      plan: 'pro',
      prompt_version: '7',
      country: 'DE',
    },
  })
  // An answer of the gateway's own cache used nothing.
  expect(of('rq-3')).toMatchObject({ cache_hit: true, input_tokens: 0, output_tokens: 0, cost_usd: '0' })
  expect(of('rq-4')).not.toHaveProperty('input_tokens')
  expect(of('rq-4')).not.toHaveProperty('user_id')
  expect(of('rq-5')).toMatchObject({ status: 'error', error: '-3' })
  expect(of('rq-8')).toMatchObject({ unread_usage: 'prompt_hologram_tokens', partly_priced: true })
  expect(everything).not.toContain(marker)
})

test('the total is worked out from the columns: it proves nothing of cached tokens', async () => {
  const { calls } = await readFixture('helicone/rows')
  // Claude: 4,000 + 3,000 + 500, though the row says 4,150 in all.
  expect(calls[1]).toMatchObject({
    call_id: 'rq-2',
    input_tokens: 7500,
    // 4,000 × 3 + 3,000 × 0.3 + 500 × 3.75 + 150 × 15 per million
    cost_usd: '0.017025',
  })
  expect(calls[1]).not.toHaveProperty('reported_cost_usd')
})

test('cached tokens of others stand beside the input where the costs of such rows say so', async () => {
  const { calls, doubts } = await readFixture('helicone/costs')
  // 2,000 × 0.25 + 1,024 × 0.025 + 100 × 2 per million is what the first one says that it cost.
  expect(calls.map((call) => [call['input_tokens'], call['cost_usd']])).toEqual([
    [3024, '0.0007256'],
    [3024, '0.0006256'],
  ])
  expect(doubts.join()).toContain('cached tokens are beside input')
})

test('exported with bodies: the counts of the answer count, of both kinds', async () => {
  const { calls } = await readFixture('helicone/rows')
  // The columns say 176 and 36: without what was cached and what was reasoned.
  expect(calls.find((call) => call['call_id'] === 'rq-6')).toMatchObject({
    input_tokens: 1200,
    cache_read_input_tokens: 1024,
    output_tokens: 100,
    reasoning_output_tokens: 64,
    service_tier: 'flex',
    max_tokens: 400,
    temperature: 0.5,
    finish_reason: 'stop',
    // 176 × 0.125 + 1,024 × 0.0125 + 100 × 1 per million
    cost_usd: '0.0001348',
  })
  expect(calls.find((call) => call['call_id'] === 'rq-7')).toMatchObject({
    input_tokens: 3700,
    cache_creation_input_tokens: 3000,
    cache_creation_1h_input_tokens: 2000,
    finish_reason: 'stop',
    // 700 × 3 + 1,000 × 3.75 + 2,000 × 6 + 150 × 15 per million
    cost_usd: '0.0201',
  })
})

test('a table, whose objects are escaped twice and whose latency may be empty; a list with a comma too many', async () => {
  const [table, list] = await readEach(
    ['table/output.csv', 'limit/output.json'].map((name) => join(fixtures, 'helicone', name)),
  )
  expect(table!.counts).toEqual([[3, 2, 0, 0, 1, 0]])
  expect(table!.calls).toEqual([
    {
      call_id: 'rs-1',
      ts: '2026-08-03T09:12:04Z',
      provider: 'openai',
      request_model: 'gpt-5-mini',
      response_model: 'gpt-5-mini',
      model: 'gpt-5-mini',
      feature: 'search',
      session_id: 'sess-3',
      user_id: 'cust-55',
      input_tokens: 1200,
      output_tokens: 100,
      cost_usd: '0.0005',
      latency_ms: 1500,
      tags: { feature: 'search', 'Helicone-Session-Id': 'sess-3' },
    },
    expect.objectContaining({
      call_id: 'rs-2',
      feature: 'chat',
      status: 'error',
      error: '429',
      latency_ms: 1000,
    }),
  ])
  expect(list!.calls.map((call) => call['call_id'])).toEqual(['rq-1', 'rq-2'])
  expect(table!.everything).not.toContain(marker)
})
