/** Gemini CLI. gemini-3.1-pro-preview: $2 in, $0.2 read, $12 out; gemini-2.5-pro: $1.25, $0.125, $10. */
import { afterAll, expect, test } from 'vitest'
import { geminiCli } from '../../../src/importers/agents/gemini-cli.js'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { join } from 'node:path'
import { marker, readFiles, readFixture, workshop } from './reading.js'

afterAll(() => workshop.close())

test('a chat: thoughts are output, tool results input; of a message that is written again the last counts', async () => {
  const { calls, counts, rejects, importers, everything } = await readFixture('gemini-cli/chats')
  expect(importers).toEqual(['gemini-cli'])
  expect(counts).toEqual([[9, 2, 0, 0, 6, 1]]) // what was rewound was paid
  expect(rejects).toEqual([[5, 'not JSON']])
  const common = {
    provider: 'google',
    response_model: 'gemini-3.1-pro-preview',
    model: 'gemini-3.1-pro-preview',
    session_id: 'gemini-session-1',
    tags: { project_hash: 'abc123' },
  }
  expect(calls).toEqual([
    {
      ...common,
      call_id: 'gemini-session-1:msg-1',
      ts: '2026-05-01T00:01:00Z',
      input_tokens: 14925, // 14,918 + 7 of tools
      cache_read_input_tokens: 0,
      output_tokens: 923, // 60 + 863 of thoughts; together the total, 15,848
      reasoning_output_tokens: 863,
      cost_usd: '0.040926', // 14,925 × 2 + 923 × 12
    },
    {
      ...common,
      call_id: 'gemini-session-1:msg-2',
      ts: '2026-05-01T00:02:00Z',
      input_tokens: 20,
      cache_read_input_tokens: 5,
      output_tokens: 5,
      reasoning_output_tokens: 3,
      cost_usd: '0.000091', // 15 × 2 + 5 × 0.2 + 5 × 12
    },
  ])
  expect(everything).not.toContain(marker)
})

test('an old chat is one object with its messages', async () => {
  const { calls, counts, everything } = await readFixture('gemini-cli/legacy')
  expect(counts).toEqual([[1, 1, 0, 0, 0, 0]])
  expect(calls.map((call) => [call['call_id'], call['input_tokens'], call['output_tokens']])).toEqual([
    ['ses_123:msg_2', 15, 22],
  ])
  expect(everything).not.toContain(marker)
})

test('messages that a change sets are those that stood before, with more', async () => {
  const { calls, everything } = await readFixture('gemini-cli/set-messages')
  expect(calls).toMatchObject([
    { call_id: 's-7:m-1', input_tokens: 100, output_tokens: 25, tags: { agent_kind: 'subagent' } },
  ])
  expect(everything).not.toContain(marker)
})

test('telemetry: an answer stands in two events and a metric, and is one call; a failed request was not billed', async () => {
  const { calls, counts, everything } = await readFixture('gemini-cli/telemetry')
  expect(counts).toEqual([[10, 3, 0, 0, 7, 0]])
  const figures = calls.map((call) => [
    call['model'],
    call['input_tokens'],
    call['cache_read_input_tokens'],
    call['output_tokens'],
    call['reasoning_output_tokens'],
    call['latency_ms'],
    call['finish_reason'],
  ])
  expect(figures).toEqual([
    ['gemini-2.5-pro', 9100, 0, 923, 863, 3000, 'stop'],
    ['gemini-2.5-pro', 14925, 9000, 161, 120, 2500, 'stop'],
    ['gemini-2.5-flash', 800, 0, 15, 0, 700, 'stop'],
  ])
  expect(calls[1]).toMatchObject({
    ts: '2026-10-02T09:00:09.25Z',
    session_id: 's1',
    cost_usd: '0.01014125', // 5,925 × 1.25 + 9,000 × 0.125 + 161 × 10
    tags: { role: 'main', version: '0.40.0', auth_type: 'oauth-personal' },
  })
  expect(everything).not.toContain(marker)
})

test("a run's totals are one row a model", async () => {
  const set = { read: { set: { ts: '2026-09-14T09:00:00Z' } } }
  const stream = await readFixture('gemini-cli/stream-json', set)
  expect(stream.calls).toEqual([
    {
      call_id: 'session-1:gemini-2.5-pro',
      ts: '2026-09-14T09:00:00Z',
      provider: 'google',
      response_model: 'gemini-2.5-pro',
      model: 'gemini-2.5-pro',
      operation: 'session_total',
      session_id: 'session-1',
      input_tokens: 12,
      cache_read_input_tokens: 5,
      output_tokens: 20,
      cost_usd: '0.000209375', // 7 × 1.25 + 5 × 0.125 + 20 × 10
    },
  ])
  const json = await readFixture('gemini-cli/run-json', set)
  expect(
    json.calls.map((call) => [
      call['call_id'],
      call['input_tokens'],
      call['output_tokens'],
      call['operation'],
    ]),
  ).toEqual(
    expect.arrayContaining([
      ['run-1:gemini-2.5-pro', 9000, 300, 'session_total'],
      ['run-1:gemini-2.5-flash', 800, 15, 'session_total'],
    ]),
  )
  expect(json.calls).toHaveLength(2)
  expect(json.everything).not.toContain(marker)
})

test("what a run's models were asked for is a part of their totals: nothing is named", async () => {
  const { calls, doubts, everything } = await readFixture('gemini-cli/run-roles')
  expect(
    calls.map((call) => [
      call['model'],
      call['input_tokens'],
      call['output_tokens'],
      call['cost_usd'],
      call['partly_priced'],
    ]),
  ).toEqual([
    ['gemini-2.5-flash-lite', 1000, 100, '0.00014', undefined], // 1,000 × 0.1 + 100 × 0.4
    ['gemini-3-pro-preview', 9050, 300, '0.0127', undefined], // 4,050 × 2 + 5,000 × 0.2 + 300 × 12
  ])
  expect(doubts).toEqual([])
  expect(everything).not.toContain(marker)
})

test('an unknown count is named; a chat that grows gives no call twice', async () => {
  const lines = [1, 2].map((n) =>
    JSON.stringify({ id: `m-${n}`, timestamp: '2026-09-14T09:00:05Z', type: 'gemini', model: 'gemini-2.5-pro', tokens: { input: n, output: 1, zork: n - 1, total: n + 1 } }) + '\n',
  ) // prettier-ignore
  const path = join(workshop.room(), 'session-1.jsonl')
  const db = workshop.store()
  for (const n of [1, 2]) await ingestInto(db, [write(path, lines.slice(0, n).join(''))])
  const rows = await ask(db, 'SELECT input_tokens, unread_usage FROM calls ORDER BY line')
  expect(rows).toMatchObject([
    { input_tokens: 1, unread_usage: null },
    { input_tokens: 2, unread_usage: 'tokens.zork' },
  ])
  const odd = write(join(workshop.room(), 'a.jsonl'), lines[0]!.replace('"input":1', '"input":"many"'))
  expect((await readFiles([odd])).rejects).toHaveLength(1)
})

test('homes', () => {
  const [home] = geminiCli.homes!({ home: '/home/a', env: {}, platform: 'linux' })
  expect(home!.folder).toBe('/home/a/.gemini/tmp')
  const isChat = (path: string): boolean => home!.files.test(path)
  expect(['ab12/chats/session-1.jsonl', 'ab12/chats/s/sub.json', 'ab12/logs.json'].map(isChat)).toEqual([
    true,
    true,
    false,
  ])
})
