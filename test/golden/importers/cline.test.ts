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
