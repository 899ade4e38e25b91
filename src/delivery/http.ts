/** Posts JSON: bounded in time, tried again where that can help, never to another host, and silent about secrets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { failed, type Sent } from './channel.js'
import { unreachedWords, untrustedWords } from './connection-faults.js'
import { pauseBefore, retryAfterMs, type Limits } from './limits.js'
import type { Secrets } from './secrets.js'

export interface Post {
  readonly url: URL
  readonly body: string
  /** Made anew for each attempt: a signature has the time of its own. */
  readonly headers?: (now: Date) => Readonly<Record<string, string>>
  /** The receiver knows a repeat as one: a request without an answer may be sent again. */
  readonly repeatable: boolean
  readonly limits: Limits
  readonly secrets: Secrets
}

/** What came of one attempt. */
type Answer =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'again' | 'over'
      readonly error: string
      readonly doubtful: boolean
      readonly refused: boolean
      readonly waitMs?: number | undefined
    }

/** Never throws: what goes wrong is said in the result. */
export async function post(request: Post): Promise<Sent> {
  const { limits } = request
  let doubtful = false
  for (let attempt = 1; ; attempt++) {
    const answer = await once(request)
    if (answer.kind === 'done') return { ok: true }
    doubtful ||= answer.doubtful
    const end = (error: string): Sent => failed(error, { doubtful, refused: answer.refused })
    if (answer.kind === 'over') return end(answer.error)
    const tries = attempt === 1 ? '' : ` (tried ${attempt} times)`
    if (attempt >= limits.attempts) return end(`${answer.error}${tries}`)
    const pause = pauseBefore(attempt, limits.pauseMs, answer.waitMs)
    if (Date.now() + pause >= limits.deadline) {
      const wait =
        answer.waitMs === undefined ? '' : `, and asks to wait ${Math.ceil(answer.waitMs / 1000)} s`
      return end(`${answer.error}${wait}${tries}`)
    }
    await sleep(pause)
  }
}

/** One attempt, with the redirects that stay on the host. */
async function once(request: Post): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.min(request.limits.attemptMs, 2 ** 31 - 1))
  let { url } = request
  for (let hops = 0; ; hops++) {
    const now = new Date()
    let response: Response
    try {
      response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        signal,
        body: request.body,
        headers: { 'content-type': 'application/json; charset=utf-8', ...request.headers?.(now) },
      })
    } catch (error) {
      return withoutAnswer(error, request)
    }
    const next = nextUrl(response, url)
    if (next === undefined || hops >= 3) return judged(response, request, now)
    await response.body?.cancel()
    url = request.secrets.hideUrl(next)
  }
}

/** Only 307 and 308 keep a POST a POST; only the same host may be told what is in it. */
function nextUrl(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location')
  if ((response.status !== 307 && response.status !== 308) || location === null) return undefined
  if (!URL.canParse(location, from.href)) return undefined
  const to = new URL(location, from)
  return to.host === from.host && to.protocol === from.protocol ? to : undefined
}

async function judged(response: Response, { secrets }: Post, now: Date): Promise<Answer> {
  const { status } = response
  if (response.ok) {
    // The answer is in the status; a body that breaks off changes nothing.
    await response.body?.cancel().catch(() => undefined)
    return { kind: 'done' }
  }
  const said = secrets.clean(await beginning(response))
  const error = `answered ${status}${said === '' ? '' : `: ${said}`}`
  if (status >= 300 && status < 400) {
    await response.body?.cancel().catch(() => undefined)
    const moved = `answered ${status}: it moved to another address, which is not followed`
    return { kind: 'over', error: moved, doubtful: false, refused: false }
  }
  const busy = status === 429 || status === 503
  const waitMs = busy ? retryAfterMs(response.headers.get('retry-after'), now.getTime()) : undefined
  if (busy || status === 408 || status >= 500)
    return { kind: 'again', error, doubtful: false, refused: false, waitMs }
  return { kind: 'over', error, doubtful: false, refused: true }
}

/** Up to 2,000 bytes of what the server says of an error. */
async function beginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    const stream: AsyncIterable<Uint8Array> | null = response.body
    for await (const chunk of stream ?? []) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= 2000) break
    }
  } catch {
    // Broken off: what came is enough.
  }
  return Buffer.concat(chunks).subarray(0, 2000).toString('utf8')
}

function withoutAnswer(error: unknown, { repeatable, limits }: Post): Answer {
  const code = codeOf(error)
  const early = unreachedWords(code)
  if (early !== undefined) return { kind: 'again', error: early, doubtful: false, refused: false }
  const untrusted = untrustedWords(code)
  if (untrusted !== undefined) return { kind: 'over', error: untrusted, doubtful: false, refused: false }
  const late = isTimeout(error)
  const what = late
    ? `did not answer within ${limits.attemptMs / 1000} s`
    : `closed the connection without an answer${code === '' ? '' : ` (${code})`}`
  return { kind: repeatable ? 'again' : 'over', error: what, doubtful: true, refused: false }
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/** The code of the innermost cause; several addresses of a host are several causes. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const first = at instanceof AggregateError ? (at.errors[0] as unknown) : at
    const code = first instanceof Error && 'code' in first ? first.code : undefined
    if (typeof code === 'string' && code !== 'UND_ERR') return code
  }
  return ''
}
