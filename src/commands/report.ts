/** `llmcost report`: the weekly cost report. */
import { lastPeriod, localDate, wholeDays, windowBefore } from '../domain/periods.js'
import type { Window } from '../domain/scope.js'
import { dayMs } from '../domain/zones.js'
import { UserError } from '../errors.js'
import { summary } from '../metrics/summary.js'
import type { Report } from '../reports/report.js'
import type { Budget } from '../domain/budget.js'
import { parseBudget } from '../domain/budget-option.js'
import type { AnomalyAnswer } from '../reports/anomalies.js'
import { askReportAnomalies } from './ask-anomalies.js'
import { budgetOption, budgetsOf } from './budget.js'
import { summaryMeasures, weeklyReport, type ReportPart } from '../reports/weekly.js'
import {
  formatOption,
  questionOptions,
  type CommandSpec,
  type Invocation,
  type OptionSpec,
} from './command.js'
import { mailHeads, mailOptions, reportMail } from './mailing.js'
import {
  ask,
  doubtsAbout,
  optionText,
  optionTexts,
  withCalls,
  type DefaultWindow,
  type Question,
} from './question.js'
import {
  groupAsker,
  parseSections,
  reportSections,
  type ReportContext,
  type ReportSection,
} from './report-sections.js'

/** What a report can be asked, however it is delivered. */
export const reportQuestionOptions: readonly OptionSpec[] = [
  {
    flags: '--period <period>',
    about: 'the last whole day, week or month, or complete days such as 30d',
    fallback: '7d',
    group: 'Question',
  },
  { flags: '--sections <names>', about: 'what to show, with commas (default: all)', group: 'Question' },
  budgetOption,
  ...questionOptions,
]

export const reportCommand: CommandSpec = {
  name: 'report',
  summary: 'the cost report: the last 7 complete days, or another period',
  details: [
    'Days begin in --tz. --period takes the last whole day, week (from Monday) or month of the calendar.',
    'pace_30_days_usd, in JSON and CSV, is the cost of the window × 30 / its days; the forecast is of the calendar month.',
    'Budgets are shown as they stand at --as-of, in their running day, week or month.',
    `Sections: ${reportSections.map(({ name, about }) => `${name} (${about})`).join(', ')}.`,
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

/** @throws UserError (usage) before anything is opened */
export async function askReport(invocation: Invocation): Promise<Report> {
  const given = optionTexts(invocation, 'budget').map(parseBudget)
  const sections = parseSections(optionText(invocation, 'sections'))
  return withCalls(
    invocation,
    (question) => answer(question, sections, budgetsOf(given, question.settings.config)),
    defaultWindow(invocation),
  )
}

/** A whole message with the line ends that sendmail wants on its stdin. */
async function asMail(invocation: Invocation): Promise<string> {
  const heads = mailHeads(invocation, '--format email')
  const { composed } = await import('../delivery/compose.js')
  const report = await askReport(invocation)
  const source = await composed(await reportMail(report, heads, invocation.now))
  return source.toString('utf8').replaceAll('\r\n', '\n')
}

function defaultWindow(invocation: Invocation): DefaultWindow {
  const period = optionText(invocation, 'period') ?? '7d'
  lastPeriod(period, invocation.now, 'UTC')
  const other = ['since', 'until'].find((name) => invocation.given(name))
  if (other === undefined || !invocation.given('period')) return (until, tz) => lastPeriod(period, until, tz)
  throw new UserError(`--period and --${other} both choose the window`, {
    code: 'usage',
    hint: 'Leave one of them out; --since last-month is the same as --period month.',
  })
}

async function answer(
  question: Question,
  sections: readonly ReportSection[],
  budgets: readonly Budget[],
): Promise<Report> {
  const { db, scope } = question
  const before = windowBefore(scope, scope.tz)
  const figures = await ask(db, summary({ scope, before, measures: summaryMeasures }))
  const current = figures.find((row) => row.is_current)
  const doubts = await doubtsAbout(question, current)
  const asked = sections.some(({ name }) => name === 'anomalies')
  let anomalies: Promise<AnomalyAnswer | undefined> | undefined
  const context = {
    question,
    scope,
    before,
    days: daysOf(scope, scope.tz),
    summary: figures,
    budgets,
    doubts,
    groups: groupAsker(question),
    anomalies: () => (anomalies ??= asked ? askReportAnomalies(question) : Promise.resolve(undefined)),
  }
  return weeklyReport({
    scope,
    before,
    summary: figures,
    parts: current && (await partsOf(sections, { ...context, current })),
    doubts,
    suggestion: suggestion(question),
  })
}

/** One after the other: each statement uses all threads. */
async function partsOf(sections: readonly ReportSection[], context: ReportContext): Promise<ReportPart[]> {
  const parts: ReportPart[] = []
  for (const section of sections) parts.push(await section.ask(context))
  return parts
}

/** Local days where the window is made of them, else its length in days of 24 hours. */
function daysOf(window: Window, tz: string): number | null {
  if (window.since === null || window.until === null) return null
  return wholeDays(window, tz) ?? (Date.parse(window.until) - Date.parse(window.since)) / dayMs
}

/** `latest` where the days before the newest call's have calls too; else the day after it. */
function suggestion({ history: { first_ts: first, last_ts: last }, scope }: Question): string {
  if (first === null || last === null) return '--as-of latest'
  const week = lastPeriod('7d', new Date(Date.parse(last) + 1), scope.tz)
  if (week.until !== null && Date.parse(first) < Date.parse(week.until)) return '--as-of latest'
  const dayAfter = new Date(Date.parse(`${localDate(last, scope.tz)}T00:00:00Z`) + dayMs)
  return `--as-of ${dayAfter.toISOString().slice(0, 10)}`
}
