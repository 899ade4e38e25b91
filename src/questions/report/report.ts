/** The whole report: its window, the one before it, and its sections one after the other. */
import type { Budget } from '../../domain/budgets/budget.js'
import type { Window } from '../../domain/scope.js'
import { lastPeriod, localDate, wholeDays, windowBefore } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { summary, type SummaryRow } from '../../metrics/summary.js'
import type { AnomalyAnswer } from '../../reports/anomalies/anomalies.js'
import type { Report } from '../../reports/report.js'
import { soFarMeasures, type SoFar } from '../../reports/weekly/days.js'
import { summaryMeasures, weeklyReport, type LeftOut, type ReportPart } from '../../reports/weekly/weekly.js'
import { hasSumsAlone, type CallsElsewhere } from '../../errors.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { askReportAnomalies } from '../anomalies/anomalies.js'
import { ask, doubtsAbout, type Question } from '../question.js'
import { groupAsker, type ReportContext, type ReportSection } from './sections.js'

export interface WholeReport {
  readonly sections: readonly ReportSection[]
  /** Somebody named these sections: each must be answered. */
  readonly isChosen: boolean
  readonly budgets: readonly Budget[]
  /** Nobody chose the end of the window: calls since then are named, and are the answer where there are no others. */
  readonly isOpen: boolean
  /** As-of is the present, not a moment that somebody chose. */
  readonly isNow: boolean
  /** All that there is at once, without a first page. */
  readonly isFull: boolean
}

/** Asks for the sections in their order. */
export async function askWholeReport(asked: Question, request: WholeReport): Promise<Report> {
  const { sections, budgets, isChosen } = request
  const found = await windowsOf(asked, request.isOpen)
  const { question, before, figures, soFar } = found
  const { scope } = question
  const current = figures.find((row) => row.is_current)
  const doubts = await doubtsAbout(question, current)
  const wanted = sections.some(({ name }) => name === 'anomalies')
  let anomalies: Promise<AnomalyAnswer | undefined> | undefined
  const context = {
    question,
    scope,
    before,
    days: daysOf(scope, scope.tz),
    summary: figures,
    soFar,
    budgets,
    doubts,
    groups: groupAsker(question),
    anomalies: () => (anomalies ??= wanted ? askReportAnomalies(question) : Promise.resolve(undefined)),
  }
  const answered = current && (await partsOf(sections, { ...context, current }, isChosen))
  return weeklyReport({
    scope,
    before,
    summary: figures,
    parts: answered?.parts,
    leftOut: answered?.leftOut,
    doubts,
    suggestion: suggestion(question),
    isRunning: found.isRunning,
    first: request.isFull
      ? undefined
      : {
          asOf: asked.asOf,
          isNow: request.isNow,
          minUsd: asked.settings.config.bounds.findings_min_usd,
        },
  })
}

interface Windows {
  readonly question: Question
  readonly before: Window | null
  readonly figures: readonly SummaryRow[]
  /** Calls after the window; undefined where there are none. */
  readonly soFar: SoFar | undefined
  /** The window is not over: it has the only calls there are to tell of. */
  readonly isRunning: boolean
}

/** The window asked for; where it has no call, and none before it, what has come in since. */
async function windowsOf(question: Question, isOpen: boolean): Promise<Windows> {
  const { scope } = question
  const before = windowBefore(scope, scope.tz)
  const figures = await figuresOf(question, before)
  const soFar = isOpen ? await askSoFar(question) : undefined
  if (soFar === undefined || figures.some((row) => row.is_current))
    return { question, before, figures, soFar, isRunning: false }
  const running = { ...question, scope: { ...scope, ...soFar.window } }
  const alone = await figuresOf(running, null)
  return { question: running, before: null, figures: alone, soFar: undefined, isRunning: true }
}

/** The summary's figures; without the number of users where neither calls nor sums by user are at hand. */
async function figuresOf({ db, scope }: Question, before: Window | null): Promise<readonly SummaryRow[]> {
  const asked = (measures: readonly MeasureName[]) => ask(db, summary({ scope, before, measures }))
  try {
    return await asked(summaryMeasures)
  } catch (error) {
    if (!hasSumsAlone(error)) throw error
    return asked(summaryMeasures.filter((name) => name !== 'users'))
  }
}

/** What has come in from the end of the window to as-of. */
async function askSoFar({ db, scope, asOf }: Question): Promise<SoFar | undefined> {
  const window = { since: scope.until, until: asOf.toISOString() }
  if (window.since === null || Date.parse(window.since) >= asOf.getTime()) return undefined
  const rows = await ask(
    db,
    summary({ scope: { ...scope, ...window }, before: null, measures: soFarMeasures }),
  )
  const figures = rows.find((row) => row.is_current)
  return figures === undefined ? undefined : { window, figures, tz: scope.tz }
}

/** One after the other: each statement uses all threads. A section is answered whole, or left out by name. */
async function partsOf(
  sections: readonly ReportSection[],
  context: ReportContext,
  isChosen: boolean,
): Promise<{ readonly parts: readonly ReportPart[]; readonly leftOut: LeftOut | undefined }> {
  const parts: ReportPart[] = []
  const left: string[] = []
  let fault: CallsElsewhere | undefined
  for (const section of sections) {
    try {
      parts.push(await section.ask(context))
    } catch (error) {
      if (isChosen || !hasSumsAlone(error)) throw error
      fault = error
      left.push(section.name)
    }
  }
  if (fault !== undefined && parts.length === 0) throw fault
  return { parts, leftOut: fault && { sections: left, span: fault.span } }
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
