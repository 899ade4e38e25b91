/** Our own record under the many names and in the many shapes in which trackers and tutorials write it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect } from 'vitest'
import { ask, ingestInto, write, type Choices } from '../../property/ingesting.js'
import { atOnce, marker, readBeside, readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const shapes = fileURLToPath(new URL('../../../fixtures/llmcost/shapes', import.meta.url))

const base = { ts: '2026-10-05T08:00:00Z', model: 'gpt-4o' }

/** Records given as objects or as JSON texts. */
function log(records: readonly (object | string)[]): string {
  const lines = records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record)))
  return write(join(workshop.room(), 'log.jsonl'), lines.join('\n') + '\n')
}
const read = (records: readonly (object | string)[], choices: Choices = {}): Promise<Read> =>
  readBeside([log(records)], choices)

const readCsv = (text: string, choices: Choices = {}): Promise<Read> =>
  readBeside([write(join(workshop.room(), 'log.csv'), text)], choices)

const column = (got: Read, name: string): unknown[] => got.calls.map((call) => call[name] ?? null)

atOnce.each(readdirSync(shapes).toSorted())('the same calls from %s', async (name) => {
  const { calls, counts, repairs, everything } = await readFiles([join(shapes, name)])
  const common = { provider: 'openai', request_model: 'gpt-4o', model: 'gpt-4o' }
  expect(calls.map((call) => ({ ...call, status: undefined }))).toEqual([
    {
      ...common,
      call_id: 'a',
      ts: '2026-10-05T08:00:00Z',
      user_id: 'Zoë',
      feature: 'chat; "quoted", | piped',
      input_tokens: 100,
      output_tokens: 10,
      cost_usd: '0.00035', // 100 × 2.5 + 10 × 10
    },
    {
      ...common,
      call_id: 'b',
      ts: '2026-10-05T07:30:00Z',
      user_id: 'u2',
      feature: 'search',
      input_tokens: 200,
      output_tokens: 20,
      cost_usd: '0.0007',
    },
    {
      ...common,
      call_id: 'c',
      ts: '2026-10-05T10:00:00.123456Z',
      feature: 'search',
      input_tokens: 300,
      output_tokens: 30,
      cost_usd: '0.00105',
    },
  ])
  expect(counts).toEqual([/\.(csv|tsv)(\.|$)/.test(name) ? [4, 3, 0, 0, 1, 0] : [3, 3, 0, 0, 0, 0]])
  expect(repairs).toEqual({})
  expect(everything).not.toContain(marker)
})

/** Each call is one of its own, as logs are read beside others. */
let made = 0

