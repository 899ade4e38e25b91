import { beforeAll, describe, expect, test } from 'vitest'
import { loadPriceBook, type PriceBook } from '../../../src/pricing/book.js'

let book: PriceBook
beforeAll(async () => {
  book = await loadPriceBook({ overrideFiles: [] })
})

const priced = (provider: string | null, model: string): string => {
  const { provider: canonical, rates } = book.resolve(provider, model)
  return `${canonical}: ${rates[0]?.matched ?? 'unpriced'}`
}

describe('spellings of providers and models', () => {
  test.each([
    ['openai', 'GPT-4o', 'openai: openai/gpt-4o'],
    ['openai', 'gpt-4o-2024-05-13', 'openai: openai/gpt-4o-2024-05-13'],
    ['azure_openai', 'gpt-4o', 'azure: openai/gpt-4o'],
    ['az.ai.openai', 'gpt-35-turbo', 'azure: openai/gpt-3.5-turbo'],
    ['Azure OpenAI', 'gpt-4o-mini', 'azure: openai/gpt-4o-mini'],
    ['litellm', 'openai/gpt-4o', 'openai: openai/gpt-4o'],
    ['litellm', 'gpt-4o', 'openai: openai/gpt-4o'],
    [null, 'openai/gpt-4o', 'openai: openai/gpt-4o'],
    ['', 'gpt-4o', 'openai: openai/gpt-4o'],
    ['unknown', 'gpt-4o', 'openai: openai/gpt-4o'],
    ['openai', 'anthropic/claude-3.5-sonnet', 'anthropic: anthropic/claude-3-5-sonnet'],
    [null, 'text-embedding-3-small', 'openai: openai/text-embedding-3-small'],
    [null, 'gemini/gemini-2.5-pro', 'google: google/gemini-2.5-pro'],
    [null, 'models/gemini-2.5-flash', 'google: google/gemini-2.5-flash'],
    ['gcp.gen_ai', 'gemini-2.5-flash', 'google: google/gemini-2.5-flash'],
    ['vertex_ai', 'claude-sonnet-4-5@20250929', 'google: google/claude-sonnet-4-5'],
    ['vertex_ai', 'publishers/anthropic/models/claude-opus-4-6@default', 'google: google/claude-opus-4-6'],
    ['vertex_ai_anthropic', 'claude-3-haiku@20240307', 'google: google/claude-3-haiku'],
    ['anthropic', 'claude-opus-4-6[1m]', 'anthropic: anthropic/claude-opus-4-6'],
    ['x_ai', 'grok-4', 'x-ai: x-ai/grok-4-0709'],
    ['xai', 'grok-3-mini', 'x-ai: x-ai/grok-3-mini'],
    [
      'togetherai',
      'meta-llama/Llama-3.3-70B-Instruct-Turbo',
      'together: together/meta-llama/Llama-3.3-70B-Instruct-Turbo',
    ],
    ['mistral_ai', 'mistral-large-latest', 'mistral: mistral/mistral-large'],
    ['openrouter', 'openai/gpt-4o', 'openrouter: openrouter/openai/gpt-4o'],
    [null, 'openrouter/openai/gpt-4o', 'openrouter: openrouter/openai/gpt-4o'],
    [null, 'meta-llama/llama-3.3-70b-instruct', 'openrouter: openrouter/meta-llama/llama-3.3-70b-instruct'],
  ])('%s, %s → %s', (provider, model, expected) => {
    expect(priced(provider, model)).toBe(expected)
  })

  test.each([
    ['aws', 'anthropic.claude-3-haiku-20240307-v1:0', '0.25'],
    [null, 'us.anthropic.claude-3-5-sonnet-20241022-v2:0', '3'],
    ['bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', '3'],
    ['anthropic', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0', '3.3'],
    ['bedrock', 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0', '0.25'],
    [null, 'bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0', '0.25'],
    ['aws', 'apac.amazon.nova-pro-v1:0', '0.8'],
  ])('Bedrock: %s, %s costs %s', (provider, model, input) => {
    const resolution = book.resolve(provider, model)
    expect(resolution.provider).toBe('aws')
    expect(resolution.rates[0]?.input_price).toBe(input)
  })

  test('the model stays as logged, for it is the join key', () => {
    expect(book.resolve(null, ' OpenAI/GPT-4o').rates[0]?.model).toBe(' OpenAI/GPT-4o')
  })

  test('resolving the answer again gives the same answer', () => {
    const names = book.list().flatMap(({ model, names: other }) => [model, ...other])
    const providers = ['litellm', 'openai', 'anthropic', 'azure_openai', 'acme', 'ollama']
    for (const [turn, provider] of [null, ...providers].entries()) {
      // With no provider every name; with each of the others a third of them, by turns.
      for (const name of names.filter((_, i) => provider === null || (i + turn) % 3 === 0)) {
        const first = book.resolve(provider, name)
        // Where the log says who ran it, that is no guess any more.
        const again = book.resolve(first.provider, name)
        const [one, two] = [withoutGuess(again), withoutGuess(first)]
        // To compare texts is cheaper by far, and there are thousands.
        if (JSON.stringify(one) !== JSON.stringify(two)) expect(one, name).toEqual(two)
      }
    }
  })
})

const withoutGuess = (resolution: ReturnType<typeof book.resolve>) => ({
  ...resolution,
  rates: resolution.rates.map(({ doubt, ...rate }) => ({
    ...rate,
    doubt: doubt?.replace(/^who ran .* is not logged: priced as at [a-z-]+(; )?/, '') || null,
  })),
})

describe('names that must not get another model’s price', () => {
  test.each([
    ['openai', 'gpt-99-foo'],
    ['anthropic', 'claude-opus-4-10'],
    ['anthropic', 'claude-sonnet-5-1'],
    ['anthropic', 'claude-opus-4-6-fast'],
    ['anthropic', 'claude-instant-9'],
    ['deepseek', 'deepseek-r1-distill-llama-70b'],
    ['deepseek', 'deepseek-chat-v3.1'],
    ['azure', 'my-o4-mini'],
    ['openai', 'ft:gpt-9-2025-04-14:org::id'],
    ['aws', 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123'],
    ['openai', 'ft:gpt-4-0613:org::id'],
    ['acme', 'gpt-4o'],
    ['openai-compatible', 'gpt-4o'],
    ['deepinfra', 'meta-llama/llama-3.3-70b-instruct'],
    ['ollama', 'gpt-oss:120b-cloud'],
    [null, 'gpt-99-foo'],
    [null, 'llama3'],
    [null, ''],
  ])('%s, %s is unpriced, and says why', (provider, model) => {
    const { rates, rule } = book.resolve(provider, model)
    expect(rates).toEqual([])
    expect(rule).not.toBe('')
  })

  test('gemini-1.5-flash-8b has a price of its own, half of flash', () => {
    expect(book.resolve('google', 'gemini-1.5-flash-8b-001').rates[0]).toMatchObject({
      matched: 'google/gemini-flash-1.5-8b',
      input_price: '0.0375',
    })
  })

  test('o4-mini-deep-research at Azure is not o4-mini', () => {
    expect(priced('azure', 'o4-mini-deep-research')).toBe('azure: openai/o4-mini-deep-research')
  })

  test('fine-tuned models have prices of their own', () => {
    expect(book.resolve(null, 'ft:gpt-4o-2024-08-06:org::id').rates[0]).toMatchObject({ input_price: '3.75' })
    expect(book.resolve('openai', 'ft:gpt-3.5-turbo-0125:o::i').rates[0]).toMatchObject({ input_price: '3' })
  })

  test('an unknown snapshot is priced as its model, and says so', () => {
    const { rates, rule } = book.resolve('openai', 'gpt-4.1-2025-09-09')
    expect(rates[0]?.matched).toBe('openai/gpt-4.1')
    expect(rule).toContain('without its date')
  })
})

describe('free and unpriced', () => {
  test('local models are free, and priced', () => {
    for (const [provider, model] of [
      ['ollama', 'llama3.2'],
      ['vllm', 'Qwen/Qwen2.5-7B'],
      [null, 'ollama/llama3'],
    ] as const) {
      const { provider: canonical, rates, rule } = book.resolve(provider, model)
      expect([canonical, rule, rates[0]?.input_price, rates[0]?.output_price]).toEqual([
        'local',
        'local model',
        '0',
        '0',
      ])
    }
  })

  test('an empty price is no price of zero', () => {
    const { rates, rule } = book.resolve('mistral', 'mistral-nemo:free')
    expect(rates).toEqual([])
    expect(rule).toContain('without a price')
  })

  test('a price by the hour is no price of a token', () => {
    expect(book.resolve('openai', 'whisper-1')).toMatchObject({
      rates: [],
      rule: expect.stringContaining('hours'),
    })
  })
})

test.each([
  [
    'projects/p/locations/europe-west1/publishers/anthropic/models/claude-sonnet-4-5@20250929',
    'region=europe-west1',
  ],
  ['projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929', null],
  ['projects/p/locations/europe-west1/publishers/anthropic/models/claude-3-haiku@20240307', null],
  ['projects/p/locations/europe-west1/publishers/google/models/gemini-2.5-flash', null],
])('%s lacks %s', async (name, lacks) => {
  const { rates } = (await loadPriceBook({ overrideFiles: [] })).resolve('google', name)
  expect(rates.length).toBeGreaterThan(0)
  expect(new Set(rates.filter(({ mode }) => mode === 'standard').map((rate) => rate.lacks))).toEqual(
    new Set([lacks]),
  )
})
