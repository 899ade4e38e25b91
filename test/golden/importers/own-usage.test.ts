/** Records of one's own with usage, tiers and flags under the names that SDKs and people use. */
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { write } from '../../property/ingesting.js'
import { readFiles, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const read = (...records: readonly object[]): Promise<Read> => {
  const lines = records.map((record, i) =>
    JSON.stringify({ timestamp: `2026-09-01T00:00:0${i}Z`, model: 'gpt-4o', ...record }),
  )
  return readFiles([write(join(workshop.room(), 'log.jsonl'), `${lines.join('\n')}\n`)])
}

/** 4,000 plain × 2.5 + 1,000 cached × 1.25 + 10 × 10, in USD a million. */
const cached = { input_tokens: 5000, cache_read_input_tokens: 1000, output_tokens: 10, cost_usd: '0.01135' }

test.each([
  [{ usage: { input_tokens: 5000, output_tokens: 10, input_token_details: { cache_read: 1000 } } }],
  [{ usage_metadata: { input_tokens: 5000, output_tokens: 10, input_token_details: { cache_read: 1000 } } }],
  [{ usage: { inputTokens: 5000, outputTokens: 10, inputTokenDetails: { cacheReadTokens: 1000 } } }],
  [{ usage: { inputTokens: 5000, outputTokens: 10, cachedInputTokens: 1000 } }],
  [{ usage: { prompt_tokens: 5000, completion_tokens: 10, cached_tokens: 1000 } }],
  [{ prompt_tokens: 5000, completion_tokens: 10, prompt_cache_read_tokens: 1000 }],
  [
    {
      prompt_tokens: 5000,
      completion_tokens: 10,
      prompt_cache_hit_tokens: 1000,
      prompt_cache_miss_tokens: 4000,
    },
  ],
  [{ prompt_tokens: 5000, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 1000 } }],
  [{ prompt_tokens: 5000, completion_tokens: 10, usage: { cache_read_input_tokens: 1000 } }],
  // Mistral; Microsoft's client libraries; Vercel's provider interface; Sentry's and OpenInference's names.
  [{ prompt_tokens: 5000, completion_tokens: 10, num_cached_tokens: 1000 }],
  [
    {
      Usage: {
        InputTokenCount: 5000,
        OutputTokenCount: 10,
        TotalTokenCount: 5010,
        InputTokenDetails: { CachedTokenCount: 1000 },
        OutputTokenDetails: { AcceptedPredictionTokenCount: 3 },
      },
    },
  ],
  [{ Usage: { InputTokenCount: 5000, OutputTokenCount: 10, CachedInputTokenCount: 1000 } }],
  [
    {
      usage: {
        inputTokens: { total: 5000, noCache: 4000, cacheRead: 1000, cacheWrite: 0 },
        outputTokens: { total: 10, text: 10, reasoning: 0 },
      },
    },
  ],
  [
    {
      'gen_ai.usage.input_tokens': 5000,
      'gen_ai.usage.input_tokens.cached': 1000,
      'gen_ai.usage.output_tokens': 10,
    },
  ],
  [
    {
      'llm.token_count.prompt': 5000,
      'llm.token_count.prompt_details.cache_read': 1000,
      'llm.token_count.completion': 10,
      'llm.token_count.total': 5010,
    },
  ],
  [
    {
      usage: {
        input_tokens: 5000,
        cache_read_tokens: 1000,
        output_tokens: 10,
        details: { input_tokens: 4000, cached_tokens: 1000, accepted_prediction_tokens: 2 },
      },
    },
  ],
  [{ input_tokens: 5000, cached: 1000, output_tokens: 10 }],
])('cached tokens under another name: %j', async (record) => {
  const { calls } = await read(record)
  expect(calls).toMatchObject([cached])
  expect(calls[0]!['unread_usage']).toBeUndefined()
})

test('reasoning, audio and writes to the cache in details', async () => {
  const { calls } = await read({
    usage: {
      input_tokens: 5000,
      output_tokens: 100,
      input_token_details: { cache_read: 1000, cache_creation: 500, audio: 7 },
      output_token_details: { reasoning: 40, audio: 9 },
    },
  })
  expect(calls).toMatchObject([
    {
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 500,
      input_audio_tokens: 7,
      reasoning_output_tokens: 40,
      output_audio_tokens: 9,
    },
  ])
})

test('a usage object of Anthropic’s, written down as it is: input excludes cached tokens; tools, speed, place', async () => {
  const { calls } = await read({
    model: 'claude-opus-4-8',
    usage: {
      input_tokens: 5000,
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 100,
      cache_creation: { ephemeral_1h_input_tokens: 100, ephemeral_5m_input_tokens: 0 },
      output_tokens: 10,
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
      service_tier: 'standard',
      inference_geo: 'us',
      speed: 'fast',
    },
  })
  expect(calls).toMatchObject([
    {
      input_tokens: 8100,
      cache_creation_1h_input_tokens: 100,
      web_search_requests: 2,
      service_tier: 'standard',
      speed: 'fast',
      region: 'us',
    },
  ])
  expect(calls[0]!['unread_usage']).toBeUndefined()
})

