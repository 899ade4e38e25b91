/** Real clients of providers, against a provider on loopback: what of each call stands in the log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText, wrapLanguageModel } from 'ai'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTracker, withCost, type CallRecord, type Tracker } from '../../../src/track/index.js'
import { chatUsage, Provider, secret } from './provider.js'

const provider = new Provider()
let folder: string
let tracker: Tracker

beforeAll(() => provider.start())
afterAll(() => provider.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-track-'))
  tracker = createTracker({ folder, labels: { environment: 'test', tags: { region: 'north' } } })
})
afterEach(async () => {
  await tracker.close()
  rmSync(folder, { recursive: true })
})

/** What the log holds; no word of a prompt or an answer. */
async function written(): Promise<CallRecord[]> {
  await tracker.flush()
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('')
  expect(text).not.toContain(secret)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CallRecord)
}

const openai = (options = {}): OpenAI =>
  tracker.track(new OpenAI({ apiKey: 'k', baseURL: `${provider.url}/v1`, ...options }))
const anthropic = (): Anthropic => tracker.track(new Anthropic({ apiKey: 'k', baseURL: provider.url }))
const messages = [
  { role: 'system' as const, content: `${secret} be brief` },
  { role: 'user' as const, content: secret },
]

const chatCounts = {
  input_tokens: 1200,
  cache_read_input_tokens: 1024,
  output_tokens: 340,
  reasoning_output_tokens: 128,
}
const messageCounts = {
  input_tokens: 1000,
  cache_read_input_tokens: 900,
  cache_creation_input_tokens: 70,
  cache_creation_1h_input_tokens: 50,
  output_tokens: 210,
  web_search_requests: 2,
}

describe('openai', () => {
  test('a chat completion, with who asked and what for', async () => {
    const asked = new Date().toISOString()
    const completion = await withCost({ feature: 'chat', user: 'u1', tier: 'pro', tags: { team: 7 } }, () =>
      openai().chat.completions.create({
        model: 'gpt-4o',
        messages,
        temperature: 0.2,
        max_completion_tokens: 340,
      }),
    )
    expect(completion.choices[0]?.message.content).toBe(secret)
    const [call, ...others] = await written()
    expect(others).toEqual([])
    expect(call).toMatchObject({
      call_id: 'chatcmpl-1',
      operation: 'chat',
      request_model: 'gpt-4o',
      response_model: 'gpt-4o-2026-01-01',
      ...chatCounts,
      temperature: 0.2,
      max_tokens: 340,
      finish_reason: 'length',
      service_tier: 'default',
      status: 'ok',
      attempt: 1,
      feature: 'chat',
      user_id: 'u1',
      environment: 'test',
      tags: { region: 'north', tier: 'pro', team: '7' },
    })
    expect(call?.prompt_hash).toMatch(/^[0-9a-f]{16}$/)
    expect(call?.latency_ms).toBeGreaterThan(0)
    expect(call!.ts >= asked).toBe(true)
    expect(call).not.toHaveProperty('usage')
  })

  test('a stream is the same stream, and its usage, where it tells it', async () => {
    const stream = await openai().chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks.at(-1)?.usage).toEqual(chatUsage)
    expect(chunks).toHaveLength(4)
    const [call] = await written()
    expect(call).toMatchObject({
      ...chatCounts,
      finish_reason: 'stop',
      service_tier: 'priority',
      status: 'ok',
    })
    expect(call!.ttft_ms).toBeGreaterThan(0)
    expect(call!.ttft_ms).toBeLessThanOrEqual(call!.latency_ms!)
  })

  test('a stream without usage has no tokens, and nothing in the text is taken for one', async () => {
    const stream = await openai().chat.completions.create({ model: 'gpt-4o', messages, stream: true })
    for await (const _ of stream);
    const [call] = await written()
    expect(call).toMatchObject({ finish_reason: 'stop', status: 'ok' })
    expect(call).not.toHaveProperty('input_tokens')
  })

  test('responses, whole and streamed', async () => {
    const client = openai()
    await client.responses.create({
      model: 'gpt-5',
      input: secret,
      instructions: secret,
      max_output_tokens: 90,
    })
    for await (const _ of await client.responses.create({ model: 'gpt-5', input: secret, stream: true }));
    const calls = await written()
    expect(calls).toHaveLength(2)
    for (const call of calls)
      expect(call).toMatchObject({
        call_id: 'resp_1',
        input_tokens: 400,
        cache_read_input_tokens: 256,
        output_tokens: 90,
        reasoning_output_tokens: 64,
        web_search_requests: 1,
        finish_reason: 'max_output_tokens',
        service_tier: 'flex',
        status: 'ok',
      })
    expect(calls[1]!.ttft_ms).toBeGreaterThan(0)
  })

  test('embeddings', async () => {
    await openai().embeddings.create({
      model: 'text-embedding-3-small',
      input: secret,
      encoding_format: 'float',
    })
    expect(await written()).toMatchObject([{ operation: 'embedding', input_tokens: 8, status: 'ok' }])
  })

  test('each attempt is a call of its own', async () => {
    await openai({ maxRetries: 2 }).chat.completions.create({ model: 'busy', messages })
    const calls = await written()
    expect(calls.map(({ attempt, status, error }) => [attempt, status, error])).toEqual([
      [1, 'error', 'http_429'],
      [2, 'error', 'http_429'],
      [3, 'ok', undefined],
    ])
    expect(new Set(calls.map(({ call_id: id }) => id)).size).toBe(3)
  })

  test('what fails for good is told by its kind', async () => {
    await expect(
      openai({ maxRetries: 0 }).chat.completions.create({ model: 'broken', messages }),
    ).rejects.toThrow()
    await expect(
      openai({ maxRetries: 0, baseURL: 'http://127.0.0.1:9/v1' }).chat.completions.create({
        model: 'away',
        messages,
      }),
    ).rejects.toThrow()
    const calls = await written()
    expect(calls.map(({ request_model: model, status, error }) => [model, status, error])).toEqual([
      ['broken', 'error', 'server_error'],
      ['away', 'error', 'connection'],
    ])
  })

  test('what is broken off, by a time-out, by whoever asked, by whoever read, or by the provider', async () => {
    const client = openai({ maxRetries: 0 })
    await expect(
      client.chat.completions.create({ model: 'silent-1', messages }, { timeout: 50 }),
    ).rejects.toThrow()
    const asking = new AbortController()
    const asked = client.chat.completions.create({ model: 'silent-2', messages }, { signal: asking.signal })
    setTimeout(() => asking.abort(), 50)
    await expect(asked).rejects.toThrow()
    for await (const _ of await client.chat.completions.create({ model: 'endless', messages, stream: true }))
      break
    await expect(async () => {
      for await (const _ of await client.chat.completions.create({ model: 'cut', messages, stream: true }));
    }).rejects.toThrow()
    const calls = await written()
    expect(calls.map(({ request_model: model, status, error }) => [model, status, error])).toEqual([
      ['silent-1', 'error', 'aborted'],
      ['silent-2', 'error', 'aborted'],
      ['endless', 'error', 'aborted'],
      ['cut', 'error', 'connection'],
    ])
  })

  test('is asked for what it was asked for, and nothing else', async () => {
    const before = provider.bodies.length
    await openai().chat.completions.create({ model: 'gpt-4o', messages, seed: 3 })
    expect(provider.bodies.slice(before)).toEqual([{ model: 'gpt-4o', messages, seed: 3 }])
  })
})

