/** Runs of LangSmith, as a client dumps them and as pages. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const total = (calls: Read['calls'], name: string): number =>
  calls.reduce((sum, call) => sum + Number(call[name] ?? 0), 0)

test('a dump: runs of models are calls; chains and roots that sum them up are none', async () => {
  const { calls, counts } = await readFixture('langsmith/dump')
  const [[lines = 0, ...parts] = []] = counts
  expect(parts.reduce((a, b) => a + b, 0)).toBe(lines)
  const used = calls.filter((call) => Number(call['input_tokens'] ?? 0) > 0)
  expect([
    used.length,
    total(calls, 'input_tokens'),
    total(calls, 'cache_read_input_tokens'),
    total(calls, 'cache_creation_input_tokens'),
    total(calls, 'cache_creation_1h_input_tokens'),
    total(calls, 'output_tokens'),
    total(calls, 'reasoning_output_tokens'),
  ]).toEqual([3, 14671, 12000, 2000, 2000, 1005, 120])
  expect(total(calls, 'reported_cost_usd')).toBeCloseTo(0.01462065, 12)
  // One failed, and an embedding whose tokens nobody counted.
  expect(calls).toHaveLength(5)
  expect(calls.filter(({ status }) => status === 'error')).toHaveLength(1)
  expect(calls.find(({ operation }) => operation === 'embedding')).not.toHaveProperty('input_tokens')
})

test('cache writes by the time they are kept, whose sum is told as 0 or not at all', async () => {
  const { calls } = await readFixture('langsmith/writes')
  const of = (name: string): readonly unknown[] => calls.map((call) => call[name])
  expect(of('input_tokens')).toEqual([2018, 2055, 2092])
  expect(of('cache_creation_input_tokens')).toEqual([214, 215, 216])
  expect(of('cache_creation_1h_input_tokens')).toEqual([undefined, 200, 216])
  // The rest × 1 + 1024 × 0.1 + writes × 1.25, for an hour 2, + output × 5.
  expect(of('cost_usd')).toEqual(['0.0024199', '0.00266215', '0.0027664'])
  expect(of('unread_usage')).toEqual([undefined, undefined, undefined])
})

test('a page: the one run of a model that is in it', async () => {
  const { calls, counts, doubts } = await readFixture('langsmith/page')
  expect(counts).toEqual([[4, 1, 0, 0, 3, 0]])
  // The chain between has no sum of its own to be told: the root's is that of all.
  expect(doubts.filter((words) => words.includes('root'))).toEqual([
    '1 root of a trace tells 650,000 input and 55,401 output tokens and $0.461, the calls below it that are here 180,000 and 20,000 and $0.15: the log may lack calls, and what is not here is not counted',
  ])
  expect(calls).toMatchObject([
    {
      model: 'claude-sonnet-4-20250514',
      feature: 'createStreamChat',
      input_tokens: 180000,
      output_tokens: 20000,
      reported_cost_usd: '0.15',
      temperature: 0.7,
    },
  ])
})

test('times without a zone are UTC, types may be in capitals, and the usage may stand in the answer alone', async () => {
  const { calls, counts, everything } = await readFixture('langsmith/answer')
  expect(counts).toEqual([[2, 1, 0, 0, 0, 1]])
  expect(calls).toEqual([
    {
      call_id: '019c6416-722d-0000-0000-000000000009',
      ts: '2026-02-16T01:36:00Z',
      provider: 'openai',
      request_model: 'gpt-4o-mini',
      model: 'gpt-4o-mini',
      feature: 'ChatOpenAI',
      session_id: 'th-2',
      project: 'f966cc8b-0000-4000-8000-000000000000',
      trace_id: '019c6416-722d-0000-0000-000000000009',
      input_tokens: 100,
      cache_read_input_tokens: 40,
      output_tokens: 10,
      finish_reason: 'length',
      latency_ms: 1000,
      // 60 × 0.15 + 40 × 0.075 + 10 × 0.6 per million
      cost_usd: '0.000018',
      partly_priced: true,
      unread_usage: 'usage_metadata.input_token_details.hologram',
      tags: { run: 'ChatOpenAI' },
    },
  ])
  expect(everything).not.toContain(marker)
})

test('a bulk export in Parquet: objects stand as texts, the root sums up its calls', async () => {
  const { calls, counts, everything } = await readFixture('langsmith/parquet')
  expect(counts).toEqual([[3, 2, 0, 0, 1, 0]])
  expect(calls).toMatchObject([
    {
      call_id: '5f0c2f2e-0000-4000-8000-000000000002',
      ts: '2026-07-01T12:00:00.1Z',
      provider: 'openai',
      model: 'gpt-5-mini',
      user_id: 'cust-55',
      session_id: 'sess-3',
      input_tokens: 900,
      cache_read_input_tokens: 512,
      output_tokens: 150,
      reasoning_output_tokens: 40,
      finish_reason: 'length',
      latency_ms: 2250,
      ttft_ms: 600,
      temperature: 0.2,
      max_tokens: 500,
      // as the platform worked it out; 388 × 0.25 + 512 × 0.025 + 150 × 2 a million
      reported_cost_usd: '0.000525',
      cost_usd: '0.0004098',
    },
    { input_tokens: 1000, output_tokens: 100, reported_cost_usd: '0.00045', cost_usd: '0.00045' },
  ])
  expect(everything).not.toContain(marker)
})

test('what was cached, thought and asked for at another tier may stand in the answer alone', async () => {
  const { calls, everything } = await readFixture('langsmith/generations')
  const figures = calls.map((call) => [
    call['input_tokens'],
    call['cache_read_input_tokens'],
    call['output_tokens'],
    call['service_tier'],
    call['cost_usd'],
  ])
  const plain = [1000, 600, 100, undefined, '0.00275'] // 400 × 2.5 + 600 × 1.25 + 100 × 10
  expect(figures).toEqual([
    plain,
    [1000, 600, 100, 'priority', '0.00315'], // 400 × 2.5 + 600 × 0.25 + 100 × 20
    [3100, 2000, 100, undefined, '0.0084'], // 100 × 3 + 2,000 × 0.3 + 1,000 × 6 + 100 × 15
    plain, // as a client of OpenAI answers
    plain, // as an older LangChain sums it up
  ])
  expect(everything).not.toContain(marker)
})
