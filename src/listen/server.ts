/**
 * listen: takes OTLP over HTTP from SDKs and collectors and spools it, for `ingest` and `watch` to read. It opens no
 * database: who sends waits for the disk alone.
 *
 * This file: the server, from its start to its end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import { UserError } from '../errors.js'
import { passedBy } from './body.js'
import { encodingOfBody, Receiving, type Receiver, type Sums } from './receiver.js'
import { later, Refusal } from './refusal.js'
import { encodings, failureOf, successOf, type Encoding } from './replies.js'

export interface Service extends Receiver {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Bodies that are received at a time. */
  readonly mostRequests: number
  /** How long a sender may take for a request, ms. */
  readonly requestTimeoutMs: number
  /** Is told of what is refused or not kept, in words that quote no request. */
  readonly onNotTaken: (words: string) => void
}

/** How long requests under way may take when it is ended, ms. */
const grace = 10_000

export interface Listening {
  /** Where it listens, such as http://127.0.0.1:4318. */
  readonly url: string
  /** What came in so far. */
  readonly sums: Sums
  /** Takes nothing new, and resolves when all that is under way has its answer. */
  readonly end: () => Promise<void>
}

/** @throws UserError where nobody can listen */
export async function listen(service: Service): Promise<Listening> {
  const receiving = new Receiving(service)
  const state = { now: 0, ends: false }
  const options = {
    requestTimeout: service.requestTimeoutMs,
    headersTimeout: Math.min(10_000, service.requestTimeoutMs),
    connectionsCheckingInterval: Math.min(1_000, service.requestTimeoutMs),
    // SDKs send every five seconds, as often as Node would end a connection that is quiet.
    keepAliveTimeout: 65_000,
  }
  const server = createServer(options, (request, response) => {
    void respond(request, response, { service, receiving, state })
  })
  server.maxConnections = 4 * service.mostRequests
  await listenAt(server, service)
  return {
    url: urlOf(server),
    sums: receiving.sums,
    end: () =>
      new Promise((resolve) => {
        state.ends = true
        server.close(() => resolve())
        setTimeout(() => server.closeAllConnections(), grace).unref()
      }),
  }
}

function listenAt(server: Server, { host, port }: Service): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      const what = isTaken ? 'another program listens there' : `no program can listen there (${error.code})`
      reject(
        new UserError(what, {
          location: `${isIPv6(host) ? `[${host}]` : host}:${port}`,
          hint: isTaken
            ? 'Often it is a collector: end it, or choose another port with --port.'
            : 'Choose another address with --host, or another port with --port.',
          cause: error,
        }),
      )
    })
    server.listen(port, host)
  })
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}

interface Serving {
  readonly service: Service
  readonly receiving: Receiving
  /** Requests under way, and whether it ends. */
  readonly state: { now: number; ends: boolean }
}

async function respond(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const { service, receiving, state } = serving
  response.on('error', () => undefined) // Who sent it has gone.
  const encoding = encodingOfBody(request) ?? 'json'
  state.now++
  try {
    if (state.now > service.mostRequests) throw later('Too many requests are here at a time.', 1)
    const notKept = await receiving.take(request)
    if (notKept !== undefined) service.onNotTaken(notKept.why)
    send(response, 200, encoding, successOf(encoding, notKept), state.ends ? { Connection: 'close' } : {})
  } catch (error) {
    if (request.destroyed && !request.complete) return
    await refuse(request, response, refusalOf(error), serving)
  } finally {
    state.now--
  }
}

const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal ? error : new Refusal(500, 'It could not be taken.', { cause: error })

/** Says no, after what is still to come of the request. */
async function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal, { service, receiving, state }: Serving): Promise<void> {
  receiving.sums.refused++
  const cause = refusal.status >= 500 && refusal.cause instanceof Error ? ` (${refusal.cause.message})` : ''
  service.onNotTaken(`refused with ${refusal.status}: ${refusal.message}${cause}`)
  const isWhole = (await passedBy(request, service.limits.body)) && !state.ends
  const encoding = encodingOfBody(request) ?? 'json'
  send(response, refusal.status, encoding, failureOf(encoding, refusal), {
    ...refusal.headers,
    ...(isWhole ? {} : { Connection: 'close' }),
  })
} // prettier-ignore

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer, more: Readonly<Record<string, string>>): void {
  response.writeHead(status, {
    'Content-Type': encodings[encoding],
    'Content-Length': body.length,
    'X-Content-Type-Options': 'nosniff',
    ...more,
  })
  response.end(body)
} // prettier-ignore
