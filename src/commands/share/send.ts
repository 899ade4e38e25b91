/** `llmcost send`: the report as a mail, handed to a mail server. */
import { composed } from '../../delivery/compose.js'
import { standardLimits } from '../../delivery/limits.js'
import { Secrets } from '../../delivery/secrets.js'
import { sendMail } from '../../delivery/smtp.js'
import { placeOf, smtpServer, type SmtpServer } from '../../delivery/smtp-server.js'
import { exitCodes, UserError } from '../../errors.js'
import type { CommandSpec, Invocation } from '../command.js'
import { mailHeads, mailOptions, reportMail } from '../mailing.js'
import { optionText } from '../option-values.js'
import { askReport, reportQuestionOptions } from '../report-asking.js'

export const sendCommand: CommandSpec = {
  name: 'send',
  summary: 'send the report by mail',
  details: `smtp:// needs STARTTLS, except on this machine or with ?tls=no; smtps:// is TLS from the start. Ports: 587, 465, on this machine 25. User and password come from LLMCOST_SMTP_USER and LLMCOST_SMTP_PASSWORD; a certificate authority of your own from NODE_EXTRA_CA_CERTS.
It tries up to four times, but never again once the server may have taken the message. It ends with 1 when the mail was not taken, or not for everyone.`,
  options: [
    ...mailOptions,
    {
      flags: '--smtp <url>',
      about: 'mail server, such as smtp://mail.example.org:587 (default: LLMCOST_SMTP)',
      group: 'Mail',
    },
    ...reportQuestionOptions.filter(({ group }) => group !== 'Output'),
    { flags: '-q, --quiet', about: 'no progress, hints or warnings on stderr', group: 'Output' },
  ],
  examples: [
    {
      command: 'llmcost send --to team@example.org --smtp smtp://mail.example.org:587',
      about: 'the last 7 complete days',
    },
    {
      command: 'llmcost send --to team@example.org --period month --sections summary,features',
      about: 'the last month in short, by the server in LLMCOST_SMTP',
    },
  ],
  run: async (invocation) => {
    const heads = mailHeads(invocation, 'send')
    const secrets = new Secrets(invocation.env)
    const server = serverOf(invocation, secrets)
    const report = await askReport(invocation)
    for (const warning of report.warnings) invocation.terminal.warn(warning)
    const mail = await reportMail(report, heads, invocation.now)
    const source = await composed(mail)
    const result = await sendMail({ server, mail, source, limits: standardLimits(Date.now()), secrets })
    const place = placeOf(server)
    if (!result.ok) {
      throw new UserError(
        `the mail ${result.doubtful ? 'may not have been' : 'was not'} sent: ${place} ${result.error}`,
        {
          hint: result.doubtful ? `Look for Message-ID ${mail.messageId} before sending it again.` : hint,
        },
      )
    }
    if (result.warning !== undefined) {
      invocation.terminal.warn(`${place} ${result.warning}`)
      return { text: '', exitCode: exitCodes.failure }
    }
    const to = [...mail.to, ...mail.cc].map(({ address }) => address).join(', ')
    return { lines: [`sent to ${to} by ${place}`, `  ${mail.subject}`, `  Message-ID ${mail.messageId}`] }
  },
}

const hint = 'Check --smtp or LLMCOST_SMTP, LLMCOST_SMTP_USER and LLMCOST_SMTP_PASSWORD.'

function serverOf(invocation: Invocation, secrets: Secrets): SmtpServer {
  const flag = optionText(invocation, 'smtp')
  const text = flag ?? secrets.optional('LLMCOST_SMTP')
  if (text !== undefined) return smtpServer(text, flag === undefined ? 'LLMCOST_SMTP' : '--smtp', secrets)
  throw new UserError('send needs a mail server: --smtp or LLMCOST_SMTP', {
    code: 'usage',
    hint: 'For example --smtp smtp://mail.example.org:587; report --format email prints the mail instead.',
  })
}
