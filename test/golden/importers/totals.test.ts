/** A record's own total against what it counts: what it has beyond that is no free gift. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { write } from '../../property/ingesting.js'
import { readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const beyond = 'total_tokens beyond input and output'

const read = (...records: readonly object[]): Promise<Read> => {
  const lines = records.map((record, i) =>
    JSON.stringify({ timestamp: `2026-09-01T00:00:0${i}Z`, model: 'gpt-4o', ...record }),
  )
  return readFiles([write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)])
}

test('tokens that nothing explains make the call partly priced', async () => {
  const { calls, doubts, repairs } = await read(
    { input_tokens: 1000, output_tokens: 100, total_tokens: 1500 },
    { input_tokens: 0, output_tokens: 0, total_tokens: 10 },
    { input_tokens: 1000, cache_read_input_tokens: 300, output_tokens: 100, total_tokens: 1500 },
    { input_tokens: 1000, output_tokens: 100, total_tokens: 1500, cost_usd: 0.5 },
    { input_tokens: 1000, output_tokens: 100, total_tokens: 1000 },
  )
  expect(calls.map((one) => [one['unread_usage'], one['partly_priced']])).toEqual([
    [beyond, true],
    [beyond, true],
    [beyond, true],
    [beyond, true],
    [undefined, undefined],
  ])
  expect(repairs).toEqual({ total_tokens_differ: 1 })
  expect(doubts.filter((words) => words.includes('beyond input and output'))).toEqual([
    expect.stringMatching(/^4 calls in .*, which nothing explains; they count as partly priced$/),
  ])
})

test.each([
  ['input and output', { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 }],
  [
    'cached tokens inside',
    { input_tokens: 1000, cached_tokens: 300, output_tokens: 100, total_tokens: 1100 },
  ],
  [
    'cached tokens beside',
    { input_tokens: 1000, cached_tokens: 300, output_tokens: 100, total_tokens: 1400 },
  ],
  ['reasoning beside', { input_tokens: 1000, output_tokens: 100, reasoning_tokens: 50, total_tokens: 1150 }],
  [
    'both beside',
    { input_tokens: 1000, cached_tokens: 300, output_tokens: 100, reasoning_tokens: 50, total_tokens: 1450 },
  ],
  ['the input of tools', { input_tokens: 1000, output_tokens: 100, tool_tokens: 7, total_tokens: 1107 }],
  ['audio inside', { input_tokens: 1000, input_audio_tokens: 40, output_tokens: 100, total_tokens: 1100 }],
  ['an embedding', { model: 'text-embedding-3-small', prompt_tokens: 8, total_tokens: 8 }],
  [
    'an embedding without an output',
    { model: 'text-embedding-3-small', input_tokens: 8, output_tokens: 0, total_tokens: 8 },
  ],
  ['no total', { input_tokens: 1000, output_tokens: 100, total_tokens: 0 }],
  [
    'the counts of Claude on Bedrock',
    {
      usage: {
        inputTokens: 100,
        outputTokens: 20,
        cacheReadInputTokens: 3000,
        cacheWriteInputTokens: 50,
        totalTokens: 3170,
      },
    },
  ],
])('a total of %s is explained', async (_, record) => {
  const { calls, doubts } = await read(record)
  expect(calls.map((one) => one['unread_usage'])).toEqual([undefined])
  expect(doubts.join()).not.toMatch(/own total|not read/)
})
