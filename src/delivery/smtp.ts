/**
 * Hands one message to a mail server. It is tried again only while the server cannot have taken it: before
 * its content was sent, or after a plain refusal "for now" (4xx). Once the content is on its way and no
 * answer comes, nobody knows, and it is not sent again.
 */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodemailerError } from 'nodemailer/lib/errors'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { failed, type Sent } from './channel.js'
import type { Mail } from './compose.js'
import { pauseBefore, type Limits } from './limits.js'
import type { Secrets } from './secrets.js'
import type { SmtpServer } from './smtp-server.js'

interface Visit {
  readonly server: SmtpServer
  readonly limits: Limits
  readonly secrets: Secrets
}

export interface Sending extends Visit {
  readonly mail: Mail
  /** The composed message. */
  readonly source: Buffer
}

type Recipients = readonly string[]
type Attempt =
  | { readonly ok: true; readonly refused: Recipients }
  | { readonly ok: false; readonly error: string; readonly again: boolean; readonly doubtful: boolean }

/** Never throws: what goes wrong is said in the result. */
export async function sendMail(sending: Sending): Promise<Sent> {
  const { limits } = sending
  for (let attempt = 1; ; attempt++) {
    const result = await once(sending, handing(sending))
    if (result.ok) return accepted(result.refused)
    const pause = pauseBefore(attempt, limits.pauseMs, undefined)
    const more = result.again && attempt < limits.attempts && Date.now() + pause < limits.deadline
    const tries = attempt === 1 ? '' : ` (tried ${attempt} times)`
    if (!more)
      return failed(`${result.error}${tries}`, {
        doubtful: result.doubtful,
        refused: !result.again && !result.doubtful,
      })
    await sleep(pause)
  }
}

/**
 * Connects, agrees on TLS and logs in as for a mail, and leaves. Never throws.
 */
export async function probeServer(visit: Visit): Promise<Sent> {
  const result = await once(visit, { refusal: 'refused the session', run: ({ done }) => done(null) })
  return result.ok ? { ok: true } : failed(result.error)
}

/** Some recipients refused: the others have it, so it must not be sent again as a whole. */
function accepted(refused: Recipients): Sent {
  if (refused.length === 0) return { ok: true }
  return { ok: true, warning: `took the message, but not for ${refused.join(', ')}` }
}

/** What is done once the server has let us in. */
interface Work {
  /** What a server that says no to it has done. */
  readonly refusal: string
  readonly run: (session: {
    readonly connection: SMTPConnection
    /** The content is on its way: from now on, silence is doubt. */
    readonly begin: () => void
    readonly done: (error: NodemailerError | null, refused?: Recipients) => void
  }) => void
}

const handing = ({ mail, source }: Sending): Work => ({
  refusal: 'refused the message',
  run: ({ connection, begin, done }) => {
    connection.send(envelopeOf(mail, source.length), contentOf(source, begin), (wrong, info) =>
      wrong ? done(wrong) : done(null, (info.rejected ?? []).map(String)),
    )
  },
})

async function once(visit: Visit, work: Work): Promise<Attempt> {
  const { server, limits } = visit
  const { default: Connection } = await import('nodemailer/lib/smtp-connection')
  const connection = new Connection({
    host: server.host,
    port: server.port,
    secure: server.tls === 'implicit',
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'none',
    tls: { minVersion: 'TLSv1.2' },
    connectionTimeout: limits.attemptMs,
    greetingTimeout: limits.attemptMs,
    socketTimeout: limits.attemptMs,
    dnsTimeout: limits.attemptMs,
    socketCloseTimeout: 0,
    logger: false,
  })
  try {
    return await session(connection, visit, work)
  } finally {
    connection.close()
  }
}

/** Connect, log in, work: each with its callback, and one ear for errors of the connection itself. */
function session(
  connection: SMTPConnection,
  { server, limits, secrets }: Visit,
  { refusal, run }: Work,
): Promise<Attempt> {
  return new Promise((resolve) => {
    let begun = false
    const fail = (error: NodemailerError): void => resolve(judged(error, begun, refusal, secrets))
    // A server that says something now and then would never run into the time-out of silence.
    const whole = setTimeout(() => {
      resolve({ ok: false, ...late(begun, limits.attemptMs * 3) })
      connection.close()
    }, limits.attemptMs * 3)
    whole.unref()
    connection.once('error', fail)
    connection.connect((error) => {
      if (error) return fail(error)
      const begin = (): void => void (begun = true)
      const done = (wrong: NodemailerError | null, refused: Recipients = []): void => {
        clearTimeout(whole)
        if (wrong) return fail(wrong)
        connection.quit()
        resolve({ ok: true, refused })
      }
      const inside = (): void => run({ connection, begin, done })
      if (server.auth === undefined) return inside()
      connection.login({ ...server.auth, credentials: server.auth }, (wrong) =>
        wrong ? fail(wrong) : inside(),
      )
    })
  })
}

const envelopeOf = (mail: Mail, size: number): { from: string; to: string[]; size: number } => ({
  from: mail.from.address,
  to: [...mail.to, ...mail.cc].map(({ address }) => address),
  size,
})

/** The content, which tells when the connection begins to take it: after the server's go-ahead. */
function contentOf(source: Buffer, onBegin: () => void): Readable {
  return new Readable({
    read() {
      onBegin()
      this.push(source)
      this.push(null)
    },
  })
}

function judged(
  error: NodemailerError,
  begun: boolean,
  refusal: string,
  secrets: Secrets,
): Attempt & { ok: false } {
  const { responseCode: code } = error
  const said = typeof error.response === 'string' ? secrets.clean(error.response) : ''
  // With an answer to it, the content was refused; a 4xx may pass later.
  if (typeof code === 'number' && error.code !== 'ETLS') {
    const login = error.code === 'EAUTH' ? 'refused user or password' : refusal
    return { ok: false, error: `${login}: ${said}`, again: code >= 400 && code < 500, doubtful: false }
  }
  if (begun) return { ok: false, ...late(true) }
  const first = error.originalCode ?? ''
  if (/CERT|SELF_SIGNED|ISSUER|SIGNATURE|ALTNAME/.test(first))
    return {
      ok: false,
      error: `has a certificate that is not trusted (${first})`,
      again: false,
      doubtful: false,
    }
  const what = words[first] ?? words[error.code ?? '']
  const again = !['ETLS', 'EAUTH', 'EENVELOPE', 'ENOTFOUND'].includes(error.code ?? '')
  return { ok: false, error: what ?? `failed (${error.code ?? 'unknown'})`, again, doubtful: false }
}

function late(begun: boolean, ms?: number): { error: string; again: boolean; doubtful: boolean } {
  const silence = ms === undefined ? '' : ` within ${ms / 1000} s`
  return begun
    ? {
        error: `did not say whether it took the message${silence}: it may have arrived, and is not sent again`,
        again: false,
        doubtful: true,
      }
    : { error: `did not answer in time${silence}`, again: true, doubtful: false }
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'has a host that is not known',
  EDNS: 'has a host whose name could not be resolved',
  ETIMEDOUT: 'did not answer in time',
  ECONNECTION: 'closed the connection',
  ECONNRESET: 'closed the connection',
  ESOCKET: 'closed the connection',
  ETLS: 'offers no TLS that can be trusted: smtp:// needs STARTTLS, unless ?tls=no is added',
  EAUTH: 'takes no password this way',
  EPROTOCOL: 'does not speak SMTP',
}