describe('times', () => {
  const at = async (values: readonly unknown[], choices: Choices = {}): Promise<unknown[]> =>
    column(
      await read(
        values.map((timestamp) => ({ id: `t-${++made}`, timestamp, input_tokens: 1 })),
        choices,
      ),
      'ts',
    )

  atOnce('ISO with and without zone, short and long fractions, epochs of every unit', async () => {
    expect(
      await at([
        '2026-10-05T08:00:00Z',
        '2026-10-05T10:00:00+02:00',
        '2026-10-05 13:30:00+0530',
        '2026-10-05T08:00:00',
        '2026-10-05 08:00',
        '2026-10-05T08:00Z',
        '2026-10-05T08:00:00.1234567Z',
        '2026-10-05T08:00:00.123456789',
        '2026-10-05T08:00:00,5Z',
        '2026-10-05',
        ' 2026-10-05T08:00:00Z ',
        '2026-10-05 08:00:00 UTC',
        '2026-10-05 10:00:00 Europe/Berlin',
        1791187200,
        1791187200.25,
        '1791187200',
        1791187200123,
        1791187200123456,
        '1791187200123456789',
      ]),
    ).toEqual([
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00.123456Z',
      '2026-10-05T08:00:00.123456Z',
      '2026-10-05T08:00:00.5Z',
      '2026-10-05T00:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00.25Z',
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:00.123Z',
      '2026-10-05T08:00:00.123456Z',
      '2026-10-05T08:00:00.123456Z',
    ])
  })

  atOnce(
    'a zone named in one line does not reach the next, and --input-tz reaches only times without one',
    async () => {
      const times = ['2026-10-05 10:00:00 Europe/Berlin', '2026-10-05 08:00:00', '2026-10-05T08:00:00Z']
      expect(await at(times)).toEqual([
        '2026-10-05T08:00:00Z',
        '2026-10-05T08:00:00Z',
        '2026-10-05T08:00:00Z',
      ])
      expect(await at(times, { read: { inputTz: 'Asia/Tokyo' } })).toEqual([
        '2026-10-05T08:00:00Z',
        '2026-10-04T23:00:00Z',
        '2026-10-05T08:00:00Z',
      ])
    },
  )

  atOnce('relative ones count from --base-time, and are rejected without it', async () => {
    const choices = { read: { baseTime: '2026-10-05T08:00:00.000Z' } }
    expect(await at([0, 1.5, 86400], choices)).toEqual([
      '2026-10-05T08:00:00Z',
      '2026-10-05T08:00:01.5Z',
      '2026-10-06T08:00:00Z',
    ])
    const { rejects } = await read([{ timestamp: 12, input_tokens: 1 }])
    expect(rejects).toEqual([[1, expect.stringContaining('--base-time')]])
  })

  atOnce('impossible ones are rejected, each with its reason', async () => {
    const bad = [
      '2026-02-30',
      '2026-13-01',
      '1999-12-31',
      '2101-01-01T00:00:00Z',
      'infinity',
      'soon',
      -5,
      '',
      null,
      true,
    ]
    const { rejects } = await read(bad.map((timestamp) => ({ timestamp, input_tokens: 1 })))
    expect(rejects.map(([, reason]) => reason)).toEqual([
      'ts: not a time',
      'ts: not a time',
      'ts: outside 2015 to 2100',
      'ts: outside 2015 to 2100',
      'ts: not a time',
      'ts: not a time',
      'ts: not a time',
      'ts: missing',
      'ts: missing',
      'ts: not a time',
    ])
  })

  atOnce('a time after now is imported and counted', async () => {
    const { calls, repairs } = await read([{ ts: '2026-12-01', input_tokens: 1 }])
    expect(calls).toHaveLength(1)
    expect(repairs).toEqual({ future_time: 1 })
  })
})

