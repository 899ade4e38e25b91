/** OpenTelemetry's traces and events: real ones of several instrumentations, and a fixture for each trap. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ingestInto, write } from '../../property/ingesting.js'
import { marker, readFiles, readFixture as readUnsorted, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

/** A fixture's calls as they were made: one line may hold many. */
async function readFixture(folder: string): Promise<Read> {
  const read = await readUnsorted(folder)
  const key = (call: Read['calls'][number]): string => `${String(call['ts'])} ${String(call['call_id'])}`
  return { ...read, calls: read.calls.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) }
}

/** Sums that a log must give, by the source's own figures. */
interface Sums {
  readonly calls: number
  readonly counted: number
  readonly input: number
  readonly output: number
  readonly errors?: number
}

const number = (value: unknown): number => Number(value ?? 0)

const sumsOf = ({ calls }: Read): Sums => {
  const errors = calls.filter((call) => call['status'] === 'error').length
  return {
    calls: calls.length,
    counted: calls.filter((call) => call['input_tokens'] !== undefined).length,
    input: calls.reduce((sum, call) => sum + number(call['input_tokens']), 0),
    output: calls.reduce((sum, call) => sum + number(call['output_tokens']), 0),
    ...(errors > 0 ? { errors } : {}),
  }
}

/** Nothing is lost: every record is one of the five, and no text of a prompt or an answer is in the store. */
function expectWhole({ counts, everything }: Read): void {
  for (const [lines = 0, ...others] of counts) expect(others.reduce((a, b) => a + b, 0)).toBe(lines)
  expect(everything).not.toContain(marker)
}

const traceIdOf = (call: Readonly<Record<string, unknown>>): string => String(call['trace_id']).slice(-2)