const plain = { input_tokens: 10, output_tokens: 1 }

test('words that name no speed and no place leave both empty; a number under speed is a rate', async () => {
  const { calls } = await read(
    { ...plain, usage: { inference_geo: 'global', speed: 'standard' } },
    { ...plain, usage: { inference_geo: 'not_available' } },
    { ...plain, speed: 54.1 },
  )
  expect(calls.map(({ speed, region, unread_usage: unread }) => [speed, region, unread])).toEqual(
    Array.from({ length: 3 }, () => [undefined, undefined, undefined]),
  )
})

test.each([
  [['Batch API', 'batch', 'BATCH', 'batch-api'], 'batch'],
  [['flex', 'Flex Processing', 'ON_DEMAND_FLEX', 'flex_discount'], 'flex'],
  [['priority', 'ON_DEMAND_PRIORITY', 'Priority processing'], 'priority'],
  [['standard', 'default', 'auto', 'on_demand', 'ON_DEMAND', 'On-Demand', 'standard_only'], 'standard'],
  [['PROVISIONED_THROUGHPUT'], 'provisioned_throughput'],
  [['scale'], 'scale'],
])('service tiers as people write them: %j', async (words, tier) => {
  const { calls } = await read(...words.map((word) => ({ ...plain, service_tier: word })))
  expect(calls.map((call) => call['service_tier'])).toEqual(words.map(() => tier))
})

test('flags of batches; the number of a batch is none', async () => {
  const { calls } = await read(
    { ...plain, batch: true },
    { ...plain, is_batch: 1 },
    { ...plain, is_batch: false },
    { ...plain, batch: 7 },
    { ...plain, batch: 'nightly' },
  )
  expect(calls.map((call) => call['service_tier'])).toEqual([
    'batch',
    'batch',
    undefined,
    undefined,
    undefined,
  ])
})

test('flags of fast mode, kinds of Azure deployments and regions of Vertex AI move the price', async () => {
  const opus = { ...plain, model: 'claude-opus-4-6', provider: 'anthropic' }
  const azure = { ...plain, provider: 'azure' }
  const vertex = { ...plain, model: 'claude-sonnet-4-5@20250929', provider: 'vertex_ai' }
  const { calls } = await read(
    { ...opus, fast_mode: true },
    { ...opus, fast_mode: false },
    { ...azure, sku: 'GlobalBatch' },
    { ...azure, deployment_type: 'DataZoneStandard' },
    { ...azure, sku: 'Standard' },
    { ...azure, sku: 'shoe-42' },
    { ...vertex, region: 'us-east5' },
    { ...vertex, region: 'global' },
    { ...vertex, model: 'gemini-2.5-pro', location: 'us-east5' },
    { ...opus, region: 'us-east-1' },
  )
  expect(calls.map((call) => [call['speed'], call['service_tier'], call['region']])).toEqual([
    ['fast', undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, 'batch', undefined],
    [undefined, 'datazonestandard', undefined],
    [undefined, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, undefined, 'us-east5'],
    [undefined, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, undefined, undefined],
  ])
  expect(calls[3]).toMatchObject({ partly_priced: true, unpriced_usage: 'service_tier=datazonestandard' })
})

test('tier alone is the service tier where every word is a provider’s', async () => {
  const { calls, repairs } = await read({ ...plain, tier: 'batch' }, { ...plain, tier: 'standard' })
  expect(calls.map(({ service_tier: tier, tags }) => [tier, tags])).toEqual([
    ['batch', undefined],
    ['standard', undefined],
  ])
  expect(repairs).toMatchObject({ tier_is_service_tier: 1 })
})

test('tier alone is a customer’s plan where one word is not a provider’s, or a service tier stands beside it', async () => {
  const { calls, repairs } = await read(
    ...['priority', 'standard', 'enterprise'].map((tier) => ({ ...plain, tier })),
  )
  expect(calls.map(({ service_tier: tier, tags }) => [tier, tags])).toEqual(
    ['priority', 'standard', 'enterprise'].map((tier) => [undefined, { tier }]),
  )
  expect(repairs).toMatchObject({ tier_is_label: 3 })
  const beside = await read({ ...plain, tier: 'priority', service_tier: 'flex' })
  expect(beside.calls).toMatchObject([{ service_tier: 'flex', tags: { tier: 'priority' } }])
})

