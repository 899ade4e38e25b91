/** Which mail server, and how safe the way to it is. */
import { UserError } from '../errors.js'
import { isLoopback } from './hosts.js'
import type { Secrets } from './secrets.js'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; by STARTTLS, which must succeed; or none. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly auth: { readonly user: string; readonly pass: string } | undefined
}

/** `mail.example.org:587`, `[::1]:25` */
export const placeOf = ({ host, port }: SmtpServer): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** What a session without a mail has shown. */
export function probeProof({ tls, auth }: SmtpServer): string {
  const way = tls === 'none' ? 'no TLS' : tls === 'starttls' ? 'STARTTLS' : 'TLS'
  return `let llmcost in (${way}, ${auth === undefined ? 'no password' : 'password taken'}); no mail was sent`
}

const hint =
  'Write smtp://mail.example.org:587 or smtps://mail.example.org; user and password stand in LLMCOST_SMTP_USER and LLMCOST_SMTP_PASSWORD.'

/**
 * `smtp://host:port` (STARTTLS required, except on this machine), `smtps://host:port`, `smtp://host?tls=no`.
 * Without a port: 465 for smtps, 587 for smtp, 25 on this machine.
 * @param said where the URL came from, for errors: it may hold a password, and is not shown
 * @throws UserError (usage)
 */
export function smtpServer(text: string, said: string, secrets: Secrets): SmtpServer {
  const refuse = (what: string): never => {
    throw new UserError(`${said} ${what}`, { code: 'usage', hint })
  }
  if (!URL.canParse(text)) return refuse('holds no URL of a mail server')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') refuse('holds a user or a password')
  if (!/^smtps?:$/.test(url.protocol)) refuse('must begin with smtp:// or smtps://')
  if (!/^[\w.-]+$|^\[[\da-f:.]+\]$/i.test(url.hostname) || (url.pathname !== '' && url.pathname !== '/'))
    refuse('must name a host, and no path')
  const query = [...url.searchParams]
  if (query.some(([key, value]) => key !== 'tls' || value !== 'no'))
    refuse('may have ?tls=no, and nothing else')
  const implicit = url.protocol === 'smtps:'
  if (implicit && query.length > 0) refuse('asks for TLS and for none')
  const local = isLoopback(url.hostname)
  const tls = implicit ? 'implicit' : local || query.length > 0 ? 'none' : 'starttls'
  const user = secrets.optional('LLMCOST_SMTP_USER')
  const pass = secrets.optional('LLMCOST_SMTP_PASSWORD')
  if ((user === undefined) !== (pass === undefined))
    refuse('goes with both LLMCOST_SMTP_USER and LLMCOST_SMTP_PASSWORD, or with neither')
  if (pass !== undefined && tls === 'none' && !local)
    refuse('has no TLS: the password would go over the network in the clear')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (implicit ? 465 : local ? 25 : 587) : Number(url.port),
    tls,
    auth: user === undefined || pass === undefined ? undefined : { user, pass },
  }
}