describe('real traces', () => {
  test('of eight instrumentations: seven of nine spans with tokens are calls, two sum up those below them', async () => {
    const read = await readFixture('otel/instrumentations')
    expectWhole(read)
    expect(read.counts).toEqual([[70, 18, 2, 0, 50, 0]])
    const counted = read.calls.filter((call) => call['input_tokens'] !== undefined)
    // litellm 190/164; a gateway's three chats; two of an agent's kit, under both generations of names; gemini 6/2,055.
    expect(counted.map((call) => [call['model'], call['input_tokens'], call['output_tokens']])).toEqual(
      expect.arrayContaining([
        ['gpt-4o-mini', 190, 164],
        ['gemini-2.5-flash', 2546, 47],
        ['gemini-2.5-flash', 3004, 167],
        ['gemini-2.5-flash', 2497, 200],
        ['gemini-2.0-flash', 28, 3],
        ['gemini-2.0-flash', 39, 6],
        ['gemini-2.5-flash', 6, 2055],
      ]),
    )
    // The two spans `orchestrate_tools` say 5,550/214 = 2,546/47 + 3,004/167 and 2,497/200, name no model, and
    // the chats stand right below them: they are those calls again.
    expect(sumsOf(read)).toEqual({ calls: 18, counted: 7, input: 8310, output: 2642 })
    expect(read.doubts).toContain('2 records sum up the calls below them in their trace and are no calls')
  })

  test("of Langfuse's client: parts of the usage are added up, its own level says what failed, and its parent is no call", async () => {
    const read = await readFixture('otel/langfuse-client')
    expectWhole(read)
    expect(read.counts).toEqual([[7, 6, 0, 0, 1, 0]])
    // As the provider counted them: the client tells what is left of the input and the output.
    const keys = [
      'input_tokens',
      'cache_read_input_tokens',
      'output_tokens',
      'reasoning_output_tokens',
    ] as const
    const counted = read.calls.filter((call) => call['input_tokens'] !== undefined)
    expect(counted.map((call) => keys.map((key) => call[key]))).toEqual([
      [1500, 1024, 100, 30],
      [1537, 1024, 111, 31],
      [1574, 1024, 122, 32],
      [1685, 1024, 155, 35],
    ])
    expect(read.calls.map((call) => call['status'] === 'error')).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
    ])
    expect(read.calls[0]).toMatchObject({
      max_tokens: 300,
      temperature: 0.5,
      feature: 'shop',
      user_id: 'ada',
      session_id: 's-1',
    })
    expect(read.calls[1]).toMatchObject({ ttft_ms: 27 })
  })

  test('of eight instrumentations: a span that says it asked a model is a call without tokens where it has none', async () => {
    const { calls } = await readFixture('otel/instrumentations')
    const bare = calls.filter((call) => call['input_tokens'] === undefined)
    // Two of an agent's kit, four turns with a coding kit, two of koog; and three runs that one framework wrote
    // as five spans, one for each event: start 14, 15 and 16, success 16, finish 16.
    const traces = bare.map(traceIdOf)
    expect(traces.filter((id) => id === '4c')).toHaveLength(2)
    expect(traces.filter((id) => id === '72')).toHaveLength(4)
    expect(traces.filter((id) => id === '46')).toHaveLength(2)
    expect(traces.filter((id) => id === '36')).toHaveLength(3)
    expect(bare.every((call) => call['cost_usd'] === undefined && call['total_tokens'] === undefined)).toBe(
      true,
    )
  })

  test("of Envoy's AI gateway: 22 spans are calls, 15 with usage, three failed", async () => {
    const read = await readFixture('otel/envoy')
    expectWhole(read)
    expect(sumsOf(read)).toEqual({ calls: 22, counted: 15, input: 807, output: 3841, errors: 3 })
    expect(read.calls.reduce((sum, call) => sum + number(call['reasoning_output_tokens']), 0)).toBe(3172)
    expect(read.calls.filter((call) => call['operation'] === 'embedding')).toHaveLength(5)
    // A stream whose client did not ask for usage, speech and a picture; what was refused costs nothing.
    expect(
      read.calls.filter((call) => call['input_tokens'] === undefined && call['cost_usd'] === '0'),
    ).toHaveLength(3)
    // What was asked for stands in the parameters of a request that failed.
    const failed = read.calls.find((call) => call['status'] === 'error')
    expect(failed).toMatchObject({
      model: 'gpt-5-nano',
      error: 'openai.BadRequestError',
      trace_id: '0000000000000000000000000abc03ea',
    })
  })

  test("of Vercel's kit 6: the outer spans have no link and another trace, and are no calls all the same", async () => {
    const read = await readFixture('otel/vercel-ai-6')
    expectWhole(read)
    expect(read.counts).toEqual([[4, 2, 0, 0, 2, 0]])
    expect(sumsOf(read)).toEqual({ calls: 2, counted: 2, input: 64, output: 29 })
    expect(read.calls[0]).toMatchObject({
      call_id: 'resp_0269f3aed1fd415900698212189ed88190b8bb13919d420b02',
      provider: 'openai',
      request_model: 'gpt-4o-mini',
      response_model: 'gpt-4o-mini-2024-07-18',
      feature: 'test-generate-text',
      finish_reason: 'stop',
      cost_usd: '0.0000141', // 14 × 0.15 + 20 × 0.6
    })
  })

  test("calls that a client's own spans and an instrumentation's tell side by side are one each", async () => {
    const read = await readFixture('otel/told-twice')
    expectWhole(read)
    // The provider counted three: 1500, 2018 and 2092 in; 100, 254 and 276 out.
    expect(sumsOf(read)).toEqual({ calls: 3, counted: 3, input: 5610, output: 630 })
    expect(read.calls.map((call) => call['call_id'])).toEqual([
      'chatcmpl-000000000000000000000001',
      'msg_000000000000000000000015',
      'msg_000000000000000000000017', // Of a stream, the spans are siblings: only this id says that they are one.
    ])
    expect(read.calls[1]).toMatchObject({
      cache_read_input_tokens: 1024,
      cache_creation_input_tokens: 214,
      cache_creation_1h_input_tokens: 0,
      cost_usd: '0.0024199', // 780 × 1 + 1024 × 0.1 + 214 × 1.25 + 254 × 5
    })
    expect(read.calls.map((call) => call['partly_priced'])).toEqual([undefined, undefined, undefined])
  })

  test('one document over many lines, with a cost that one of two calls reports', async () => {
    const read = await readFixture('otel/one-document')
    expectWhole(read)
    expect(read.counts).toEqual([[3, 2, 0, 0, 1, 0]])
    expect(sumsOf(read)).toEqual({ calls: 2, counted: 2, input: 2300, output: 520 })
    expect(read.calls.map((call) => call['reported_cost_usd'])).toEqual(['0.00513', undefined])
  })

  test('without any count there are no calls, and nothing is rejected', async () => {
    expect((await readFixture('otel/no-tokens')).counts).toEqual([[4, 0, 0, 0, 4, 0]])
  })
})

