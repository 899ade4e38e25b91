/** Sessions of Codex. gpt-5.2: $1.75 in, $0.175 read, $14 out; gpt-5.3-codex the same. */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { codex } from '../../../src/importers/agents/codex.js'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { marker, readFiles, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

/** Calls, input, read, output, reasoning. */
function sums({ calls }: Read): number[] {
  const sum = (name: string): number => calls.reduce((n, call) => n + Number(call[name] ?? 0), 0)
  return [
    calls.length,
    sum('input_tokens'),
    sum('cache_read_input_tokens'),
    sum('output_tokens'),
    sum('reasoning_output_tokens'),
  ]
}

const asLines = (values: readonly unknown[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)) + '\n').join('')

test('real sessions: an event repeats for minutes and hours, its running total tells it', async () => {
  const read = await readFixture('codex/real')
  // 28 + 1 + 6 calls; the sums are the last running totals of the three sessions.
  expect(sums(read)).toEqual([35, 2_084_270, 1_894_272, 16_154, 5_040])
  expect(read.counts).toEqual([
    [417, 28, 0, 0, 389, 0],
    [19, 1, 0, 0, 18, 0],
    [63, 6, 0, 0, 57, 0],
  ])
  expect(new Set(read.calls.flatMap((call) => [call['provider'], call['model']]))).toEqual(
    new Set(['openai', 'gpt-5.3-codex']),
  )
  expect(read.calls[28]).toEqual({
    call_id: '019c8a70-dda7-7f33-98ea-f30553347322:34469-3456-0-431-264-34900',
    ts: '2026-02-23T12:19:52.689Z', // of the only event that is not the opener without usage
    provider: 'openai',
    response_model: 'gpt-5.3-codex',
    model: 'gpt-5.3-codex',
    feature: 'da0ba47443',
    project: 'da0ba47443',
    session_id: '019c8a70-dda7-7f33-98ea-f30553347322',
    input_tokens: 34469,
    cache_read_input_tokens: 3456,
    output_tokens: 431,
    reasoning_output_tokens: 264,
    cost_usd: '0.06091155', // 31,013 × 1.75 + 3,456 × 0.175 + 431 × 14
    tags: { git_branch: 'main', version: '0.104.0-alpha.1', originator: 'Codex Desktop', effort: 'high' },
  })
})

test('an archived session under .zst; the same session in both folders counts once', async () => {
  const read = await readFixture('codex/archived')
  expect(sums(read)).toEqual([81, 7_204_025, 6_836_352, 36_075, 17_896])
  const room = workshop.room()
  cpSync('fixtures/codex/real', join(room, 'sessions'), { recursive: true })
  cpSync('fixtures/codex/real', join(room, 'archived_sessions'), { recursive: true })
  const both = await readFiles([join(room, 'sessions'), join(room, 'archived_sessions')])
  expect(sums(both)).toEqual([35, 2_084_270, 1_894_272, 16_154, 5_040])
})

test('the opener has no usage; model, tier and folder are those before the event; the first of a repeat gives the time', async () => {
  const { calls, counts, doubts, everything } = await readFixture('codex/settings')
  expect(counts).toEqual([[13, 3, 0, 0, 10, 0]])
  const common = { provider: 'openai', session_id: 's-1' }
  const labels = { git_branch: 'main', version: '0.150.0', originator: 'codex_cli_rs' }
  expect(calls).toEqual([
    {
      ...common,
      call_id: 's-1:9000-4096-0-700-300-9700',
      ts: '2026-09-14T09:00:09Z',
      response_model: 'gpt-5.2-codex',
      model: 'gpt-5.2-codex',
      feature: 'shop',
      project: 'shop',
      input_tokens: 9000,
      cache_read_input_tokens: 4096,
      output_tokens: 700,
      reasoning_output_tokens: 300,
      cost_usd: '0.0190988', // 4,904 × 1.75 + 4,096 × 0.175 + 700 × 14
      tags: { ...labels, effort: 'high' },
    },
    {
      ...common,
      call_id: 's-1:19000-12096-0-900-350-19900',
      ts: '2026-09-14T09:10:05Z',
      response_model: 'gpt-5.2',
      model: 'gpt-5.2',
      feature: 'api',
      project: 'api',
      input_tokens: 10000,
      cache_read_input_tokens: 8000,
      output_tokens: 200,
      reasoning_output_tokens: 50,
      service_tier: 'priority',
      cost_usd: '0.0154', // twice 2,000 × 1.75 + 8,000 × 0.175 + 200 × 14
      tags: { ...labels, effort: 'low' },
    },
    {
      ...common,
      call_id: 's-1:20000-12096-0-1000-350-21000',
      ts: '2026-09-14T12:10:05Z',
      response_model: 'gpt-5.2',
      model: 'gpt-5.2',
      feature: 'api',
      project: 'api',
      input_tokens: 1000,
      cache_read_input_tokens: 0,
      output_tokens: 100,
      reasoning_output_tokens: 0,
      service_tier: 'standard',
      cost_usd: '0.00315',
      partly_priced: true,
      unread_usage: 'web_search_call', // one search; the page that was opened is none
      tags: { ...labels, effort: 'low' },
    },
  ])
  expect(doubts.join()).toContain('web_search_call is not read')
  expect(everything).not.toContain(marker)
})

