/** Alerts by mail: plain text, all messages of an alert in one thread. */
import type { AlertMessage, ChannelMaker } from '../channel.js'
import { composed, hostOf, type Mail } from '../compose.js'
import { parseAddress, parseAddresses, type Address } from '../../domain/words/addresses.js'
import { defaultSender } from '../sender.js'
import { probeServer, sendMail } from '../smtp.js'
import { placeOf, probeProof, smtpServer } from '../smtp-server.js'
import { plainLine, wordsOf } from '../wording.js'

export function alertMail(message: AlertMessage, from: Address, to: readonly Address[]): Mail {
  const { lead, text, facts, note } = wordsOf(message)
  const width = Math.max(...facts.map(({ label }) => label.length))
  const host = hostOf(from)
  // All messages hang on one that need not exist: the first may go to others, or be lost.
  const thread = `<llmcost-${message.alertKey}@${host}>`
  return {
    from,
    to,
    cc: [],
    subject: plainLine(`[llmcost] ${lead}: ${text}`, 200),
    text: [
      `${lead}: ${text}`,
      '',
      ...facts.map(({ label, value }) => `${label.padEnd(width)}  ${value}`),
      '',
      ...(note === undefined ? [] : [note, '']),
      `llmcost alerts ack ${message.alert}    ends the reminders`,
      '',
    ].join('\n'),
    attachments: [],
    messageId: `<llmcost-${message.id}@${host}>`,
    references: thread,
    date: new Date(message.at),
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}

export const mail: ChannelMaker = {
  kind: 'mail',
  open: ({ smtpEnv = 'LLMCOST_SMTP', to, from }, { secrets, limits }) => {
    const server = smtpServer(secrets.text(smtpEnv), smtpEnv, secrets)
    const sender = from === undefined ? defaultSender() : parseAddress(from, 'from')
    const recipients = parseAddresses(to, 'to')
    return {
      target: `${recipients.map(({ address }) => address).join(', ')} by ${placeOf(server)}`,
      probe: { run: () => probeServer({ server, limits, secrets }), proof: probeProof(server) },
      send: async (message) => {
        const built = alertMail(message, sender, recipients)
        return sendMail({ server, mail: built, source: await composed(built), limits, secrets })
      },
    }
  },
}
