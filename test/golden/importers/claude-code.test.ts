/** Sessions of Claude Code. claude-sonnet-4-5: $3 in, $0.3 read, $3.75 / $6 written for 5m / 1h, $15 out. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

const model = 'claude-sonnet-4-5-20250929'
const common = {
  provider: 'anthropic',
  response_model: model,
  model,
  feature: 'shop',
  project: 'shop',
  session_id: 's-1',
  input_tokens: 19204, // 4 + 18,000 + 1,200
  cache_read_input_tokens: 18000,
  cache_creation_input_tokens: 1200,
}
// 4 × 3 + 18,000 × 0.3 + 1,200 × 3.75 = $0.009912 before the output
const final = { ...common, output_tokens: 187, finish_reason: 'tool_calls', cost_usd: '0.012717' }
const labels = { tags: { git_branch: 'main', version: '2.1.63' } }

test('the lines of a streamed message are one call, with its last output', async () => {
  const { calls, counts, importers, everything } = await readFixture('claude-code/streaming')
  expect(importers).toEqual(['claude-code'])
  expect(counts).toEqual([[3, 1, 0, 1, 1, 0]])
  expect(calls).toEqual([
    { ...final, ...labels, call_id: 'msg_1', ts: '2026-09-14T09:15:24.9Z', revision_id: 'u-2' },
  ])
  expect(everything).not.toContain(marker)
})

test('copies in resumed sessions: the largest output, then the latest time, then the smallest uuid', async () => {
  const { calls, counts } = await readFixture('claude-code/resumed')
  expect(counts).toEqual([
    [2, 1, 0, 1, 0, 0], // its own copy of the second message stands behind the other file's
    [3, 1, 2, 0, 0, 0],
  ])
  expect(calls).toEqual([
    { ...final, ...labels, call_id: 'msg_1', ts: '2026-09-14T09:15:24.9Z', revision_id: 'u-2' },
    {
      ...common,
      ...labels,
      call_id: 'msg_2',
      ts: '2026-09-14T10:00:00Z',
      output_tokens: 50,
      cost_usd: '0.010662',
      revision_id: 'u-8', // u-1 is smaller, but earlier
    },
  ])
})

test('messages of sub-agents stand one or two levels down', async () => {
  const { calls, counts, everything } = await readFixture('claude-code/agent-progress')
  expect(counts).toEqual([[3, 2, 0, 0, 1, 0]])
  expect(calls).toEqual([
    { ...final, call_id: 'msg_1', ts: '2026-09-14T11:00:00Z', revision_id: 'u-20' },
    { ...final, call_id: 'msg_7', ts: '2026-09-14T11:00:05Z', revision_id: 'u-21' },
  ])
  expect(everything).not.toContain(marker)
})

test('what was not billed is no call; a session may lack request ids and stand on Windows', async () => {
  const { calls, counts, everything } = await readFixture('claude-code/not-billed')
  expect(counts).toEqual([[6, 2, 0, 0, 4, 0]])
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'msg_5',
      ts: '2026-09-14T09:15:22.1Z',
      feature: 'Shop',
      project: 'Shop',
      input_tokens: 10,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_creation_1h_input_tokens: 0,
      output_tokens: 1,
      reported_cost_usd: '0.0123',
      cost_usd: '0.000045',
      finish_reason: 'stop',
      revision_id: 'u-5',
    },
    {
      ...common,
      call_id: 'msg_6',
      ts: '2026-09-14T09:15:22.1Z',
      input_tokens: 1001,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 1000,
      cache_creation_1h_input_tokens: 1000,
      output_tokens: 2,
      web_search_requests: 2,
      cost_usd: '0.026033', // 1 × 3 + 1,000 × 6 + 2 × 15, and two searches at $10 a thousand
      tags: { git_branch: 'main', version: '2.1.63', agent_id: 'a1', sidechain: 'true' },
      speed: 'fast',
      partly_priced: true, // what fast is of this model nobody says
      unpriced_usage: 'speed=fast',
      revision_id: 'u-6',
    },
  ])
  expect(everything).not.toContain(marker)
})

test('outputs that were logged before they were complete are said to be a lower bound, once', async () => {
  const { doubts, calls } = await readFixture('claude-code/real-day')
  expect(calls.filter((call) => call['partly_priced'] === true)).toEqual([])
  expect(doubts).toEqual([
    '152 calls have no stop reason, 52 of them at most 10 output tokens: Claude Code 2.1.39 wrote sessions before the answer was complete (until 2.1.97); output tokens and cost of these calls are a lower bound',
  ])
  expect((await readFixture('claude-code/streaming')).doubts).toEqual([])
})

test('lines of today: passes, neutral words and tool results say nothing; a compaction is named', async () => {
  const { doubts, calls } = await readFixture('claude-code/current')
  expect(calls.map((call) => [call['call_id'], call['output_tokens'], call['unread_usage']])).toEqual([
    ['msg_1', 120, undefined],
    ['msg_2', 20, 'usage.iterations (compaction)'],
  ])
  expect(calls.map((call) => [call['speed'], call['region']])).toEqual([
    [undefined, undefined],
    ['fast', 'us'],
  ])
  expect(doubts).toHaveLength(1)
  expect(doubts[0]).toContain('usage.iterations (compaction) is not read; it counts as partly priced')
})

test('passes of an adviser, a dearer model, are not in the counts: they are named', async () => {
  const { doubts, calls } = await readFixture('claude-code/adviser')
  expect(calls).toMatchObject([
    {
      input_tokens: 412,
      output_tokens: 531,
      unread_usage: 'usage.iterations (advisor_message)',
      partly_priced: true,
    },
  ])
  expect(doubts).toHaveLength(1)
})
