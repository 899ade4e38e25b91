/** Sessions of an agent and its telemetry in one store, where no id is common to both: what is said of that. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { toldTwice } from '../../../src/metrics/doubts/told-twice.js'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { workshop } from './reading.js'

afterAll(() => workshop.close())

type Attributes = Readonly<Record<string, string | number>>

const lines = (...records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('')

/** A log record of OTLP. */
const event = (service: string, time: string, attributes: Attributes): unknown => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeLogs: [
        {
          scope: { name: service },
          logRecords: [
            {
              timeUnixNano: `${Date.parse(time)}000000`,
              attributes: Object.entries(attributes).map(([key, value]) => ({
                key,
                value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
              })),
            },
          ],
        },
      ],
    },
  ],
})

const time = '2026-09-14T09:00:09.000Z'

const codexUsage = {
  input_tokens: 9000,
  cached_input_tokens: 4096,
  output_tokens: 700,
  reasoning_output_tokens: 300,
  total_tokens: 9700,
}
const codexSession = lines(
  {
    timestamp: time,
    type: 'session_meta',
    payload: { id: 'c-1', cwd: '/home/dev/shop', model_provider: 'openai' },
  },
  { timestamp: time, type: 'turn_context', payload: { model: 'gpt-5-codex', cwd: '/home/dev/shop' } },
  {
    timestamp: time,
    type: 'event_msg',
    payload: { type: 'token_count', info: { total_token_usage: codexUsage, last_token_usage: codexUsage } },
  },
)
const codexEvents = (session: string): string =>
  lines(
    event('codex_cli_rs', time, {
      'event.name': 'codex.sse_event',
      'event.kind': 'response.completed',
      'conversation.id': session,
      model: 'gpt-5-codex',
      input_token_count: 9000,
      cached_token_count: 4096,
      output_token_count: 700,
      reasoning_token_count: 300,
    }),
  )

const geminiChat = lines(
  { sessionId: 'g-1', projectHash: 'abc', startTime: time, lastUpdated: time, kind: 'main' },
  {
    id: 'm-1',
    timestamp: time,
    type: 'gemini',
    model: 'gemini-2.5-pro',
    tokens: { input: 5000, output: 120, cached: 4096, thoughts: 480, tool: 0, total: 5600 },
  },
)
const geminiAttributes = {
  'session.id': 'g-1',
  'event.name': 'gemini_cli.api_response',
  'event.timestamp': time,
  model: 'gemini-2.5-pro',
  duration_ms: 2000,
  input_token_count: 5000,
  output_token_count: 120,
  cached_content_token_count: 4096,
  thoughts_token_count: 480,
  tool_token_count: 0,
  total_token_count: 5600,
  prompt_id: 'p-1',
}
const geminiFile = lines({ hrTime: [1_789_376_409, 0], attributes: geminiAttributes })

const qwenChat = lines({
  type: 'assistant',
  uuid: 'q-u-1',
  sessionId: 'q-1',
  timestamp: time,
  cwd: '/home/dev/shop',
  model: 'qwen3-coder-plus',
  usageMetadata: {
    promptTokenCount: 1000,
    candidatesTokenCount: 50,
    cachedContentTokenCount: 200,
    totalTokenCount: 1050,
  },
  message: { role: 'model', parts: [{ text: 'MARKER-SECRET' }] },
})
const qwenEvents = lines(
  event('qwen-code', time, {
    'session.id': 'q-1',
    'event.name': 'qwen-code.api_response',
    'event.timestamp': time,
    model: 'qwen3-coder-plus',
    duration_ms: 900,
    input_token_count: 1000,
    output_token_count: 50,
    cached_content_token_count: 200,
    total_token_count: 1050,
    prompt_id: 'p-1',
  }),
)

const everything = { since: null, until: null, tz: 'UTC', filters: [] }

async function told(...logs: readonly string[]): Promise<unknown> {
  const room = workshop.room()
  const db = workshop.store()
  const files = logs.map((text, i) => write(join(room, `${i}.jsonl`), text))
  const { totals } = await ingestInto(db, files)
  expect(totals.imported).toBe(logs.length)
  const [twice] = await ask(db, toldTwice(everything).sql)
  const [all] = await ask(db, 'SELECT sum(cost_usd) / count(*) AS cost_usd FROM calls')
  const half = all!['cost_usd']
  const { calls, cost_usd: cost, one, other } = twice!
  // Both accounts say the same, so that one of them is the share of each.
  if (half !== null && cost !== null) expect(Number(cost)).toBeCloseTo(Number(half) * Number(calls), 9)
  return [Number(calls), cost !== null, one, other]
}

test('calls of one session with the same tokens in two accounts are told with their dollars', async () => {
  expect(await told(codexSession, codexEvents('c-1'))).toEqual([1, true, 'codex', 'otel'])
  expect(await told(geminiChat, geminiFile)).toEqual([1, true, 'gemini-cli', 'gemini-cli telemetry'])
  const otlp = lines(event('gemini-cli', time, geminiAttributes))
  expect(await told(geminiChat, geminiFile, otlp)).toEqual([2, true, 'gemini-cli', 'otel'])
  expect((await told(qwenChat, qwenEvents)) as unknown[]).toEqual([1, expect.anything(), 'otel', 'qwen-code'])
})

test('another session, or one account alone, is nothing to tell', async () => {
  expect(await told(codexSession, codexEvents('c-2'))).toEqual([0, false, null, null])
  expect(await told(geminiChat)).toEqual([0, false, null, null])
})
