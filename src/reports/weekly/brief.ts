/**
 * The first page of the report: a sentence, the days, where the month will end, where it went, and what to look at.
 * Made from the report itself, so that it says no number that the report has not. Pure.
 */
import { monthName } from '../../domain/time/months.js'
import { localDate } from '../../domain/time/periods.js'
import { counted } from '../../domain/words/plurals.js'
import { money } from '../../domain/words/wording.js'
import type { Currency } from '../../domain/costs/currency.js'
import { dayWords, daysWords, memberWords, shortChange, shortMoney } from '../../domain/words/subjects.js'
import { column } from '../columns.js'
import type { Brief, BriefFinding, Finding, Hint, Report, Row, Section } from '../report.js'
import {
  incidentCommand,
  incidentsOf,
  incidentText,
  isTold,
  newsWords,
  type IncidentNews,
} from './brief-incidents.js'
import { endWords, outlookLine, outlookOf, type Outlook } from './brief-outlook.js'
import { daysTable, topTable } from './brief-tables.js'
import { leastWorth, ranked } from './ranked-findings.js'
import { cellText } from './cell-text.js'

export interface BriefContext {
  readonly asOf: Date
  /** As-of is the present, not a moment that somebody chose. */
  readonly isNow: boolean
  /** The window runs still. */
  readonly isRunning: boolean
  /** `findings_min_usd`; 0 where amounts are in another currency, which are not held against it. */
  readonly minUsd: number
  /** What amounts are in, where that is not dollars. */
  readonly currency?: Currency | undefined
  /** The warnings of the report with their commands apart. */
  readonly doubts: readonly Hint[]
}

/** Findings that a screen has room for, incidents among them. */
const mostFindings = 5
const mostIncidents = 3

/** Undefined without a call: the report says why. */
export function briefOf(report: Report, context: BriefContext): Brief | undefined {
  const { tz } = report.period
  const section = (id: string): Section | undefined => report.sections.find((one) => one.id === id)
  const summary = section('summary')?.rows[0]
  if (summary === undefined) return undefined
  const days = report.sections.find(({ id }) => /^cost_by_(hour|day|week|month)$/.test(id))
  const incidents = incidentsOf(section('incidents')?.rows ?? [])
  const outlook = outlookOf(section('forecast'), monthOf(context.asOf, tz))
  const line = outlookLine(outlook, section('budgets')?.rows ?? [])
  const top = topTable({
    ...named('feature', section('cost_by_feature')),
    ...named('model', section('cost_by_model')),
    ...named('user_id', section('top_users')),
  })
  const soFar = section('so_far')?.rows[0]
  const facts = { report, summary, incidents, outlook, context }
  const findings = findingsOf(facts)
  return {
    subject: subjectOf(facts),
    opening: openingOf(facts),
    sections: [
      ...(days === undefined ? [] : [daysTable(days, incidents, tz, soFar && soFarRow(soFar, context, tz))]),
      ...(line === undefined ? [] : [linesSection('outlook', 'Forecast and budget', [line])]),
      ...(top === undefined ? [] : [top]),
    ],
    findings: findings.shown,
    left: findings.left,
    doubts: [...context.doubts, ...tooLittle(report)],
  }
}

/** What cannot be judged is a doubt, and never cut. */
const tooLittle = ({ findings = [] }: Report): Hint[] =>
  findings.flatMap(({ kind, text }) => (kind === 'not_enough_history' ? [{ text }] : []))

const named = (key: 'feature' | 'model' | 'user_id', section: Section | undefined): object =>
  section === undefined ? {} : { [key]: section }

const monthOf = (asOf: Date, tz: string): string => monthName(localDate(asOf.toISOString(), tz))

const linesSection = (id: string, title: string, lines: readonly string[]): Section => ({
  id,
  title,
  layout: 'lines',
  columns: [column('text', '', 'text')],
  rows: lines.map((text) => ({ text })),
})

/** `today so far`, with how many calls, as the last of the days. */
function soFarRow(row: Row, { asOf, isNow }: BriefContext, tz: string): Row {
  const since = cellText(row['since'])
  const isOneDay = localDate(since, tz) === localDate(new Date(asOf.getTime() - 1).toISOString(), tz)
  const bucket = !isOneDay
    ? `since ${dayWords(since, tz)}`
    : isNow
      ? 'today so far'
      : `${dayWords(since, tz)} so far`
  return { bucket, cost_usd: row['cost_usd'] ?? null, note: `${callWords(row)}, not over` }
}

const callWords = ({ calls }: Row): string => counted(calls as number, 'call')

interface Facts {
  readonly report: Report
  readonly summary: Row
  readonly incidents: readonly IncidentNews[]
  readonly outlook: Outlook | undefined
  readonly context: BriefContext
}

