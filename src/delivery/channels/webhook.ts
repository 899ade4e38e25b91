/**
 * Any URL: JSON signed as Standard Webhooks say (https://www.standardwebhooks.com), which libraries of many
 * languages check. The signature covers id, time and body: a copy with another time fails, an old one is told
 * by its time, and a repeat by its id.
 */
import { createHmac } from 'node:crypto'
import type { AlertMessage, ChannelMaker } from '../channel.js'
import { needsHttp } from '../hosts.js'
import { post } from '../http.js'

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

/** The bytes of a secret: `whsec_` before base64, or any text. */
export function signingKey(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8')
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
    const key = signingKey(secrets.text(secretEnv))
    return {
      send: (message) => {
        const body = JSON.stringify(webhookBody(message), (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        )
        const headers = (now: Date): Readonly<Record<string, string>> =>
          signed(`msg_${message.id}`, body, key, now)
        return post({ url, body, headers, repeatable: true, limits, secrets })
      },
    }
  },
}
