/** What becomes of a request: it is checked, received, brought to one form, stripped of content, and spooled. */
import type { IncomingMessage } from 'node:http'
import { asksHere } from '../machine/loopback.js'
import { encodingOf, Room, type Limits } from './body.js'
import { fromJson } from './from-json.js'
import { fromProtobuf } from './from-protobuf.js'
import { keptLines } from './kept-lines.js'
import {
  logsRequest,
  metricsRequest,
  TooLarge,
  traceRequest,
  type Json,
  type Message,
} from './otlp-messages.js'
import { later, Refusal } from './refusal.js'
import { encodings, type Encoding, type NotKept } from './replies.js'
import type { Spool } from './spool.js'
import type { Signal } from './without-content.js'

interface Route {
  readonly message: Message
  /** Undefined: nothing of it is kept. */
  readonly signal?: Signal
}

const routes: ReadonlyMap<string, Route> = new Map([
  ['/v1/traces', { message: traceRequest, signal: 'spans' }],
  ['/v1/logs', { message: logsRequest, signal: 'logRecords' }],
  ['/v1/metrics', { message: metricsRequest }],
])

/** What became of a body. */
type Looked =
  | { readonly text: Buffer; readonly came: number; readonly signal: Signal }
  | { readonly points: number }

/** What came in so far. */
export interface Sums {
  requests: number
  spans: number
  logRecords: number
  /** Points of metrics, which are not kept. */
  points: number
  refused: number
}

export interface Receiver {
  readonly spool: Spool
  readonly limits: Limits
  /** Only this machine is to be answered. */
  readonly isLocal: boolean
}

export class Receiving {
  readonly sums: Sums = { requests: 0, spans: 0, logRecords: 0, points: 0, refused: 0 }
  readonly #receiver: Receiver
  readonly #room: Room
  /** One body is looked at at a time: what it is made into takes many times its room. */
  #looking: Promise<unknown> = Promise.resolve()

  constructor(receiver: Receiver) {
    this.#receiver = receiver
    this.#room = new Room(receiver.limits)
  }

  /** @returns what was not kept, if anything @throws Refusal */
  async take(request: IncomingMessage): Promise<NotKept | undefined> {
    const { message, signal } = this.#routeOf(request)
    const encoding = encodingOfBody(request)
    if (encoding === undefined)
      throw new Refusal(415, `Send ${Object.values(encodings).join(' or ')}.`, {
        headers: { Accept: Object.values(encodings).join(', ') },
      })
    encodingOf(request)
    return this.#room.with(request, async (unpack) => {
      const look = async (): Promise<Looked> => {
        const told = read(await unpack(), encoding, message)
        if (signal === undefined) return { points: pointsOf(told) }
        const { text, came } = keptLines(told, signal)
        return { text: Buffer.from(text), came, signal }
      }
      const looked = await this.#oneByOne(look)
      if ('text' in looked && looked.text.length > 0) await this.#spooled(looked.text)
      return this.#counted(looked)
    })
  }

  /** @throws Refusal for what is not for it */
  #routeOf({ url, method, headers }: IncomingMessage): Route {
    // No page of the web has anything to send; what browsers do send says from where.
    const isOfPage = headers.origin !== undefined || (headers['sec-fetch-site'] ?? 'none') !== 'none'
    if (isOfPage || (this.#receiver.isLocal && !asksHere(headers.host)))
      throw new Refusal(
        403,
        'Nothing is taken from pages in browsers. Programs ask under the name localhost.',
      )
    const route = routes.get((url ?? '').split('?')[0] ?? '')
    if (route === undefined) throw new Refusal(404, `Send to ${[...routes.keys()].join(', ')}.`)
    if (method !== 'POST') throw new Refusal(405, 'Only POST.', { headers: { Allow: 'POST' } })
    return route
  }

  #oneByOne<T>(look: () => Promise<T>): Promise<T> {
    const looked = this.#looking.then(look)
    this.#looking = looked.catch(() => undefined)
    return looked
  }

  async #spooled(text: Buffer): Promise<void> {
    try {
      await this.#receiver.spool.append(text)
    } catch (error) {
      throw later('It could not be written. Send it again.', 5, error)
    }
  }

  #counted(looked: Looked): NotKept | undefined {
    this.sums.requests++
    if ('text' in looked) {
      this.sums[looked.signal] += looked.came
      return undefined
    }
    this.sums.points += looked.points
    return { count: looked.points, field: 'rejectedDataPoints', why: metricsWords }
  }
}

const metricsWords =
  'llmcost keeps no metrics: it reads calls from traces and logs. Set OTEL_METRICS_EXPORTER=none.'

/** Undefined where it is none that is read. */
export function encodingOfBody({ headers }: IncomingMessage): Encoding | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  return (Object.keys(encodings) as Encoding[]).find((name) => encodings[name] === type)
}

/** @throws Refusal */
function read(body: Buffer, encoding: Encoding, message: Message): Record<string, Json> {
  try {
    return encoding === 'json' ? fromJson(body.toString(), message) : fromProtobuf(body, message)
  } catch (error) {
    if (error instanceof TooLarge)
      throw new Refusal(413, `${error.message} in one request.`, { cause: error })
    // The words of a parser quote what it read.
    const why = encoding === 'json' && !(error instanceof SyntaxError) ? `: ${(error as Error).message}` : ''
    throw new Refusal(
      400,
      `The body is no ${message.name} in ${encoding === 'json' ? 'JSON' : 'protobuf'}${why}.`,
      {
        cause: error,
      },
    )
  }
}

/** How many points a request of metrics has. */
function pointsOf(value: Json): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one: Json) => sum + pointsOf(one), 0)
  if (typeof value !== 'object') return 0
  return Object.entries(value).reduce(
    (sum, [name, held]) => sum + (name === 'dataPoints' ? (held as Json[]).length : pointsOf(held)),
    0,
  )
}