test('a number under a name that says alone what it counts is named; words and switches under it are not', async () => {
  const call = { ts: '2026-09-15T08:00:00Z', model: 'gpt-4o', input_tokens: 100, output_tokens: 10 }
  const { calls } = await read(
    { ...call, thinking: 300 },
    { ...call, cachedInput: 50 },
    { ...call, searches: 2 },
    { ...call, thinking: true, reasoning: 'high', searches: 0 },
    { ...call, thinking: { type: 'enabled', budget_tokens: 2000 } },
  )
  expect(calls.map((row) => row['unread_usage'])).toEqual([
    'thinking',
    'cachedInput',
    'searches',
    undefined,
    undefined,
  ])
})

test('tokens of tools that a total settles are not named beside', async () => {
  const call = { ts: '2026-09-15T08:00:00Z', model: 'gemini-2.5-flash' }
  const { calls } = await read(
    { ...call, tokens: { input: 1000, output: 400, tool: 50, total: 1450 } },
    { ...call, tokens: { input: 1000, output: 400, tool: 50, total: 1400 } },
    { ...call, tokens: { input: 1000, output: 400, tool: 50 } },
  )
  expect(calls.map((row) => [row['input_tokens'], row['unread_usage']])).toEqual([
    [1050, undefined],
    [1000, undefined],
    [1000, 'tokens.tool'],
  ])
})

test('writes to the cache that are told by how long they are kept', async () => {
  const parts = { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 2000 }
  const usage = { input_tokens: 6000, output_tokens: 20, total_tokens: 6020 }
  const { calls, doubts } = await read(
    // LangChain sets the sum to 0 where it has the parts.
    { usage_metadata: { ...usage, input_token_details: { cache_read: 1000, cache_creation: 0, ...parts } } },
    {
      usage_metadata: { ...usage, input_token_details: { cache_read: 1000, cache_creation: 2500, ...parts } },
    },
    { usage_metadata: { ...usage, input_token_details: { cache_read: 1000, ...parts } } },
    { usage: { ...usage, cache_read_input_tokens: 1000, cache_creation: parts } },
  )
  expect(
    calls.map((one) => [
      one['cache_creation_input_tokens'],
      one['cache_creation_1h_input_tokens'],
      one['unread_usage'],
    ]),
  ).toEqual(Array.from({ length: 4 }, () => [2500, 2000, undefined]))
  expect(doubts.filter((words) => words.includes('not read'))).toEqual([])
})

test('counts of a tier are of that tier', async () => {
  const { calls } = await read(
    {
      usage_metadata: {
        input_tokens: 5000,
        output_tokens: 10,
        input_token_details: { flex_cache_read: 1000, flex: 4000 },
        output_token_details: { flex_reasoning: 4, flex: 6 },
      },
    },
    { usage_metadata: { input_tokens: 5000, output_tokens: 10 } },
  )
  expect(calls).toMatchObject([
    { cache_read_input_tokens: 1000, reasoning_output_tokens: 4, service_tier: 'flex' },
    { input_tokens: 5000 },
  ])
  expect(calls.map((one) => [one['service_tier'], one['unread_usage']])).toEqual([
    ['flex', undefined],
    [undefined, undefined],
  ])
})

test.each([
  ['numbers, some above 1: tokens', [200, 0, 1], [200, 0, 1], [undefined, undefined, undefined]],
  ['0 and 1: hits', [1, 0, 1], [undefined, undefined, undefined], [true, false, true]],
  ['words: hits', [true, false, 'true'], [undefined, undefined, undefined], [true, false, true]],
])('the whole column says what cached means: %s', async (_, values, tokens, hits) => {
  const { calls } = await read(...values.map((cached) => ({ input_tokens: 1000, output_tokens: 10, cached })))
  expect(calls.map((one) => one['cache_read_input_tokens'])).toEqual(tokens)
  expect(calls.map((one) => one['cache_hit'])).toEqual(hits)
})

test('a truth beside a number is not read as a count', async () => {
  const { counts, rejects } = await read(
    ...[true, false, true, true, true, 200].map((cached) => ({
      input_tokens: 1000,
      output_tokens: 10,
      cached,
    })),
  )
  expect(counts[0]!.slice(0, 2)).toEqual([6, 5])
  expect(rejects).toEqual([[6, 'cache_hit: not true or false']])
})

test('seconds of speech inside a usage object are named', async () => {
  const { calls } = await read({
    usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, prompt_audio_seconds: 30 },
  })
  expect(calls).toMatchObject([{ unread_usage: 'usage.prompt_audio_seconds', partly_priced: true }])
})

