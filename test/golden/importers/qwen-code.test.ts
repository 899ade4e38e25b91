/** Chats of Qwen Code. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('thoughts are output; what was cached is in the prompt, and beside it where it is more: named, never below zero', async () => {
  const { calls, counts, importers, everything } = await readFixture('qwen-code/chat')
  expect(importers).toEqual(['qwen-code'])
  expect(counts).toEqual([[5, 3, 0, 0, 2, 0]])
  const figures = calls.map((call) => [
    call['model'],
    call['input_tokens'],
    call['cache_read_input_tokens'],
    call['output_tokens'],
    call['reasoning_output_tokens'],
    call['unread_usage'],
  ])
  expect(figures).toEqual([
    ['qwen3.5-plus', 12414, 0, 115, 39, undefined],
    ['qwen3-coder-plus', 300, 10, 420, 20, undefined],
    // 1,508 + 4,864
    ['qwen3-max-2026-01-23', 6372, 4864, 255, 50, 'usageMetadata.cachedContentTokenCount beyond the prompt'],
  ])
  expect(calls[0]).toMatchObject({ session_id: 'd96bf338', ts: '2026-02-23T14:24:56.857Z' })
  expect(everything).not.toContain(marker)
})

test('an answer that an event repeats is one call; what sub-agents were answered is told by events alone', async () => {
  const { calls, counts, doubts, everything } = await readFixture('qwen-code/sub-agent')
  expect(counts).toEqual([[7, 3, 0, 0, 4, 0]])
  const figures = calls.map((call) => [
    call['call_id'],
    call['input_tokens'],
    call['cache_read_input_tokens'],
    call['output_tokens'],
    (call['tags'] as Record<string, unknown>)['agent_role'],
  ])
  expect(figures).toEqual([
    ['u-2', 900, 0, 40, 'general-purpose'], // the same counts as the answer, and another call
    ['u-3', 900, 0, 40, undefined],
    ['u-5', 300, 100, 40, 'general-purpose'],
  ])
  expect(calls[2]).toMatchObject({ project: 'shop', session_id: 's-1', latency_ms: 1200 })
  expect(doubts).toEqual([])
  expect(everything).not.toContain(marker)
})
