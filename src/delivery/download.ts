/** Gets a text over HTTPS, once, when a person asks for it: bounded in size and time, and whole or not at all. */
import { UserError } from '../errors.js'
import { unreachedWords, untrustedWords } from './connection-faults.js'
import { isLoopback, needsHttps } from './hosts.js'

export interface DownloadLimits {
  readonly bytes: number
  /** ms from the first byte sent to the last received. */
  readonly totalMs: number
  /** ms without a byte. */
  readonly idleMs: number
  readonly redirects: number
}

export const standardDownload: DownloadLimits = {
  bytes: 64 * 1024 * 1024,
  totalMs: 120_000,
  idleMs: 15_000,
  redirects: 5,
}

/**
 * @throws UserError (usage) for what is no address that may be asked
 */
export function downloadUrl(text: string, said: string): URL {
  const fault = (what: string): UserError =>
    new UserError(`${said} ${what}`, {
      code: 'usage',
      hint: 'Write an address such as https://models.dev/api.json, or name a file.',
    })
  if (!URL.canParse(text)) throw fault('is no address')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '')
    throw fault('has a name or a password in it, which is not sent')
  const objection = needsHttps(url)
  if (objection !== undefined) throw fault(objection)
  return url
}

/** An address without what may be secret in it. */
export const placeWords = ({ origin, pathname }: URL): string => origin + pathname

/** @throws UserError that says what came instead of a whole text */
export async function download(url: URL, limits: DownloadLimits = standardDownload): Promise<string> {
  const abort = new AbortController()
  const watch = new Watch(abort, limits)
  try {
    const { response, at } = await answered(url, abort.signal, limits)
    return await textOf(response, at, watch, limits)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw failure(url, watch.late ?? reasonOf(error), error)
  } finally {
    watch.end()
    abort.abort()
  }
}

/** Ends a request that takes too long, in all or between two pieces. */
class Watch {
  late: string | undefined
  readonly #abort: AbortController
  readonly #idleMs: number
  readonly #total: NodeJS.Timeout
  #idle: NodeJS.Timeout | undefined

  constructor(abort: AbortController, { totalMs, idleMs }: DownloadLimits) {
    this.#abort = abort
    this.#idleMs = idleMs
    this.#total = setTimeout(() => this.#stop(`took more than ${totalMs / 1000} s`), totalMs)
    this.heard()
  }

  heard(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.#stop(`sent nothing for ${this.#idleMs / 1000} s`), this.#idleMs)
  }

  end(): void {
    clearTimeout(this.#total)
    clearTimeout(this.#idle)
  }

  #stop(late: string): void {
    this.late = late
    this.#abort.abort()
  }
}

/** The answer behind all redirects, and where it came from. */
async function answered(
  first: URL,
  signal: AbortSignal,
  { redirects }: DownloadLimits,
): Promise<{ response: Response; at: URL }> {
  let at = first
  for (let hops = 0; ; hops++) {
    const response = await fetch(at, {
      redirect: 'manual',
      signal,
      // Not packed: what is cut off of a packed text does not always show.
      headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'llmcost' },
    })
    const location = response.headers.get('location')
    const moved = response.status >= 300 && response.status < 400 && location !== null
    if (!moved) {
      if (response.status !== 200) throw failure(at, `answered ${response.status}`)
      return { response, at }
    }
    await response.body?.cancel()
    if (hops >= redirects) throw failure(first, `redirects more than ${redirects} times`)
    at = nextUrl(at, location)
  }
}

/** From this machine to this machine, from elsewhere by HTTPS to elsewhere. */
function nextUrl(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw failure(from, 'redirects to what is no address')
  const to = new URL(location, from)
  const stays = isLoopback(from.hostname) === isLoopback(to.hostname)
  if (stays && needsHttps(to) === undefined && to.username === '' && to.password === '') return to
  throw failure(from, `redirects to ${to.protocol}//${to.host}, which is not followed`)
}

async function textOf(response: Response, at: URL, watch: Watch, { bytes }: DownloadLimits): Promise<string> {
  const tooLarge = (): UserError => failure(at, `sends more than ${Math.round(bytes / 1024 / 1024)} MB`)
  const said = Number(response.headers.get('content-length') ?? 0)
  if (said > bytes) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  const stream: AsyncIterable<Uint8Array> | null = response.body
  for await (const chunk of stream ?? []) {
    watch.heard()
    size += chunk.length
    if (size > bytes) throw tooLarge()
    chunks.push(chunk)
  }
  if (!response.headers.has('content-encoding') && said > size)
    throw failure(at, `broke off after ${size} of ${said} bytes`)
  return decoded(Buffer.concat(chunks), placeWords(at))
}

/** @param where the file or address, for the message @throws UserError for what is not UTF-8 */
export function decoded(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new UserError('this is no text in UTF-8', {
      location: where,
      hint: 'It may be compressed, or another file. Nothing was written.',
      cause: error,
    })
  }
}

function reasonOf(error: unknown): string {
  let code = ''
  for (let at = error; at instanceof Error; at = at.cause) {
    const first = at instanceof AggregateError ? (at.errors[0] as unknown) : at
    if (first instanceof Error && 'code' in first && typeof first.code === 'string') code = first.code
  }
  const known = untrustedWords(code) ?? unreachedWords(code)
  return known ?? `broke off before the end${code === '' ? '' : ` (${code})`}`
}

function failure(url: URL, what: string, cause?: unknown): UserError {
  return new UserError(`${placeWords(url)} ${what}`, {
    hint: 'Nothing was written. Try again later, or save the list by other means and name the file.',
    cause,
  })
}
