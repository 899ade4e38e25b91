/** Bodies of requests, within bounds: of one, and of all that are here at a time. */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { later, Refusal } from './refusal.js'

export interface Limits {
  /** Longest body, as it is sent and unpacked, bytes. */
  readonly body: number
  /** All bodies that are here at a time, as they are sent, bytes. */
  readonly together: number
}

const unpackers = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate) }

const acceptedEncodings = 'gzip, deflate'

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const tooLarge = (limit: number): Refusal =>
  new Refusal(413, `A request may have ${megabytes(limit)}, unpacked too: send smaller batches.`)

/** How much is here. */
export class Room {
  readonly #limits: Limits
  #taken = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /**
   * Receives a body and hands it over, to be unpacked when it is its turn; its room is free again when `use` is done.
   * @throws Refusal
   */
  async with<T>(request: IncomingMessage, use: (unpack: () => Promise<Buffer>) => Promise<T>): Promise<T> {
    const { body: longest } = this.#limits
    if (Number(request.headers['content-length'] ?? 0) > longest) throw tooLarge(longest)
    let size = 0
    try {
      const parts: Buffer[] = []
      // Destroyed, a request that is too large would get no answer.
      for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (size + part.length > longest) throw tooLarge(longest)
        if (this.#taken + part.length > this.#limits.together)
          throw later('Too many requests are here at a time.', 1)
        size += part.length
        this.#taken += part.length
        parts.push(part)
      }
      const body = Buffer.concat(parts)
      parts.length = 0
      return await use(() => this.#unpacked(request, body))
    } finally {
      this.#taken -= size
    }
  }

  async #unpacked(request: IncomingMessage, body: Buffer): Promise<Buffer> {
    const encoding = encodingOf(request)
    if (encoding === undefined) return body
    try {
      return await unpackers[encoding](body, { maxOutputLength: this.#limits.body })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(this.#limits.body)
      throw new Refusal(400, `The body is no ${encoding}.`, { cause: error })
    }
  }
}

/** Undefined where the body is as it is. @throws Refusal */
export function encodingOf(request: IncomingMessage): keyof typeof unpackers | undefined {
  const name = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '') return undefined
  if (Object.hasOwn(unpackers, name)) return name as keyof typeof unpackers
  throw new Refusal(415, `Bodies are taken as they are, or packed by ${acceptedEncodings}.`, {
    headers: { 'Accept-Encoding': acceptedEncodings },
  })
}

/**
 * Lets the rest of a refused body pass by: a sender that still writes when the connection ends may never read why.
 * @returns false where there is too much of it
 */
export function passedBy(request: IncomingMessage, most: number): Promise<boolean> {
  if (request.readableEnded || request.destroyed) return Promise.resolve(request.complete)
  return new Promise((resolve) => {
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size <= most) return
      request.pause()
      resolve(false)
    })
    request.on('end', () => resolve(true))
    request.on('close', () => resolve(request.complete))
    request.resume()
  })
}
