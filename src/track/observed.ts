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

/** What is known of a response that is looked at. */
interface Watched {
  readonly observer: Observer
  /** The response's own stream. */
  readonly stream: ReadableStream<Uint8Array>
  /** The stream that a reader took in its place. */
  taken?: ReadableStream<Uint8Array>
}

const watched = new WeakMap<Response, Watched>()

type Reader = 'json' | 'text' | 'arrayBuffer' | 'blob' | 'bytes'

const decoded = (value: ArrayBuffer | Uint8Array): unknown =>
  value.byteLength > most ? undefined : parsed(new TextDecoder().decode(value))

/** What can be seen of a body that a reader read whole. */
const looks: Readonly<Record<Reader, (value: never) => unknown>> = {
  json: (value: unknown) => value,
  text: (value: string) => (value.length > most ? undefined : parsed(value)),
  arrayBuffer: decoded,
  bytes: decoded,
  blob: () => undefined,
}

type Read = (this: Response) => Promise<never>

/** A method that reads the body whole. @param read that of the response's own class */
const reading = (name: Reader, read: Read): PropertyDescriptor => ({
  configurable: true,
  writable: true,
  async value(this: Response) {
    const { observer, taken } = watched.get(this)!
    // What was taken is looked at as it passes.
    if (taken !== undefined) {
      const passed = new Response(taken, { headers: this.headers })
      return (passed as unknown as Record<Reader, () => Promise<never>>)[name]()
    }
    try {
      const value = await read.call(this)
      observer.told(looks[name](value))
      observer.ended()
      return value as unknown
    } catch (error) {
      observer.ended(error)
      throw error
    }
  },
})

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  const one = watched.get(response)!
  const { observer, stream } = one
  if (one.taken !== undefined) return one.taken
  // What was read already has no stream to take; nor has what another implementation gives in its place.
  if (!(stream instanceof ReadableStream) || response.bodyUsed || stream.locked) return stream
  return (one.taken = passing(stream, response.headers.get('content-type') ?? '', observer))
}

/** What stands in the place of the methods of a class of responses; made once, as each call would pay for it. */
const descriptors = new WeakMap<object, PropertyDescriptorMap>()

function descriptorsOf(response: Response): PropertyDescriptorMap {
  const own = Object.getPrototypeOf(response) as Readonly<Partial<Record<Reader | 'clone', Read>>>
  const known = descriptors.get(own)
  if (known !== undefined) return known
  const made: PropertyDescriptorMap = {
    clone: {
      configurable: true,
      writable: true,
      value(this: Response) {
        const body = bodyOf(this)
        if (!(body instanceof ReadableStream)) return own.clone?.call(this)
        const [one, other] = body.tee()
        watched.get(this)!.taken = one
        return new Response(other, this)
      },
    },
    body: {
      configurable: true,
      get(this: Response) {
        return bodyOf(this)
      },
    },
  }
  for (const name of Object.keys(looks) as Reader[]) {
    const read = own[name]
    if (read !== undefined) made[name] = reading(name, read)
  }
  descriptors.set(own, made)
  return made
}

/** @returns the same response, whose readers tell the observer */
export function observed(response: Response, observer: Observer): Response {
  const stream = response.body
  if (stream === null) {
    observer.ended()
    return response
  }
  watched.set(response, { observer, stream })
  return Object.defineProperties(response, descriptorsOf(response))
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
        events?.end()
        // Some clients read no further than the last event.
        if (events?.isOver) ended()
        else ended(reason ?? new DOMException('the reader stopped', 'AbortError'))
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