describe('names', () => {
  atOnce.each([
    [
      {
        timestamp: base.ts,
        user: 'u',
        prompt_tokens: 5,
        completion_tokens: 2,
        total_cost_usd: 0.5,
        duration_ms: 9,
      },
    ],
    [{ created_at: base.ts, user_id: 'u', ContextTokens: 5, GeneratedTokens: 2, spend: '0.5', latency: 9 }],
    [
      {
        time: base.ts,
        userId: 'u',
        'input-tokens': '5',
        'Output Tokens': '2',
        cost: '$0.50',
        latency_seconds: 0.009,
      },
    ],
    [
      {
        date: base.ts,
        username: 'u',
        usage: { prompt_tokens: 5, completion_tokens: 2, cost: 0.5 },
        latencyMs: '9',
      },
    ],
    [
      {
        'gen_ai.usage.input_tokens': 5,
        'gen_ai.usage.output_tokens': 2,
        ts: base.ts,
        cost_usd: 5e-1,
        latency_ms: 9,
        metadata: { user_id: 'u' },
      },
    ],
    [
      {
        ts: base.ts,
        tokens: { input: 5, output: 2, total: 7 },
        cost: { total: 0.5, input: 0.3, output: 0.2 },
        latency_ms: 9,
        user: 'u',
      },
    ],
  ])('%j', async (record) => {
    const { calls, repairs } = await read([{ ...record, status: 'success' }])
    expect(calls).toEqual([
      {
        call_id: '#',
        ts: base.ts,
        user_id: 'u',
        input_tokens: 5,
        output_tokens: 2,
        reported_cost_usd: '0.5',
        cost_usd: '0.5',
        cost_basis: 'reported',
        latency_ms: 9,
      },
    ])
    expect(repairs).toEqual({})
  })

  atOnce('feature falls back to the endpoint, which keeps its own column', async () => {
    const got = await read([
      { ...base, input_tokens: 1, endpoint: '/chat' },
      { ...base, input_tokens: 2, route: '/r', feature_name: 'F' },
    ])
    expect(column(got, 'feature')).toEqual(['/chat', 'F'])
    expect(column(got, 'endpoint')).toEqual(['/chat', '/r'])
  })

  atOnce('customers, sessions, teams and the rest', async () => {
    const { calls } = await read([
      {
        ...base,
        input_tokens: 1,
        tenant: 't',
        conversation_id: 's',
        trace_id: 'tr',
        department: 'd',
        env: 'prod',
        prompt_hash: 'h',
        prompt_version: 'v3',
        max_tokens: 99,
        temperature: 0.7,
        attempt: 2,
        finish_reason: 'max_tokens',
        service_tier: 'default',
        quality_score: 0.9,
        user_feedback: 'thumbs_up',
        region: 'eu',
      },
    ])
    expect(calls[0]).toMatchObject({
      customer: 't',
      session_id: 's',
      trace_id: 'tr',
      team: 'd',
      environment: 'prod',
      prompt_hash: 'h',
      prompt_name: 'v3',
      max_tokens: 99,
      temperature: 0.7,
      attempt: 2,
      finish_reason: 'length',
      service_tier: 'standard',
      quality_score: 0.9,
      user_feedback: 1,
      tags: { region: 'eu' },
    })
  })

  atOnce('--map reaches into objects, --set gives what is lacking', async () => {
    const { calls } = await read([{ when: base.ts, deep: { in: { tokens: 7 } }, out: 3 }], {
      read: {
        map: { ts: 'when', input_tokens: 'deep.in.tokens', output_tokens: 'out' },
        set: { request_model: 'gpt-4o' },
      },
    })
    expect(calls[0]).toMatchObject({
      ts: base.ts,
      input_tokens: 7,
      output_tokens: 3,
      model: 'gpt-4o',
      cost_usd: '0.0000475',
    })
  })
})

