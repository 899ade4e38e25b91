/** A provider of OpenAI's and Anthropic's protocols on loopback, which counts what it answers, and a collector that keeps what it is sent. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as the provider counted it. */
export interface CountedCall {
  readonly model: string
  /** Tokens of the whole input: those read from the cache and written to it are among them. */
  readonly input: number
  readonly cached: number
  readonly written: number
  readonly output: number
  readonly reasoning: number
  /** The last word of the path: of OpenAI `completions`, `responses` or `embeddings`, of Anthropic `messages`. */
  readonly api: string
  readonly streamed: boolean
  /** Whether the client was told. */
  readonly told: boolean
  readonly failed: boolean
}

export interface FakeProvider {
  readonly url: string
  readonly calls: readonly CountedCall[]
  /** Bodies of requests to other paths than the provider's, such as those of exporters. */
  readonly sent: readonly string[]
  readonly close: () => void
}

type Json = Readonly<Record<string, unknown>>

/** Starts it on a free port. */
export async function fakeProvider(): Promise<FakeProvider> {
  const calls: CountedCall[] = []
  const sent: string[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request)
    const path = request.url ?? ''
    if (!/\/(?:chat\/completions|embeddings|responses|messages)$/.test(path)) {
      sent.push(text)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const asked = JSON.parse(text) as Json
    const refusal = refused(asked, request.headers)
    const call = counted(asked, calls.length, path, refusal !== undefined)
    calls.push(call)
    if (refusal !== undefined) {
      // Those who may try again shall not wait long.
      response.writeHead(refusal, { 'content-type': 'application/json', 'retry-after-ms': '1' })
      response.end(JSON.stringify({ type: 'error', error: { message: 'MARKER-SECRET', type: 'refused', code: null } })) // prettier-ignore
      return
    }
    response.writeHead(200, {
      'content-type': asked['stream'] === true ? 'text/event-stream' : 'application/json',
    })
    response.end(answer(asked, call, calls.length, path))
  }
  const server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, calls, sent, close: () => server.close() }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

/** A model that there is none of, or the first tries of a request that asks for it, as clients number them. */
function refused(asked: Json, headers: IncomingHttpHeaders): number | undefined {
  if (asked['model'] === 'refuse-me') return 400
  const busy = Number(headers['x-busy-times'] ?? 0)
  return Number(headers['x-stainless-retry-count'] ?? 0) < busy ? 429 : undefined
}

/** Counts that differ from call to call, so that no two can be taken for each other. */
function counted(asked: Json, n: number, path: string, failed: boolean): CountedCall {
  const options = asked['stream_options'] as Json | undefined
  const asksForUsage = options?.['include_usage'] === true || !path.endsWith('completions')
  const isText = !path.endsWith('embeddings') && !failed
  return {
    model: String(asked['model']),
    input: failed ? 0 : 1500 + 37 * n,
    cached: isText ? 1024 : 0,
    written: isText && path.endsWith('messages') ? 200 + n : 0,
    output: isText ? 100 + 11 * n : 0,
    reasoning: isText && !path.endsWith('messages') ? 30 + n : 0,
    api: path.slice(path.lastIndexOf('/') + 1),
    streamed: asked['stream'] === true,
    told: !failed && (asked['stream'] !== true || asksForUsage),
    failed,
  }
}

const text = 'MARKER-SECRET'

function answer(asked: Json, call: CountedCall, n: number, path: string): string {
  if (path.endsWith('messages')) return message(asked, call, n)
  if (path.endsWith('responses')) return made(asked, call, n)
  if (path.endsWith('completions')) return completion(asked, call, n)
  const usage = { prompt_tokens: call.input, total_tokens: call.input }
  return JSON.stringify({ object: 'list', model: call.model, data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }], usage }) // prettier-ignore
}

const idOf = (prefix: string, n: number): string => `${prefix}${String(n).padStart(24, '0')}`

