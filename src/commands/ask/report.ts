/** `llmcost report`: the weekly cost report. */
import { UserError } from '../../errors.js'
import { reportSections } from '../../questions/report/sections.js'
import { formatOption, type CommandSpec, type Invocation } from '../command.js'
import { mailHeads, mailOptions, reportMail } from '../mailing.js'
import { askReport, reportQuestionOptions } from '../report-asking.js'

export const reportCommand: CommandSpec = {
  name: 'report',
  summary: 'the cost report: the last 7 complete days, or another period',
  details: [
    'Days begin in --tz. --period takes the last whole day, week (from Monday) or month of the calendar.',
    `Sections: ${reportSections.map(({ name }) => name).join(', ')}.`,
  ].join('\n'),
  more: [
    'Budgets are shown as they stand at --as-of, in their running day, week or month.',
    'pace_30_days_usd, in JSON and CSV, is the cost of the window × 30 / its days; the forecast is of the calendar month.',
    'Sections:',
    ...reportSections.map(({ name, about }) => `  ${name}: ${about}`),
  ].join('\n'),
  options: [
    ...reportQuestionOptions.map((option) =>
      option === formatOption
        ? { ...option, about: `${option.about.replace(' or ', ', ')}, or email for | sendmail -t` }
        : option,
    ),
    ...mailOptions,
  ],
  ownFormats: ['email'],
  examples: [
    { command: 'llmcost report', about: 'the last 7 complete days' },
    { command: 'llmcost report --period month', about: 'the last calendar month' },
    {
      command: 'llmcost report --as-of latest --budget 500',
      about: 'the week before the newest call, against a budget',
    },
    { command: 'llmcost report --sections summary,features --format markdown', about: 'a part, to paste' },
    {
      command: 'llmcost report --period week --format email --to team@example.org | sendmail -t',
      about: 'as a mail, for cron',
    },
    { command: 'llmcost report --input logs/*.jsonl --since 30d', about: 'without a database' },
  ],
  run: async (invocation) => {
    if (invocation.ownFormat === 'email') return { text: await asMail(invocation) }
    const stray = ['to', 'cc', 'sender', 'subject'].find((name) => invocation.given(name))
    if (stray !== undefined) {
      throw new UserError(`--${stray} goes with --format email`, {
        code: 'usage',
        hint: 'llmcost send hands the mail to a mail server itself.',
      })
    }
    return { report: await askReport(invocation) }
  },
}

/** A whole message with the line ends that sendmail wants on its stdin. */
async function asMail(invocation: Invocation): Promise<string> {
  const heads = mailHeads(invocation, '--format email')
  const { composed } = await import('../../delivery/compose.js')
  const report = await askReport(invocation)
  const source = await composed(await reportMail(report, heads, invocation.now))
  return source.toString('utf8').replaceAll('\r\n', '\n')
}
