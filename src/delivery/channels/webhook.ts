/**
 * Any URL: JSON signed as Standard Webhooks say (https://www.standardwebhooks.com), which libraries of many
 * languages check. The signature covers id, time and body: a copy with another time fails, an old one is told
 * by its time, and a repeat by its id.
 */
import { createHmac, randomUUID } from 'node:crypto'
import type { AlertMessage, ChannelMaker, Sent } from '../channel.js'
import { needsHttp } from '../hosts.js'
import { post } from '../http.js'
import { MissingSecret } from '../secrets.js'
import { testProof, testWords } from '../wording.js'

/** Version of the body; only grows. */
const webhookVersion = 1

export function webhookBody(message: AlertMessage): object {
  const { rule, event, alert, startedAt, endedAt, at, alertKey, repeat } = message
  return {
    type: `alert.${event}`,
    timestamp: at,
    data: {
      version: webhookVersion,
      alert,
      alert_key: alertKey,
      key: rule.key,
      rule: rule.rule,
      kind: rule.kind,
      severity: rule.severity,
      dimension: rule.dimension,
      value: rule.value,
      measured: rule.measured,
      bound: rule.bound,
      since: rule.since,
      started_at: startedAt,
      ended_at: endedAt,
      text: rule.text,
      repeat,
      details: rule.details ?? {},
    },
  }
}

/** A message of a type of its own: receivers that act on alerts let it pass. */
export const testBody = (at: Date): object => ({
  type: 'test',
  timestamp: at.toISOString(),
  data: { version: webhookVersion, text: testWords },
})

/**
 * The bytes of a secret: `whsec_` before base64, or any text.
 * @throws MissingSecret for what is no base64: it would sign with a key that the receiver does not have
 */
export function signingKey(secret: string, said = 'the secret'): Buffer {
  if (!secret.startsWith('whsec_')) return Buffer.from(secret, 'utf8')
  const text = secret.slice(6)
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return Buffer.from(text, 'base64')
  throw new MissingSecret(`${said} has something else than base64 after whsec_`)
}

/** The headers of one attempt. */
export function signed(id: string, body: string, key: Buffer, now: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}

export const webhook: ChannelMaker = {
  kind: 'webhook',
  open: ({ urlEnv = '', secretEnv = '' }, { secrets, limits }) => {
    const url = secrets.url(urlEnv, needsHttp)
    const key = signingKey(secrets.text(secretEnv), `the environment variable ${secretEnv}`)
    const say = (id: string, content: object): Promise<Sent> => {
      const body = JSON.stringify(content, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      const headers = (now: Date): Readonly<Record<string, string>> => signed(`msg_${id}`, body, key, now)
      return post({ url, body, headers, repeatable: true, limits, secrets })
    }
    return {
      target: url.host,
      send: (message) => say(message.id, webhookBody(message)),
      probe: { run: () => say(randomUUID(), testBody(new Date())), proof: testProof },
    }
  },
}
