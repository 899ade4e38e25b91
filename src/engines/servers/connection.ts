/**
 * Connections to engines: a statement goes there, its answer comes as CSV into a file. Both engines speak plain HTTP, a
 * POST of the statement, so that no client library is between us and what is sent: what is answered streams to the
 * disk, in bounded memory, and each wait has an end.
 */
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { UserError } from '../../errors.js'
import type { Address } from './address.js'
import type { Dialect } from '../dialect.js'

export interface Answered {
  /** Bytes that the engine read for it; undefined where it does not say. */
  readonly scanned: number | undefined
}

export interface Connection {
  readonly dialect: Dialect
  /** Writes the answer to a file, as CSV with a header. @throws UserError with what the engine says */
  ask(sql: string, path: string): Promise<Answered>
}

export interface Sent {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request and answers with the response, whose body is not read yet. No redirect is followed. */
export function send(address: Address, { method, path, headers, body }: Sent): Promise<IncomingMessage> {
  const start = address.isSecure ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = start(
      { host: address.host, port: address.port, method, path, headers, timeout: address.timeoutMs },
      resolve,
    )
    request.on('timeout', () => {
      request.destroy(new Error(`nothing came for ${Math.round(address.timeoutMs / 1000)} s`))
    })
    request.on('error', (error) => reject(unreached(address, error)))
    request.end(body)
  })
}

/** The fault of a connection in words. */
export function unreached({ said }: Address, error: unknown): UserError {
  const code = (error as { code?: unknown }).code
  const what = typeof code === 'string' ? code : error instanceof Error ? error.message : String(error)
  return new UserError(`the engine cannot be asked: ${what}`, {
    location: said,
    hint: 'Hours that were taken stay; the same command goes on from there.',
    cause: error,
  })
}

/** Reads a body that is short by its nature. @throws Error beyond the limit */
export async function textOf(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) {
      response.destroy()
      throw new Error(`the answer has more than ${limit} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The engine's own word against a statement. */
export const refusedBy = ({ said }: Address, what: string): UserError =>
  new UserError(`the engine answers: ${what.replaceAll(/\s+/g, ' ').trim().slice(0, 400)}`, {
    location: said,
    hint: 'llmcost rollup --print-sql prints the statements; --table and --map say which table and columns they read. Hours that were taken stay.',
  })