describe('values', () => {
  atOnce('costs as numbers and texts; impossible ones are rejected', async () => {
    const good = [0.5, '0.5', '$0.25', 1e-7, '1e-7', 0.00022500000000000002, 100_000, '1,234.5']
    const got = await read(good.map((cost, i) => ({ ...base, id: `c-${i}`, cost })))
    expect(column(got, 'reported_cost_usd')).toEqual([
      '0.5',
      '0.5',
      '0.25',
      '0.0000001',
      '0.0000001',
      '0.000225',
      '100000',
      '1234.5',
    ])
    const bad = [-1, 100_000.01, 1e308, 'NaN', 'free', true]
    const { rejects } = await read(bad.map((cost) => ({ ...base, cost })))
    expect(rejects.map(([, reason]) => reason)).toEqual([
      'cost_usd: below 0',
      'cost_usd: above $100,000',
      'cost_usd: above $100,000',
      'cost_usd: not an amount in USD',
      'cost_usd: not an amount in USD',
      'cost_usd: not an amount in USD',
    ])
  })

  atOnce('tokens as numbers and texts; impossible ones are rejected', async () => {
    const got = await read(
      [10, '10', ' 10 ', 10.0, '10.0', 1e9, '1e3', null, ''].map((n, i) => ({
        ...base,
        id: `n-${i}`,
        input_tokens: n,
        output_tokens: 1,
      })),
    )
    expect(column(got, 'input_tokens')).toEqual([10, 10, 10, 10, 10, 1e9, 1000, null, null])
    const bad = [10.5, -1, 1_000_000_001, 1e308, 'ten', 'NaN', true, [1], { a: 1 }]
    const { rejects } = await read(bad.map((n) => ({ ...base, input_tokens: n, output_tokens: 1 })))
    expect(rejects.map(([, reason]) => reason)).toEqual([
      'input_tokens: not a whole number',
      'input_tokens: below 0',
      'input_tokens: above 1,000,000,000',
      'input_tokens: above 1,000,000,000',
      'input_tokens: not a whole number',
      'input_tokens: not a whole number',
      'input_tokens: not a whole number',
      'input_tokens: not a whole number',
      'input_tokens: not a whole number',
    ])
  })

  atOnce('cached tokens: inside the input, unless the record itself says otherwise', async () => {
    const details = {
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    }
    const got = await readFiles([
      log([
        { ...base, input_tokens: 10, cached_tokens: 4, output_tokens: 1 },
        { ...base, input_tokens: 10, cached_tokens: 4, output_tokens: 1, total_tokens: 11 },
        { ...base, input_tokens: 10, cached_tokens: 4, output_tokens: 1, total_tokens: 15 },
        { ...base, input_tokens: 10, cached_tokens: 20, output_tokens: 1 },
        { ...base, input_tokens: 10, output_tokens: 5, reasoning_tokens: 3, total_tokens: 18 },
        { ...base, usage: { prompt_tokens: 10, completion_tokens: 5, ...details } },
        { ...base, prompt_tokens: 10, completion_tokens: 5, ...details },
      ]),
    ])
    expect(column(got, 'input_tokens')).toEqual([10, 10, 14, 30, 10, 10, 10])
    expect(column(got, 'cache_read_input_tokens')).toEqual([4, 4, 4, 20, null, 4, 4])
    expect(column(got, 'output_tokens')).toEqual([1, 1, 1, 1, 8, 5, 5])
    expect(column(got, 'reasoning_output_tokens')).toEqual([null, null, null, null, 3, 2, 2])
    expect(got.repairs).toEqual({ reasoning_added: 1 })
    expect(got.doubts).toContain(
      '4 calls (openai; input_tokens, cached_tokens): cached tokens are inside input by the figures of 1 call and beside it by those of 2; the other 1 were read as inside; --cache-tokens included or excluded says which',
    )
  })

  atOnce('reasoning without an output count is the output, and costs as such', async () => {
    const reasoner = { ...base, model: 'o3-mini', input_tokens: 2000 }
    const got = await read([
      { ...reasoner, id: 'alone', reasoning_tokens: 8000 },
      { ...reasoner, id: 'null', output_tokens: null, reasoning_tokens: 8000 },
      { ...reasoner, id: 'total', reasoning_tokens: 8000, total_tokens: 10_500 },
      { ...reasoner, id: 'zero', output_tokens: 0, reasoning_tokens: 8000 },
    ])
    expect(column(got, 'output_tokens')).toEqual([8000, 8000, 8500, 8000])
    // $1.10 and $4.40 a million: 2,000 in, 8,000 or 8,500 out.
    expect(column(got, 'cost_usd')).toEqual(['0.0374', '0.0374', '0.0396', '0.0374'])
    expect(got.repairs).toEqual({ output_from_reasoning: 2, output_from_total: 1, reasoning_added: 1 })
  })

  atOnce('a total that contradicts its parts: one missing part is found, else it is said', async () => {
    const usage = (tokens: object): object => ({ ...base, model: 'gemini-2.5-pro', tokens })
    const got = await readFiles([
      log([
        // A session of Gemini's command line: 480 thoughts beside the output.
        usage({ input: 5000, output: 120, cached: 4096, thoughts: 480, tool: 0, total: 5600 }),
        usage({ input: 14_918, output: 60, cached: 0, thoughts: 863, tool: 7, total: 15_848 }),
        usage({ input: 100, total: 140 }),
        usage({ output: 40, total: 140 }),
        usage({ input: 100, output: 40, total: 999 }),
        usage({ input: 100, output: 40, thoughts: 30, total: 140 }),
        usage({ input: 100, cached: 60, output: 40, thoughts: 30, total: 230 }),
        usage({ total: 140 }),
      ]),
    ])
    expect(column(got, 'input_tokens')).toEqual([5000, 14_925, 100, 100, 100, 100, 160, null])
    expect(column(got, 'output_tokens')).toEqual([600, 923, 40, 40, 40, 40, 70, null])
    expect(column(got, 'total_tokens').at(-1)).toBe(140)
    expect(column(got, 'cost_usd').at(-1)).toBe(null)
    expect(got.repairs).toEqual({
      reasoning_added: 3,
      tool_tokens_added: 1,
      output_from_total: 1,
      input_from_total: 1,
    })
    expect(column(got, 'unread_usage').filter(Boolean)).toEqual(['total_tokens beyond input and output'])
    expect(got.calls[4]).toMatchObject({ partly_priced: true })
    expect(got.doubts).toContainEqual(
      expect.stringMatching(
        /^3 calls in .*log\.jsonl: output tokens did not include reasoning; it was added$/,
      ),
    )
  })

  atOnce('answers from the response cache', async () => {
    const said = [true, false, 'true', 'False', 1, 0, 'HIT', 'miss', '', null]
    const got = await read(
      said.map((cached, i) => ({ ...base, id: `h-${i}`, input_tokens: 1_000_000, output_tokens: 0, cached })),
    )
    expect(column(got, 'cache_hit')).toEqual([true, false, true, false, true, false, true, false, null, null])
    expect(column(got, 'cost_usd')).toEqual(['0', '2.5', '0', '2.5', '0', '2.5', '0', '2.5', '2.5', '2.5'])
    const { rejects } = await read([{ ...base, input_tokens: 1, cached: 'perhaps' }])
    expect(rejects).toEqual([[1, 'cache_hit: not true or false']])
  })

  atOnce('errors and states', async () => {
    const got = await read([
      { ...base, input_tokens: 1, status: 'success' },
      { ...base, input_tokens: 2, status: 429 },
      { ...base, input_tokens: 3, success: false },
      { ...base, error: 'timeout' },
      { ...base, error_message: 'boom', input_tokens: 5 },
      { ...base, error: { type: 'rate_limit', message: marker }, input_tokens: 6 },
      { ...base, error: {}, input_tokens: 7 },
      { ...base, error: false, input_tokens: 8 },
      { ...base, error: null, input_tokens: 9 },
    ])
    expect(got.calls.map(({ status = 'ok' }) => status)).toEqual([
      'ok',
      'error',
      'error',
      'error',
      'error',
      'error',
      'ok',
      'ok',
      'ok',
    ])
    expect(column(got, 'error')).toEqual([
      null,
      null,
      null,
      'timeout',
      'boom',
      'rate_limit',
      null,
      null,
      null,
    ])
    expect(got.everything).not.toContain(marker)
  })

  atOnce('the record’s own parts and totals check it, and are never tags', async () => {
    const parts = { input_cost_usd: 0.1, output_cost_usd: 0.2, tokens_per_second: 40, cost_per_token: 0.1 }
    const got = await read([
      { ...base, input_tokens: 1, ...parts },
      { ...base, input_tokens: 2, ...parts, total_cost_usd: 0.3, total_tokens: 2 },
      { ...base, input_tokens: 3, output_tokens: 1, ...parts, total_cost_usd: 5, total_tokens: 999 },
    ])
    expect(column(got, 'reported_cost_usd')).toEqual(['0.3', '0.3', '5'])
    expect(column(got, 'tags')).toEqual([null, null, null])
    expect(got.repairs).toEqual({ cost_from_parts: 1, cost_parts_differ: 1 })
    expect(column(got, 'unread_usage')).toEqual([null, null, 'total_tokens beyond input and output'])
  })

  atOnce('what can be left out is left out and counted', async () => {
    const got = await read([
      { ...base, input_tokens: 1, latency_ms: -5 },
      { ...base, input_tokens: 2, temperature: 'hot' },
      { ...base, input_tokens: 3, max_tokens: 1.5 },
      { ...base, input_tokens: 4, user_feedback: 'meh' },
    ])
    expect(got.repairs).toEqual({ measure_dropped: 4 })
    expect(Object.keys(got.calls.reduce((all, call) => ({ ...all, ...call }), {}))).not.toEqual(
      expect.arrayContaining(['latency_ms']),
    )
  })

  atOnce('a key that stands twice is rejected; neither tokens nor a cost too', async () => {
    const { rejects } = await read([
      { ...base, input_tokens: 1 },
      `{"ts": "2026-10-05", "input_tokens": 1, "input_tokens": 2}`,
      { ...base, user: 'u' },
      { ...base, total_tokens: 5 },
      { ...base, total_tokens: 0, note: 'x' },
    ])
    expect(rejects.map(([line, reason]) => [line, String(reason).split(':')[0]])).toEqual([
      [2, 'a key stands twice in the record'],
      [3, 'neither tokens nor a cost'],
    ])
  })
})

