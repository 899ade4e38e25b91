/** A provider of OpenAI's protocol on loopback, which counts what it answers, and a collector that keeps what it is sent. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as the provider counted it. */
export interface CountedCall {
  readonly model: string
  readonly input: number
  readonly cached: number
  readonly output: number
  readonly reasoning: number
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
    if (!/\/(?:chat\/completions|embeddings)$/.test(path)) {
      sent.push(text)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const asked = JSON.parse(text) as Json
    const call = counted(asked, calls.length, path)
    calls.push(call)
    const isStream = asked['stream'] === true && !call.failed
    response.writeHead(call.failed ? 400 : 200, {
      'content-type': isStream ? 'text/event-stream' : 'application/json',
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

/** Counts that differ from call to call, so that no two can be taken for each other. */
function counted(asked: Json, n: number, path: string): CountedCall {
  const model = String(asked['model'])
  const failed = model === 'refuse-me'
  const options = asked['stream_options'] as Json | undefined
  const told = !failed && (asked['stream'] !== true || options?.['include_usage'] === true)
  const isText = path.endsWith('completions') && !failed
  return {
    model,
    input: failed ? 0 : 1500 + 37 * n,
    cached: isText ? 1024 : 0,
    output: isText ? 100 + 11 * n : 0,
    reasoning: isText ? 30 + n : 0,
    told,
    failed,
  }
}

function answer(asked: Json, call: CountedCall, n: number, path: string): string {
  if (call.failed) return JSON.stringify({ error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' } }) // prettier-ignore
  const tokens = {
    prompt_tokens: call.input,
    completion_tokens: call.output,
    total_tokens: call.input + call.output,
  }
  const usage = {
    ...tokens,
    prompt_tokens_details: { cached_tokens: call.cached },
    completion_tokens_details: { reasoning_tokens: call.reasoning },
  }
  if (path.endsWith('embeddings'))
    return JSON.stringify({ object: 'list', model: call.model, data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }], usage: { prompt_tokens: call.input, total_tokens: call.input } }) // prettier-ignore
  const base = { id: `chatcmpl-${String(n).padStart(24, '0')}`, created: 1_790_000_000 + n, model: 'gpt-4o-mini-2024-07-18' } // prettier-ignore
  const text = 'MARKER-SECRET'
  if (asked['stream'] !== true)
    return JSON.stringify({ ...base, object: 'chat.completion', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }], usage }) // prettier-ignore
  const chunk = (more: Json): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...more })}\n\n`
  return [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: text }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    ...(call.told ? [chunk({ choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ].join('')
}
