/** Exports of MLflow of several versions, against what the provider that answered its flavours counted. */
import { afterAll, expect, test } from 'vitest'
import { join } from 'node:path'
import { fixtures, marker, readFiles, readFixture, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

type Call = Readonly<Record<string, unknown>>

const tokens = (calls: readonly Call[]): unknown[] =>
  calls.map((call) => [
    call['call_id'],
    call['input_tokens'],
    call['cache_read_input_tokens'] ?? 0,
    call['output_tokens'],
    call['reasoning_output_tokens'] ?? 0,
  ])

/** Chat completions as the provider counted them: each 1,500 + 37 n in, 1,024 of it cached, 100 + 11 n out, 30 + n thought. */
const chat = (n: number): unknown[] => [
  `chatcmpl-fake${String(n).padStart(13, '0')}`,
  1500 + 37 * n,
  1024,
  100 + 11 * n,
  30 + n,
]

/** Answers of the Responses API, of which 512 tokens were cached and 20 + n thought. */
const response = (n: number): unknown[] => [
  `resp_fake${String(n).padStart(13, '0')}`,
  1500 + 37 * n,
  512,
  100 + 11 * n,
  20 + n,
]

const folders = ['client', 'database', 'one', 'page', 'table', 'artifact', 'claude-code', 'flavours', 'mlflow-2', 'mlflow-3.5', 'mlflow-3.10', 'spans'] as const // prettier-ignore
type Folder = (typeof folders)[number]

/** Each is read once: several hold the same calls, and cannot be read into one store. */
const reads = new Map<Folder, Read>()

async function read(folder: Folder): Promise<Read> {
  const known = reads.get(folder) ?? (await readFixture(`mlflow/${folder}`))
  reads.set(folder, known)
  return known
}

const sorted = (list: readonly unknown[]): readonly string[] =>
  list.map((one) => JSON.stringify(one)).toSorted()

const of = (calls: readonly Call[], id: string): Call | undefined =>
  calls.find((call) => call['call_id'] === id)

const counted = (calls: readonly Call[]): readonly Call[] =>
  calls.filter((call) => call['input_tokens'] !== undefined)

test('traces of the client: each call of the provider is one, with its tokens; sums of spans are none', async () => {
  const { calls, counts, importers, everything } = await read('client')
  expect(importers).toEqual(['mlflow'])
  // 16 of the provider's, one of a span of one's own with counts, and an embedding of one's own without.
  expect(counts).toEqual([[23, 18, 0, 0, 5, 0]])
  const openai = counted(calls).filter((call) => /^(?:chatcmpl|resp)/.test(String(call['call_id'])))
  expect(sorted(tokens(openai))).toEqual(
    sorted([chat(0), chat(1), chat(2), response(5), response(6), chat(12), chat(13)]),
  )
  // LangChain alone keeps no answer, and no reasoning with it.
  const alone = counted(calls).filter((call) => /ChatOpenAI/.test(JSON.stringify(call['tags'])))
  expect(alone.map((call) => [call['input_tokens'], call['cache_read_input_tokens'], call['output_tokens']])).toEqual([
    [2055, 1024, 265],
    [2018, 1024, 254],
  ]) // prettier-ignore
  expect(everything).not.toContain(marker)
})

test('what a call was asked, and what its trace says of it', async () => {
  const { calls } = await read('client')
  expect(of(calls, 'chatcmpl-fake0000000000000')).toMatchObject({
    provider: 'openai',
    request_model: 'gpt-5-mini',
    response_model: 'gpt-5-mini-2026-02-01',
    service_tier: 'flex',
    temperature: 0.5,
    max_tokens: 400,
    finish_reason: 'stop',
    // (476 × 0.25 + 1,024 × 0.025 + 100 × 2) / 2 per million
    cost_usd: '0.0001723',
  })
  expect(of(calls, 'chatcmpl-fake0000000000002')).toMatchObject({
    feature: 'search',
    user_id: 'cust-55',
    session_id: 'sess-3',
    environment: 'prod',
    team: 'growth',
    trace_id: 'tr-38ce9a2c40f4367879364fe5128c2108',
  })
  expect(of(calls, 'chatcmpl-fake0000000000002')).toHaveProperty('ttft_ms')
  // A span of one's own is the feature of the calls below it, by the name of the trace.
  expect(of(calls, 'chatcmpl-fake0000000000012')).toMatchObject({ feature: 'agent' })
})

test("the client's stream without usage, and Anthropic's, are calls of unknown tokens", async () => {
  const { calls, doubts } = await read('client')
  const bare = calls.filter((call) => call['input_tokens'] === undefined && call['status'] !== 'error')
  expect(bare.map((call) => (call['tags'] as Readonly<Record<string, string>>)['span'])).toEqual([
    'embed',
    'Messages.create',
    'Completions',
  ])
  expect(doubts.join()).toContain('3 calls were made whose tokens the log does not say')
})

test('failed calls are told by the kind of their error, not by its message', async () => {
  const { calls } = await read('client')
  const failed = calls.filter((call) => call['status'] === 'error')
  expect(failed.map((call) => [call['model'], call['error']])).toEqual([
    ['refuse-me', 'NotFoundError'],
    ['refuse-me', 'NotFoundError'],
  ])
})

test('an embedding has its tokens in the answer alone', async () => {
  const { calls } = await read('client')
  const embeddings = calls.filter((call) => call['operation'] === 'embedding')
  expect(embeddings.map((call) => [call['model'], call['input_tokens'], call['cost_usd']])).toContainEqual([
    'text-embedding-3-small',
    1648,
    // 1,648 × 0.02 per million
    '0.00003296',
  ])
})

test('the same traces tell the same calls in every export', async () => {
  const ids = async (folder: Folder): Promise<readonly string[]> =>
    sorted((await read(folder)).calls.map((call) => call['call_id']))
  const all = await ids('client')
  expect(await ids('database')).toEqual(all)
  for (const folder of ['one', 'page', 'table'] as const) {
    expect(await ids(folder)).toHaveLength(4)
    expect(all).toEqual(expect.arrayContaining([...(await ids(folder))]))
  }
  const { calls } = await read('database')
  expect(of(calls, 'chatcmpl-fake0000000000012')).toMatchObject({ feature: 'agent' })
  expect(of(calls, 'chatcmpl-fake0000000000002')).toMatchObject({ user_id: 'cust-55', team: 'growth' })
})

test('read together they are no more calls than in one', async () => {
  const { calls } = await readFiles(['client/traces.jsonl', 'database/mlflow.db', 'page/search.json'].map((file) => join(fixtures, 'mlflow', file))) // prettier-ignore
  expect(calls).toHaveLength(18)
})

test('a trace without its spans is refused: its sums are no calls', async () => {
  const reason = 'a trace without its spans: its sums are no calls; export it with them'
  for (const folder of ['page', 'database'] as const)
    expect((await read(folder)).rejects.map(([, why]) => why)).toEqual([reason])
})

test("Anthropic's input has cached tokens in it since 3.12, and not before: the answer tells", async () => {
  const now = await read('client')
  for (const { calls } of [now, await read('mlflow-3.10')])
    expect(of(calls, 'msg_fake0000000000009')).toMatchObject({
      provider: 'anthropic',
      // 209 + 3,000 + 500, 400 of these for an hour
      input_tokens: 3709,
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 500,
      cache_creation_1h_input_tokens: 400,
      output_tokens: 69,
      web_search_requests: 2,
      // 209 × 3 + 3,000 × 0.3 + 100 × 3.75 + 400 × 6 + 69 × 15 per million, and two searches of a cent
      cost_usd: '0.025337',
    })
  // MLflow's own price of it, without the searches.
  expect(of(now.calls, 'msg_fake0000000000009')).toMatchObject({ reported_cost_usd: '0.005337' })
})

test('before 3.10 cached tokens stand in the answers alone; ids of 3.5 are not in base64', async () => {
  const [traces, artifact] = [await read('mlflow-3.5'), await read('artifact')]
  expect(of(traces.calls, 'msg_fake0000000000009')).toMatchObject({
    input_tokens: 3709,
    cost_usd: '0.025337',
  })
  expect(tokens(counted(artifact.calls).filter((call) => call['operation'] !== 'embedding'))).toEqual([chat(1), chat(2)]) // prettier-ignore
  expect(artifact.calls[0]).toMatchObject({ feature: 'answer', trace_id: 'tr-c6a81f202be3cf310a369792fc5cc067' }) // prettier-ignore
  // Its events are in microseconds.
  expect(artifact.repairs).not.toHaveProperty('measure_dropped')
})

test('version 2 of the interface: a context of ids, a status of its own', async () => {
  const { calls, counts } = await read('mlflow-2')
  expect(counts).toEqual([[4, 3, 0, 0, 1, 0]])
  expect(of(calls, 'chatcmpl-v2000000000000001')).toMatchObject({
    ts: '2026-08-06T07:06:42Z',
    latency_ms: 1500,
    input_tokens: 1500,
    output_tokens: 100,
    temperature: 0.5,
    feature: 'answer',
    team: 'growth',
  })
  // 209 × 3 + 3,000 × 0.3 + 500 × 3.75 + 69 × 15 per million
  expect(of(calls, 'msg_v2000000000000001')).toMatchObject({ input_tokens: 3709, cost_usd: '0.004437' })
  expect(calls[2]).toMatchObject({ status: 'error', error: 'NotFoundError' })
})

test("Claude Code's hook leaves cached tokens out of input and total", async () => {
  const { calls } = await read('claude-code')
  expect(calls).toHaveLength(1)
  expect(calls[0]).toMatchObject({
    provider: 'anthropic',
    session_id: 'sess-cc',
    input_tokens: 12_500,
    // 9,000 × 3 + 3,000 × 0.3 + 500 × 3.75 + 70 × 15 per million
    cost_usd: '0.030825',
  })
})

test('flavours: thoughts of Gemini, cached tokens of Converse, usage in an attribute, input less than cached', async () => {
  const { calls, doubts } = await read('flavours')
  expect(calls.map((call) => [call['provider'], call['input_tokens'], call['output_tokens'], call['cost_usd']])).toEqual([
    // 800 × 0.3 + 200 × 0.03 + 150 × 2.5 per million
    ['google', 1000, 150, '0.000621'],
    // Without the answer 50 tokens are in the total alone.
    ['google', 1000, 100, '0.000496'],
    // 209 × 3.3 + 3,000 × 0.33 + 500 × 4.125 + 69 × 16.5 per million, of a region
    ['aws', 3709, 69, '0.0048807'],
    ['anthropic', 3709, 69, '0.004437'],
    // 476 × 0.25 + 1,024 × 0.025 + 100 × 2 per million
    ['openai', 1500, 100, '0.0003446'],
  ]) // prettier-ignore
  expect(calls[1]).toMatchObject({
    unread_usage: 'total_tokens beyond input and output',
    partly_priced: true,
  })
  expect(calls[4]).toMatchObject({ cache_read_input_tokens: 1024, reasoning_output_tokens: 30 })
  expect(doubts.join()).toContain('cached tokens are beside input')
})

test('spans: what a span is said to have used counts before an answer in it', async () => {
  const { calls } = await read('spans')
  const sum = calls.find((call) => call['input_tokens'] === 3000)
  expect(sum).toMatchObject({
    call_id: 'tr-0000000000000000000000000000000b:000000000000000b',
    output_tokens: 300,
    partly_priced: true,
  })
})

test('spans: of two that tell one call the inner one counts, a counted agent above an uncounted call, and calls of tools', async () => {
  const { calls, counts } = await read('spans')
  expect(counts).toEqual([[9, 6, 0, 0, 3, 0]])
  const spans = calls.map((call) => [
    (call['tags'] as Readonly<Record<string, string>>)['span'],
    call['input_tokens'],
  ])
  expect(sorted(spans)).toEqual(
    sorted([
      ['Completions', 2000],
      ['Completions', 800],
      ['agent', 500],
      ['inner', 300],
      ['outer', 700],
      ['two asks', 3000],
    ]),
  )
})

test('spans: attributes may be values, and name user, session and prompt; sums of the trace are none', async () => {
  const { calls } = await read('spans')
  expect(calls.find((call) => call['input_tokens'] === 800)).toMatchObject({
    user_id: 'cust-9',
    session_id: 'sess-9',
    prompt_name: 'search',
    max_tokens: 200,
    cache_read_input_tokens: 256,
    // 544 × 0.25 + 256 × 0.025 + 80 × 2 per million
    cost_usd: '0.0003024',
    reported_cost_usd: '0.0003024',
  })
})

test('no prompt and no answer is kept', async () => {
  for (const folder of folders) expect((await read(folder)).everything).not.toContain(marker)
})
