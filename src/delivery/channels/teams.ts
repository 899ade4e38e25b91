/**
 * Teams: a card posted to a workflow ("Post to a channel when a webhook request is received"), which takes a
 * message with one Adaptive Card (https://adaptivecards.io/explorer).
 */
import type { AlertMessage } from '../channel.js'
import { incomingWebhook } from '../incoming-webhook.js'
import { testWords, wordsOf } from '../wording.js'

const colors = { info: 'Accent', warning: 'Warning', critical: 'Attention' } as const

/** Text runs are taken as they are, where text blocks read Markdown: nothing of a log can become a link. */
const line = (...runs: readonly object[]): object => ({ type: 'RichTextBlock', inlines: runs })
const run = (text: string, more: object = {}): object => ({ type: 'TextRun', text, ...more })

/** @param message what to tell */
export function teamsBody(message: AlertMessage): object {
  const { lead, text, facts, note } = wordsOf(message)
  const color = message.event === 'end' ? 'Good' : colors[message.rule.severity]
  return card(`llmcost: ${lead}`, [
    line(run(lead, { weight: 'Bolder', size: 'Large', color })),
    line(run(text)),
    ...facts.map(({ label, value }) => line(run(`${label}: `, { weight: 'Bolder' }), run(value))),
    ...(note === undefined ? [] : [line(run(note, { isSubtle: true }))]),
  ])
}

/** @param fallbackText for programs that show no cards */
function card(fallbackText: string, body: readonly object[]): object {
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          fallbackText,
          msteams: { width: 'Full' },
          body,
        },
      },
    ],
  }
}

export const teams = incomingWebhook('teams', teamsBody, card('llmcost doctor', [line(run(testWords))]))
