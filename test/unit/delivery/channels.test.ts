/** What each channel is sent, as golden files; and that nothing of a log can act there. */
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import type { AlertEvent, AlertMessage } from '../../../src/delivery/channel.js'
import { alertMail } from '../../../src/delivery/channels/mail.js'
import { pagerDutyEvent } from '../../../src/delivery/channels/pagerduty.js'
import { slackBody, slackText } from '../../../src/delivery/channels/slack.js'
import { teamsBody } from '../../../src/delivery/channels/teams.js'
import { signed, signingKey, webhookBody } from '../../../src/delivery/channels/webhook.js'
import { composed } from '../../../src/delivery/compose.js'

const from = { name: 'llmcost', address: 'llmcost@example.org' }
const to = [{ name: '', address: 'team@example.org' }]

const message = (event: AlertEvent, more: Partial<AlertMessage> = {}): AlertMessage => ({
  id: '0123456789abcdef0123456789abcdef',
  alertKey: 'fedcba9876543210fedcba9876543210',
  event,
  alert: 7,
  rule: {
    key: 'hourly-cost:feature="search"',
    rule: 'hourly-cost',
    kind: 'cost_per_hour',
    severity: 'critical',
    dimension: 'feature',
    value: 'search',
    measured: '12.50',
    bound: '5',
    since: '2026-10-05T07:00:00.000Z',
    text: 'search cost $12.50 in an hour, above $5.00',
    details: { hour: '2026-10-05T07:00:00.000Z' },
  },
  startedAt: '2026-10-05T08:00:00.000Z',
  endedAt: event === 'end' ? '2026-10-05T10:30:00.000Z' : null,
  at: {
    start: '2026-10-05T08:00:00.000Z',
    reminder: '2026-10-05T09:00:00.000Z',
    end: '2026-10-05T10:30:00.000Z',
  }[event],
  repeat: false,
  ...more,
})

/** What a user id may be. */
const hostile = [
  '<!channel> <@U024BE7LH> <https://evil.example|click> & @here @channel @everyone',
  '[click](https://evil.example) **bold** <at>all</at> `x`',
  'a\r\nBcc: all@example.org\r\n\r\nbody',
  '\u001b[31mred\u202etxt.exe\u0000 ' + 'x'.repeat(5000),
] as const

const bodies = {
  slack: slackBody,
  teams: teamsBody,
  pagerduty: pagerDutyEvent,
  webhook: webhookBody,
} as const

describe.each(Object.entries(bodies))('%s', (name, body) => {
  test.each(['start', 'reminder', 'end'] as const)('%s', async (event) => {
    const text = `${JSON.stringify(body(message(event)), null, 2)}\n`
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '__files__', `${name}-${event}.json`))
  })

  test('a repeat says so, where the receiver does not know it by its key', () => {
    const text = JSON.stringify(body(message('start', { repeat: true })))
    expect(/Perhaps a repeat|"repeat":true/.test(text)).toBe(name !== 'pagerduty')
  })
})

const withText = (text: string): AlertMessage => {
  const one = message('start')
  return { ...one, rule: { ...one.rule, value: text, rule: text, text, dimension: 'user_id' } }
}

describe.each(hostile)('a log that says %j', (text) => {
  test('in Slack it is text: no mention, no channel, no link', () => {
    const sent = JSON.stringify(slackBody(withText(text)))
    expect(sent).not.toMatch(/[<>]/)
    expect(sent).not.toMatch(/@(channel|here|everyone)/)
    const { blocks } = slackBody(withText(text)) as {
      blocks: { text?: { verbatim?: boolean; text: string } }[]
    }
    expect(blocks[0]?.text?.verbatim).toBe(true)
    expect(blocks[0]?.text?.text.length).toBeLessThan(3000)
    expect(sent).not.toContain('\\u0000')
    expect(sent).not.toContain('\u202e')
  })

  test('in Teams it stands in text runs alone, which read no Markdown', () => {
    const sent = teamsBody(withText(text)) as {
      attachments: { content: { body: Record<string, unknown>[] } }[]
    }
    const content = sent.attachments[0]!.content
    for (const block of content.body) {
      expect(block['type']).toBe('RichTextBlock')
      expect((block['inlines'] as { type: string }[]).every(({ type }) => type === 'TextRun')).toBe(true)
    }
    expect(JSON.stringify({ ...content, body: [] })).not.toContain('evil')
    expect(JSON.stringify(sent).length).toBeLessThan(20_000)
  })

  test('in a mail it is one line of subject and plain text', async () => {
    const source = await composed(alertMail(withText(text), from, to))
    const mail = await PostalMime.parse(source)
    const names = mail.headers.map(({ key }) => key)
    expect(names.filter((name) => ['bcc', 'cc'].includes(name))).toEqual([])
    expect(mail.to?.map(({ address }) => address)).toEqual(['team@example.org'])
    expect(mail.subject).not.toMatch(/[\r\n\u0000-\u001f]/)
    expect(mail.subject?.startsWith('[llmcost] Critical: ')).toBe(true)
    expect(mail.html).toBeUndefined()
    expect(mail.text).toContain('user_id')
  })

  test('PagerDuty is given no more than it takes', () => {
    const { payload } = pagerDutyEvent(withText(text)) as { payload: { summary: string; component: string } }
    expect(payload.summary.length).toBeLessThanOrEqual(1024)
    expect(payload.component.length).toBeLessThanOrEqual(255)
    expect(payload.summary).not.toMatch(/[\u0000-\u001f]/)
  })
})

test('escaped once, and back to what it was', () => {
  const text = 'a < b & c > d &amp; e'
  const back = slackText(text).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
  expect(back).toBe(text)
})

test('mails of one alert are one thread, and a repeat has the same Message-ID', async () => {
  const mails = await Promise.all(
    [message('start'), message('start', { repeat: true }), message('end', { id: 'f'.repeat(32) })].map(
      async (one) => PostalMime.parse(await composed(alertMail(one, from, to))),
    ),
  )
  expect(new Set(mails.map(({ inReplyTo }) => inReplyTo)).size).toBe(1)
  expect(mails[0]?.messageId).toBe(mails[1]?.messageId)
  expect(mails[2]?.messageId).not.toBe(mails[1]?.messageId)
  const source = (await composed(alertMail(message('start'), from, to))).toString('utf8')
  const file = join(import.meta.dirname, '__files__', 'mail-start.eml')
  await expect(source.replaceAll('\r\n', '\n')).toMatchFileSnapshot(file)
})

test('a signature as the specification of Standard Webhooks gives it', () => {
  const key = signingKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const headers = signed(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    '{"test": 2432232314}',
    key,
    new Date(1_614_265_330_000),
  )
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})
