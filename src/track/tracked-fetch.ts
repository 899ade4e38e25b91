/**
 * A `fetch` that writes down each call of a model which passes it. Clients of providers send every attempt through
 * one: so each attempt is a call, whole or streamed, failed or broken off, whatever method asked for it.
 */
import { randomUUID } from 'node:crypto'
import { Answer } from './answer.js'
import { labelFields, labelsHere, type CostLabels } from './context.js'
import { msSince, type Calls } from './calls.js'
import { observed } from './observed.js'
import { errorKind } from './error-kind.js'
import type { CallRecord } from './record.js'
import { callAt, requestFields } from './request.js'

export type Fetch = typeof globalThis.fetch

/** @param labels of all calls, where nothing else is said around them */
export function trackedFetch(fetch: Fetch, calls: Calls, labels: CostLabels): Fetch {
  return (input, init) => {
    const call = begun(input, init)
    if (call === undefined) return fetch(input, init)
    const answer = new Answer()
    const who = labelsHere(labels)
    const started = performance.now()
    const ts = new Date()
    let ttft: number | undefined
    let refused: string | undefined
    const end = calls.begin((failure, ms) => {
      const failed = refused ?? (failure === undefined ? undefined : errorKind(failure))
      const record = (): CallRecord => {
        const { error = failed, ...told } = answer.fields()
        return {
          ts: ts.toISOString(),
          call_id: told.call_id ?? `tracked-${randomUUID()}`,
          ...call.at,
          ...requestFields(call.body),
          ...told,
          latency_ms: ms,
          ...(ttft === undefined ? {} : { ttft_ms: ttft }),
          status: error === undefined ? 'ok' : 'error',
          ...(error === undefined ? {} : { error }),
          ...(call.attempt === undefined ? {} : { attempt: call.attempt }),
          ...labelFields(who),
        }
      }
      return { record, bytes: 2 * call.body.length }
    }, call.signal)
    const answered = (response: Response): Response => {
      if (!response.ok) refused = `http_${response.status}`
      calls.endWhenForgotten(response, end)
      return observed(response, {
        told: (body) => answer.add(body),
        begun: () => (ttft = msSince(started)),
        ended: end,
      })
    }
    const failed = (error: unknown): never => {
      end(error)
      throw error
    }
    try {
      return fetch(input, init).then(answered, failed)
    } catch (error) {
      return failed(error)
    }
  }
}

interface Begun {
  readonly at: Pick<CallRecord, 'operation' | 'provider'>
  /** A JSON text; empty where it is something else. */
  readonly body: string
  readonly attempt: number | undefined
  /** Breaks the call off. */
  readonly signal: AbortSignal | undefined
}

function begun(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): Begun | undefined {
  try {
    const isRequest = input instanceof Request
    const at = callAt(
      isRequest ? input.url : String(input),
      init?.method ?? (isRequest ? input.method : undefined),
    )
    if (at === undefined) return undefined
    const headers = init?.headers ?? (isRequest ? input.headers : undefined)
    // Clients that try again by themselves say so, all of them by headers of this class.
    const retries = headers instanceof Headers ? headers.get('x-stainless-retry-count') : null
    const attempt = retries === null || !/^\d{1,3}$/.test(retries) ? undefined : Number(retries) + 1
    const signal = init?.signal ?? (isRequest ? input.signal : undefined)
    return { at, body: jsonOf(init?.body), attempt, signal }
  } catch {
    // What cannot be understood is sent as it is.
    return undefined
  }
}

/** Of a form, which may hold a recording, the model alone is kept. */
function jsonOf(body: unknown): string {
  if (typeof body === 'string') return body
  return body instanceof FormData ? JSON.stringify({ model: body.get('model') }) : ''
}
