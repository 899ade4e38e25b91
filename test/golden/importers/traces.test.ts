/** Public traces of requests, against sums worked out by hand. */
import { afterAll, expect, test } from 'vitest'
import { readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const total = (calls: Read['calls'], name: string): number =>
  calls.reduce((sum, call) => sum + Number(call[name] ?? 0), 0)
const dollars = (calls: Read['calls']): number => Number(total(calls, 'cost_usd').toFixed(12))
const told = { read: { set: { request_model: 'gpt-4o-2024-08-06' } } }

test('a week of Azure: equal rows are different calls, an offset is heeded, the last line lacks its newline', async () => {
  const got = await readFixture('azure-traces/days', told)
  expect(got.importers).toEqual(['azure-trace'])
  expect(got.counts).toEqual([[5, 4, 0, 0, 1, 0]])
  expect(got.calls.map((call) => call['ts'])).toEqual([
    '2024-05-10T00:00:00.00993Z',
    '2024-05-10T00:00:00.017335Z',
    '2024-05-10T00:00:00.017335Z',
    '2024-05-10T00:00:00.017335Z',
  ])
  // 7,036 × 2.50 + 31 × 10 a million
  expect([total(got.calls, 'input_tokens'), total(got.calls, 'output_tokens')]).toEqual([7036, 31])
  expect(dollars(got.calls)).toBe(0.0179)
  expect(got.calls[0]).toMatchObject({ provider: 'azure', model: 'gpt-4o-2024-08-06' })
})

test('without a model the calls are unpriced', async () => {
  const { calls } = await readFixture('azure-traces/days')
  expect(calls.map((call) => [call['model'], call['cost_usd'], call['cost_basis']])).toEqual(
    Array.from({ length: 4 }, () => [undefined, undefined, undefined]),
  )
})

test('pictures beside the tokens may cost more: such calls are partly priced, and named', async () => {
  const { calls, counts, doubts } = await readFixture('azure-traces/images', told)
  expect(counts).toEqual([[11, 10, 0, 0, 1, 0]])
  expect(calls.filter((call) => call['partly_priced'] === true)).toHaveLength(7)
  expect(calls.filter((call) => call['unread_usage'] === 'NumImages')).toHaveLength(7)
  expect(doubts.join()).toContain('NumImages')
  expect(calls[5]).toMatchObject({
    ts: '2024-10-22T11:59:59.539Z',
    tags: { num_images: '16' },
    input_tokens: 4564,
  })
  // 12,859 × 2.50 + 1,395 × 10 a million
  expect([total(calls, 'input_tokens'), total(calls, 'output_tokens')]).toEqual([12859, 1395])
  expect(dollars(calls)).toBe(0.0460975)
})

test('BurstGPT: seconds from a day that is given, a request without an answer failed', async () => {
  const baseTime = '2023-01-01T00:00:00Z'
  const { calls, counts } = await readFixture('burstgpt/first', { read: { baseTime } })
  expect(counts).toEqual([[6, 5, 0, 0, 1, 0]])
  expect(calls.map((call) => [call['ts'], call['model'], call['feature'], call['status'] ?? 'ok'])).toEqual([
    ['2023-01-01T00:00:05Z', 'gpt-3.5-turbo', 'Conversation log', 'ok'],
    ['2023-01-01T00:00:45Z', 'gpt-3.5-turbo', 'API log', 'ok'],
    ['2023-01-01T00:01:58Z', 'gpt-4', 'Conversation log', 'ok'],
    ['2023-01-01T00:01:58Z', 'gpt-4', 'Conversation log', 'ok'],
    ['2023-01-02T00:00:00Z', 'gpt-4', 'API log', 'error'],
  ])
  // GPT-4 at 30 and 60: 417 × 30 + 276 × 60 a million
  expect(calls[2]!['cost_usd']).toBe('0.02907')
  const { calls: later } = await readFixture('burstgpt/sessions', { read: { baseTime } })
  expect(
    later.map((call) => [call['ts'], call['latency_ms'], String(call['session_id'] ?? '').slice(0, 4)]),
  ).toEqual([
    // 19,440,110 s are 225 days and 110 s.
    ['2023-08-14T00:01:50Z', 6000, '3b1c'],
    ['2023-08-14T00:02:00.5Z', 2500, '3b1c'],
    ['2023-08-14T00:02:01Z', 1000, ''],
  ])
  const without = await readFixture('burstgpt/first')
  expect(without.calls).toEqual([])
})

test('Mooncake: times are milliseconds', async () => {
  const read = { baseTime: '2024-06-01T00:00:00Z', set: { request_model: 'gpt-4o-2024-08-06' } }
  const { calls, counts, importers } = await readFixture('mooncake/conversation', { read })
  expect(importers).toEqual(['mooncake'])
  expect(counts).toEqual([[5, 5, 0, 0, 0, 0]])
  expect(calls.map((call) => call['ts'])).toEqual([
    '2024-06-01T00:00:00Z',
    '2024-06-01T00:00:00Z',
    '2024-06-01T00:00:03Z',
    '2024-06-01T00:00:05.999Z',
    '2024-06-01T00:00:05.999Z',
  ])
  // 29,355 × 2.50 + 1,658 × 10 a million
  expect([total(calls, 'input_tokens'), total(calls, 'output_tokens')]).toEqual([29355, 1658])
  expect(dollars(calls)).toBe(0.0899675)
})
