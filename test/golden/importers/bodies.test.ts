/**
 * Bodies of every provider's API, bare and in wrappers of many makes. What each costs is worked out here from
 * the list prices of September 2026, in whole units of 1e-12 USD.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { write } from '../../property/ingesting.js'
import { marker, readEach, readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const folder = fileURLToPath(new URL('../../../fixtures/bodies', import.meta.url))
type Json = Readonly<Record<string, unknown>>

interface Case {
  readonly name: string
  readonly source: string
  /** Model and provider that the wrapper must give. */
  readonly model?: string
  readonly input: number
  readonly output?: number
  readonly read?: number
  readonly written?: number
  readonly writtenForAnHour?: number
  readonly reasoning?: number
  readonly others?: Json
  /** Counts, each with its price in USD a million (a search: in USD a million searches). */
  readonly parts: readonly (readonly [count: number, price: string])[]
}

const cases: readonly Case[] = [
  { name: 'openai-chat', source: 'openai', input: 1850, read: 1024, output: 212, reasoning: 64, parts: [[826, '2.5'], [1024, '1.25'], [212, '10']], others: { finish_reason: 'stop', service_tier: 'standard' } },
  { name: 'openai-responses', source: 'openai', input: 3000, read: 2048, output: 400, reasoning: 310, parts: [[952, '0.625'], [2048, '0.0625'], [400, '5']], others: { service_tier: 'flex' } },
  { name: 'openai-embedding', source: 'openai', input: 300, parts: [[300, '0.02']], others: { operation: 'embedding' } },
  { name: 'anthropic', source: 'anthropic', input: 8500, read: 3000, written: 500, writtenForAnHour: 400, output: 300, parts: [[5000, '3'], [3000, '0.3'], [100, '3.75'], [400, '6'], [300, '15'], [2, '10000']], others: { web_search_requests: 2, service_tier: 'standard' } },
  { name: 'gemini', source: 'gemini', input: 2490, read: 1900, output: 820, reasoning: 640, parts: [[590, '1.25'], [1900, '0.125'], [820, '10']], others: { service_tier: 'standard', finish_reason: 'stop' } },
  { name: 'gemini-audio', source: 'gemini', input: 1500, output: 110, reasoning: 100, parts: [[500, '0.3'], [1000, '1'], [110, '2.5']], others: { input_audio_tokens: 1000, finish_reason: 'length' } },
  { name: 'bedrock-converse', source: 'bedrock-converse', model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', input: 11200, read: 8000, written: 2000, writtenForAnHour: 1500, output: 300, parts: [[1200, '3'], [8000, '0.3'], [500, '3.75'], [1500, '6'], [300, '15']], others: { finish_reason: 'length' } },
  { name: 'cohere-v2', source: 'cohere', input: 100, output: 50, parts: [[100, '2.5'], [50, '10']], others: { finish_reason: 'stop' } },
  { name: 'cohere-v1', source: 'cohere', input: 10, output: 5, parts: [[10, '2.5'], [5, '10']], others: { finish_reason: 'length' } },
  { name: 'xai', source: 'openai', input: 100, output: 110, reasoning: 100, parts: [[100, '3'], [110, '15']] },
  { name: 'mistral', source: 'openai', input: 1000, output: 1000, parts: [[1000, '0.5'], [1000, '1.5']] },
  { name: 'groq', source: 'openai', input: 100, output: 10, parts: [[100, '0.59'], [10, '0.79']] },
  { name: 'openrouter', source: 'openai', input: 1000, output: 10, parts: [[1000, '3'], [10, '15']], others: { reported_cost_usd: '0.0033075' } },
  { name: 'langchain', source: 'openai', input: 2000, read: 1000, output: 100, reasoning: 40, parts: [[1000, '2.5'], [1000, '1.25'], [100, '10']] },
  { name: 'ai-sdk', source: 'vercel-ai', input: 2000, read: 1000, output: 100, reasoning: 40, parts: [[1000, '2.5'], [1000, '1.25'], [100, '10']] },
  { name: 'ollama', source: 'ollama', input: 26, output: 282, parts: [[26, '0']] },
] // prettier-ignore

const bodyOf = ({ name }: Case): Json =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Json

/** USD, exactly: micro-dollars a million tokens are 1e-12 USD a token. */
function costOf({ parts }: Case): string {
  const micro = (price: string): bigint => {
    const [whole = '0', fraction = ''] = price.split('.')
    return BigInt(whole + fraction.padEnd(6, '0'))
  }
  const sum = parts.reduce((all, [count, price]) => all + BigInt(count) * micro(price), 0n)
  const digits = String(sum).padStart(13, '0')
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '') || '0'
}