describe("agents' own events", () => {
  test('of Claude Code: repeats and answers are no calls, the cost is kept, the time of cache writes is open', async () => {
    const read = await readFixture('otel/claude-code')
    expectWhole(read)
    // user_prompt, assistant_response, two of tools and api_error are none; the third line repeats a request.
    expect(read.counts).toEqual([[9, 3, 1, 0, 5, 0]])
    expect(sumsOf(read)).toEqual({ calls: 3, counted: 3, input: 45800, output: 377 })
    expect(
      read.calls.map((call) => [
        call['call_id'],
        call['input_tokens'],
        call['cache_read_input_tokens'],
        call['cache_creation_input_tokens'],
        call['reported_cost_usd'],
        call['cost_usd'],
        call['partly_priced'],
      ]),
    ).toEqual([
      ['req_a1', 310, 0, 0, '0.00052', '0.00052', undefined],
      // 4 + 9,179 + 13,356; counted with writes for five minutes, where the log's own cost is for an hour's.
      ['req_a2', 22539, 9179, 13356, '0.0861267', '0.0560757', true],
      ['req_a3', 22951, 22535, 410, '0.010116', '0.010116', true],
    ])
    expect(read.calls[1]).toMatchObject({
      provider: 'anthropic',
      session_id: 'sess-A',
      user_id: 'u-0000',
      latency_ms: 1800,
      ttft_ms: 900,
      unread_usage: 'cache_creation_tokens (for 5 minutes or an hour)',
      tags: { query_source: 'repl_main_thread', prompt_id: 'prompt-1', version: '2.1.294' },
    })
  })

  test('of Gemini CLI: the twin of each answer and errors are no calls; thoughts and tools come on top', async () => {
    const read = await readFixture('otel/gemini-cli')
    expectWhole(read)
    expect(sumsOf(read)).toEqual({ calls: 3, counted: 3, input: 24825, output: 1099 })
    expect(
      read.calls.map((call) => [
        call['input_tokens'],
        call['cache_read_input_tokens'],
        call['output_tokens'],
        call['reasoning_output_tokens'],
      ]),
    ).toEqual([
      [9100, 0, 923, 863],
      [14925, 9000, 161, 120],
      [800, 0, 15, 0],
    ])
    expect(read.calls[0]).toMatchObject({
      provider: 'google',
      session_id: 's1',
      latency_ms: 3000,
      finish_reason: 'stop',
    })
  })

  test('metrics count the same calls again: they are refused by name', async () => {
    const path = join(import.meta.dirname, '../../../fixtures/otel/metrics/metrics.jsonl')
    const { files } = await ingestInto(workshop.store(), [path])
    expect(files).toMatchObject([
      {
        importer: null,
        state: 'refused',
        imported: 0,
        note: expect.stringMatching(/OpenTelemetry metrics.*sum up many calls/) as unknown,
      },
    ])
  })
})

