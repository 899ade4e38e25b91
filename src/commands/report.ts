/** `llmcost report`: the weekly cost report. */
import { readUsd } from '../domain/amount.js'
import { lastPeriod, localDate, monthToDate, wholeDays, windowBefore } from '../domain/periods.js'
import type { Window } from '../domain/scope.js'
import { dayMs } from '../domain/zones.js'
import { UserError } from '../errors.js'
import { breakdown, type BreakdownRow } from '../metrics/breakdown.js'
import { summary } from '../metrics/summary.js'
import type { Report } from '../reports/report.js'
import type { Budget } from '../reports/weekly-summary.js'
import { summaryMeasures, weeklyReport, type ReportPart } from '../reports/weekly.js'
import { questionOptions, type CommandSpec, type Invocation } from './command.js'
import { ask, doubtsAbout, optionText, withCalls, type DefaultWindow, type Question } from './question.js'
import {
  byDimension,
  featureMeasures,
  parseSections,
  reportSections,
  type ReportContext,
  type ReportSection,
} from './report-sections.js'

export const reportCommand: CommandSpec = {
  name: 'report',
  summary: 'the cost report: the last 7 complete days, or another period',
  details: [
    'Days begin in --tz. --period takes the last whole day, week (from Monday) or month of the calendar.',
    'projected_month_usd is the cost of the window × 30 / its days.',
    '--budget is for a calendar month: its use is shown by that projection, and by the cost since the month of --as-of began.',
    `Sections: ${reportSections.map(({ name, about }) => `${name} (${about})`).join(', ')}.`,
  ].join('\n'),
  options: [
    {
      flags: '--period <period>',
      about: 'the last whole day, week or month, or complete days such as 30d',
      fallback: '7d',
      group: 'Question',
    },
    { flags: '--sections <names>', about: 'what to show, with commas (default: all)', group: 'Question' },
    { flags: '--budget <usd>', about: "a month's budget in USD", group: 'Question' },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost report', about: 'the last 7 complete days' },
    { command: 'llmcost report --period month', about: 'the last calendar month' },
    {
      command: 'llmcost report --as-of latest --budget 500',
      about: 'the week before the newest call, against a budget',
    },
    { command: 'llmcost report --sections summary,features --format markdown', about: 'a part, to paste' },
    { command: 'llmcost report --input logs/*.jsonl --since 30d', about: 'without a database' },
  ],
  run: async (invocation) => {
    const budget = budgetOption(invocation)
    const sections = parseSections(optionText(invocation, 'sections'))
    const report = await withCalls(
      invocation,
      (question) => answer(question, sections, budget),
      defaultWindow(invocation),
    )
    return { report }
  },
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
  budget: string | undefined,
): Promise<Report> {
  const { db, scope } = question
  const before = windowBefore(scope, scope.tz)
  const figures = await ask(db, summary({ scope, before, measures: summaryMeasures }))
  const current = figures.find((row) => row.is_current)
  const doubts = await doubtsAbout(question, current)
  let features: Promise<readonly BreakdownRow[]> | undefined
  const context = {
    question,
    scope,
    before,
    days: daysOf(scope, scope.tz),
    summary: figures,
    budget: budget === undefined ? null : await budgetUse(question, budget),
    doubts,
    features: () => (features ??= byDimension(question, 'feature', featureMeasures)),
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

async function budgetUse({ db, scope, asOf }: Question, monthUsd: string): Promise<Budget> {
  const month = monthToDate(asOf, scope.tz)
  const [total] = await ask(db, breakdown({ scope: { ...scope, ...month }, by: [], measures: ['cost_usd'] }))
  const cost = total?.cost_usd ?? null
  return { monthUsd, monthBegan: month.since ?? '', monthToDateUsd: cost === null ? null : String(cost) }
}

/** `latest` where the days before the newest call's have calls too; else the day after it. */
function suggestion({ history: { first_ts: first, last_ts: last }, scope }: Question): string {
  if (first === null || last === null) return '--as-of latest'
  const week = lastPeriod('7d', new Date(Date.parse(last) + 1), scope.tz)
  if (week.until !== null && Date.parse(first) < Date.parse(week.until)) return '--as-of latest'
  const dayAfter = new Date(Date.parse(`${localDate(last, scope.tz)}T00:00:00Z`) + dayMs)
  return `--as-of ${dayAfter.toISOString().slice(0, 10)}`
}

function budgetOption(invocation: Invocation): string | undefined {
  const text = optionText(invocation, 'budget')
  const usd = text === undefined ? undefined : readUsd(text)
  if (text === undefined || (usd !== undefined && usd !== '0')) return usd
  throw new UserError(`--budget ${text} is not an amount above 0`, {
    code: 'usage',
    hint: 'USD a month: --budget 500.',
  })
}
