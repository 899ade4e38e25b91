/**
 * Connections to engines: a statement goes there, its answer comes as CSV into a file. Both engines speak plain HTTP, a
 * POST of the statement, so that no client library is between us and what is sent: what is answered streams to the
 * disk, in bounded memory, and each wait has an end.
 */
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { UserError } from '../../errors.js'
import { variables, type Address } from './address.js'
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

/** What the codes of a connection's failure mean. */
const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ECONNRESET: 'it hung up',
  EPIPE: 'it hung up',
  EPROTO: 'it speaks no TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks no TLS',
  HPE_INVALID_CONSTANT: 'it speaks no HTTP',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'nobody vouches for its certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody vouches for its certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'nobody vouches for its certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody vouches for its certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another host',
}

/** Where a connection is looked for, and what may be wrong with it. */
function whatToCheck({ engine, host, port, isSecure }: Address): readonly string[] {
  const tls = isSecure
    ? `TLS: it is used, as the address begins with ${engine}s://; a certificate of one's own is trusted by NODE_EXTRA_CA_CERTS`
    : `TLS: it is not used; ${engine}s:// uses it`
  return [
    `Address and port: ${host}, port ${port}.`,
    `${tls}.`,
    `Credentials: ${variables[engine].join(', ')} in the environment.`,
    'Hours that were taken stay; the same command goes on from there.',
  ]
}

/** The fault of a connection in words. */
export function unreached(address: Address, error: unknown): UserError {
  const code = (error as { code?: unknown }).code
  const message = error instanceof Error ? error.message : String(error)
  const meaning = typeof code === 'string' ? meanings[code] : undefined
  const what = meaning === undefined ? message : `${meaning} (${String(code)})`
  return new UserError(`the engine at ${address.said} cannot be asked: ${what.split('\n')[0]}`, {
    hint: whatToCheck(address),
    cause: error,
  })
}

/**
 * Somebody else than the engine answers, or it does not let us in.
 * @param status HTTP's
 * @param isOfCredentials the engine says that it is them
 */
export function turnedAway(
  address: Address,
  status: number,
  text: string,
  isOfCredentials = status === 401 || status === 403,
): UserError {
  const said = text.replaceAll(/\s+/g, ' ').trim().slice(0, 200)
  const why = isOfCredentials
    ? 'it does not take these credentials'
    : status >= 300 && status < 400
      ? 'it sends elsewhere, where nobody follows'
      : 'it is no such engine, or something stands before it'
  return new UserError(
    `the engine at ${address.said} cannot be asked: ${why} (HTTP ${status}${said === '' ? '' : `: ${said}`})`,
    {
      hint: whatToCheck(address),
    },
  )
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
