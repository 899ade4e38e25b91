/**
 * PagerDuty Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview): trigger and resolve
 * with one key an alert, so that a repeat never pages twice.
 */
import type { AlertMessage, ChannelMaker } from '../channel.js'
import { needsHttps } from '../hosts.js'
import { post } from '../http.js'
import { plainLine, wordsOf } from '../wording.js'

const standardUrl = new URL('https://events.pagerduty.com/v2/enqueue')

/** Without the key, which is added when it is sent. */
export function pagerDutyEvent(message: AlertMessage): object {
  const { rule, event, alertKey } = message
  const same = { dedup_key: `llmcost-${alertKey}` }
  if (event === 'end') return { event_action: 'resolve', ...same }
  const { text, facts } = wordsOf(message)
  return {
    event_action: 'trigger',
    ...same,
    client: 'llmcost',
    payload: {
      summary: plainLine(text, 1024),
      source: 'llmcost',
      severity: rule.severity,
      timestamp: message.startedAt,
      class: rule.kind,
      ...(rule.value === null ? {} : { component: plainLine(rule.value, 255) }),
      custom_details: Object.fromEntries(facts.map(({ label, value }) => [label, value])),
    },
  }
}

export const pagerduty: ChannelMaker = {
  kind: 'pagerduty',
  open: ({ keyEnv = '', urlEnv }, { secrets, limits }) => {
    const key = secrets.text(keyEnv)
    const url = urlEnv === undefined ? standardUrl : secrets.url(urlEnv, needsHttps)
    return {
      send: (message) => {
        const body = JSON.stringify({ routing_key: key, ...pagerDutyEvent(message) })
        return post({ url, body, repeatable: true, limits, secrets })
      },
    }
  },
}
