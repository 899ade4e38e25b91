/** Serves /metrics over HTTP until a signal ends it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIPv6, type AddressInfo } from 'node:net'
import { UserError } from '../../errors.js'
import { asksHere, isLoopback } from '../../machine/loopback.js'
import { untilSignal } from '../../machine/signals.js'
import { contentType } from './text.js'

export interface Address {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

/**
 * `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`, `:9464` or `9464`; without a host, loopback.
 * @throws UserError (usage)
 */
export function parseAddress(text: string): Address {
  const [, v6, name, port = ''] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]*)):)?(\d{1,5})$/.exec(text.trim()) ?? []
  if (port === '' || Number(port) > 65_535 || (v6 !== undefined && !isIPv6(v6))) {
    throw new UserError(`--listen ${text} is not an address`, {
      code: 'usage',
      hint: 'Write --listen 127.0.0.1:9464.',
    })
  }
  return { host: v6 ?? (name || '127.0.0.1'), port: Number(port) }
}

/** What a scrape came to. */
export type Answer =
  | { readonly text: string }
  /** For people: why there are no figures, and whether that is because of the database or a defect. */
  | { readonly failure: string; readonly status: 500 | 503 }

export interface Service {
  readonly address: Address
  /** Never runs twice at a time. */
  readonly scrape: () => Promise<Answer>
  readonly onListening: (url: string) => void
}

/** Resolves when SIGTERM or SIGINT has ended it and the last answer is out. @throws UserError for a bad address */
export async function serve({ address, scrape, onListening }: Service): Promise<void> {
  const answer = oneAtATime(scrape)
  const local = isLoopback(address.host)
  const server = createServer((request, response) => {
    void respond(request, response, { answer, local, stopping: () => !server.listening })
  })
  await listen(server, address)
  onListening(urlOf(server))
  await untilSignal().told
  await new Promise((resolve) => server.close(resolve))
}

/** Who asks while a scrape runs gets its answer. */
function oneAtATime(scrape: () => Promise<Answer>): () => Promise<Answer> {
  let running: Promise<Answer> | undefined
  return () => {
    running ??= scrape().finally(() => (running = undefined))
    return running
  }
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what =
        error.code === 'EADDRINUSE'
          ? 'another program listens there'
          : `no program can listen there (${error.code})`
      reject(
        new UserError(what, {
          location: `--listen ${host}:${port}`,
          hint: 'Choose another address or port, such as --listen 127.0.0.1:9465.',
          cause: error,
        }),
      )
    })
    server.listen(port, host)
  })
}

function urlOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}/metrics`
}

interface Serving {
  readonly answer: () => Promise<Answer>
  /** Only this machine is to be answered. */
  readonly local: boolean
  readonly stopping: () => boolean
}

const plainText = 'text/plain; charset=utf-8'

async function respond(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  response.on('error', () => undefined) // Who asked has gone.
  const send = (status: number, type: string, body: string, more: Record<string, string> = {}): void => {
    if (serving.stopping()) response.setHeader('Connection', 'close')
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'X-Content-Type-Options': 'nosniff',
      ...more,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const refuse = (status: number, why: string, more?: Record<string, string>): void =>
    send(status, plainText, `${why}\n`, more)
  // A page in a browser could ask under a name of its own that leads here.
  if (serving.local && !asksHere(request.headers.host)) return refuse(403, 'Ask under the name localhost.')
  const path = (request.url ?? '').split('?')[0]
  if (path !== '/' && path !== '/metrics') return refuse(404, 'Only /metrics is here.')
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(405, 'Only GET and HEAD.', { Allow: 'GET, HEAD' })
  if (path === '/') return send(200, 'text/html; charset=utf-8', front)
  const answer = await serving.answer()
  if ('text' in answer) return send(200, contentType, answer.text)
  refuse(answer.status, answer.failure, { 'Retry-After': '15' })
}

const front =
  '<!doctype html><html lang="en"><title>llmcost</title><h1>llmcost</h1><p><a href="/metrics">Metrics</a></p></html>\n'
