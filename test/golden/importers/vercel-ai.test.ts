/** What applications log of Vercel's AI SDK, as versions 4 to 7 gave it; the counts are those of the provider that they asked. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

/** Input and output of the six answers as the provider counted them: of each 1,024 were cached; then the reasoning. */
const counted = [
  [1500, 100, 30],
  [1537, 111, 31],
  [1574, 122, 32],
  [1611, 133, 33],
  [1648, 144, 34],
  [1685, 155, 35],
].map(([input, output, reasoning]) => [input, 1024, output, reasoning])

const names = ['input_tokens', 'cache_read_input_tokens', 'output_tokens', 'reasoning_output_tokens']
const figures = (calls: Read['calls']): unknown[] => calls.map((call) => names.map((name) => call[name]))

test('results and events of four versions: each step is one call, and no sum is added to it', async () => {
  const read: Read[] = []
  for (const version of ['4', '5', '6', '7']) read.push(await readFixture(`vercel-ai/${version}`))
  expect(read.flatMap(({ importers }) => importers)).toEqual(read.map(() => 'vercel-ai'))
  expect(read.map(({ counts }) => counts[0])).toEqual([
    [10, 6, 1, 2, 0, 1],
    [12, 7, 1, 3, 0, 1],
    [12, 7, 2, 2, 0, 1],
    [12, 7, 2, 2, 0, 1],
  ])
  for (const [i, { calls, rejects }] of read.entries()) {
    const byId = calls.toSorted((a, b) => (String(a['call_id']) < String(b['call_id']) ? -1 : 1))
    const answers = byId.filter((call) => String(call['call_id']).startsWith('chatcmpl-'))
    expect([i, figures(answers)]).toEqual([i, counted])
    expect(answers.map((call) => call['finish_reason'])).toEqual(['stop', 'tool_calls', 'stop', 'tool_calls', 'stop', 'stop']) // prettier-ignore
    // (1,500 − 1,024) × 0.15 + 1,024 × 0.075 + 100 × 0.60 a million
    expect(answers[0]).toMatchObject({ cost_usd: '0.0002082', user_id: 'u-1', ts: '2026-09-21T14:13:20Z' })
    // What an embedding gives to log says neither its model nor its time.
    expect(rejects).toEqual([[8, 'ts: missing']])
    const claude = byId.filter((call) => String(call['call_id']).startsWith('msg_'))
    expect(claude).toHaveLength(i === 0 ? 0 : 1)
    for (const call of claude)
      expect(call).toMatchObject({
        provider: 'anthropic',
        // 1,759 + 1,024 read + 71 written, 61 of them for an hour; version 5 passes on the 1,759 alone
        input_tokens: 2854,
        cache_read_input_tokens: 1024,
        cache_creation_input_tokens: 71,
        cache_creation_1h_input_tokens: 61,
        output_tokens: 177,
        finish_reason: 'length',
        // 1,759 × 3 + 1,024 × 0.30 + 10 × 3.75 + 61 × 6 + 177 × 15 a million
        cost_usd: '0.0086427',
      })
  }
  for (const { doubts, everything } of read) {
    expect(doubts.filter((words) => !words.includes('after now'))).toEqual([])
    expect(everything).not.toContain(marker)
  }
})

test('wrapped, total alone, other providers and an embedding', async () => {
  const { calls, counts, rejects, everything } = await readFixture('vercel-ai/shapes')
  expect(counts).toEqual([[8, 6, 0, 0, 1, 1]])
  expect(rejects).toEqual([[8, 'not JSON']])
  expect(calls).toMatchObject([
    { feature: 'search', user_id: 'u-2', input_tokens: 1150, cache_read_input_tokens: 1000, cache_creation_input_tokens: 50, output_tokens: 20 },
    { user_id: 'u-3', model: 'gemini-2.5-flash', input_tokens: 100, output_tokens: 50, reasoning_output_tokens: 30 },
    { operation: 'session_total', input_tokens: 900, output_tokens: 90 },
    { session_id: 's-1', input_tokens: 500, cache_read_input_tokens: 400, cache_creation_input_tokens: 20, output_tokens: 50, reasoning_output_tokens: 10, reported_cost_usd: '0.0015' },
    { operation: 'embedding', model: 'text-embedding-3-small', input_tokens: 1722, cost_usd: '0.00003444' },
    // 120 × 3 + 3,000 × 0.30 + 500 × 3.75 + 300 × 15 a million
    { model: 'claude-sonnet-4-5', feature: 'chat', finish_reason: 'length', input_tokens: 3620, output_tokens: 300, cost_usd: '0.007635' },
  ]) // prettier-ignore
  expect(everything).not.toContain(marker)
})