/** `$83.23, +378%` */
function moneyWords({ summary, context }: Facts): string {
  const { cost_usd: cost, cost_change: change } = summary
  if (cost === null || cost === undefined) return `${callWords(summary)}, none with a price`
  return `${money(cost as string, context.currency)}${typeof change === 'number' ? `, ${shortChange(change)}` : ''}`
}

function openingOf(facts: Facts): string {
  const { report, summary, incidents, outlook, context } = facts
  // What is too little to be looked at is no news.
  const least = leastWorth(context.minUsd, Number(summary['cost_usd'] ?? 0))
  const first = incidents.find(({ excessUsd }) => Math.abs(excessUsd) >= least)
  if (context.isRunning) {
    const day = context.isNow ? 'today' : dayWords(report.period.since ?? '', report.period.tz)
    const { cost_usd: cost } = summary
    const amount = cost === null || cost === undefined ? '' : `${money(cost as string, context.currency)}, `
    const none = amount === '' ? ', none with a price' : ''
    return `${capital(day)} so far: ${amount}${callWords(summary)}${none}, not over.`
  }
  // Where no call has a price, nothing was judged.
  const isJudged = summary['cost_usd'] !== null && summary['cost_usd'] !== undefined
  const calm = isJudged ? moverWords(report, context.currency) : ''
  const cause = first === undefined ? calm : newsWords(first, report.period)
  const end = outlook === undefined ? '' : `; ${endWords(outlook)}`
  return `${moneyWords(facts)}${cause === '' ? '' : `: ${cause}`}${end}.`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Without an incident: who explains most of what changed. */
function moverWords({ findings = [], sections }: Report, currency: Currency | undefined): string {
  const mover = findings.find(({ kind }) => kind === 'mover')
  const calm = sections.some(
    ({ id, rows, empty }) => id === 'incidents' && rows.length === 0 && empty?.startsWith('no anomaly'),
  )
  const nothing = calm ? 'nothing abnormal' : ''
  if (mover === undefined) return nothing
  const moved = Number(mover.measured)
  const value = typeof mover.value === 'string' ? mover.value : null
  const words = `most of it ${memberWords(mover.dimension, value)} (${moved < 0 ? '-' : '+'}${shortMoney(Math.abs(moved), currency)})`
  return nothing === '' ? words : `${nothing}, ${words}`
}

/** `LLM cost $83.23 (+378%), 21–27 Sep` */
function subjectOf(facts: Facts): string {
  const { report, summary, context } = facts
  const { since, until, tz } = report.period
  const { cost_usd: cost, cost_change: change } = summary
  const amount =
    cost === null || cost === undefined
      ? `of ${callWords(summary)} not known`
      : money(cost as string, context.currency)
  const grown = typeof change === 'number' ? ` (${shortChange(change)})` : ''
  const when = since === null || until === null ? '' : `, ${daysWords(since, until, tz)}`
  return `LLM cost ${amount}${context.isRunning ? ' so far' : grown}${when}`
}

/** Incidents first, then findings in order of dollars; of both what has room, and how many have not. */
function findingsOf({ report, summary, incidents, context }: Facts): {
  readonly shown: readonly BriefFinding[]
  readonly left: Brief['left']
} {
  const least = leastWorth(context.minUsd, Number(summary['cost_usd'] ?? 0))
  const worth = incidents.map((news) => ({
    news,
    touchedUsd: Math.abs(news.excessUsd),
    severity: 'warning' as const,
  }))
  const told = ranked(worth, mostIncidents, least)
  const news = told.shown.map((one) => one.news)
  // Budgets stand in their line; what is too little to judge by is a doubt.
  const others = (report.findings ?? []).filter(
    (one) => !one.kind.startsWith('budget_') && one.kind !== 'not_enough_history' && !isTold(one, news),
  )
  const { shown, left } = ranked(others, mostFindings - news.length, least)
  const repeated = (report.findings ?? []).filter((one) => isTold(one, news)).length
  return {
    shown: [
      ...news.map((one) => ofIncident(one, report.period.tz)),
      ...shown.map((one) => ofFinding(one, context.currency)),
    ],
    left: { incidents: told.left.length, findings: left.length + repeated },
  }
}

function ofIncident(news: IncidentNews, tz: string): BriefFinding {
  const command = incidentCommand(news)
  return {
    severity: 'warning',
    amount: shortMoney(Math.abs(news.excessUsd)),
    text: incidentText(news, tz),
    ...(command === undefined ? {} : { command }),
  }
}

function ofFinding(
  { severity, touchedUsd, short, text, command, isRule }: Finding,
  currency: Currency | undefined,
): BriefFinding {
  return {
    severity,
    amount: touchedUsd === null || touchedUsd === undefined ? '' : shortMoney(touchedUsd, currency),
    text: short ?? text,
    ...(command === undefined ? {} : { command }),
    ...(isRule === undefined ? {} : { isRule }),
  }
}
