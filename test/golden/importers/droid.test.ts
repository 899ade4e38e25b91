/** Totals of Droid. claude-opus-4.5: $5 in, $0.5 read, $6.25 written, $25 out. */
import { afterAll, expect, test } from 'vitest'
import { readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test("a session's total; its thinking tokens are named, not added", async () => {
  const { calls, counts } = await readFixture('droid/settings')
  expect(counts).toEqual([[1, 1, 0, 0, 0, 0]])
  expect(calls).toEqual([
    {
      call_id: '2024-12-26T12:00:00Z:custom:Claude-Opus-4.5-Thinking-[Anthropic]-0',
      ts: '2024-12-26T12:00:00Z',
      provider: 'anthropic',
      request_model: 'custom:Claude-Opus-4.5-Thinking-[Anthropic]-0',
      response_model: 'claude-opus-4.5',
      model: 'claude-opus-4.5',
      operation: 'session_total',
      input_tokens: 1335, // 1,234 + 12 + 89
      cache_read_input_tokens: 12,
      cache_creation_input_tokens: 89,
      output_tokens: 567,
      cost_usd: '0.02090725', // 1,234 × 5 + 12 × 0.5 + 89 × 6.25 + 567 × 25
      partly_priced: true,
      unread_usage: 'tokenUsage.thinkingTokens',
    },
  ])
})