describe('labels', () => {
  atOnce('short unknown fields, objects of tags and lists of words', async () => {
    const got = await read([
      { ...base, input_tokens: 1, region: 'eu', retries: 3, beta: true, tags: { squad: 'x' } },
      { ...base, input_tokens: 2, tags: ['env:prod', 'beta', 'url:http://x'] },
      { ...base, input_tokens: 3, metadata: { custom: 'v', nested: { a: 1 } } },
    ])
    expect(column(got, 'tags')).toEqual([
      { region: 'eu', retries: '3', beta: 'true', squad: 'x' },
      { env: 'prod', beta: 'true', url: 'http://x' },
      { custom: 'v' },
    ])
  })

  atOnce('no text of a prompt or an answer, whatever the field is called', async () => {
    const names = [
      'prompt',
      'completion',
      'messages',
      'input',
      'output',
      'content',
      'response',
      'text',
      'body',
      'question',
      'answer',
      'user_prompt',
      'systemPrompt',
      'prompt_text',
      'prompt_preview',
      'last_message',
      'llm_output',
      'raw_response',
      'first_user_message',
      'gen_ai.prompt.0.content',
      'assistant_output',
      'replyText',
      'chat_history',
    ]
    const secrets = Object.fromEntries(names.map((name) => [name, marker]))
    const long = `${marker} ${'x'.repeat(300)}`
    const got = await read([
      {
        ...base,
        input_tokens: 1,
        ...secrets,
        note: long,
        metadata: secrets,
        extra: { deep: { prompt: marker } },
      },
      { ...base, input_tokens: -1, ...secrets },
      `{"prompt": "${marker}`,
    ])
    expect(got.counts).toEqual([[3, 1, 0, 0, 0, 2]])
    expect(got.everything).not.toContain(marker)
    const rows = names.map((name) => `"${name}"`)
    const csv = await readCsv(
      `timestamp,input_tokens,${rows.join(',')}\n${base.ts},1,${names.map(() => marker).join(',')}\n${base.ts},-1,${names.map(() => marker).join(',')}\n`,
    )
    expect(csv.counts).toEqual([[3, 1, 0, 0, 1, 1]])
    expect(csv.everything).not.toContain(marker)
  })
})