describe('spellings', () => {
  test('keys of JSON and of protobuf, ids in base64, numbers and names: one call; deprecated names: another', async () => {
    const read = await readFixture('otel/spellings')
    expectWhole(read)
    expect(read.counts.map(([, imported, duplicates]) => [imported, duplicates])).toEqual([
      [1, 0],
      [0, 1],
      [0, 1],
      [1, 0],
    ])
    const common = {
      ts: '2026-09-21T14:13:20Z',
      provider: 'openai',
      request_model: 'gpt-5-mini',
      response_model: 'gpt-5-mini-2025-08-07',
      model: 'gpt-5-mini-2025-08-07',
      feature: 'shop',
      user_id: 'u-7',
      session_id: 'conv-19',
      environment: 'prod',
      input_tokens: 1850,
      cache_read_input_tokens: 1024,
      output_tokens: 212,
      reasoning_output_tokens: 64,
      cost_usd: '0.00032805', // half of 826 × 0.25 + 1,024 × 0.025 + 212 × 2
      latency_ms: 2000,
      temperature: 0.5,
      max_tokens: 800,
      finish_reason: 'length', // of two choices
      service_tier: 'flex',
      tags: { service: 'shop' },
    }
    expect(read.calls).toEqual([
      {
        ...common,
        call_id: '0000000000000000000000000000abc1:000000000000abc2',
        trace_id: '0000000000000000000000000000abc1',
        customer: 'acme',
        team: 'growth',
        ttft_ms: 410,
      },
      {
        ...common,
        call_id: '0000000000000000000000000000abc3:000000000000abc4',
        trace_id: '0000000000000000000000000000abc3',
      },
    ])
  })

  test("vendors' names", async () => {
    const read = await readFixture('otel/vendors')
    expectWhole(read)
    // The fourth speaks of both kinds of requests, and has a record for each.
    expect(read.counts).toEqual([[10, 7, 0, 0, 3, 0]])
    const of = (trace: string): unknown => read.calls.find((call) => traceIdOf(call) === trace)
    expect(of('71')).toMatchObject({
      model: 'gpt-4o-2024-08-06',
      input_tokens: 900,
      cache_read_input_tokens: 512,
      output_tokens: 80,
      reported_cost_usd: '0.0018',
      ttft_ms: 250,
      max_tokens: 300,
      temperature: 0.2,
      user_id: 'u-1',
      tags: { plan: 'pro' },
    })
    expect(of('72')).toMatchObject({
      provider: 'openai',
      input_tokens: 700,
      output_tokens: 70,
      feature: 'checkout',
      user_id: 'u-2',
      session_id: 's-2',
      tags: { plan: 'free' },
    })
    expect(of('74')).toMatchObject({
      call_id: 'chatcmpl-0123456789abcdef',
      input_tokens: 500,
      output_tokens: 50,
      reported_cost_usd: '0.00225',
      team: 'growth',
      user_id: 'u-3',
      tags: { key_name: 'ci' },
    })
    expect(of('75')).toMatchObject({
      operation: 'embedding',
      model: 'text-embedding-3-small',
      input_tokens: 33,
      feature: 'index',
    })
    expect(of('77')).toMatchObject({
      model: 'gpt-4o',
      input_tokens: 210,
      output_tokens: 21,
      reported_cost_usd: '0.0007',
      feature: 'answers',
      environment: 'staging',
    })
    expect(of('78')).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o',
      input_tokens: 310,
      output_tokens: 31,
    })
    // A count under a name that nobody knows yet is told, and the call is priced in part.
    expect(of('79')).toMatchObject({ unread_usage: 'gen_ai.usage.hologram_tokens', partly_priced: true })
    expect(read.calls.filter((call) => call['unread_usage'] !== undefined)).toHaveLength(1)
  })

  test("lines of a gateway's access log: answered, refused, and what was no question to a model", async () => {
    const read = await readFixture('otel/access-log')
    expect(read.counts).toEqual([[3, 2, 0, 0, 1, 0]])
    expect(read.calls[0]).toMatchObject({
      call_id: '9b1f0000-0000-4000-8000-000000000001',
      ts: '2026-10-02T09:00:00Z',
      model: 'gpt-4o-2024-08-06',
      input_tokens: 120,
      output_tokens: 12,
      latency_ms: 850,
      session_id: 's-9',
    })
    expect(read.calls[1]).toMatchObject({ status: 'error', model: 'gpt-4o', cost_usd: '0' })
    expect(read.calls[1]).not.toHaveProperty('input_tokens')
  })
})

describe('the tree of a run', () => {
  test('leaves alone are calls, whatever their parents count and in whichever file and order they stand', async () => {
    const read = await readFixture('otel/tree')
    expectWhole(read)
    // invoke_agent 300/30 and its ChatOpenAI 305/31 stand above 100/10 and 200/20, one of which came twice.
    expect(read.counts).toEqual([
      [3, 0, 0, 0, 3, 0],
      [3, 2, 1, 0, 0, 0],
      [10, 7, 0, 0, 3, 0],
    ])
    const inputs = (trace: string): unknown[] =>
      read.calls.filter((call) => traceIdOf(call) === trace).map((call) => call['input_tokens'])
    expect(inputs('01')).toEqual([100, 200])
    // Without usage above a call, and below one: the same call, seen twice.
    expect(inputs('02')).toEqual([40])
    expect(inputs('03')).toEqual([50])
    // What a tool asks is a call of its own, and so is the one that asked for the tool.
    expect(inputs('04')).toEqual([60, 70])
  })

  test('what failed is a call, by its status and by its type; of what ended well nobody knows the tokens', async () => {
    const { calls, doubts } = await readFixture('otel/tree')
    const of = (trace: string): unknown[] =>
      calls.filter((call) => traceIdOf(call) === trace).map(({ status, error, cost_usd }) => [status, error, cost_usd])
    expect(of('05')).toEqual([
      ['error', 'rate limited', '0'],
      ['error', 'timeout', '0'],
    ])
    expect(of('06')).toEqual([[undefined, undefined, undefined]])
    expect(doubts).toEqual([
      '1 record sums up the calls below it in its trace and is no call',
      '1 call was made whose tokens the log does not say: it counts as a call without a price',
    ])
  })

  test('a file that grew, was cut elsewhere or came again tells the same calls', async () => {
    const { calls: whole } = await readFixture('otel/tree')
    const folder = workshop.room()
    const fixture = (name: string): string => join(import.meta.dirname, '../../../fixtures/otel/tree', name)
    const lines = ['a', 'b', 'c'].flatMap((name) => readFileSync(fixture(`${name}.jsonl`), 'utf8').trim().split('\n'))
    const again = [...lines.toReversed(), ...lines]
    const path = write(join(folder, 'all.jsonl'), again.map((line) => `${line}\n`).join(''))
    const { calls, counts } = await readFiles([path])
    expect(counts.map(([all = 0, imported, duplicates = 0, , skipped = 0]) => [imported, all - duplicates - skipped])).toEqual([[9, 9]])
    const told = (list: Read['calls']): unknown => list.map((call) => JSON.stringify(call)).toSorted()
    expect(told(calls)).toEqual(told(whole))
  })
}) // prettier-ignore

