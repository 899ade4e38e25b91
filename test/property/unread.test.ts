/**
 * Nothing that bears on money is dropped in silence: a number above 0 under a key that the program has never
 * seen, in a usage object or under a name of tokens, cost or price, is used or named. For every importer.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { importers } from '../../src/importers/registry.js'
import { ask, ingestInto, Workshop, write } from './ingesting.js'
import { tries } from './seed.js'

const workshop = new Workshop()
afterAll(() => workshop.close())

type Json = Record<string, unknown>

const fixture = (path: string): Json =>
  JSON.parse(readFileSync(join('fixtures', path), 'utf8').split('\n')[0] ?? '') as Json

/** A call of each format, and where its usage stands. A new importer must be added here. */
const samples: Readonly<Record<string, { readonly record: Json; readonly usage: readonly string[]; readonly named?: readonly string[] }>> = {
  bedrock: { record: fixture('bedrock/real/bedrock_invocation_sample.jsonl'), usage: ['output', 'outputBodyJson', 'usage'] },
  'claude-code': { record: claudeCall(), usage: ['message', 'usage'] },
  codex: {
    record: { timestamp: '2026-09-05T08:00:00Z', type: 'token_usage_record', payload: { response_id: 'm', model: 'gpt-5.2', usage: { input_tokens: 12, output_tokens: 7 } } },
    usage: ['payload', 'usage'],
  },
  'gemini-cli': {
    record: { id: 'm', timestamp: '2026-09-05T08:00:00Z', type: 'gemini', model: 'gemini-2.5-pro', tokens: { input: 12, output: 7 } },
    usage: ['tokens'],
  },
  pi: {
    record: { type: 'message', id: 'm', timestamp: '2026-09-05T08:00:00Z', message: { role: 'assistant', provider: 'openai', model: 'gpt-5.2', usage: { input: 12, output: 7 } } },
    usage: ['message', 'usage'],
  },
  kimi: {
    record: { type: 'usage.record', message_id: 'm', time: 1788595200000, model: 'gpt-5.2', usage: { inputOther: 12, output: 7 } },
    usage: ['usage'],
  },
  'qwen-code': {
    record: { type: 'assistant', uuid: 'm', sessionId: 's', timestamp: '2026-09-05T08:00:00Z', model: 'gpt-5.2', usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 7 } },
    usage: ['usageMetadata'],
  },
  cline: {
    record: { type: 'say', say: 'api_req_started', ts: 1788595200000, modelInfo: { providerId: 'openai', modelId: 'gpt-5.2' }, text: { tokensIn: 12, tokensOut: 7 } },
    usage: ['text'],
    named: ['usage'],
  },
  amp: {
    record: { id: 'm', created: 1788595200000, usageLedger: {}, messages: [{ role: 'assistant', messageId: 1, usage: { model: 'gpt-5.2', inputTokens: 12, outputTokens: 7 } }] },
    usage: ['messages', '0', 'usage'],
    named: ['usage'],
  },
  droid: {
    record: { id: 'm', model: 'gpt-5.2', providerLock: 'openai', providerLockTimestamp: 1788595200000, tokenUsage: { inputTokens: 12, outputTokens: 7, cacheCreationTokens: 0 } },
    usage: ['tokenUsage'],
  },
  opencode: {
    record: { id: 'm', sessionID: 's', role: 'assistant', modelID: 'gpt-5.2', providerID: 'openai', time: { created: 1788595200000 }, tokens: { input: 12, output: 7, reasoning: 0, total: 19 } },
    usage: ['tokens'],
  },
  copilot: {
    record: { type: 'span', traceId: 't', spanId: 'm', name: 'chat gpt-5.2', startTime: [1788595200, 0], endTime: [1788595201, 0], attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-5.2', 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 7 } },
    usage: ['attributes'],
  },
  cursor: {
    record: { id: 'm', timestamp: '1788595200000', model: 'gpt-5.2', kind: 'USAGE_EVENT_KIND_USAGE_BASED', tokenUsage: { inputTokens: 12, outputTokens: 7, totalCents: 1 } },
    usage: ['tokenUsage'],
  },
  helicone: {
    record: { request_id: 'm', request_created_at: '2026-09-05 08:00:00.000', response_created_at: '2026-09-05 08:00:01.000', response_status: 200, request_model: 'gpt-5.2', provider: 'OPENAI', prompt_tokens: 12, completion_tokens: 7, total_tokens: 19, cost_details: {} },
    usage: ['cost_details'],
  },
  openrouter: {
    record: { id: 'm', created_at: '2026-09-05T08:00:00Z', model: 'openai/gpt-5.2', native_tokens_prompt: 12, native_tokens_completion: 7, total_cost: 0.001, cost_details: {} },
    usage: ['cost_details'],
  },
  langfuse: {
    record: { id: 'm', traceId: 't', type: 'GENERATION', startTime: '2026-09-05T08:00:00Z', model: 'gpt-5.2', usageDetails: { input: 12, output: 7 }, costDetails: {} },
    usage: ['usageDetails'],
  },
  langsmith: {
    record: { id: 'm', run_type: 'llm', trace_id: 't', start_time: '2026-09-05T08:00:00', extra: { metadata: { ls_model_name: 'gpt-5.2', ls_provider: 'openai' } }, prompt_tokens: 12, completion_tokens: 7, prompt_token_details: { cache_read: 0 } },
    usage: ['prompt_token_details'],
  },
  mlflow: {
    record: { $table: 'spans', trace_id: 'tr-1', experiment_id: 1, span_id: 'm', content: { span_id: 'm', start_time_unix_nano: 1788595200000000000, status: { code: 'STATUS_CODE_OK' }, attributes: { 'mlflow.spanType': 'CHAT_MODEL', 'mlflow.llm.model': 'gpt-5.2', 'mlflow.llm.provider': 'openai', 'mlflow.chat.tokenUsage': { input_tokens: 12, output_tokens: 7, cache_read_input_tokens: 0 } } } },
    usage: ['content', 'attributes', 'mlflow.chat.tokenUsage'],
    named: ['usage'],
  },
  litellm: { record: fixture('litellm/spend-logs/rows.jsonl'), usage: ['metadata', 'usage_object'] },
  anthropic: {
    record: {
      ts: '2026-09-05T08:00:00Z',
      response: { id: 'msg_1', type: 'message', model: 'claude-sonnet-4-5', content: [], stop_reason: 'end_turn', usage: { input_tokens: 12, output_tokens: 7 } },
    },
    usage: ['response', 'usage'],
  },
  openai: {
    record: {
      ts: '2026-09-05T08:00:00Z',
      response: { id: 'chatcmpl-1', object: 'chat.completion', created: 1788595200, model: 'gpt-4o', choices: [{ index: 0, finish_reason: 'stop' }], usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 } },
    },
    usage: ['response', 'usage'],
  },
  gemini: {
    record: {
      ts: '2026-09-05T08:00:00Z',
      response: { responseId: 'g1', modelVersion: 'gemini-2.5-flash', candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 7, totalTokenCount: 19 } },
    },
    usage: ['response', 'usageMetadata'],
  },
  'bedrock-converse': {
    record: {
      ts: '2026-09-05T08:00:00Z', model: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
      response: { stopReason: 'end_turn', metrics: { latencyMs: 300 }, output: { message: { role: 'assistant', content: [] } }, usage: { inputTokens: 12, outputTokens: 7, totalTokens: 19 } },
    },
    usage: ['response', 'usage'],
  },
  cohere: {
    record: {
      ts: '2026-09-05T08:00:00Z', model: 'command-r-08-2024',
      response: { id: 'co1', finish_reason: 'COMPLETE', message: { role: 'assistant', content: [] }, usage: { billed_units: { input_tokens: 12, output_tokens: 7 }, tokens: { input_tokens: 12, output_tokens: 7 } } },
    },
    usage: ['response', 'usage', 'billed_units'],
  },
  ollama: {
    record: { ts: '2026-09-05T08:00:00Z', model: 'llama3.2', created_at: '2026-09-05T08:00:00Z', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', total_duration: 5, prompt_eval_count: 12, eval_count: 7, usage: { note: 'x' } },
    usage: ['usage'],
  },
  'azure-apim': {
    record: { category: 'GatewayLlmLogs', time: '2026-09-05T08:00:00Z', properties: { modelName: 'gpt-4o', deploymentName: 'chat', promptTokens: 12, completionTokens: 7, totalTokens: 19 }, usage: { note: 'x' } },
    usage: ['usage'],
  },
  'vercel-ai': {
    record: { finishReason: 'stop', usage: { inputTokens: 12, outputTokens: 7, totalTokens: 19 }, response: { id: 'chatcmpl-1', modelId: 'gpt-4o', timestamp: '2026-09-05T08:00:00Z' } },
    usage: ['usage'],
    named: ['call', 'usage'],
  },
  'azure-trace': {
    record: { TIMESTAMP: '2026-09-05T08:00:00Z', ContextTokens: 12, GeneratedTokens: 7, usage: { note: 'x' } },
    usage: ['usage'],
  },
  burstgpt: {
    record: { Timestamp: 1788595200000, Model: 'GPT-4', 'Request tokens': 12, 'Response tokens': 7, 'Total tokens': 19, 'Log Type': 'API log', usage: { note: 'x' } },
    usage: ['usage'],
  },
  mooncake: {
    record: { timestamp: 1788595200000, input_length: 12, output_length: 7, hash_ids: [1], usage: { note: 'x' } },
    usage: ['usage'],
  },
  // A gateway's line; attributes of spans have a law of their own in test/property/otel.test.ts.
  otel: {
    record: { start_time: '2026-09-05T08:00:00Z', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 7, usage: { note: 'x' } },
    usage: ['usage'],
  },
  llmcost: {
    record: { ts: '2026-09-05T08:00:00Z', model: 'gpt-4o', user: 'u1', input_tokens: 12, output_tokens: 7, metadata: { plan: 'pro' }, usage: { note: 'x' } },
    usage: ['usage'],
  },
} // prettier-ignore