/** Whoever brings tools is asked to use one, until there is an answer of one. */
const asksForTool = (asked: Json): boolean =>
  Array.isArray(asked['tools']) && !/"role":"tool"|"tool_result"/.test(JSON.stringify(asked['messages']))

/** An answer of OpenAI's chats. */
function completion(asked: Json, call: CountedCall, n: number): string {
  const usage = {
    prompt_tokens: call.input,
    completion_tokens: call.output,
    total_tokens: call.input + call.output,
    prompt_tokens_details: { cached_tokens: call.cached },
    completion_tokens_details: { reasoning_tokens: call.reasoning },
  }
  const base = { id: idOf('chatcmpl-', n), created: 1_790_000_000 + n, model: 'gpt-4o-mini-2024-07-18' }
  const tool = { id: idOf('call_', n), type: 'function', function: { name: 'look_up', arguments: `{"word":"${text}"}` } } // prettier-ignore
  if (asked['stream'] !== true) {
    const choice = asksForTool(asked)
      ? { finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [tool] } }
      : { finish_reason: 'stop', message: { role: 'assistant', content: text } }
    return JSON.stringify({ ...base, object: 'chat.completion', choices: [{ index: 0, ...choice }], usage })
  }
  const chunk = (more: Json): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...more })}\n\n`
  return [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    ...(call.told ? [chunk({ choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ].join('')
}

const events = (list: readonly Json[]): string =>
  list.map((one) => `event: ${String(one['type'])}\ndata: ${JSON.stringify(one)}\n\n`).join('')

/** An answer of OpenAI's responses. */
function made(asked: Json, call: CountedCall, n: number): string {
  const usage = {
    input_tokens: call.input,
    input_tokens_details: { cached_tokens: call.cached },
    output_tokens: call.output,
    output_tokens_details: { reasoning_tokens: call.reasoning },
    total_tokens: call.input + call.output,
  }
  const base = { id: idOf('resp_', n), object: 'response', created_at: 1_790_000_000 + n, model: 'gpt-4o-mini-2024-07-18', parallel_tool_calls: true, tool_choice: 'auto', tools: [], instructions: null, metadata: {}, error: null, incomplete_details: null } // prettier-ignore
  const said = { type: 'message', id: idOf('msg_', n), role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] } // prettier-ignore
  const response = { ...base, status: 'completed', output: [said], usage }
  if (asked['stream'] !== true) return JSON.stringify(response)
  return events([
    { type: 'response.created', sequence_number: 0, response: { ...base, status: 'in_progress', output: [], usage: null } }, // prettier-ignore
    { type: 'response.output_text.delta', sequence_number: 1, item_id: said.id, output_index: 0, content_index: 0, delta: text, logprobs: [] }, // prettier-ignore
    { type: 'response.completed', sequence_number: 2, response },
  ])
}

/** An answer of Anthropic's messages, whose input count leaves out what the cache gave and took. */
function message(asked: Json, call: CountedCall, n: number): string {
  const usage = {
    input_tokens: call.input - call.cached - call.written,
    cache_read_input_tokens: call.cached,
    cache_creation_input_tokens: call.written,
    cache_creation: { ephemeral_5m_input_tokens: call.written, ephemeral_1h_input_tokens: 0 },
    service_tier: 'standard',
    output_tokens: call.output,
  }
  const base = { id: idOf('msg_', n), type: 'message', role: 'assistant', model: 'claude-haiku-4-5-20251001', stop_sequence: null } // prettier-ignore
  const block = asksForTool(asked)
    ? { type: 'tool_use', id: idOf('toolu_', n), name: 'look_up', input: { word: text } }
    : { type: 'text', text }
  const stop_reason = block.type === 'text' ? 'end_turn' : 'tool_use'
  if (asked['stream'] !== true) return JSON.stringify({ ...base, content: [block], stop_reason, usage })
  return events([
    { type: 'message_start', message: { ...base, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } } }, // prettier-ignore
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }, // prettier-ignore
    { type: 'message_stop' },
  ])
}