test('lines that are none of a request stay counted: blank, broken, of something else, and empty requests', async () => {
  const path = write(
    join(workshop.room(), 'mixed.jsonl'),
    [
      '{"resourceSpans":[]}',
      '{"resourceSpans":[{"scopeSpans":[]}]}',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}',
      '{"resourceSpans":null,"resourceLogs":7}',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0a","spanId":"0b","startTimeUnixNano":"1790000000000000000","attributes":[{"key":"gen_ai.usage.input_tokens","value":{"intValue":"x"}}]}]}]}]}',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"trace',
      '',
      '{"other":1}',
      '7',
    ].join('\n'),
  )
  const read = await readFiles([path])
  expectWhole(read)
  // The fourth speaks of both kinds of requests, and has a record for each.
  expect(read.counts).toEqual([[10, 0, 0, 0, 7, 3]])
  expect(read.rejects).toEqual([
    [5, 'input_tokens: not a whole number'],
    [6, 'not JSON'],
    [9, 'not a JSON object'],
  ])
})

test('a run of an agent without any call of it is told, and a file of all signals is read', async () => {
  const spans = [{ traceId: 'aa', spanId: 'bb', startTimeUnixNano: '1790000000000000000', attributes: [
    { key: 'gen_ai.operation.name', value: { stringValue: 'invoke_agent' } },
    { key: 'gen_ai.usage.input_tokens', value: { intValue: '50' } },
  ] }] // prettier-ignore
  const lines = [
    { resourceMetrics: [] },
    { resourceSpans: [{ scopeSpans: [{ spans }] }] },
    { resourceLogs: [] },
  ]
  const path = write(join(workshop.room(), 'all.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'))
  const { counts, doubts } = await readFiles([path])
  expect(counts).toEqual([[3, 0, 0, 0, 3, 0]])
  expect(doubts).toEqual([
    '1 run of an agent tells tokens, and no call of it is here: it is not counted; ingest the spans of their calls too',
  ])
})

test('both kinds of records in one document are read', async () => {
  const attribute = (key: string, value: unknown): unknown => ({ key, value })
  const attributes = (tokens: number): unknown[] => [
    attribute('gen_ai.operation.name', { stringValue: 'chat' }),
    attribute('gen_ai.request.model', { stringValue: 'gpt-4o' }),
    attribute('gen_ai.usage.input_tokens', { intValue: tokens }),
    attribute('gen_ai.usage.output_tokens', { intValue: 1 }),
  ]
  const both = {
    resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'aa', spanId: 'bb', startTimeUnixNano: '1790000000000000000', attributes: attributes(5) }] }] }],
    resourceLogs: [{ scopeLogs: [{ logRecords: [
      { traceId: 'cc', spanId: 'dd', timeUnixNano: '1790000000000000000', eventName: 'gen_ai.client.inference.operation.details', attributes: attributes(6) },
      // The event of a span that is here too is the same call.
      { traceId: 'aa', spanId: 'bb', timeUnixNano: '1790000000000000000', eventName: 'gen_ai.client.inference.operation.details', attributes: attributes(5) },
    ] }] }],
  } // prettier-ignore
  const path = write(join(workshop.room(), 'both.json'), JSON.stringify(both))
  const { calls, counts } = await readFiles([path])
  expect(calls.map((call) => call['input_tokens'])).toEqual([5, 6])
  expect(counts).toEqual([[3, 2, 1, 0, 0, 0]])
})