test.each(['modern', 'legacy'])('a fork whose own calls fall in one second loses none (%s)', async (age) => {
  const read = await readFixture(`codex/fork-local-${age}`)
  expect(sums(read)).toEqual([3, 3000, 2400, 120, 30])
})

test("a parent's calls that a fork replays are no calls of it; one broken line is one reject", async () => {
  const read = await readFixture('codex/replay-multisecond', { rejectLimit: { share: 0.2 } })
  expect(sums(read)).toEqual([1, 5000, 3000, 500, 50])
  expect(read.counts).toEqual([[9, 1, 0, 0, 7, 1]])
  expect(read.rejects).toEqual([[3, 'not JSON']])
  expect(read.calls[0]).toMatchObject({ session_id: 'multi-leaf', ts: '2026-06-08T12:01:00Z' })
})

test('files that name no session: the running total tells a copied event', async () => {
  const read = await readFixture('codex/branch-history')
  expect(sums(read)).toEqual([2, 1600, 300, 450, 40])
})

test('of running totals alone what they grew by was used, from the last one that a fork replays', async () => {
  const read = await readFixture('codex/fork-running-total')
  expect(sums(read)).toEqual([1, 6000, 5000, 200, 50])
  expect(read.calls[0]).toMatchObject({ ts: '2026-09-14T10:05:10Z', session_id: 'fork-1' })
})

test('starts of turns may be in milliseconds', async () => {
  const read = await readFixture('codex/fork-milliseconds')
  expect(sums(read)).toEqual([1, 1000, 500, 100, 10])
})

test('a sub-agent keeps its session and names its root; its starts of turns, hours off, drop nothing', async () => {
  const read = await readFixture('codex/sub-agent')
  expect(sums(read)).toEqual([2, 3400, 2000, 66, 10])
  expect(read.calls.map((call) => [call['session_id'], call['root_session_id'], call['tags']])).toEqual([
    ['child-1', 'root-1', { agent_role: 'explorer' }],
    ['child-2', 'root-1', undefined],
  ])
})

test('numbered lines say where a fork begins', async () => {
  expect(sums(await readFixture('codex/fork-ordinals'))).toEqual([1, 1000, 500, 100, 10])
})

test('where nothing tells what is replayed, what both files hold counts once', async () => {
  const read = await readFixture('codex/fork-untold')
  expect(sums(read)).toEqual([2, 6000, 4500, 200, 20])
})

test('a record of an answer and its event are one call; an answer without an event is one too', async () => {
  const read = await readFixture('codex/usage-records')
  expect(read.calls.map((call) => [call['call_id'], call['input_tokens'], call['output_tokens']])).toEqual([
    ['s-9:1000-0-0-10-0-1010', 1000, 10],
    ['resp_1', 5000, 100],
    ['resp_2', 7000, 300],
    ['resp_3', 900, 30],
  ])
  expect(read.calls[1]).toMatchObject({ cache_creation_input_tokens: 300, cache_read_input_tokens: 4000 })
})

