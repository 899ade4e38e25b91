/** Records of one's own among bodies of providers are read as in a file of their own, or it is told. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { write } from '../../property/ingesting.js'
import { readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const body = {
  id: 'chatcmpl-aaaaaaaaaaaaaaaaaaaa',
  object: 'chat.completion',
  created: 1788220800,
  model: 'gpt-4o-2024-08-06',
  choices: [{ finish_reason: 'stop' }],
  usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
}

let second = 0
const own = (more: object): object => ({
  timestamp: `2026-09-01T00:00:${String(++second % 60).padStart(2, '0')}Z`,
  model: 'claude-sonnet-4-5',
  ...more,
})

const read = (...records: readonly object[]): Promise<Read> => {
  const lines = records.map((one) => `${JSON.stringify(one)}\n`).join('')
  return readFiles([write(join(workshop.room(), 'log.jsonl'), lines)])
}

const inputs = (got: Read): unknown[] => got.calls.map((one) => one['input_tokens'])

describe('cached tokens of Claude', () => {
  // Both readings are possible.
  const open = own({ input_tokens: 6000, cache_read_input_tokens: 5000, output_tokens: 20 })
  // More cached than input: they stand beside it.
  const certain = own({ input_tokens: 100, cache_read_input_tokens: 5000, output_tokens: 20 })

  test('that may be inside the input or beside it are told', async () => {
    for (const records of [[open], [body, open]]) {
      const got = await read(...records)
      expect(inputs(got).at(-1)).toBe(6000)
      expect(got.doubts).toEqual([
        '1 call: it was taken that input tokens include cached ones; --cache-tokens excluded reads them apart',
      ])
    }
  })

  test('follow the habit of their records, whatever stands between them', async () => {
    for (const records of [
      [open, certain],
      [body, open, certain],
    ]) {
      const got = await read(...records)
      expect(inputs(got).slice(-2)).toEqual([11_000, 5100])
      expect(got.doubts).toEqual([
        '2 calls: cached tokens are beside input, as 1 call with its own counts shows',
      ])
    }
  })

  test('in a usage object without any mark of the answer it is of', async () => {
    const usage = { input_tokens: 6000, cache_read_input_tokens: 5000, output_tokens: 20 }
    const answer = { id: 'msg_aaaaaaaaaaaaaaaaaaaaaa', type: 'message', usage }
    const got = await read(body, own({ usage }), own(answer))
    expect(inputs(got)).toEqual([1000, 6000, 11_000])
    expect(got.doubts).toEqual([expect.stringMatching(/^1 call: it was taken that input tokens include/)])
  })

  test('in bodies alone are certain, and nothing is said', async () => {
    const usage = { input_tokens: 100, cache_read_input_tokens: 50, output_tokens: 20 }
    const got = await read(body, own({ id: 'msg_aaaaaaaaaaaaaaaaaaaaaa', type: 'message', usage }))
    expect([inputs(got), got.doubts]).toEqual([[1000, 150], []])
  })
})
