/** Models of OpenAI that were asked at Azure: the answer, the address or the settings show it. */
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { ask, ingestInto, write } from '../../property/ingesting.js'
import { atOnce, readBeside, workshop, type Read } from './reading.js'

afterAll(() => workshop.close())

const linesOf = (records: readonly object[]): string =>
  records.map((one) => `${JSON.stringify(one)}\n`).join('')
const read = (...records: readonly object[]): Promise<Read> =>
  readBeside([write(join(workshop.room(), 'log.jsonl'), linesOf(records))])
const providers = (got: Read): unknown[] => got.calls.map((one) => one['provider'])

let next = 0
const body = (more: object = {}, ofChoice: object = {}): object => ({
  id: `chatcmpl-${String(++next).padStart(20, '0')}`,
  object: 'chat.completion',
  created: 1788220800 + next,
  model: 'gpt-4o-2024-08-06',
  choices: [{ finish_reason: 'stop', ...ofChoice }],
  usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
  ...more,
})

atOnce('an answer with filters of content is one of Azure', async () => {
  const got = await read(
    body({ prompt_filter_results: [{ prompt_index: 0 }] }),
    body({}, { content_filter_results: { hate: { filtered: false } } }),
    body({ prompt_annotations: [{ prompt_index: 0 }] }),
    body(),
  )
  expect(providers(got)).toEqual(['azure', 'azure', 'azure', 'openai'])
  // 1,000 × $2.50 + 100 × $10 a million, at either.
  expect(got.calls.map((one) => one['cost_usd'])).toEqual(Array.from({ length: 4 }, () => '0.0035'))
})

atOnce('so is one of the Responses API', async () => {
  const response = { object: 'response', created_at: 1788220800, model: 'gpt-5-mini', status: 'completed' }
  const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 }
  const got = await read(
    { id: 'resp_000000000000000000001', ...response, content_filters: [{ blocked: false }], usage },
    { id: 'resp_000000000000000000002', ...response, usage },
  )
  expect(providers(got)).toEqual(['azure', 'openai'])
})

const azure = 'https://mine.openai.azure.com/openai/deployments/gpt4o/chat/completions?api-version=2024-06-01'

atOnce.each([
  ['url', { url: azure }, { url: 'https://api.openai.com/v1' }],
  ['api_base', { api_base: 'https://mine.openai.azure.com/' }, { api_base: 'http://localhost/azure' }],
  ['endpoint', { endpoint: 'https://mine.services.ai.azure.com/' }, { endpoint: '/azure/chat' }],
  ['base_url', { base_url: 'https://gw.azure-api.net/x' }, { base_url: null }],
  ['api_type', { api_type: 'azure' }, { api_type: 'open_ai' }],
  ['azure_endpoint', { azure_endpoint: 'https://mine' }, { azure_endpoint: '' }],
  ['request.url', { request: { url: azure } }, { request: { url: 'https://api.openai.com' } }],
  ['headers', { headers: { 'x-ms-region': 'East US' } }, { headers: {} }],
])('the address or the settings beside a call: %s', async (_, there, elsewhere) => {
  const timestamp = '2026-09-01T00:00:00Z'
  const own = { timestamp, model: 'gpt-4o', input_tokens: 1000, output_tokens: 100 }
  const [wrapped, alone] = await Promise.all([
    read({ timestamp, ...there, response: body() }, { timestamp, ...elsewhere, response: body() }),
    read({ ...own, ...there }, { ...own, ...elsewhere }),
  ])
  expect(providers(wrapped)).toEqual(['azure', 'openai'])
  expect(providers(alone)).toEqual(['azure', 'openai'])
})

atOnce('a library says openai, another provider is what it says', async () => {
  const own = { timestamp: '2026-09-01T00:00:00Z', input_tokens: 1000, output_tokens: 100, url: azure }
  const got = await read(
    { ...own, model: 'gpt-4o', provider: 'openai' },
    { ...own, model: 'claude-sonnet-4-5', provider: 'anthropic' },
  )
  expect(providers(got)).toEqual(['azure', 'anthropic'])
})

atOnce(
  'the same call in a record that does not name Azure counts once, also where its price is another',
  async () => {
    const answer = { ...body({ model: 'o4-mini-2025-04-16', prompt_filter_results: [] }) } as { id: string }
    const own = {
      call_id: answer.id,
      timestamp: '2026-09-01T00:00:00Z',
      model: 'o4-mini',
      input_tokens: 1000,
      output_tokens: 100,
    }
    const room = workshop.room()
    const db = workshop.store()
    await ingestInto(db, [
      write(join(room, 'raw.jsonl'), linesOf([answer])),
      write(join(room, 'own.jsonl'), linesOf([own])),
    ])
    expect(await ask(db, 'SELECT provider FROM calls')).toEqual([{ provider: 'azure' }])
  },
)
