/** The whole report: its window, the one before it, and its sections one after the other. */
import type { Budget } from '../../domain/budgets/budget.js'
import type { Currency } from '../../domain/costs/currency.js'
import type { Window } from '../../domain/scope.js'
import { lastPeriod, localDate, wholeDays, windowBefore } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { summary, type SummaryRow } from '../../metrics/summary.js'
import type { AnomalyAnswer } from '../../reports/anomalies/anomalies.js'
import type { Report } from '../../reports/report.js'
import { soFarMeasures, type SoFar } from '../../reports/weekly/days.js'
import { summaryMeasures, weeklyReport, type LeftOut, type ReportPart } from '../../reports/weekly/weekly.js'
import { hasSumsAlone, UserError, type CallsElsewhere } from '../../errors.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { askReportAnomalies } from '../anomalies/anomalies.js'
import { ratedOr } from '../over-time.js'
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
  const { budgets, isChosen } = request
  const { sections, inDollars } = convertible(request, asked.scope.currency)
  const found = await windowsOf(asked, request.isOpen)
  const { question, before, figures, soFar, unrated } = found
  const { scope } = question
  const beside = [before, soFar?.window, found.isRunning ? scope : undefined]
  for (const window of beside) if (window) question.alsoAbout?.({ ...scope, ...window })
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
    inDollars,
    unrated,
    doubts,
    suggestion: suggestion(question),
    isRunning: found.isRunning,
    first: request.isFull
      ? undefined
      : {
          asOf: asked.asOf,
          isNow: request.isNow,
          minUsd: scope.currency === undefined ? asked.settings.config.bounds.findings_min_usd : 0,
          currency: scope.currency,
        },
  })
}

/**
 * The sections that are told in the currency, and the names of the others.
 * @throws UserError (usage) where somebody named one of those
 */
function convertible(
  { sections, isChosen }: WholeReport,
  currency: Currency | undefined,
): { readonly sections: readonly ReportSection[]; readonly inDollars: readonly string[] } {
  if (currency === undefined) return { sections, inDollars: [] }
  const inDollars = sections.filter((one) => one.inDollars === true).map(({ name }) => name)
  if (isChosen && inDollars.length > 0)
    throw new UserError(`--sections ${inDollars.join(',')}: these count in US dollars, not in ${currency}`, {
      code: 'usage',
      hint: 'Leave --currency out for them, or name other sections.',
    })
  return { sections: sections.filter((one) => one.inDollars !== true), inDollars }
}

interface Windows {
  readonly question: Question
  readonly before: Window | null
  readonly figures: readonly SummaryRow[]
  /** Calls after the window; undefined where there are none. */
  readonly soFar: SoFar | undefined
  /** What beside the window is not told, as its days have no exchange rate. */
  readonly unrated: readonly string[]
  /** The window is not over: it has the only calls there are to tell of. */
  readonly isRunning: boolean
}

/** The window asked for; where it has no call, and none before it, what has come in since. */
async function windowsOf(question: Question, isOpen: boolean): Promise<Windows> {
  const { scope } = question
  const unrated: string[] = []
  const { before, figures } = await comparedOf(question, unrated)
  const hasCalls = figures.some((row) => row.is_current)
  const asking = isOpen ? askSoFar(question) : Promise.resolve(undefined)
  // Where there is nothing else to tell of, its missing rates are what to say.
  const soFar = await (hasCalls
    ? ratedOr(asking, (why) => unrated.push(`what has come in since is not told: ${why}`))
    : asking)
  if (soFar === undefined || hasCalls) return { question, before, figures, soFar, unrated, isRunning: false }
  const running = { ...question, scope: { ...scope, ...soFar.window } }
  const alone = await figuresOf(running, null)
  return { question: running, before: null, figures: alone, soFar: undefined, unrated: [], isRunning: true }
}

/** Figures of the window and the one before it; without that where its days have no exchange rate. */
async function comparedOf(
  question: Question,
  unrated: string[],
): Promise<Pick<Windows, 'before' | 'figures'>> {
  const before = windowBefore(question.scope, question.scope.tz)
  const both = await ratedOr(figuresOf(question, before), (why) =>
    unrated.push(`not compared with the days before: ${why}`),
  )
  return both === undefined
    ? { before: null, figures: await figuresOf(question, null) }
    : { before, figures: both }
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
