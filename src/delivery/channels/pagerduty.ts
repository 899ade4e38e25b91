/**
 * PagerDuty Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview): trigger and resolve
 * with one key an alert, so that a repeat never pages twice.
 */
import { randomUUID } from 'node:crypto'
import type { AlertMessage, ChannelMaker, Sent } from '../channel.js'
import { needsHttps } from '../hosts.js'
import { post } from '../http.js'
import { MissingSecret } from '../secrets.js'
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

/**
 * The end of an incident that never began: nobody is paged. It is queued as any event is: the form of the key
 * is judged at once, whether it is in use only later.
 */
const probeEvent = (): object => ({ event_action: 'resolve', dedup_key: `llmcost-doctor-${randomUUID()}` })

export const pagerduty: ChannelMaker = {
  kind: 'pagerduty',
  open: ({ keyEnv = '', urlEnv }, { secrets, limits }) => {
    const key = secrets.text(keyEnv)
    const url = urlEnv === undefined ? standardUrl : secrets.url(urlEnv, needsHttps)
    // What stands in for it elsewhere may have keys of another form.
    if (url.hostname.endsWith('.pagerduty.com') && !/^[A-Za-z0-9]{32}$/.test(key)) {
      throw new MissingSecret(
        `the environment variable ${keyEnv} holds no integration key, which is 32 letters and digits`,
      )
    }
    const say = (event: object): Promise<Sent> =>
      post({ url, body: JSON.stringify({ routing_key: key, ...event }), repeatable: true, limits, secrets })
    return {
      target: url.host,
      send: (message) => say(pagerDutyEvent(message)),
      probe: { run: () => say(probeEvent()), proof: 'took an event that opens no incident' },
    }
  },
}