test('what a run prints sums up its thread: one row a thread, the last', async () => {
  const read = await readFixture('codex/exec', { read: { set: { ts: '2026-09-14T09:00:00Z' } } })
  expect(read.counts).toEqual([[6, 1, 0, 0, 5, 0]])
  expect(read.calls).toEqual([
    {
      call_id: '0199-ex:total',
      ts: '2026-09-14T09:00:00Z',
      provider: 'openai',
      operation: 'session_total',
      session_id: '0199-ex',
      input_tokens: 30000,
      cache_read_input_tokens: 29000,
      output_tokens: 200,
    },
  ])
  expect(read.everything).not.toContain(marker)
})

test('an unknown count is named, in the running total too', async () => {
  const event = (info: unknown): unknown => ({
    timestamp: '2026-09-14T09:00:09.000Z',
    type: 'event_msg',
    payload: { type: 'token_count', info },
  })
  const counts = { input_tokens: 10, output_tokens: 2, zork_tokens: 7 }
  const file = (info: unknown): string => write(join(workshop.room(), 'a.jsonl'), asLines([event(info)]))
  const last = await readFiles([file({ last_token_usage: counts, total_token_usage: counts })])
  const total = await readFiles([file({ total_token_usage: counts })])
  const beside = await readFiles([file({ last_token_usage: { input_tokens: 1 }, zork_usd: 3 })])
  expect([last, total, beside].map(({ calls }) => calls[0]?.['unread_usage'])).toEqual([
    'payload.info.last_token_usage.zork_tokens',
    'payload.info.last_token_usage.zork_tokens',
    'payload.info.zork_usd',
  ])
})

test('a session that grows is read anew: no call twice, and what was set before still counts', async () => {
  const lines = readFileSync('fixtures/codex/settings/rollout-a.jsonl', 'utf8').split(/(?<=\n)/)
  const db = workshop.store()
  const path = join(workshop.room(), 'rollout-a.jsonl')
  for (const n of [6, 7, 8, 13]) await ingestInto(db, [write(path, lines.slice(0, n).join(''))])
  const rows = await ask(db, 'SELECT model, service_tier FROM calls ORDER BY ts')
  expect(rows.map((row) => [row['model'], row['service_tier']])).toEqual([
    ['gpt-5.2-codex', null],
    ['gpt-5.2', 'priority'],
    ['gpt-5.2', 'standard'],
  ])
})

test('homes: the folder that the environment names, else ~/.codex', () => {
  const at = (env: Record<string, string>): string[] =>
    codex.homes!({ home: '/home/a', env, platform: 'linux' }).map(({ folder }) => folder)
  expect(at({})).toEqual(['/home/a/.codex/sessions', '/home/a/.codex/archived_sessions'])
  expect(at({ CODEX_HOME: '~/c' })).toEqual(['/home/a/c/sessions', '/home/a/c/archived_sessions'])
})

test('the oldest builds write the counts of each answer beside the type', async () => {
  const line = (at: string, type: string, payload: object): object => ({ timestamp: `2025-08-30T10:00:${at}Z`, type, payload }) // prettier-ignore
  const flat = (input: number, cached: number, output: number): object => ({
    type: 'token_count',
    input_tokens: input,
    cached_input_tokens: cached,
    output_tokens: output,
    reasoning_output_tokens: 100,
    total_tokens: input + output,
  })
  const path = write(
    join(workshop.room(), 'rollout.jsonl'),
    asLines([
      line('00', 'session_meta', { id: 's-flat', cwd: '/w/app', cli_version: '0.28.0' }),
      line('01', 'turn_context', { model: 'gpt-5', cwd: '/w/app' }),
      line('05', 'event_msg', flat(5000, 1000, 300)),
      // The next answer may use less, and as much as another: neither is a running total.
      line('15', 'event_msg', flat(4000, 2000, 200)),
      line('25', 'event_msg', flat(4000, 2000, 200)),
    ]),
  )
  const read = await readFiles([path])
  expect(sums(read)).toEqual([3, 13_000, 5000, 700, 300])
  // gpt-5: 4,000 × 1.25 + 1,000 × 0.125 + 300 × 10.
  expect(read.calls[0]).toMatchObject({ model: 'gpt-5', cost_usd: '0.008125' })
})
