/** Tasks of Cline, Roo Code and Kilo Code. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('input is without the cache but under the protocol of OpenAI; without counts, or cancelled at once, it is no call', async () => {
  const { calls, counts, everything } = await readFixture('cline/task')
  expect(counts).toEqual([[6, 2, 0, 0, 4, 0]])
  expect(calls).toEqual([
    {
      call_id: '1788429601000-40-15-7-3',
      ts: '2026-09-03T10:00:01Z',
      input_tokens: 50, // 40 + 7 + 3
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 3,
      output_tokens: 15,
      reported_cost_usd: '0.05',
      cost_usd: '0.05',
      cost_basis: 'reported',
      tags: { api_protocol: 'anthropic' },
    },
    {
      call_id: '1788429605000-1000-1-0-0',
      ts: '2026-09-03T10:00:05Z',
      input_tokens: 1000,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      output_tokens: 1,
      reported_cost_usd: '0.2',
      cost_usd: '0.2',
      cost_basis: 'reported',
      tags: { api_protocol: 'openai' },
    },
  ])
  expect(everything).not.toContain(marker)
})

test('sub-agents, condensing and edits that a model applies are paid beside the requests', async () => {
  const { calls, counts, doubts, everything } = await readFixture('cline/beside-requests')
  expect(counts).toEqual([[6, 4, 0, 0, 2, 0]])
  expect(
    calls.map((call) => [
      call['operation'],
      call['input_tokens'],
      call['output_tokens'],
      call['reported_cost_usd'],
    ]),
  ).toEqual([
    [undefined, 50, 15, '0.05'],
    ['session_total', 500, 150, '0.5'], // 400 + 70 + 30: a sum of requests
    [undefined, undefined, undefined, '0.02'], // its counts are the sizes of the context
    [undefined, 1000, 900, '0.0019'],
  ])
  expect(doubts).toEqual([])
  expect(everything).not.toContain(marker)
})

test('a session of the command line: its input holds what was cached', async () => {
  const { calls, counts, everything } = await readFixture('cline/command-line')
  expect(counts).toEqual([[2, 1, 0, 0, 1, 0]])
  expect(calls).toMatchObject([
    {
      call_id: 's-1:m-1',
      ts: '2026-09-03T10:00:01Z',
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      session_id: 's-1',
      input_tokens: 7507,
      cache_read_input_tokens: 50,
      output_tokens: 131,
      cost_usd: '0.024351', // 7,457 × 3 + 50 × 0.3 + 131 × 15
    },
  ])
  expect(everything).not.toContain(marker)
})
