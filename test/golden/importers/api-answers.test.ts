/** Files of providers' answers, as their interfaces and batches write them, against sums worked out by hand. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fixtures, readFixture, readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

/** Some of these formats have no time: who reads them says when it was. */
const then = { read: { set: { ts: '2026-09-03T10:00:00Z' } } }

const fields = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation_1h_input_tokens',
  'output_tokens',
  'reasoning_output_tokens',
] as const
const sums = ({ calls }: Read): readonly number[] =>
  fields.map((field) => calls.reduce((sum, call) => sum + Number(call[field] ?? 0), 0))

describe('a batch of OpenAI', () => {
  test('answers of three interfaces, at the price of a batch', async () => {
    const read = await readFiles([join(fixtures, 'openai/batch-lines/batch_output.jsonl')], then)
    expect(read.counts).toEqual([[3, 3, 0, 0, 0, 0]])
    expect(sums(read)).toEqual([2400, 1024, 0, 0, 580, 448])
    expect(
      read.calls.map((call) => [call['call_id'], call['service_tier'], call['cost_usd'], call['tags']]),
    ).toEqual([
      // 176 × 0.075 + 1,024 × 0.0375 + 80 × 0.3 per million
      ['chatcmpl-b1', 'batch', '0.0000756', { custom_id: 'row-1' }],
      // 900 × 0.125 + 500 × 1 per million
      ['resp_b2', 'batch', '0.0006125', { custom_id: 'row-2' }],
      // 300 × 0.01 per million
      ['batch_req_3', 'batch', '0.000003', { custom_id: 'row-3' }],
    ])
    // The body says when it was; that of embeddings does not.
    expect(read.calls.map((call) => call['ts'])).toEqual([
      '2026-09-03T01:46:40Z',
      '2026-09-03T01:46:41Z',
      '2026-09-03T10:00:00Z',
    ])
  })

  test('requests that failed are calls with an error: they were made, and cost nothing', async () => {
    const { calls } = await readFiles([join(fixtures, 'openai/batch-lines/batch_errors.jsonl')], then)
    expect(
      calls.map((call) => [call['status'], call['error'], call['input_tokens'], call['cost_usd']]),
    ).toEqual([
      ['error', 'rate_limit_exceeded', undefined, '0'],
      ['error', 'batch_expired', undefined, '0'],
    ])
  })
})

test('a batch of Anthropic: what was never sent, expired or canceled, is no call', async () => {
  const read = await readFixture('anthropic/batch-results', then)
  expect(read.counts).toEqual([[5, 3, 0, 0, 2, 0]])
  expect(sums(read)).toEqual([7350, 3000, 3000, 2000, 1174, 0])
  expect(
    read.calls.map((call) => [
      call['call_id'],
      call['status'],
      call['service_tier'],
      call['cost_usd'],
      call['tags'],
    ]),
  ).toEqual([
    // 700 × 1.5 + 1,000 × 1.875 + 2,000 × 3 + 150 × 7.5 per million
    ['msg_b2', undefined, 'batch', '0.01005', { custom_id: 'a-2' }],
    // 650 × 1.5 + 3,000 × 0.15 + 1,024 × 7.5 per million
    ['msg_b1', undefined, 'batch', '0.009105', { custom_id: 'a-1' }],
    ['a-3', 'error', 'batch', '0', { custom_id: 'a-3' }],
  ])
})

test('without a time each record is rejected, and nothing is guessed', async () => {
  const { counts, rejects } = await readFixture('anthropic/batch-results')
  expect(counts).toEqual([[5, 0, 0, 0, 2, 3]])
  expect(rejects).toEqual([1, 2, 3].map((line) => [line, 'ts: missing']))
})

test('streams of Gemini: the count of the prompt falls, and the last chunk tells', async () => {
  const read = await readFixture('gemini/falling', then)
  expect(read.counts).toEqual([[4, 4, 0, 0, 0, 0]])
  expect(sums(read)).toEqual([28606, 0, 0, 0, 69, 0])
})

test('thoughts, and prompts of tools, are on top; a blocked answer used its prompt', async () => {
  const read = await readFixture('gemini/blocked')
  expect(sums(read)).toEqual([2540, 1900, 0, 0, 820, 640])
})

test('Converse: its input excludes the cached, and a stream tells in its metadata', async () => {
  const read = await readFixture('bedrock-converse/answers', then)
  expect(sums(read)).toEqual([11240, 8000, 2000, 2000, 360, 0])
})

test('Ollama: what is not done is no call, and a prompt that was cached is not counted: unknown', async () => {
  const read = await readFixture('ollama/chat', then)
  expect(read.counts).toEqual([[5, 3, 0, 0, 2, 0]])
  expect(read.calls.map((call) => [call['model'], call['input_tokens'], call['output_tokens']])).toEqual([
    ['llama3.2', 26, 282],
    ['qwen3', undefined, 10],
    ['nomic-embed-text', 8, undefined],
  ])
})
