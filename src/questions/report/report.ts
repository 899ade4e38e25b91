/** The whole report: its window, the one before it, and its sections one after the other. */
import type { Budget } from '../../domain/budgets/budget.js'
import type { Window } from '../../domain/scope.js'
import { lastPeriod, localDate, wholeDays, windowBefore } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { summary } from '../../metrics/summary.js'
import type { AnomalyAnswer } from '../../reports/anomalies/anomalies.js'
import type { Report } from '../../reports/report.js'
import { summaryMeasures, weeklyReport, type ReportPart } from '../../reports/weekly/weekly.js'
import { askReportAnomalies } from '../anomalies/anomalies.js'
import { ask, doubtsAbout, type Question } from '../question.js'
import { groupAsker, type ReportContext, type ReportSection } from './sections.js'

/** Asks for the sections in their order. */
export async function askWholeReport(
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