describe('damaged files', () => {
  atOnce('a compressed file that ends too early is refused whole; the others land', async () => {
    const room = workshop.room()
    const text = Array.from({ length: 5000 }, (_, i) =>
      JSON.stringify({ ...base, id: `z-${i}-${i * 7919}`, input_tokens: i }),
    )
    const zipped = gzipSync(text.join('\n'))
    const { calls, counts } = await readFiles([
      write(join(room, 'cut.jsonl.gz'), zipped.subarray(0, zipped.length - 200)),
      write(join(room, 'whole.jsonl'), JSON.stringify({ ...base, id: 'w', input_tokens: 1 })),
    ])
    expect(column({ calls } as unknown as Read, 'call_id')).toEqual(['w'])
    expect(counts).toEqual([
      [0, 0, 0, 0, 0, 0],
      [1, 1, 0, 0, 0, 0],
    ])
  })

  atOnce('rejected rows of one id are told apart by what they say', async () => {
    const room = workshop.room()
    const file = (name: string, row: string): string =>
      write(join(room, name), `id,timestamp,input_tokens\nx,${row}\nfine-${name},2026-10-05,1\n`)
    const { rejects } = await readFiles([file('a.csv', '2026-10-05,-5'), file('b.csv', 'never,5')])
    expect(rejects.map(([, reason]) => reason)).toEqual(['input_tokens: below 0', 'ts: not a time'])
  })

  atOnce('line ends may differ within one file', async () => {
    const row = (i: number): string => `2026-10-05T08:00:00Z,gpt-4o,${i},u1`
    const text = `timestamp,model,input_tokens,user\r\n${row(1)}\r\n${row(2)}\n${row(3)}\n${row(4)}\r\n`
    expect((await readCsv(text)).counts).toEqual([[5, 4, 0, 0, 1, 0]])
    const lines = [1, 2, 3].map((i) => JSON.stringify({ ...base, input_tokens: i }))
    const mixed = `${lines[0]}\r\n${lines[1]}\n${lines[2]}\r\n\r\n`
    const got = await readFiles([write(join(workshop.room(), 'log.jsonl'), mixed)])
    expect(got.counts).toEqual([[4, 3, 0, 0, 1, 0]])
  })

  atOnce('bytes that are not UTF-8 are replaced and told', async () => {
    const line = JSON.stringify({ ...base, input_tokens: 1, user: 'a@b' })
    const bytes = Buffer.from(line)
    bytes[line.indexOf('@')] = 0xff
    const { calls, counts } = await readFiles([
      write(join(workshop.room(), 'log.jsonl'), Buffer.concat([bytes, Buffer.from('\n')])),
    ])
    expect(counts).toEqual([[1, 1, 0, 0, 0, 0]])
    expect(calls[0]).toMatchObject({ user_id: 'a\ufffdb' })
  })

  atOnce('ragged rows, stray quotes and repeated headers of CSV', async () => {
    const header = 'timestamp,model,input_tokens,user'
    const fine = '2026-10-05T08:00:00Z,gpt-4o,1,u1'
    const { counts, rejects } = await readCsv(
      [
        header,
        fine,
        '2026-10-05T08:00:00Z,gpt-4o',
        `${fine},extra`,
        header,
        fine.replace('u1', 'u2'),
        '',
      ].join('\n'),
    )
    expect(counts).toEqual([[6, 2, 0, 0, 2, 2]])
    expect(rejects.map(([line]) => line)).toEqual([3, 4])
    const quotes = await readCsv(
      [header, fine, '2026-10-05T08:00:00Z,gpt-4o,1,"open', fine.replace('u1', 'u3')].join('\n'),
    )
    expect(quotes.counts).toEqual([[4, 2, 0, 0, 1, 1]])
  })
})

