/** Two major versions of each client: what is tracked keeps the client's own types, and its calls stand in the log. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText, wrapLanguageModel } from 'ai'
import {
  generateText as generateText5,
  streamText as streamText5,
  wrapLanguageModel as wrapModel5,
} from 'ai-5'
import { createOpenAI as createOpenAI2 } from 'ai-sdk-openai-2'
import Anthropic0 from 'anthropic-sdk-0'
import OpenAI from 'openai'
import OpenAI5 from 'openai-5'
import { afterAll, afterEach, beforeAll, beforeEach, expect, expectTypeOf, test } from 'vitest'
import { createTracker, type CallRecord, type Tracker } from '../../../src/track/index.js'
import { Provider } from './provider.js'

const provider = new Provider()
let folder: string
let tracker: Tracker

beforeAll(() => provider.start())
afterAll(() => provider.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-track-'))
  tracker = createTracker({ folder })
})
afterEach(async () => {
  await tracker.close()
  rmSync(folder, { recursive: true })
})

/** Calls as they stand in the log: operation, tokens, and why each ended; none failed. */
async function written(): Promise<readonly (readonly unknown[])[]> {
  await tracker.flush()
  return readdirSync(folder)
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as CallRecord)
    .filter((call) => call.status === 'ok')
    .map((call) => [call.operation, call.input_tokens, call.output_tokens, call.finish_reason])
}

/** Reads a stream as openai 7 does: no further than the last event. */
async function readToDone(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  for (let text = ''; !text.includes('[DONE]');)
    text += decoder.decode((await reader.read()).value, { stream: true })
  await reader.cancel()
}

const model = 'gpt-4o'
const messages = [{ role: 'user' as const, content: 'hello' }]
const asked = { model, messages }
const streamed = { ...asked, stream: true as const, stream_options: { include_usage: true } }
const expected = [
  ['chat', 1200, 340, 'length'],
  ['chat', 1200, 340, 'stop'],
  ['chat', 400, 90, 'max_output_tokens'],
]
const message = { model: 'claude-sonnet-5', max_tokens: 210, messages }
const options = (): { apiKey: string; baseURL: string } => ({ apiKey: 'k', baseURL: `${provider.url}/v1` })

test('openai 5', async () => {
  const client = tracker.track(new OpenAI5(options()))
  expectTypeOf(client).toEqualTypeOf<OpenAI5>()
  await client.chat.completions.create(asked)
  for await (const _ of await client.chat.completions.create(streamed));
  await client.responses.create({ model: 'gpt-5', input: 'hello' })
  expect(await written()).toEqual(expected)
})

test('openai 6', async () => {
  const client = tracker.track(new OpenAI(options()))
  expectTypeOf(client).toEqualTypeOf<OpenAI>()
  await client.chat.completions.create(asked)
  for await (const _ of await client.chat.completions.create(streamed));
  await client.responses.create({ model: 'gpt-5', input: 'hello' })
  expect(await written()).toEqual(expected)
})

test('a client that stops at the last event has read the whole answer', async () => {
  const response = await tracker.fetch()(`${provider.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(streamed),
  })
  await readToDone(response.body!)
  await tracker.flush()
  expect(await written()).toEqual(expected.slice(1, 2))
})

const messagesExpected = [
  ['chat', 1000, 210, 'max_tokens'],
  ['chat', 1000, 210, 'end_turn'],
]

test('anthropic 0', async () => {
  const client = tracker.track(new Anthropic0({ apiKey: 'k', baseURL: provider.url }))
  expectTypeOf(client).toEqualTypeOf<Anthropic0>()
  await client.messages.create(message)
  await client.messages.stream(message).finalMessage()
  expect(await written()).toEqual(messagesExpected)
})

test('anthropic 1', async () => {
  const client = tracker.track(new Anthropic({ apiKey: 'k', baseURL: provider.url }))
  expectTypeOf(client).toEqualTypeOf<Anthropic>()
  await client.messages.create(message)
  await client.messages.stream(message).finalMessage()
  expect(await written()).toEqual(messagesExpected)
})

test('AI SDK 5', async () => {
  const made = createOpenAI2(options())
  const wrapped = wrapModel5({ model: made.chat(model), middleware: tracker.middleware() })
  await generateText5({ model: wrapped, messages })
  for await (const _ of streamText5({ model: wrapped, messages }).textStream);
  expect(await written()).toEqual(expected.slice(0, 2))
})

test('AI SDK 6', async () => {
  const made = createOpenAI(options())
  const wrapped = wrapLanguageModel({ model: made.chat(model), middleware: tracker.middleware() })
  await generateText({ model: wrapped, messages })
  for await (const _ of streamText({ model: wrapped, messages }).textStream);
  expect(await written()).toEqual(expected.slice(0, 2))
})
