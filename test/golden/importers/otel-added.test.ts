/** Spans whose counts stand under vendors' names, or only in what a provider added to the answer. */
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { countsAdded } from '../../../src/listen/parameters.js'
import { write } from '../../property/ingesting.js'
import { atOnce, readBeside, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

type Attributes = Readonly<Record<string, string | number>>

let traces = 0

/** One span of two seconds with these attributes, as the collector's file exporter writes it. */
function read(attributes: Attributes, name = 'chat', scope = 'x'): Promise<Read> {
  const span = {
    traceId: String((traces += 1)).padStart(32, '0'),
    spanId: 'b7ad6b7169203301',
    name,
    startTimeUnixNano: '1791187200000000000',
    endTimeUnixNano: '1791187202000000000',
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
    })),
  }
  const request = { resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans: [span] }] }] }
  return readBeside([write(join(workshop.room(), 'spans.json'), JSON.stringify(request))])
}

const vercel = (provider: string, model: string, usage: Attributes, added: object): Attributes => ({
  'ai.operationId': 'ai.generateText.doGenerate',
  'ai.model.provider': provider,
  'ai.model.id': model,
  ...usage,
  'ai.response.providerMetadata': JSON.stringify(added),
})

atOnce.each([
  // 5: what was written stands in the metadata alone, and the input is Anthropic's own: 1,000 plain × 3, 500 read × 0.3,
  // 300 written for an hour × 6, 200 × 15, in USD a million.
  [
    vercel(
      'anthropic.messages',
      'claude-sonnet-4-5',
      { 'ai.usage.inputTokens': 1000, 'ai.usage.outputTokens': 200, 'ai.usage.cachedInputTokens': 500 },
      {
        anthropic: {
          usage: {
            input_tokens: 1000,
            cache_read_input_tokens: 500,
            cache_creation_input_tokens: 300,
            cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 300 },
          },
          cacheCreationInputTokens: 300,
        },
      },
    ),
    {
      input_tokens: 1800,
      cache_read_input_tokens: 500,
      cache_creation_input_tokens: 300,
      cache_creation_1h_input_tokens: 300,
      cost_usd: '0.00795',
    },
  ],
  // Its total is that of the two counts, and says nothing of what was cached: 1,000 × 3, 500 × 0.3, 200 × 15.
  [
    vercel(
      'anthropic.messages',
      'claude-sonnet-4-5',
      {
        'ai.usage.inputTokens': 1000,
        'ai.usage.outputTokens': 200,
        'ai.usage.totalTokens': 1200,
        'ai.usage.cachedInputTokens': 500,
      },
      { anthropic: { usage: { input_tokens: 1000, cache_read_input_tokens: 500 } } },
    ),
    { input_tokens: 1500, cache_read_input_tokens: 500, cost_usd: '0.00615' },
  ],
  // 6 tells what the input is made of: 1,000 × 3, 500 × 0.3, 300 × 3.75, 200 × 15.
  [
    vercel(
      'anthropic.messages',
      'claude-sonnet-4-5',
      {
        'ai.usage.inputTokens': 1800,
        'ai.usage.outputTokens': 200,
        'ai.usage.inputTokenDetails.noCacheTokens': 1000,
        'ai.usage.inputTokenDetails.cacheReadTokens': 500,
        'ai.usage.inputTokenDetails.cacheWriteTokens': 300,
      },
      { anthropic: { usage: { input_tokens: 1000, cache_creation_input_tokens: 300 } } },
    ),
    {
      input_tokens: 1800,
      cache_read_input_tokens: 500,
      cache_creation_input_tokens: 300,
      cost_usd: '0.007275',
    },
  ],
  // 4 and OpenAI: 400 × 2.5, 600 × 1.25, 200 × 10.
  [
    vercel(
      'openai.chat',
      'gpt-4o',
      { 'ai.usage.promptTokens': 1000, 'ai.usage.completionTokens': 200 },
      { openai: { cachedPromptTokens: 600, reasoningTokens: 50 } },
    ),
    {
      input_tokens: 1000,
      cache_read_input_tokens: 600,
      reasoning_output_tokens: 50,
      cost_usd: '0.00375',
    },
  ],
  // Semantic Kernel's names of 2024; OpenLIT's and Sentry's of parts.
  [
    {
      'gen_ai.operation.name': 'chat.completions',
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.prompt_tokens': 1000,
      'gen_ai.response.completion_tokens': 200,
    },
    { input_tokens: 1000, output_tokens: 200, cost_usd: '0.0045' },
  ],
  [
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.output_tokens': 200,
      'gen_ai.usage.prompt_tokens_details.cache_read': 600,
      'gen_ai.usage.completion_tokens_details.reasoning': 50,
    },
    { cache_read_input_tokens: 600, reasoning_output_tokens: 50, cost_usd: '0.00375' },
  ],
  [
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 1000,
      'gen_ai.usage.input_tokens.cached': 600,
      'gen_ai.usage.output_tokens': 200,
      'gen_ai.cost.input_tokens': '0.00175',
      'gen_ai.cost.output_tokens': '0.002',
      'gen_ai.cost.total_tokens': '0.00375',
    },
    { cache_read_input_tokens: 600, reported_cost_usd: '0.00375', cost_usd: '0.00375' },
  ],
  // A cost in two parts, of a model without a price.
  [
    {
      'openinference.span.kind': 'LLM',
      'llm.model_name': 'acme-1',
      'llm.token_count.prompt': 1000,
      'llm.token_count.completion': 200,
      'llm.cost.prompt': '0.0025',
      'llm.cost.completion': '0.002',
    },
    { reported_cost_usd: '0.0045', cost_usd: '0.0045' },
  ],
])('%o', async (attributes, call) => {
  const { calls } = await read(attributes)
  expect(calls).toMatchObject([call])
  expect(calls[0]).not.toHaveProperty('partly_priced')
  expect(calls[0]).not.toHaveProperty('unread_usage')
})

