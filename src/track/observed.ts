/**
 * Looks at an answer while its reader reads it: the reader gets the provider's own response, whole and at his own
 * pace, and nothing is read that he does not read.
 */
import { EventReader } from './events.js'
import { parsed } from './request.js'

export interface Observer {
  /** A parsed body, or the data of one event. */
  readonly told: (body: unknown) => void
  /** The first token of a streamed answer is there. */
  readonly begun: () => void
  /** Nothing more comes. @param failure why, where it did not end well */
  readonly ended: (failure?: unknown) => void
}

/** What a reader of a body that is no JSON and no stream of events may get at most, to be looked at. */
const most = 16_000_000

/** @returns the same response, whose readers tell the observer */
export function observed(response: Response, observer: Observer): Response {
  if (response.body === null) {
    observer.ended()
    return response
  }
  const { json, text, arrayBuffer, blob, bytes } = response as Response & {
    bytes?: () => Promise<Uint8Array>
  }
  /** The stream that a reader took, in place of the response's own. */
  let taken: ReadableStream<Uint8Array> | undefined
  const from = (): Response =>
    taken === undefined ? response : new Response(taken, { headers: response.headers })
  const whole =
    <T>(read: () => Promise<T>, look: (value: T) => unknown) =>
    async (): Promise<T> => {
      // What was taken is looked at as it passes.
      if (taken !== undefined) return read.call(from())
      try {
        const value = await read.call(response)
        observer.told(look(value))
        observer.ended()
        return value
      } catch (error) {
        observer.ended(error)
        throw error
      }
    }
  const decoded = (value: ArrayBuffer | Uint8Array): unknown =>
    value.byteLength > most ? undefined : parsed(new TextDecoder().decode(value))
  const methods: Record<string, unknown> = {
    json: whole(json, (value) => value),
    text: whole(text, (value) => (value.length > most ? undefined : parsed(value))),
    arrayBuffer: whole(arrayBuffer, decoded),
    blob: whole(blob, () => undefined),
    ...(bytes === undefined ? {} : { bytes: whole(bytes, decoded) }),
    clone: () => {
      const [one, other] = body().tee()
      taken = one
      return new Response(other, response)
    },
  }
  const stream = response.body
  const body = (): ReadableStream<Uint8Array> => {
    if (taken !== undefined) return taken
    // What was read already has no stream to take; nor has what another implementation gives in its place.
    if (!(stream instanceof ReadableStream) || response.bodyUsed || stream.locked) return stream
    return (taken = passing(stream, response.headers.get('content-type') ?? '', observer))
  }
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(response, name, { value, configurable: true, writable: true })
  Object.defineProperty(response, 'body', { get: body, configurable: true })
  return response
}

/** The same stream; what passes is looked at. */
function passing(
  stream: ReadableStream<Uint8Array>,
  type: string,
  observer: Observer,
): ReadableStream<Uint8Array> {
  const { told, begun, ended } = observer
  const isStream = type.includes('text/event-stream')
  const events = isStream ? new EventReader((data) => told(parsed(data)), begun) : undefined
  const parts: Uint8Array[] = []
  let size = 0
  const reader = stream.getReader()
  const finish = (): void => {
    events?.end()
    if (!isStream && size <= most) told(parsed(new TextDecoder().decode(Buffer.concat(parts))))
    ended()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            finish()
            controller.close()
            return
          }
          if (events !== undefined) events.add(value)
          else if ((size += value.byteLength) <= most) parts.push(value)
          else parts.length = 0
          controller.enqueue(value)
        } catch (error) {
          ended(error)
          controller.error(error)
        }
      },
      async cancel(reason) {
        ended(reason ?? new DOMException('the reader stopped', 'AbortError'))
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
