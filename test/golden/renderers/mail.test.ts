/** Reports as mails: the HTML, and a whole message as it leaves. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { composed } from '../../../src/delivery/compose.js'
import { reportMessage } from '../../../src/delivery/message.js'
import { pictureFont } from '../../../src/delivery/pictures.js'
import { mailOf } from '../../../src/renderers/mail/page.js'
import type { Report } from '../../../src/reports/report.js'
import { unstyledMail } from '../looks.js'
import { charted } from './charted.js'
import { hostile, overview } from './reports.js'

const file = (name: string): string => join(import.meta.dirname, '__files__', name)

test.each<[string, Report]>([
  ['overview', overview],
  ['hostile', hostile],
  ['charted', charted],
])('%s', async (name, report) => {
  const { html } = mailOf(report, report.period.tz, pictureFont)
  await expect(unstyledMail(html)).toMatchFileSnapshot(file(`${name}.mail.html`))
})

/** A picture by its size and its digest: a message of the same pictures is the same message. */
function pictured(message: string): string {
  const base64 = /(Content-Type: image\/png[\s\S]*?\r\n\r\n)((?:[A-Za-z0-9+/=]+\r\n)+)/g
  return message.replace(base64, (_, head: string, body: string) => {
    const bytes = Buffer.from(body, 'base64')
    const digest = createHash('sha256').update(bytes).digest('hex')
    return `${head}(${bytes.readUInt32BE(16)} × ${bytes.readUInt32BE(20)} px, SHA-256 ${digest})\r\n`
  })
}

test('the whole message', async () => {
  const { sections, ...report } = charted
  const content = await reportMessage({ ...report, sections: sections.slice(0, 1) })
  const message = await composed({
    ...content,
    from: { name: 'llmcost', address: 'llmcost@example.org' },
    to: [{ name: 'Zoë Ångström', address: 'zoe@example.org' }],
    cc: [],
    messageId: '<llmcost-1@example.org>',
    date: new Date('2026-09-28T08:00:00Z'),
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
  await expect(pictured(message.toString('utf8')).replaceAll('\r\n', '\n')).toMatchFileSnapshot(
    file('charted.eml'),
  )
})

test('a picture twice in a report comes once', () => {
  const [days] = charted.sections
  if (days === undefined) throw new Error('no section')
  const twice = mailOf({ ...charted, sections: [days, days] }, 'UTC', pictureFont)
  expect(twice.html.match(/src="cid:/g)).toHaveLength(8)
  expect(twice.pictures).toHaveLength(4)
})