/** What a call must show, whatever stands around its body. */
function expected(one: Case): Json {
  const given = {
    input_tokens: one.input,
    cache_read_input_tokens: one.read,
    cache_creation_input_tokens: one.written,
    cache_creation_1h_input_tokens: one.writtenForAnHour,
    output_tokens: one.output,
    reasoning_output_tokens: one.reasoning,
    cost_usd: costOf(one),
    ...one.others,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

async function read(lines: readonly Json[], set?: Readonly<Record<string, string>>): Promise<Read> {
  const file = write(
    join(workshop.room(), 'log.jsonl'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  )
  return readFiles([file], set === undefined ? {} : { read: { set } })
}

function expectAll({ calls, everything, counts }: Read, all: readonly Case[]): void {
  expect(calls.map((call) => call['unread_usage'])).toEqual(all.map(() => undefined))
  expect(calls).toMatchObject(all.map(expected))
  expect(counts[0]?.slice(0, 2)).toEqual([all.length, all.length])
  expect(everything).not.toContain(marker)
}

/** The wrapper's own: time and, where the body has no model, the model. */
const around = (one: Case): Json => ({
  ts: '2026-09-15T08:00:00Z',
  user: 'u1',
  ...(one.model === undefined ? {} : { model: one.model }),
})

const wrappers: Readonly<Record<string, (one: Case, body: Json) => Json>> = {
  'under response': (one, body) => ({ ...around(one), response: body }),
  'under body': (one, body) => ({ ...around(one), body }),
  'as a text of JSON': (one, body) => ({ ...around(one), response: JSON.stringify(body) }),
  'deep in a wrapper of its own': (one, body) => ({ ...around(one), llm: { reply: { raw: body } } }),
  'as a text in a wrapper': (one, body) => ({ ...around(one), event: { payload: JSON.stringify(body) } }),
  'with nulls and more keys': (one, body) => ({
    ...around(one),
    error: null,
    response: withNulls(body),
    note: 'n',
  }),
  'with numbers as texts': (one, body) => ({ ...around(one), response: asTexts(body) }),
}

const withNulls = (body: Json): Json => ({
  ...body,
  error: null,
  incomplete_details: null,
  extra_thing: { a: 'b' },
})

/** Every number below a usage as a text. */
function asTexts(value: unknown, inUsage = false): Json {
  return Object.fromEntries(
    Object.entries(value as Json).map(([key, inner]) => {
      const usage = inUsage || /usage|meta$/i.test(key)
      if (usage && typeof inner === 'number') return [key, String(inner)]
      const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      return [key, isObject ? asTexts(inner, usage) : inner]
    }),
  )
}

describe('bodies of all providers in one log', () => {
  test.each(Object.keys(wrappers))('%s', async (kind) => {
    const found = await read(cases.map((one) => wrappers[kind]!(one, bodyOf(one))))
    expectAll(found, cases)
    expect(found.calls.map((call) => [call['ts'], call['user_id']])).toEqual(
      cases.map(() => ['2026-09-15T08:00:00Z', 'u1']),
    )
  })

  test('each in a wrapper of another make, in any order', { timeout: 120_000 }, async () => {
    const kinds = Object.values(wrappers)
    const order = fc.sample(fc.shuffledSubarray([...cases], { minLength: cases.length }), {
      numRuns: 1,
      seed: 7,
    })[0]!
    expectAll(await read(order.map((one, i) => kinds[i % kinds.length]!(one, bodyOf(one)))), order)
  })
})

test('a log of each alone, bare', async () => {
  const expectAlone = (one: Case, found: Read): void => {
    expectAll(found, [one])
    expect(found.importers, one.name).toEqual([one.source])
  }
  const room = workshop.room()
  const nameless = cases.filter(({ model }) => model === undefined)
  const files = nameless.map((one) =>
    write(join(room, `${one.name}.jsonl`), `${JSON.stringify(bodyOf(one))}\n`),
  )
  const found = await readEach(files, { read: { set: { ts: '2026-09-15' } } })
  for (const [i, one] of nameless.entries()) expectAlone(one, found[i]!)
  for (const one of cases) {
    const { model } = one
    if (model !== undefined)
      expectAlone(one, await read([bodyOf(one)], { ts: '2026-09-15', request_model: model }))
  }
})

test('Gemini in the names of the Python client', async () => {
  const snake = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(snake)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [
              key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
              snake(inner),
            ]),
          )
        : value
  const of = cases.filter(({ source }) => source === 'gemini')
  expectAll(await read(of.map((one) => ({ ...around(one), response: snake(bodyOf(one)) as Json }))), of)
})

test('a stream of Gemini as a list of chunks: the last usage counts, also where the prompt falls', async () => {
  const [one] = cases.filter(({ name }) => name === 'gemini')
  const body = bodyOf(one!)
  const first = {
    ...body,
    candidates: [{}],
    usageMetadata: { promptTokenCount: 9828, totalTokenCount: 9828 },
  }
  expectAll(await read([{ ...around(one!), response: [first, body] }]), [one!])
  expectAll(await read([{ ...around(one!), response: JSON.stringify([first, body]) }]), [one!])
})

test('the events of a stream of Anthropic’s, as a list: the start, completed by the last delta', async () => {
  const [one] = cases.filter(({ name }) => name === 'anthropic')
  const { stop_reason: stop, ...body } = bodyOf(one!)
  const { output_tokens: output, ...usage } = body['usage'] as Json
  const events = [
    { type: 'message_start', message: { ...body, stop_reason: null, usage: { ...usage, output_tokens: 1 } } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: marker } },
    { type: 'message_delta', delta: { stop_reason: stop }, usage: { output_tokens: output } },
    { type: 'message_stop' },
  ]
  const found = await read([{ ...around(one!), response: events }])
  expectAll(found, [one!])
  expect(found.calls[0]!['finish_reason']).toBe('stop')
})