atOnce(
  'a framework that names itself as provider says nothing of who ran the model; its time to first token is in ms',
  async () => {
    const { calls } = await read(
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'strands-agents',
        'gen_ai.request.model': 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.output_tokens': 200,
        'gen_ai.usage.total_tokens': 11_200,
        'gen_ai.usage.cache_read_input_tokens': 8000,
        'gen_ai.usage.cache_write_input_tokens': 2000,
        'gen_ai.server.time_to_first_token': 500,
      },
      'chat',
      'strands.telemetry.tracer',
    )
    // In a region of the US 10 % more: (1,000 × 3 + 8,000 × 0.3 + 2,000 × 3.75 + 200 × 15) × 1.1.
    const call = { provider: 'aws', input_tokens: 11_000, cache_creation_input_tokens: 2000, ttft_ms: 500, cost_usd: '0.01749' } // prettier-ignore
    expect(calls).toMatchObject([call])
  },
)

atOnce('of what a provider added, a spool keeps counts alone', () => {
  const text = JSON.stringify({
    anthropic: {
      cacheCreationInputTokens: 300,
      usage: { note: 'MARKER-SECRET' },
      container: 'MARKER-SECRET',
    },
    google: { groundingMetadata: 'MARKER-SECRET' },
  })
  expect(countsAdded(text)).toBe('{"anthropic":{"cacheCreationInputTokens":300,"usage":{}}}')
  expect(countsAdded('MARKER-SECRET')).toBe('')
})

atOnce('what one instrumentation shows of cached tokens says nothing of another', async () => {
  const usage = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'claude-sonnet-4-5', 'gen_ai.usage.output_tokens': 200 } // prettier-ignore
  const [beside, open] = await Promise.all([
    read(
      { ...usage, 'gen_ai.usage.input_tokens': 1000, 'gen_ai.usage.cache_read.input_tokens': 8000 },
      'chat',
      'one',
    ),
    read(
      { ...usage, 'gen_ai.usage.input_tokens': 9000, 'gen_ai.usage.cache_read.input_tokens': 8000 },
      'chat',
      'two',
    ),
  ])
  expect([beside, open].map(({ calls }) => calls[0]!['input_tokens'])).toEqual([9000, 9000])
})