describe('anthropic', () => {
  const asked = {
    model: 'claude-sonnet-4-5',
    max_tokens: 210,
    system: secret,
    messages: [{ role: 'user' as const, content: secret }],
  }

  test('a message, whole, streamed, and by the helper for streams', async () => {
    const client = anthropic()
    await client.messages.create(asked)
    for await (const _ of await client.messages.create({ ...asked, stream: true }));
    const final = await client.messages.stream(asked).finalMessage()
    expect(final.usage.output_tokens).toBe(210)
    const calls = await written()
    expect(calls).toHaveLength(3)
    for (const [i, call] of calls.entries())
      expect(call).toMatchObject({
        call_id: i === 0 ? 'msg_1' : 'msg_2',
        ...messageCounts,
        max_tokens: 210,
        finish_reason: i === 0 ? 'max_tokens' : 'end_turn',
        service_tier: 'standard',
        status: 'ok',
      })
    expect(new Set(calls.map(({ prompt_hash: hash }) => hash)).size).toBe(1)
  })
})

describe('the AI SDK', () => {
  test('by the fetch of its provider, and by middleware, whole and streamed', async () => {
    const plain = createOpenAI({ apiKey: 'k', baseURL: `${provider.url}/v1` })
    const byFetch = createOpenAI({ apiKey: 'k', baseURL: `${provider.url}/v1`, fetch: tracker.fetch() })
    const wrapped = wrapLanguageModel({ model: plain.chat('gpt-4o'), middleware: tracker.middleware() })
    await generateText({ model: byFetch.chat('gpt-4o'), prompt: secret })
    for await (const _ of streamText({ model: byFetch.chat('gpt-4o'), prompt: secret }).textStream);
    await withCost({ feature: 'sdk' }, () =>
      generateText({
        model: wrapped,
        prompt: secret,
        system: secret,
        maxOutputTokens: 340,
        temperature: 0.5,
      }),
    )
    for await (const _ of streamText({ model: wrapped, prompt: secret }).textStream);
    const calls = await written()
    expect(calls).toHaveLength(4)
    for (const call of calls)
      expect(call).toMatchObject({ ...chatCounts, request_model: 'gpt-4o', status: 'ok' })
    expect(calls[2]).toMatchObject({
      call_id: 'chatcmpl-1',
      provider: 'openai',
      feature: 'sdk',
      max_tokens: 340,
      temperature: 0.5,
      finish_reason: 'length',
    })
    expect(calls[3]!.ttft_ms).toBeGreaterThan(0)
  })

  test('a model that fails', async () => {
    const plain = createOpenAI({ apiKey: 'k', baseURL: `${provider.url}/v1` })
    const model = wrapLanguageModel({ model: plain.chat('broken'), middleware: tracker.middleware() })
    await expect(generateText({ model, prompt: secret, maxRetries: 1 })).rejects.toThrow()
    expect((await written()).map(({ status, error }) => [status, error])).toEqual([
      ['error', 'http_500'],
      ['error', 'http_500'],
    ])
  })
})

test('what is no client is refused by name', () => {
  expect(() => tracker.track({ chat: {} })).toThrow('tracker.middleware()')
})