atOnce.each([
  [
    { input_tokens: 2000, reasoning_tokens: 8000 },
    { input_tokens: 2000, output_tokens: 8000, total_tokens: 10_000 },
  ],
  [
    { input_tokens: 2000, total_tokens: 2500 },
    { input_tokens: 2000, output_tokens: 500, total_tokens: 2500 },
  ],
  [
    { cached_tokens: 700, output_tokens: 5 },
    { input_tokens: 700, output_tokens: 5, total_tokens: 705 },
  ],
  [{ total_tokens: 2500 }, { input_tokens: null, output_tokens: null, total_tokens: 2500 }],
])('a file whose records have nothing but %j', async (fields, counts) => {
  const line = JSON.stringify({ ts: '2026-09-05T08:00:00Z', model: 'o1', provider: 'openai', ...fields })
  const store = workshop.store()
  await ingestInto(store, [write(join(workshop.room(), 'a.jsonl'), line)])
  const [call] = await ask(
    store,
    'SELECT input_tokens, output_tokens, total_tokens, list_cost_usd FROM calls',
  )
  const { list_cost_usd: cost, ...got } = call!
  expect(got).toEqual(counts)
  // o1: $15 a million input tokens, $7.50 cached, $60 output.
  const cached = 'cached_tokens' in fields ? 700 : 0
  const usd =
    ((Number(counts.input_tokens) - cached) * 15 + cached * 7.5 + Number(counts.output_tokens) * 60) / 1e6
  expect(cost === null ? null : Number(cost)).toEqual(counts.input_tokens === null ? null : usd)
})
