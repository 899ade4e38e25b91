/** Options of what goes out as a mail, and the mail that they and a report make. */
import { hasControl } from '../domain/words/hidden.js'
import { messageIdOf, type Mail } from '../delivery/compose.js'
import { reportMessage } from '../delivery/message.js'
import { defaultSender } from '../delivery/sender.js'
import { plainLine } from '../delivery/wording.js'
import { parseAddress, parseAddresses } from '../domain/words/addresses.js'
import { UserError } from '../errors.js'
import type { Report } from '../reports/report.js'
import type { Invocation, OptionSpec } from './command.js'
import { optionText, optionTexts } from './option-values.js'

const group = 'Mail'

export const mailOptions: readonly OptionSpec[] = [
  { flags: '--to <address>', about: 'who gets it; more with commas or again', repeatable: true, group },
  { flags: '--cc <address>', about: 'who gets a copy', repeatable: true, group },
  { flags: '--sender <address>', about: 'who it comes from (default: llmcost@ and the host)', group },
  { flags: '--subject <text>', about: 'subject (default: title and period of the report)', group },
]

export interface Heads {
  readonly from: Mail['from']
  readonly to: Mail['to']
  readonly cc: Mail['cc']
  readonly subject: string | undefined
}

/**
 * Read before any work is done.
 * @param needs what needs a recipient, for the error
 * @throws UserError (usage)
 */
export function mailHeads(invocation: Invocation, needs: string): Heads {
  const to = optionTexts(invocation, 'to')
  if (to.length === 0) {
    throw new UserError(`${needs} needs --to`, { code: 'usage', hint: 'For example --to team@example.org.' })
  }
  const sender = optionText(invocation, 'sender')
  const subject = optionText(invocation, 'subject')
  if (subject !== undefined && (hasControl(subject) || subject.trim() === '')) {
    throw new UserError('--subject must be one line with something in it', { code: 'usage' })
  }
  return {
    from: sender === undefined ? defaultSender() : parseAddress(sender, '--sender'),
    to: parseAddresses(to, '--to'),
    cc: parseAddresses(optionTexts(invocation, 'cc'), '--cc'),
    subject: subject === undefined ? undefined : plainLine(subject, 500),
  }
}

export async function reportMail(report: Report, heads: Heads, now: Date): Promise<Mail> {
  const { subject, ...content } = await reportMessage(report)
  const { subject: given, ...addresses } = heads
  const mail = { ...addresses, ...content, subject: given ?? subject, date: now }
  return { ...mail, headers: { 'Auto-Submitted': 'auto-generated' }, messageId: messageIdOf(mail) }
}
