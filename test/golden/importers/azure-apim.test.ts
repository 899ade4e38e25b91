/** API Management's log of language models, of every way out of Azure Monitor, against figures worked out by hand. */
import { afterAll, expect, test } from 'vitest'
import { marker, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const figures = (calls: Read['calls']): unknown[] =>
  calls.map((call) => [
    call['ts'],
    call['model'],
    call['input_tokens'],
    call['output_tokens'],
    call['cost_usd'],
  ])

const told = [
  // 1,200 × 2.50 + 300 × 10 a million, and so on; messages count nothing
  ['gpt-4o-2024-08-06', 1200, 300, '0.006'],
  ['gpt-4o-2024-08-06', 9000, 1000, '0.0325'],
  // The gateway counts no output of some streams, and nothing of a call that failed.
  ['gpt-4o-2024-08-06', 800, undefined, '0.002'],
  ['gpt-4o-2024-08-06', undefined, undefined, undefined],
  ['text-embedding-3-small', 5000, 0, '0.0001'],
  ['claude-sonnet-4-5-20250929', 26, 500, '0.007578'],
]

test.each(['table', 'query'])('rows of Log Analytics: %s', async (folder) => {
  const { calls, counts, importers, doubts, everything } = await readFixture(`azure-apim/${folder}`)
  expect(importers).toEqual(['azure-apim'])
  // 12 rows, of which 5 hold messages and one nothing; a table has a header too.
  expect(counts).toEqual([folder === 'table' ? [13, 6, 0, 0, 7, 0] : [12, 6, 0, 0, 6, 0]])
  expect(figures(calls).map((row) => (row as unknown[]).slice(1))).toEqual(told)
  expect(calls[0]).toMatchObject({
    call_id: 'chatcmpl-Apim00000000000000000001',
    ts: folder === 'table' ? '2026-09-14T10:00:00.123Z' : '2026-09-14T10:00:00.123456Z',
    provider: 'azure',
    request_model: 'chat-prod',
    trace_id: 'aaaaaaaa-0000-4000-8000-000000000001',
    tags: { deployment: 'chat-prod', gateway_region: 'East US', api_version: '2024-10-21' },
  })
  // Only the stream without its output is priced in part.
  expect(calls.map((call) => call['unread_usage'])).toEqual([
    undefined,
    undefined,
    expect.any(String),
    undefined,
    undefined,
    undefined,
  ])
  expect(calls[4]).toMatchObject({ operation: 'embedding', call_id: 'aaaaaaaa-0000-4000-8000-000000000005' })
  expect(doubts.join()).toContain('CompletionTokens of a stream that was not counted')
  expect(everything).not.toContain(marker)
})

test('lines of diagnostic settings: cached tokens are beside the input of Claude, and inside that of others', async () => {
  const { calls, counts, rejects, everything } = await readFixture('azure-apim/diagnostics')
  expect(counts).toEqual([[5, 2, 0, 0, 2, 1]])
  expect(rejects).toEqual([[5, 'not JSON']])
  expect(calls).toMatchObject([
    // 26 × 5 + 48,854 × 0.50 + 700 × 25 a million
    { call_id: 'msg_Apim00000000000000000011', input_tokens: 48880, cache_read_input_tokens: 48854, output_tokens: 700, cost_usd: '0.042057' },
    // 976 × 2.50 + 1,024 × 1.25 + 100 × 10 a million
    { call_id: 'chatcmpl-Apim00000000000000000012', input_tokens: 2000, cache_read_input_tokens: 1024, cost_usd: '0.00472' },
  ]) // prettier-ignore
  expect(everything).not.toContain(marker)
})

test('lists of an event hub, with requests among them, and the older table of all diagnostics', async () => {
  const { calls, counts, everything } = await readFixture('azure-apim/events')
  expect(counts).toEqual([[5, 3, 0, 0, 2, 0]])
  expect(figures(calls).map((row) => (row as unknown[]).slice(2, 4))).toEqual([
    [2000, 100],
    [10, 20],
    [40, 2],
  ])
  expect(everything).not.toContain(marker)
})