function claudeCall(): Json {
  return {
    sessionId: 's', requestId: 'r', uuid: 'u', type: 'assistant', timestamp: '2026-09-05T08:00:00Z',
    message: { id: 'm', model: 'claude-opus-4-6', role: 'assistant', stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 9 } },
  } // prettier-ignore
}

/** Names without any meaning, in the ways in which keys are written; some as hostile as JSON allows. */
const nonsense = fc.oneof(
  fc.constantFrom(
    'zork',
    'Grue',
    'x-yzzy',
    'plugh_q',
    'fnord',
    'quux.b',
    'a/b',
    'c~d',
    'e"f',
    'g\\',
    "h'i",
    'j\nk',
    'Äq',
  ),
  fc
    .string({
      minLength: 1,
      maxLength: 4,
      unit: fc.constantFrom('q', 'w', 'Z', '_', '-', '.', '/', '~', '"', '\\', "'", '{', '$', '*', '[', 'ß'),
    })
    .map((name) => `q${name}`),
)
const money = fc.constantFrom('tokens', 'Tokens', 'cost', 'Cost', 'price', 'spend', 'tier', 'speed', 'usage')

interface Addition {
  /** Keys from the place to the number. */
  readonly keys: readonly string[]
  readonly atUsage: boolean
  readonly value: number | string
}

