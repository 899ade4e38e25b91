/** Slack incoming webhooks: Block Kit (https://docs.slack.dev/reference/block-kit). */
import type { AlertMessage } from '../channel.js'
import { incomingWebhook } from '../incoming-webhook.js'
import { testWords, wordsOf } from '../wording.js'

const marks = { info: ':information_source:', warning: ':warning:', critical: ':rotating_light:' } as const

/**
 * Text from a log in mrkdwn: the three signs that begin markup are escaped (Slack's rule), so that no
 * mention, channel or link can arise; words that ping everyone are parted besides.
 */
export function slackText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=channel|here|everyone|group)/gi, '@\u200b')
}

/** `verbatim`: names, addresses and links in the text stay text. */
const markdown = (text: string): object => ({ type: 'mrkdwn', text, verbatim: true })

/** @param message what to tell */
export function slackBody(message: AlertMessage): object {
  const { lead, text, facts, note } = wordsOf(message)
  const mark = message.event === 'end' ? ':white_check_mark:' : marks[message.rule.severity]
  const fields = facts
    .slice(0, 10)
    .map(({ label, value }) => markdown(`*${slackText(label)}*\n${slackText(value)}`))
  return {
    // What notifications and screen readers have.
    text: `${lead}: ${slackText(text)}`,
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: markdown(`${mark} *${lead}*: ${slackText(text)}`) },
      { type: 'section', fields },
      ...(note === undefined ? [] : [{ type: 'context', elements: [markdown(note)] }]),
    ],
  }
}

export const slack = incomingWebhook('slack', slackBody, { text: testWords, mrkdwn: false })
