/** What a source says that a session used in all gives way to the session's calls, whoever tells of them and when. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ask, askAll, ingestInto, write, type Choices } from '../../property/ingesting.js'
import { fixtures, workshop } from './reading.js'

afterAll(() => workshop.close())

const lines = (...values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('')
const at: Choices = { read: { set: { ts: '2026-09-14T09:00:00Z' } } }

const sums = `SELECT count(*) FILTER (operation IS DISTINCT FROM 'session_total') AS calls,
  count(*) FILTER (operation = 'session_total') AS totals, sum(input_tokens) AS input FROM calls`

/** Sums after both files, read in both orders and together. */
async function inAnyOrder(total: string, calls: string): Promise<unknown[]> {
  const found: unknown[] = []
  for (const order of [[[total], [calls]], [[calls], [total]], [[total, calls]]]) {
    const store = workshop.store()
    for (const files of order) await ingestInto(store, files, files.includes(total) ? at : {})
    found.push(Object.values((await ask(store, sums))[0]!))
  }
  return found
}

describe('a session whose calls are told too', () => {
  test('of Codex: what a run printed, and its rollout', async () => {
    const room = workshop.room()
    const usage = {
      input_tokens: 40,
      cached_input_tokens: 0,
      output_tokens: 5,
      reasoning_output_tokens: 0,
      total_tokens: 45,
    }
    const printed = write(
      join(room, 'run.jsonl'),
      lines(
        { type: 'thread.started', thread_id: 't-1' },
        { type: 'turn.completed', usage: { input_tokens: 41, output_tokens: 5 } },
      ),
    )
    const rollout = write(
      join(room, 'rollout-1.jsonl'),
      lines(
        {
          timestamp: '2026-09-14T09:00:00.000Z',
          type: 'session_meta',
          payload: { id: 't-1', timestamp: '2026-09-14T09:00:00.000Z', cwd: '/w' },
        },
        {
          timestamp: '2026-09-14T09:00:01.000Z',
          type: 'turn_context',
          payload: { model: 'gpt-5', cwd: '/w' },
        },
        {
          timestamp: '2026-09-14T09:00:09.000Z',
          type: 'event_msg',
          payload: { type: 'token_count', info: { total_token_usage: usage, last_token_usage: usage } },
        },
      ),
    )
    expect(await inAnyOrder(printed, rollout)).toEqual([
      [1, 0, 40],
      [1, 0, 40],
      [1, 0, 40],
    ])
  })

  test('of Gemini CLI: what a run printed, and its chat', async () => {
    const room = workshop.room()
    const printed = write(
      join(room, 'out.jsonl'),
      lines(
        { type: 'init', model: 'gemini-2.5-pro', session_id: 's-1' },
        {
          type: 'result',
          stats: {
            total_tokens: 32,
            input_tokens: 12,
            output_tokens: 20,
            cached: 0,
            input: 12,
            models: {
              'gemini-2.5-pro': {
                total_tokens: 32,
                input_tokens: 12,
                output_tokens: 20,
                cached: 0,
                input: 12,
              },
            },
          },
        },
      ),
    )
    const chat = write(
      join(room, 'chat.jsonl'),
      lines(
        { sessionId: 's-1', projectHash: 'p', startTime: '2026-09-14T09:00:00Z' },
        {
          id: 'm-1',
          timestamp: '2026-09-14T09:00:01Z',
          type: 'gemini',
          model: 'gemini-2.5-pro',
          tokens: { input: 11, output: 20, cached: 0, thoughts: 0, tool: 0, total: 31 },
        },
      ),
    )
    expect(await inAnyOrder(printed, chat)).toEqual([
      [1, 0, 11],
      [1, 0, 11],
      [1, 0, 11],
    ])
  })

  test('an export of its total is none beside them', async () => {
    const events = join(fixtures, 'copilot/session-state/sess-a/events.jsonl')
    const calls = join(fixtures, 'copilot/session-store.db')
    const from = workshop.store()
    await ingestInto(from, [events])
    const [rows = []] = await askAll(from, ['SELECT * FROM calls'])
    const exported = write(join(workshop.room(), 'exported.jsonl'), lines(...rows))
    const store = workshop.store()
    await ingestInto(store, [calls])
    await ingestInto(store, [exported])
    expect(Object.values((await ask(store, sums))[0]!)).toEqual([4, 0, 70826])
  })
})

test('another session, and one without a name, keep theirs', async () => {
  const total = (session: string | undefined): string =>
    lines(
      {
        type: 'session.start',
        timestamp: '2026-08-01T09:00:00Z',
        data: { ...(session === undefined ? {} : { sessionId: session }), copilotVersion: '1' },
      },
      {
        type: 'session.shutdown',
        timestamp: '2026-08-01T10:00:00Z',
        data: { modelMetrics: { a: { usage: { inputTokens: 5, outputTokens: 1 } } } },
      },
    )
  const room = workshop.room()
  write(join(room, 'a/events.jsonl'), total('other'))
  write(join(room, 'b/events.jsonl'), total(undefined))
  write(join(room, 'c/events.jsonl'), total(undefined).replace('10:00:00', '11:00:00'))
  const store = workshop.store()
  await ingestInto(store, [room, join(fixtures, 'copilot/session-store.db')])
  expect(Object.values((await ask(store, sums))[0]!)).toEqual([4, 3, 70841])
})