const addition: fc.Arbitrary<Addition> = fc
  .record({
    outer: fc.array(nonsense, { maxLength: 3 }),
    last: nonsense,
    word: money,
    atUsage: fc.boolean(),
    value: fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(0.5, 1e-6, '17', '0.25')),
  })
  .map(({ outer, last, word, atUsage, value }) => ({
    keys: atUsage ? [...outer, last] : [...outer, `${last}_${word}`],
    atUsage,
    value,
  }))

/** The record with a number at a new place; ids of its own, so that it stays a call of its own. */
function withAddition(record: Json, place: readonly string[], { keys, value }: Addition, n: number): Json {
  const copy = JSON.parse(
    JSON.stringify(record)
      .replaceAll('id":"m"', `id":"m${n}"`)
      .replaceAll('1788595200000', `${1788595200000 + n}`),
  ) as Json
  let node = copy
  for (const key of [...place, ...keys.slice(0, -1)]) {
    if (typeof node[key] !== 'object' || node[key] === null) node[key] = {}
    node = node[key] as Json
  }
  node[keys.at(-1)!] = value
  for (const id of ['request_id', 'requestId', 'id']) if (typeof copy[id] === 'string') copy[id] = `r${n}`
  const response = copy['response'] as Json | undefined
  for (const id of ['id', 'responseId']) if (response?.[id] !== undefined) response[id] = `c${n}`
  return copy
}

