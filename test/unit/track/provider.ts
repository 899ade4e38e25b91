/** A provider of models on loopback, which answers as OpenAI's and Anthropic's APIs do; what to do is the model's name. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Json = Readonly<Record<string, unknown>>

/** Stands in prompts and answers, and must be in no log. */
export const secret = 'MARKER-SECRET'

export const chatUsage = {
  prompt_tokens: 1200,
  completion_tokens: 340,
  total_tokens: 1540,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 128, audio_tokens: 0 },
}

const messageUsage = {
  input_tokens: 30,
  cache_read_input_tokens: 900,
  cache_creation_input_tokens: 70,
  cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 50 },
  output_tokens: 210,
  server_tool_use: { web_search_requests: 2 },
  service_tier: 'standard',
}

export class Provider {
  readonly #server: Server
  readonly #failures = new Map<string, number>()
  url = ''
  /** Bodies of requests, as they came. */
  readonly bodies: Json[] = []

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = JSON.parse(await text(request)) as Json
    this.bodies.push(asked)
    const model = String(asked['model'])
    const failed = this.#failures.get(model) ?? 0
    if (model.startsWith('busy') && failed < 2) {
      this.#failures.set(model, failed + 1)
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': '1' })
      response.end(JSON.stringify({ error: { type: 'rate_limit_error', message: `${secret} too many` } }))
    } else if (model.startsWith('broken')) {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"type":"server_error"}}')
    } else if (model.startsWith('silent')) {
      // Whoever asked must break it off.
    } else if (asked['stream'] === true) {
      this.#stream(request.url!, model, asked, response)
    } else {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(whole(request.url!, model)))
    }
  }

  #stream(path: string, model: string, asked: Json, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const events = path.endsWith('/messages')
      ? messageEvents(model)
      : path.endsWith('/responses')
        ? responseEvents(model)
        : chatEvents(model, asked)
    const frames = events.map(
      (event) => `event: ${String(event['type'] ?? 'x')}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    if (model.startsWith('cut')) {
      response.write(frames.slice(0, -1).join(''), () => response.destroy())
    } else if (model.startsWith('endless')) {
      response.write(frames.slice(0, -1).join(''))
    } else {
      // In pieces that end anywhere.
      const all = Buffer.from(`${frames.join('')}data: [DONE]\n\n`)
      for (let i = 0; i < all.length; i += 37) response.write(all.subarray(i, i + 37))
      response.end()
    }
  }
}

function whole(path: string, model: string): Json {
  if (path.endsWith('/messages'))
    return {
      id: 'msg_1', type: 'message', role: 'assistant', model, stop_reason: 'max_tokens', stop_sequence: null,
      content: [{ type: 'text', text: secret }], usage: messageUsage,
    } // prettier-ignore
  if (path.endsWith('/responses')) return responseOf(model)
  if (path.endsWith('/embeddings'))
    return {
      object: 'list', model, data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    } // prettier-ignore
  return {
    id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: `${model}-2026-01-01`, service_tier: 'default',
    choices: [{ index: 0, finish_reason: 'length', logprobs: null, message: { role: 'assistant', content: secret, refusal: null } }],
    usage: chatUsage,
  } // prettier-ignore
}

const responseOf = (model: string): Json => ({
  id: 'resp_1', object: 'response', created_at: 1, model, status: 'incomplete', service_tier: 'flex',
  incomplete_details: { reason: 'max_output_tokens' }, error: null, instructions: secret, parallel_tool_calls: true, tools: [],
  output: [
    { type: 'web_search_call', id: 'ws_1', status: 'completed' },
    { type: 'message', id: 'm', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: secret, annotations: [] }] },
  ],
  usage: {
    input_tokens: 400, output_tokens: 90, total_tokens: 490,
    input_tokens_details: { cached_tokens: 256 }, output_tokens_details: { reasoning_tokens: 64 },
  },
}) // prettier-ignore

function chatEvents(model: string, asked: Json): Json[] {
  const chunk = (choice: object | undefined, usage: object | null): Json => ({
    id: 'chatcmpl-2', object: 'chat.completion.chunk', created: 1, model, service_tier: 'priority',
    choices: choice === undefined ? [] : [{ index: 0, finish_reason: null, ...choice }], usage,
  }) // prettier-ignore
  const options = asked['stream_options'] as { include_usage?: boolean } | undefined
  return [
    chunk({ delta: { role: 'assistant', content: '' } }, null),
    chunk({ delta: { content: `${secret} "usage": {"prompt_tokens": 7}` } }, null),
    chunk({ delta: {}, finish_reason: 'stop' }, null),
    ...(options?.include_usage ? [chunk(undefined, chatUsage)] : []),
  ]
}

const responseEvents = (model: string): Json[] => [
  { type: 'response.created', sequence_number: 0, response: { ...responseOf(model), status: 'in_progress', usage: null, output: [] } },
  { type: 'response.output_text.delta', sequence_number: 1, item_id: 'm', output_index: 1, content_index: 0, delta: secret, logprobs: [] },
  { type: 'response.incomplete', sequence_number: 2, response: responseOf(model) },
] // prettier-ignore

const messageEvents = (model: string): Json[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_2', type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null,
      usage: { ...messageUsage, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: secret } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 210, input_tokens: null } },
  { type: 'message_stop' },
] // prettier-ignore
