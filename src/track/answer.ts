/** What answers of OpenAI's and Anthropic's APIs, and of those that speak like them, say of a call. */
import type { CallRecord, Usage } from './record.js'
import { anthropicUsage, isObject, openaiUsage } from './usage.js'

type Json = Readonly<Record<string, unknown>>

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined

/** One answer, whole or as it comes: each body or event adds what it knows. */
export class Answer {
  readonly #fields: Partial<CallRecord> = {}
  /** Anthropic's counts: those at the end of a stream complete those at its beginning. */
  #messageUsage: Json = {}
  #usage: Usage = {}

  /** @param body a parsed body, or the data of one event of a stream */
  add(body: unknown): void {
    if (!isObject(body)) return
    const { message, response, error } = body
    if (isObject(error)) this.#fail(error)
    else if (text(error) !== undefined) this.#set({ error: 'error' })
    // Anthropic's streams begin with the message, Responses' end with the response.
    if (isObject(message) && body['type'] === 'message_start') this.#message(message)
    else if (body['type'] === 'message' || body['type'] === 'message_delta') this.#message(body)
    else if (isObject(response)) this.#response(response)
    else if (body['object'] === 'response') this.#response(body)
    else this.#completion(body)
  }

  /** What is known; `error` is there only where the provider told of one. */
  fields(): Partial<CallRecord> {
    return { ...this.#fields, ...this.#usage }
  }

  #set(fields: { readonly [name in keyof CallRecord]?: CallRecord[name] | undefined }): void {
    for (const [name, value] of Object.entries(fields))
      if (value !== undefined) Object.assign(this.#fields, { [name]: value })
  }

  #fail(error: Json): void {
    this.#set({ error: text(error['type']) ?? text(error['code']) ?? 'error' })
  }

  #message(body: Json): void {
    const { usage, delta } = body
    const told = isObject(delta) ? delta : body
    this.#set({
      call_id: text(body['id']),
      response_model: text(body['model']),
      finish_reason: text(told['stop_reason']),
    })
    if (!isObject(usage)) return
    const counts = Object.entries(usage).filter(([, value]) => value !== null)
    this.#messageUsage = { ...this.#messageUsage, ...Object.fromEntries(counts) }
    this.#usage = anthropicUsage(this.#messageUsage)
    this.#set({
      service_tier: text(usage['service_tier']),
      speed: text(usage['speed']),
      region: text(usage['inference_geo']),
    })
  }

  #response(body: Json): void {
    const { usage, output, incomplete_details: incomplete, error } = body
    const items = Array.isArray(output) ? output.filter(isObject) : []
    const status = text(body['status'])
    if (isObject(error)) this.#fail(error)
    this.#set({
      call_id: text(body['id']),
      response_model: text(body['model']),
      service_tier: text(body['service_tier']),
      finish_reason:
        status === 'completed'
          ? items.some(({ type }) => type === 'function_call' || type === 'custom_tool_call')
            ? 'tool_calls'
            : 'stop'
          : status === 'incomplete'
            ? ((isObject(incomplete) ? text(incomplete['reason']) : undefined) ?? 'incomplete')
            : status === 'failed' || status === 'cancelled'
              ? status
              : undefined,
    })
    if (isObject(usage)) this.#usage = openaiUsage(usage)
    const searches = (type: string): number => items.filter((item) => item['type'] === type).length
    const [web, file] = [searches('web_search_call'), searches('file_search_call')]
    this.#set({
      web_search_requests: web === 0 ? undefined : web,
      file_search_requests: file === 0 ? undefined : file,
    })
  }

  #completion(body: Json): void {
    const { usage, choices } = body
    const reasons = (Array.isArray(choices) ? choices : [])
      .filter(isObject)
      .flatMap((choice) => text(choice['finish_reason']) ?? [])
    this.#set({
      call_id: text(body['id']),
      response_model: text(body['model']),
      service_tier: text(body['service_tier']),
      // Of several choices, one that was cut off is told.
      finish_reason: reasons.find((reason) => reason === 'length') ?? reasons[0],
    })
    if (isObject(usage)) this.#usage = openaiUsage(usage)
  }
}
