/** OpenRouter's generations, by its table and by its interface. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { fixtures, readFiles, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const total = (calls: Read['calls'], name: string): number =>
  calls.reduce((sum, call) => sum + Number(call[name] ?? 0), 0)

test('the table of single generations: cached tokens and reasoning are parts, money of own keys is not in it', async () => {
  const { calls, counts } = await readFixture('openrouter/logs')
  expect(counts).toEqual([[7, 6, 0, 0, 1, 0]])
  const sums = ['input_tokens', 'cache_read_input_tokens', 'output_tokens', 'reasoning_output_tokens'].map(
    (name) => total(calls, name),
  )
  expect(sums).toEqual([13300, 2048, 835, 200])
  expect(total(calls, 'reported_cost_usd')).toBeCloseTo(0.030091, 12)
  expect(calls[0]).toEqual({
    call_id: 'gen-1790000000-exAAAA',
    ts: '2026-09-21T13:33:20.5Z',
    provider: 'openrouter',
    response_model: 'anthropic/claude-4.5-sonnet-20250929',
    model: 'anthropic/claude-4.5-sonnet-20250929',
    feature: 'support-bot',
    user_id: 'cust-55',
    input_tokens: 5200,
    cache_read_input_tokens: 2048,
    output_tokens: 310,
    reasoning_output_tokens: 120,
    reported_cost_usd: '0.00412',
    latency_ms: 4210,
    ttft_ms: 690,
    finish_reason: 'stop',
    cost_usd: expect.any(String) as string,
    tags: { key_name: 'prod-key', upstream_provider: 'Anthropic' },
  })
})

test('a free variant costs nothing; what a search cost is named, since no list has it', async () => {
  const { calls } = await readFixture('openrouter/logs')
  expect(calls[1]).toMatchObject({ model: 'deepseek/deepseek-chat-v3.1:free', cost_usd: '0' })
  expect(calls[4]).toMatchObject({
    unread_usage: 'cost_web_search',
    partly_priced: true,
    reported_cost_usd: '0.0241',
  })
  expect(calls[3]).toMatchObject({ tags: { cancelled: 'true' } })
  expect(calls[2]).toMatchObject({ tags: { byok: 'true' }, reported_cost_usd: '0.00035' })
  expect(calls[5]).toMatchObject({ operation: 'embedding', input_tokens: 700 })
})

test('the interface counts natively, and the same generations as the table', async () => {
  const { calls, counts } = await readFixture('openrouter/generations')
  expect(counts).toEqual([[2, 2, 0, 0, 0, 0]])
  expect(
    calls.map((call) => [call['input_tokens'], call['output_tokens'], call['reported_cost_usd']]),
  ).toEqual([
    [5200, 310, '0.00412'],
    [4000, 200, '0.00035'],
  ])
  const both = await readFiles([
    join(fixtures, 'openrouter/logs/openrouter_activity_2026-09-21.csv'),
    join(fixtures, 'openrouter/generations/generation.jsonl'),
  ])
  expect(both.calls).toHaveLength(6)
})

test('columns in another order, and times with a zone', async () => {
  const { calls } = await readFixture('openrouter/order')
  expect(calls.map((call) => [call['call_id'], call['ts'], call['input_tokens']])).toEqual([
    ['gen-1790000000-exAAAA', '2026-09-21T13:33:20.5Z', 5200],
    ['gen-1790000060-exAAAB', '2026-09-21T13:34:20.12Z', 900],
  ])
})
