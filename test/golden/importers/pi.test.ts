/** Sessions of pi and OpenClaw. claude-opus-4-5: $5 in, $25 out; gpt-5.2: $1.75 in, $0.175 read, $14 out. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('pi: answers with what they cost, by the session and its folder', async () => {
  const { calls, counts, rejects, everything } = await readFixture('pi/pi')
  expect(counts).toEqual([[11, 2, 0, 0, 8, 1]])
  expect(rejects).toEqual([[10, 'not JSON']])
  const common = {
    provider: 'anthropic',
    response_model: 'claude-opus-4-5',
    model: 'claude-opus-4-5',
    feature: 'my-project',
    project: 'my-project',
    session_id: 'pi-test-session-uuid',
    revision_id: 'pi-test-session-uuid',
  }
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'entry-2:1735725602000',
      ts: '2025-01-01T10:00:02Z',
      input_tokens: 100,
      output_tokens: 50,
      reported_cost_usd: '0.01',
      cost_usd: '0.00175', // 100 × 5 + 50 × 25
      finish_reason: 'tool_calls',
    },
    {
      ...common,
      call_id: 'entry-7:1735725607000',
      ts: '2025-01-01T10:00:07Z',
      input_tokens: 200,
      output_tokens: 10,
      reported_cost_usd: '0.005',
      cost_usd: '0.00125',
      finish_reason: 'stop',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('OpenClaw: the model is the last that was chosen; input is without the cache; no amount is no cost', async () => {
  const { calls, counts } = await readFixture('pi/openclaw')
  expect(counts).toEqual([[6, 2, 0, 0, 4, 0]])
  expect(calls).toMatchObject([
    {
      provider: 'openai',
      model: 'gpt-5.2',
      input_tokens: 300, // 100 + 200
      cache_read_input_tokens: 200,
      output_tokens: 50,
      reported_cost_usd: '0.05',
      tags: { signed_in_as: 'openai-codex' },
    },
    {
      provider: 'anthropic',
      model: 'claude-opus-4.6',
      input_tokens: 135, // 100 + 25 + 10
      cache_read_input_tokens: 25,
      cache_creation_input_tokens: 10,
      output_tokens: 50,
    },
  ])
  expect(calls[1]).not.toHaveProperty('reported_cost_usd')
})

test('an answer that a branch copies counts once; one that failed before it cost anything is none', async () => {
  const { calls, counts } = await readFixture('pi/branch')
  expect(counts.map(([lines]) => lines)).toEqual([3, 5])
  expect(calls.map((call) => [call['call_id'], call['session_id'], call['finish_reason']])).toEqual([
    ['entry-2:1735725602000', expect.any(String), 'tool_calls'],
    ['entry-b:1735729200000', 'branch-uuid', 'length'],
  ])
  // 1,000 × 1.75 + 4,000 × 0.175 + 50 × 14: as it says itself
  expect(calls[1]).toMatchObject({ reported_cost_usd: '0.00315', cost_usd: '0.00315' })
})

test('writes for an hour and thoughts are parts of their counts; summing up a conversation asked a model too', async () => {
  const { calls, doubts, everything } = await readFixture('pi/summed-up')
  const figures = calls.map((call) => [
    call['model'],
    call['input_tokens'],
    call['cache_creation_1h_input_tokens'],
    call['output_tokens'],
    call['reasoning_output_tokens'],
    call['cost_usd'],
    call['partly_priced'],
  ])
  expect(figures).toEqual([
    ['claude-sonnet-4-5', 3100, undefined, 50, undefined, '0.0054', undefined], // 100 × 3 + 2,000 × 0.3 + 1,000 × 3.75 + 50 × 15
    ['claude-sonnet-4-5', 150_000, undefined, 1000, undefined, '0.465', undefined], // 150,000 × 3 + 1,000 × 15
    ['gpt-5', 100, undefined, 50, 20, '0.000625', undefined], // 100 × 1.25 + 50 × 10
    ['claude-sonnet-4-5', 1100, 1000, 50, undefined, '0.00705', undefined], // 100 × 3 + 1,000 × 6 + 50 × 15
  ])
  expect(doubts).toEqual([])
  expect(everything).not.toContain(marker)
})
