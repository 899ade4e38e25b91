/**
 * Middleware for models of the AI SDK, of its second specification and later: `wrapLanguageModel({ model,
 * middleware })`. Each call of the model is written down, and so each attempt and each step.
 */
import { randomUUID } from 'node:crypto'
import { msSince, type Calls, type End } from './calls.js'
import { labelFields, labelsHere, type CostLabels } from './context.js'
import type { CallRecord } from './record.js'
import { errorKind } from './error-kind.js'
import { hashOf } from './request.js'
import { isObject, sdkUsage } from './usage.js'

interface Model {
  readonly provider: string
  readonly modelId: string
}

interface Asked {
  readonly prompt?: unknown
  readonly maxOutputTokens?: number | undefined
  readonly temperature?: number | undefined
}

interface Around<R> {
  readonly model: Model
  readonly params: Asked
  readonly doGenerate: () => PromiseLike<R>
}

interface AroundStream<R> {
  readonly model: Model
  readonly params: Asked
  readonly doStream: () => PromiseLike<R>
}

/** What `wrapLanguageModel` takes; fits each of its specifications from the second on. */
export interface CostMiddleware {
  readonly specificationVersion: 'v3'
  readonly wrapGenerate: <R>(around: Around<R>) => Promise<R>
  readonly wrapStream: <R extends { stream: ReadableStream<unknown> }>(around: AroundStream<R>) => Promise<R>
}

export function costMiddleware(calls: Calls, labels: CostLabels): CostMiddleware {
  return {
    specificationVersion: 'v3',
    async wrapGenerate({ model, params, doGenerate }) {
      const call = new Call(model, params, calls, labels)
      try {
        const result = await doGenerate()
        if (isObject(result)) call.told(result)
        call.end()
        return result
      } catch (error) {
        call.end(error)
        throw error
      }
    },
    async wrapStream({ model, params, doStream }) {
      const call = new Call(model, params, calls, labels)
      try {
        const result = await doStream()
        return { ...result, stream: passing(result.stream, call) }
      } catch (error) {
        call.end(error)
        throw error
      }
    },
  }
}

/** Names of the SDK's providers that the price data know by another. */
const providers: Readonly<Record<string, string>> = {
  'amazon-bedrock': 'aws',
  bedrock: 'aws',
  vertex: 'google',
  xai: 'x-ai',
  togetherai: 'together',
}

/** `openai.chat`, `anthropic.messages`, `google.generative-ai` … */
function providerOf(given: string): string {
  const [name = ''] = given.toLowerCase().split('.')
  return providers[name] ?? name
}

/** Kinds of parts with which an answer begins to be seen. */
const tokens = new Set(['text-delta', 'reasoning-delta', 'tool-input-delta', 'tool-call'])

class Call {
  readonly #started = performance.now()
  readonly #fields: Partial<CallRecord> = {}
  readonly end: End

  constructor(model: Model, params: Asked, calls: Calls, labels: CostLabels) {
    const who = labelsHere(labels)
    const ts = new Date()
    this.end = calls.begin((failure, ms) => {
      const error = failure === undefined ? this.#fields.error : errorKind(failure)
      const record = (): CallRecord => ({
        ts: ts.toISOString(),
        call_id: `tracked-${randomUUID()}`,
        provider: providerOf(model.provider),
        operation: 'chat',
        request_model: model.modelId,
        ...askedFields(params),
        ...this.#fields,
        latency_ms: ms,
        status: error === undefined ? 'ok' : 'error',
        ...(error === undefined ? {} : { error }),
        ...labelFields(who),
      })
      return { record }
    })
  }

  /** A result, or a part of a stream. */
  told(part: Readonly<Record<string, unknown>>): void {
    const { type, usage, finishReason, response } = part
    if (typeof type === 'string' && tokens.has(type)) this.#fields.ttft_ms ??= msSince(this.#started)
    if (type === 'error') this.#fields.error = errorKind(part['error'])
    // A part of a stream names the answer by itself.
    const named = isObject(response) ? response : type === 'response-metadata' ? part : undefined
    if (typeof named?.['id'] === 'string') this.#fields.call_id = named['id']
    if (typeof named?.['modelId'] === 'string') this.#fields.response_model = named['modelId']
    const reason = isObject(finishReason) ? (finishReason['raw'] ?? finishReason['unified']) : finishReason
    if (typeof reason === 'string') this.#fields.finish_reason = reason
    if (isObject(usage)) Object.assign(this.#fields, sdkUsage(usage))
  }
}

function askedFields({ prompt, maxOutputTokens, temperature }: Asked): Partial<CallRecord> {
  const system = Array.isArray(prompt)
    ? prompt.filter((turn) => isObject(turn) && turn['role'] === 'system')
    : []
  return {
    ...(maxOutputTokens === undefined ? {} : { max_tokens: maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(system.length === 0 ? {} : { prompt_hash: hashOf(system) }),
  }
}

function passing(stream: ReadableStream<unknown>, call: Call): ReadableStream<unknown> {
  const reader = stream.getReader()
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            call.end()
            controller.close()
            return
          }
          if (isObject(value)) call.told(value)
          controller.enqueue(value)
        } catch (error) {
          call.end(error)
          controller.error(error)
        }
      },
      async cancel(reason) {
        call.end(reason ?? new DOMException('the reader stopped', 'AbortError'))
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