const shown = (keys: readonly string[]): string =>
  keys
    .join('.')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f;]/g, '?')
    .slice(0, 100) // eslint-disable-line no-control-regex

/** Of one log: a line more costs nothing beside a log more. */
const many = 32
const plains = 60

interface Said {
  readonly path: string
  readonly line: number
  readonly said: string
  readonly unread_usage: string | null
  readonly partly_priced: boolean
  readonly has_model: boolean
}

const figures = 'input_tokens, output_tokens, total_tokens, list_cost_usd, reported_cost_usd'

test('every importer has a record here', () => {
  expect(Object.keys(samples).toSorted()).toEqual(importers.map(({ id }) => id).toSorted())
})

/** Formats that are read at once: a log more is cheap beside a run more. */
const atOnce = 9
const ids = Object.keys(samples)
const groups = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, i) =>
  ids.slice(i * atOnce, (i + 1) * atOnce),
)

test.each(groups.map((group) => [group.join(', '), group] as const))(
  '%s: an unknown number of usage or money is used or named',
  async (_, group) => {
    const logs = fc.array(fc.array(addition, { minLength: many, maxLength: many }), { minLength: group.length, maxLength: group.length })
    await fc.assert(
      fc.asyncProperty(logs, async (all) => {
        const folder = workshop.room()
        const paths = group.map((id, at) => {
          const { record, usage } = samples[id]!
          // No two logs hold the same call.
          const first = 1000 * ids.indexOf(id)
          // More plain records than a file's sample has: what comes after them is in no sample.
          const plain = Array.from({ length: plains }, (_, i) =>
            withAddition(record, [], { keys: ['zz'], atUsage: false, value: '' }, first + 100 + i),
          )
          const rows = all[at]!.map((one, i) => withAddition(record, one.atUsage ? usage : [], one, first + i + 1))
          return write(join(folder, `${id}.jsonl`), [...plain, ...rows].map((row) => JSON.stringify(row)).join('\n'))
        })
        const store = workshop.store()
        const { files } = await ingestInto(store, paths)
        expect(files.map(({ importer }) => importer)).toEqual(group)
        const calls = (await ask(
          store,
          `SELECT path, line, CAST([${figures}] AS VARCHAR) AS said, unread_usage, partly_priced, model IS NOT NULL AS has_model FROM calls JOIN files USING (file_id)`,
        )) as unknown as readonly Said[]
        for (const [at, id] of group.entries()) {
          const { usage, named: namedUsage = usage } = samples[id]!
          const own = new Map(calls.filter(({ path }) => path === paths[at]).map((call) => [call.line, call]))
          const before = own.get(1)
          expect([id, before?.unread_usage]).toEqual([id, null])
          for (const [i, { keys, atUsage }] of all[at]!.entries()) {
            const call = own.get(i + plains + 1)
            const place = atUsage ? namedUsage : []
            const used = call?.said !== before?.said
            const named = call?.unread_usage?.split('; ').includes(shown([...place, ...keys])) ?? false
            expect([id, keys, used || named]).toEqual([id, keys, true])
            // Without a model nothing is priced, in part or whole.
            if (named && !used && call?.has_model === true) expect(call.partly_priced).toBe(true)
          }
        }
      }),
      { numRuns: tries(1, 8), endOnFailure: true },
    )
  },

) // prettier-ignore
