/** Counts of tokens against those that providers publish, and of tokenizers that are public. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { countPrompt } from '../../../../src/pricing/tokens/count.js'
import { counterOf } from '../../../../src/pricing/tokens/encodings.js'
import { estimateTokens, measuredErrors } from '../../../../src/pricing/tokens/estimator.js'
import { readPrompt } from '../../../../src/pricing/tokens/prompt.js'
import { tokenizerOf } from '../../../../src/pricing/tokens/tokenizers.js'

const folder = join(import.meta.dirname, '../../../../fixtures/tokens')
const counts = JSON.parse(readFileSync(join(folder, 'counts.json'), 'utf8')) as Record<
  string,
  Record<string, number>
>
const text = (name: string): string => readFileSync(join(folder, `${name}.txt`), 'utf8')

/** OpenAI's cookbook, How to count tokens with tiktoken: what its API counted. */
const published = [
  {
    role: 'system',
    content:
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
  },
  { role: 'system', name: 'example_user', content: 'New synergies will help drive top-line growth.' },
  {
    role: 'system',
    name: 'example_assistant',
    content: 'Things working well together will increase revenue.',
  },
  {
    role: 'system',
    name: 'example_user',
    content:
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  {
    role: 'system',
    name: 'example_assistant',
    content: "Let's talk later when we're less busy about how to do better.",
  },
  {
    role: 'user',
    content: "This late pivot means we don't have time to boil the ocean for the client deliverable.",
  },
]

describe("OpenAI's encodings", () => {
  test.each([
    ['cl100k_base', 'tiktoken is great!', 6],
    ['cl100k_base', 'antidisestablishmentarianism', 6],
    ['cl100k_base', '2 + 2 = 4', 7],
    ['cl100k_base', 'お誕生日おめでとう', 9],
    ['o200k_base', 'お誕生日おめでとう', 8],
  ] as const)('%s has "%s" in %i tokens, as published', async (encoding, words, tokens) => {
    expect((await counterOf(encoding))(words)).toBe(tokens)
  })

  test.each([
    ['gpt-3.5-turbo', 129],
    ['gpt-4-0613', 129],
    ['gpt-4', 129],
    ['gpt-4o', 124],
    ['gpt-4o-mini', 124],
  ])('the published chat has as many tokens on %s as its API counted: %i', async (model, tokens) => {
    const count = await countPrompt(readPrompt(JSON.stringify(published)), model)
    expect(count).toMatchObject({ tokens, error: 0, doubts: [] })
    // As a request's body, the same.
    const body = readPrompt(JSON.stringify({ model, messages: published, max_tokens: 1 }))
    expect((await countPrompt(body, model)).tokens).toBe(tokens)
  })

  test.each(Object.keys(counts))('%s has the tokens that other implementations count', async (name) => {
    for (const encoding of ['o200k_base', 'cl100k_base'] as const)
      expect((await counterOf(encoding))(text(name))).toBe(counts[name]![encoding])
  })

  test('special tokens in a prompt are text, and words without end are counted in time', async () => {
    const counter = await counterOf('o200k_base')
    expect(counter('hi <|endoftext|> there')).toBe(9)
    expect(counter('')).toBe(0)
    const began = performance.now()
    expect(counter('a'.repeat(200_000))).toBe(25_000)
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test.each([
    ['gpt-4o-2024-08-06', 'o200k_base'],
    ['openai/gpt-4.1-mini', 'o200k_base'],
    ['gpt-5-nano', 'o200k_base'],
    ['gpt-5.1-codex', 'o200k_base'],
    ['o3-mini', 'o200k_base'],
    ['gpt-4-turbo-2024-04-09', 'cl100k_base'],
    ['gpt-4', 'cl100k_base'],
    ['gpt-35-turbo', 'cl100k_base'],
    ['text-embedding-3-small', 'cl100k_base'],
    ['claude-sonnet-4-5', 'claude'],
    ['anthropic/claude-3.5-sonnet', 'claude'],
    ['gemini-2.5-pro', 'general'],
    ['gpt-6', 'general'],
    ['o30', 'general'],
    ['gpt-4oo', 'general'],
    ['ft:gpt-4o-mini-2024-07-18:team::abc', 'o200k_base'],
  ])('%s counts by %s', (model, by) => {
    const tokenizer = tokenizerOf(model)
    expect(tokenizer.kind === 'exact' ? tokenizer.encoding : tokenizer.profile).toBe(by)
  })
})

describe('the estimator', () => {
  const kinds = {
    chinese: 'han',
    code: 'code',
    data: 'json',
    english: 'english',
    german: 'latin',
    russian: 'cyrillic',
  } as const

  test.each(Object.entries(kinds))(
    'is as far off on %s as it says, at most, and hardly less',
    (name, kind) => {
      const general = estimateTokens(text(name), 'general')
      expect(general.kind).toBe(kind)
      const off = (tokens: number, of: string): number => Math.abs(tokens / counts[name]![of]! - 1)
      const errors = ['claude-2', 'llama-3', 'mistral-v1', 'cl100k_base'].map((of) => off(general.tokens, of))
      const worst = Math.max(...errors)
      expect(worst).toBeLessThanOrEqual(measuredErrors[kind])
      expect(worst).toBeGreaterThan(measuredErrors[kind] - 0.05)
      const claude = estimateTokens(text(name), 'claude')
      expect(off(claude.tokens, 'claude-2')).toBeLessThanOrEqual(Math.min(0.2, measuredErrors[kind]))
    },
  )

  test('counts nothing as nothing, and anything as something', () => {
    expect(estimateTokens('', 'general').tokens).toBe(0)
    for (const one of ['a', '7', '?', '字', 'ж', 'ก', '🙂'])
      expect(estimateTokens(one, 'claude').tokens).toBeGreaterThan(0)
  })
})
