/** Answers whose kind or model does not stand in them, but in a name or beside the usage. */
import { afterAll, expect } from 'vitest'
import { atOnce, readRecord, workshop } from './reading.js'

afterAll(() => workshop.close())

const gemini = { usageMetadata: { promptTokenCount: 1000, totalTokenCount: 1000 } }

atOnce.each([
  ['gemini-embedding-001', 'embedding'],
  ['gemini-2.5-flash', undefined],
])("Gemini's %s", async (model, operation) => {
  const { calls } = await readRecord({ model, response: { ...gemini, embedding: { values: [0.1] } } })
  expect(calls).toMatchObject([{ model, input_tokens: 1000 }])
  // A chat is usual, and left out of the rows.
  expect(calls[0]!['operation']).toBe(operation)
})

const meta = { request_model: 'gpt-4o', response_model: 'gpt-4o-2024-08-06', provider_name: 'openai' }
const plural = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, cost: 0 }
const singular = { prompt_token: 1000, completion_token: 100, total_tokens: 1100, cost: 0 }

atOnce.each([
  [{ proxy: { usage: plural, meta } }, '0.0035'],
  [{ 'ai-proxy': { usage: singular, meta } }, '0.0035'],
  [{ proxy: { usage: plural, meta, cache: { cache_status: 'hit' } } }, '0'],
])("Kong's %o says who answered beside the usage", async (ai, cost) => {
  const { calls } = await readRecord({ response: { status: 200 }, request: { method: 'POST', size: 9 }, ai })
  const answered = { provider: 'openai', request_model: 'gpt-4o', model: 'gpt-4o-2024-08-06' }
  expect(calls).toMatchObject([{ ...answered, input_tokens: 1000, output_tokens: 100, cost_usd: cost }])
  expect(calls[0]).not.toHaveProperty('unread_usage')
})