test('bodies in a column of CSV', async () => {
  const of = cases.filter(({ model }) => model === undefined)
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`
  const rows = of.map((one) => `2026-09-15T08:00:00Z,u1,${cell(JSON.stringify(bodyOf(one)))}`)
  const file = write(join(workshop.room(), 'log.csv'), ['ts,user,response', ...rows, ''].join('\n'))
  const { calls } = await readFiles([file])
  expect(calls).toMatchObject(of.map(expected))
})

test('answers of Llama and Titan on Bedrock, and a total alone of an embedding', async () => {
  const ts = '2026-09-15T08:00:00Z'
  const { calls } = await read([
    {
      ts,
      modelId: 'meta.llama3-1-70b-instruct-v1:0',
      response: {
        generation: marker,
        prompt_token_count: 25,
        generation_token_count: 7,
        stop_reason: 'stop',
      },
    },
    {
      ts,
      modelId: 'amazon.titan-text-express-v1',
      response: { inputTextTokenCount: 25, results: [{ tokenCount: 5, outputText: marker }] },
    },
    { ts, response: { object: 'list', data: [], model: 'voyage-3', usage: { total_tokens: 10 } } },
  ])
  expect(calls).toMatchObject([
    { provider: 'aws', input_tokens: 25, output_tokens: 7 },
    { provider: 'aws', input_tokens: 25, output_tokens: 5 },
    { input_tokens: 10, operation: 'embedding' },
  ])
})

test('counts of the wrapper: the body’s own count, and another number is named', async () => {
  const body = bodyOf(cases.find(({ name }) => name === 'openai-chat')!)
  const ts = '2026-09-15T08:00:00Z'
  const { calls } = await read([
    { ts, input_tokens: 1850, output_tokens: 212, response: { ...body, id: 'chatcmpl-own-0000000001' } },
    { ts, input_tokens: 1900, output_tokens: 212, response: { ...body, id: 'chatcmpl-own-0000000002' } },
  ])
  expect(calls.map(({ input_tokens: input, unread_usage: unread }) => [input, unread])).toEqual([
    [1850, undefined],
    [1850, 'input_tokens'],
  ])
})

test('thoughts that the candidates include are not added again', async () => {
  const usage = { promptTokenCount: 100, candidatesTokenCount: 80, thoughtsTokenCount: 60 }
  const lines = [180, 240, undefined].map((totalTokenCount) => ({
    ts: '2026-09-15T08:00:00Z',
    response: { modelVersion: 'gemini-2.5-flash', usageMetadata: { ...usage, totalTokenCount } },
  }))
  const { calls } = await read(lines)
  expect(calls.map((call) => call['output_tokens'])).toEqual([80, 140, 140])
})

test('what a body says and no price covers is named', async () => {
  const response = bodyOf(cases.find(({ name }) => name === 'openai-responses')!)
  const gemini = bodyOf(cases.find(({ name }) => name === 'gemini')!)
  const ts = '2026-09-15T08:00:00Z'
  const output = [
    { type: 'web_search_call', action: { type: 'search', query: 'q' } },
    { type: 'web_search_call', action: { type: 'open_page' } },
    { type: 'file_search_call' },
    { type: 'code_interpreter_call', container_id: 'c' },
  ]
  const details = [{ modality: 'SMELL', tokenCount: 3 }]
  const { calls } = await read([
    { ts, response: { ...response, id: 'resp_body_000000000002', output } },
    {
      ts,
      response: {
        ...response,
        id: 'resp_body_000000000003',
        usage: { ...(response['usage'] as Json), num_sources_used: 4 },
      },
    },
    {
      ts,
      response: {
        ...gemini,
        usageMetadata: { ...(gemini['usageMetadata'] as Json), promptTokensDetails: details },
      },
    },
    {
      ts,
      response: JSON.stringify({ ...response, usage: { ...(response['usage'] as Json), smell_tokens: 3 } }),
    },
  ])
  expect(calls).toMatchObject([
    { web_search_requests: 1, file_search_requests: 1, unread_usage: 'output.code_interpreter_call' },
    { unread_usage: 'response.usage.num_sources_used' },
    { unread_usage: 'modality=SMELL' },
    { unread_usage: 'response.usage.smell_tokens' },
  ])
  expect(calls.map((call) => call['partly_priced'])).toEqual([true, true, true, true])
})

test('passes of a call: silent where the counts are theirs, named where they leave one out', async () => {
  const message = {
    type: 'message',
    model: 'claude-sonnet-4-5-20250929',
    content: [],
    stop_reason: 'end_turn',
  }
  const usage = { input_tokens: 100, output_tokens: 40 }
  const last = { type: 'message', ...usage }
  const compaction = { type: 'compaction', input_tokens: 5000, output_tokens: 400 }
  const { calls } = await read(
    [[last], [compaction, last]].map((iterations, i) => ({
      ts: '2026-09-15T08:00:00Z',
      response: { ...message, id: `msg_passes_00000000${i}`, usage: { ...usage, iterations } },
    })),
  )
  expect(calls.map((call) => call['unread_usage'])).toEqual([undefined, 'usage.iterations'])
})

test('costs that bodies state, in dollars', async () => {
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
  const body = (more: Json, others: Json = {}): Json => ({
    ts: '2026-09-15T08:00:00Z',
    response: {
      object: 'chat.completion',
      model: 'some-new-model',
      choices: [],
      usage: { ...usage, ...more },
      ...others,
    },
  })
  const { calls } = await read([
    body({ cost: 0.25 }),
    body({
      cost: { input_tokens_cost: 0.1, output_tokens_cost: 0.05, request_cost: 0.005, total_cost: 0.155 },
    }),
    body({ cost_in_usd_ticks: 37756000 }),
    body({ total_cost: '0.5' }),
    body({}, { response_cost: 0.75 }),
    body({ cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: 0.2 } }),
    body({ cost: 0.2, is_byok: false, cost_details: { upstream_inference_cost: 0.2 } }),
  ])
  expect(calls.map((call) => [call['cost_usd'], call['cost_basis'], call['unread_usage']])).toEqual(
    ['0.25', '0.155', '0.0037756', '0.5', '0.75', '0.21', '0.2'].map((cost) => [cost, 'reported', undefined]),
  )
})

describe('records of one’s own among bodies', () => {
  const body = { id: 'chatcmpl-CY1k8GQnJxq2pXbWm4Tz7aLr', object: 'chat.completion', created: 1764500000, model: 'gpt-4o-2024-08-06', choices: [], usage: { prompt_tokens: 2000, completion_tokens: 500, total_tokens: 2500 } } // prettier-ignore
  const own = { ts: '2025-11-30T00:00:00Z', model: 'gpt-4o-2024-08-06', input_tokens: 70, output_tokens: 30 }
  const shown = ({ calls }: Read): unknown[] =>
    calls.map((call) => [call['call_id'], call['model'], call['input_tokens'], call['cost_usd']])

  test.each([
    ['beside bare ones', [body, own]],
    ['beside wrapped ones', [{ time: '2025-11-30T00:00:00Z', response: body }, own]],
  ])('are calls: %s', async (_, records) => {
    const both = await read(records)
    expect(both.counts).toEqual([[2, 2, 0, 0, 0, 0]])
    expect(shown(both).map((call) => (call as unknown[]).slice(1))).toEqual([
      ['gpt-4o-2024-08-06', 2000, '0.01'],
      ['gpt-4o-2024-08-06', 70, '0.000475'],
    ])
    expect(both.doubts).toEqual([])
    // Alone in a file they have the same id: no split counts them twice.
    for (const name of ['request_id', 'id']) {
      const shared = { ...own, [name]: '5f0c1a52-9d3b-4c1e-8f57-6f1c2f0e9a11' }
      const among = await read([...records.slice(0, 1), shared, { ...shared, input_tokens: 71 }])
      const apart = await read([shared, { ...shared, input_tokens: 71 }])
      expect(shown(among).slice(1)).toEqual(shown(apart))
    }
    const alone = await read([own])
    expect(shown(alone)).toEqual(shown(both).slice(1))
  })

  test('around a response without a usage count by the counts beside it', async () => {
    const { usage, ...rest } = body
    const around = { ...own, response: { ...rest, id: 'chatcmpl-CY1k8GQnJxq2pXbWm4Tz7aLs' } }
    const both = await read([{ ts: own.ts, response: { ...rest, usage } }, around])
    expect(shown(both).map((call) => (call as unknown[]).slice(2))).toEqual([
      [2000, '0.01'],
      [70, '0.000475'],
    ])
  })

  test('with a total or one count alone are left out and named', async () => {
    const some = [{ ts: own.ts, model: 'text-embedding-3-small', total_tokens: 8 }, { ts: own.ts, input_tokens: 70 }, { ts: own.ts, event: 'start' }] // prettier-ignore
    const { counts, doubts } = await read([body, ...some])
    expect(counts).toEqual([[4, 1, 0, 0, 3, 0]])
    expect(doubts).toEqual(
      ['input_tokens', 'total_tokens'].map((field) =>
        expect.stringContaining(
          `: 1 record is left out as no call, though ${field} is there; in a file of their own such records may be read`,
        ),
      ),
    )
  })
})

test('a tier that was asked for counts where the answer tells none', async () => {
  const response = (tier?: string): Json => ({ object: 'chat.completion', created: 1764500000, model: 'gpt-5', choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 }, ...(tier && { service_tier: tier }) }) // prettier-ignore
  const records = [undefined, 'default'].map((tier) => ({
    request: { model: 'gpt-5', service_tier: 'flex' },
    response: response(tier),
  }))
  const { calls } = await read(records)
  expect(calls.map((call) => call['service_tier'])).toEqual(['flex', 'standard'])
})

test('searches that ground an answer of Gemini are counted, and without a price the call is priced in part', async () => {
  const answer = (grounding: Json): Json => ({ candidates: [grounding], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 90 }, modelVersion: 'gemini-2.5-pro', createTime: '2025-11-30T00:00:00Z' }) // prettier-ignore
  const records = [
    answer({ groundingMetadata: { webSearchQueries: ['a', 'b'] } }),
    answer({ groundingMetadata: {} }),
    answer({}),
  ]
  const { calls } = await read(records)
  expect(calls.map((call) => [call['web_search_requests'], call['partly_priced'] ?? false])).toEqual([
    [2, true],
    [undefined, false],
    [undefined, false],
  ])
})

test('the model of a bare Converse answer beside it', async () => {
  const answer = { ts: '2025-11-30T00:00:00Z', modelId: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', stopReason: 'end_turn', usage: { inputTokens: 1000, outputTokens: 100 } } // prettier-ignore
  const { calls } = await read([answer])
  expect(calls.map((call) => call['cost_usd'])).toEqual(['0.0045'])
})
