/** `llmcost report`: the weekly cost report. */
import { dimensionOf } from '../domain/dimensions.js'
import { localDate, monthToDate, reportWeeks, wholeDays, windowBefore } from '../domain/periods.js'
import type { Window } from '../domain/scope.js'
import { dayMs } from '../domain/zones.js'
import { UserError } from '../errors.js'
import { breakdown, type BreakdownRow } from '../metrics/breakdown.js'
import type { MeasureName } from '../metrics/measures.js'
import type { Query } from '../metrics/query.js'
import { summary } from '../metrics/summary.js'
import type { Budget } from '../reports/weekly-summary.js'
import { costMeasures, efficiencyMeasures, summaryMeasures, weeklyReport } from '../reports/weekly.js'
import { questionOptions, type CommandSpec, type Invocation } from './command.js'
import { ask, doubtsAbout, optionText, withCalls, type Question } from './question.js'

/** Longer tables are for breakdown. */
const longest = 10

export const reportCommand: CommandSpec = {
  name: 'report',
  summary: 'the weekly cost report: the last 7 complete days against the 7 before',
  details: [
    'Days begin in --tz. projected_month_usd is the cost of the window × 30 / its days.',
    '--budget is for a calendar month: its use is shown by that projection, and by the cost since the month of --as-of began.',
  ].join('\n'),
  options: [
    { flags: '--budget <usd>', about: "a month's budget in USD", group: 'Question' },
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost report', about: 'the last 7 complete days' },
    {
      command: 'llmcost report --as-of latest --budget 500',
      about: 'the week before the newest call, against a budget',
    },
    { command: 'llmcost report --since last-month --format markdown', about: 'last month, to paste' },
    { command: 'llmcost report --input logs/*.jsonl --since 30d', about: 'without a database' },
  ],
  run: async (invocation) => {
    const budget = budgetOption(invocation)
    const lastWeek = (until: Date, tz: string): Window => reportWeeks(until, tz).current
    const report = await withCalls(invocation, (question) => answer(question, budget), lastWeek)
    return { report }
  },
}

async function answer(question: Question, budget: string | undefined): ReturnType<typeof withCalls> {
  const { db, scope } = question
  const before = windowBefore(scope, scope.tz)
  const figures = await ask(db, summary({ scope, before, measures: summaryMeasures }))
  const featureMeasures = [...new Set<MeasureName>([...costMeasures, ...efficiencyMeasures])]
  const by = (name: string, measures: readonly MeasureName[]): Query<BreakdownRow> =>
    breakdown({ scope, by: [dimensionOf(name)], measures, top: longest })
  return weeklyReport({
    scope,
    before,
    days: daysOf(scope, scope.tz),
    summary: figures,
    features: await ask(db, by('feature', featureMeasures)),
    models: await ask(db, by('model', costMeasures)),
    users: await ask(db, by('user', costMeasures)),
    budget: budget === undefined ? null : await budgetUse(question, budget),
    doubts: await doubtsAbout(
      question,
      figures.find((row) => row.is_current),
    ),
    suggestion: suggestion(question),
  })
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
  const week = reportWeeks(new Date(Date.parse(last) + 1), scope.tz).current
  if (week.until !== null && Date.parse(first) < Date.parse(week.until)) return '--as-of latest'
  const dayAfter = new Date(Date.parse(`${localDate(last, scope.tz)}T00:00:00Z`) + dayMs)
  return `--as-of ${dayAfter.toISOString().slice(0, 10)}`
}

function budgetOption(invocation: Invocation): string | undefined {
  const text = optionText(invocation, 'budget')?.replace(/^\$/, '').replaceAll(',', '')
  if (text === undefined || (/^\d{1,12}(\.\d{1,12})?$/.test(text) && Number(text) > 0)) return text
  throw new UserError(`--budget ${text} is not an amount above 0`, {
    code: 'usage',
    hint: 'USD a month: --budget 500.',
  })
}
