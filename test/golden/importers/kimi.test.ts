/** Sessions of Kimi's command line. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('a record of usage is a call, the end of its step repeats it, and one of zeros is none', async () => {
  const { calls, counts } = await readFixture('kimi/wire')
  expect(counts).toEqual([[7, 2, 0, 0, 5, 0]])
  expect(calls).toMatchObject([
    {
      ts: '2026-06-08T18:06:49.099Z',
      model: 'gpt-5.5',
      input_tokens: 20_615, // 19,591 + 1,024
      cache_read_input_tokens: 1024,
      output_tokens: 39,
      tags: { account: 'openai-pro' },
    },
    {
      input_tokens: 80, // 10 + 30 + 40
      cache_read_input_tokens: 30,
      cache_creation_input_tokens: 40,
      output_tokens: 20,
    },
  ])
})

test('older builds: the ends of steps tell, or reports of status', async () => {
  const { calls, everything } = await readFixture('kimi/steps')
  const figures = calls.map((call) => [call['model'], call['input_tokens'], call['output_tokens']])
  expect(figures).toEqual([
    [undefined, 1562, 2463],
    ['kimi-k2', 120, 9],
  ])
  expect(calls[0]).toMatchObject({ call_id: 'chatcmpl-kimi-1', ts: '2026-02-13T11:50:26.42Z' })
  expect(everything).not.toContain(marker)
})

test("what a sub-agent used stands a level down in its parent's file", async () => {
  const { calls, counts, everything } = await readFixture('kimi/sub-agent')
  expect(counts).toEqual([[4, 2, 0, 0, 2, 0]])
  expect(calls.map((call) => [call['call_id'], call['input_tokens'], call['output_tokens']])).toEqual([
    ['chatcmpl-1', 1562, 10],
    ['chatcmpl-2', 770, 7], // 700 + 70 read
  ])
  expect(everything).not.toContain(marker)
})

test('a model that the environment sets has no name of its own: what was asked has', async () => {
  const { calls } = await readFixture('kimi/set-model')
  // kimi-k2.5: $0.6 in, $0.1 read, $3 out: 100 × 0.6 + 1,000 × 0.1 + 20 × 3
  expect(calls).toMatchObject([{ model: 'kimi-k2.5', input_tokens: 1100, cost_usd: '0.00022' }])
})