test('details in details: cache writes of Qwen', async () => {
  const { calls } = await read({
    usage: {
      prompt_tokens: 100,
      completion_tokens: 20,
      prompt_tokens_details: {
        cached_tokens: 64,
        cache_creation_input_tokens: 10,
        cache_creation: { ephemeral_5m_input_tokens: 10 },
      },
    },
  })
  expect(calls).toMatchObject([{ cache_read_input_tokens: 64, cache_creation_input_tokens: 10 }])
  expect(calls[0]!['unread_usage']).toBeUndefined()
})

test('bodies of frameworks and clones of the API', async () => {
  const body = {
    object: 'chat.completion',
    created: 1788220800,
    model: 'gpt-4o',
    choices: [{ finish_reason: 'stop' }],
  }
  const bare = [
    {
      ...body,
      id: 'chatcmpl-aaaaaaaaaaaaaaaaaaaa',
      usage: { prompt_tokens: 5000, completion_tokens: 10, total_tokens: 5010, num_cached_tokens: 1000 },
    },
    {
      ...body,
      id: 'chatcmpl-aaaaaaaaaaaaaaaaaaab',
      usage: {
        inputTokens: { total: 5000, noCache: 4000, cacheRead: 1000 },
        outputTokens: { total: 10, text: 10 },
      },
    },
    {
      ...body,
      id: 'chatcmpl-aaaaaaaaaaaaaaaaaaac',
      usage_metadata: {
        input_tokens: 5000,
        output_tokens: 10,
        input_token_details: { flex_cache_read: 1000, flex: 4000 },
        output_token_details: { flex: 10 },
      },
    },
  ]
  const lines = bare.map((one) => `${JSON.stringify(one)}\n`).join('')
  const { calls } = await readFiles([write(join(workshop.room(), 'log.jsonl'), lines)])
  expect(
    calls.map((one) => [
      one['input_tokens'],
      one['cache_read_input_tokens'],
      one['output_tokens'],
      one['unread_usage'],
    ]),
  ).toEqual(Array.from({ length: 3 }, () => [5000, 1000, 10, undefined]))
  expect(calls[2]!['service_tier']).toBe('flex')
})

const printed = 'CompletionUsage(completion_tokens=17, prompt_tokens=9, cached_tokens=5)'

test.each([
  ['usage', { usage: printed }, 'usage'],
  ['usage', { usage: "{'prompt_tokens': 9, 'cached_tokens': 5}" }, 'usage'],
  ['response', { response: `ChatCompletion(id='x', usage=${printed})` }, 'response'],
  ['response', { response: 'a good answer: { tokens: 5 }' }, undefined],
  ['response', { response: '{ tokens: 5 }' }, undefined],
  ['usage', { usage: 'high' }, undefined],
])('an object that was printed under %s is named where it tells usage: %j', async (_, record, name) => {
  const { calls } = await read({ input_tokens: 9, output_tokens: 17, ...record })
  expect(calls.map((one) => [one['unread_usage'], one['partly_priced']])).toEqual([
    [name, name === undefined ? undefined : true],
  ])
})

test('grouped thousands under cached are a count too', async () => {
  const text =
    'timestamp,model,input_tokens,output_tokens,cached\n2026-09-01T00:00:00Z,gpt-4o,5000,10,"1,000"\n'
  const { calls } = await readFiles([write(join(workshop.room(), 'log.csv'), text)])
  expect(calls).toMatchObject([cached])
})

test('names that differ by case alone are all read, in one file and in several of a run', async () => {
  const lower = { ts: '2026-09-01T00:00:00Z', model: 'gpt-4o', input_tokens: 5000, output_tokens: 10, cached_tokens: 1000, user: 'a' } // prettier-ignore
  const upper = { Ts: '2026-09-01T00:00:01Z', Model: 'gpt-4o', Input_Tokens: 5000, Output_Tokens: 10, Cached_Tokens: 1000, User: 'b' } // prettier-ignore
  const inner = { ts: '2026-09-01T00:00:02Z', model: 'gpt-4o', usage: { Prompt_Tokens: 5000, Completion_Tokens: 10, Prompt_Tokens_Details: { Cached_Tokens: 1000 } }, user: 'c' } // prettier-ignore
  const other = { ts: '2026-09-01T00:00:03Z', model: 'gpt-4o', Usage: { prompt_tokens: 5000, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 1000 } }, user: 'd' } // prettier-ignore
  const records = [lower, upper, inner, other].map((record) => `${JSON.stringify(record)}\n`)
  const room = workshop.room()
  const one = await readFiles([write(join(room, 'all.jsonl'), records.join(''))])
  const several = await readFiles(records.map((record, i) => write(join(room, `${i}.jsonl`), record)))
  for (const { calls } of [one, several]) {
    expect(calls.map((call) => call['user_id'])).toEqual(['a', 'b', 'c', 'd'])
    for (const call of calls) expect(call).toMatchObject(cached)
  }
})
