/** Incidents, and what else stands out: `llmcost anomalies`, and its part of the weekly report. */
import { duration } from '../../domain/time/duration.js'
import type { OfficeHours } from '../../anomalies/office-hours.js'
import type { Amounts, Driver, Incident, Member } from '../../anomalies/build.js'
import {
  amountText,
  driverText,
  evidenceText,
  groundsText,
  incidentText,
  memberText,
  movedText,
  nextText,
  spanText,
} from '../../anomalies/wording.js'
import { weekCeiling } from '../../anomalies/folding.js'
import { shortUsdOf } from '../../domain/costs/amount.js'
import type { Budget } from '../../domain/budgets/budget.js'
import type { Dimension } from '../../domain/dimensions.js'
import { hourIso, hourStart, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { capital, count, usd } from '../../domain/words/wording.js'
import { spanOptions, type Typed } from '../../domain/words/commands.js'
import { hourMs } from '../../domain/time/zones.js'
import type { FlagRow } from '../../metrics/anomalies/flags.js'
import type { ExpensiveCallRow } from '../../metrics/anomalies/expensive-calls.js'
import type { UserHourRow } from '../../metrics/anomalies/user-hours.js'
import type { UserBeyondRow } from '../../metrics/anomalies/users-beyond.js'
import { driftFindings, expensiveFindings, firstSpendFindings, userHourFindings } from './anomaly-findings.js'
import { beyondFindings } from './beyond-findings.js'
import { officeFinding } from './office-finding.js'
import { column, dataColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import { withoutNoise } from './surprise-verdicts.js'
import type { Cell, Column, Finding, Report, Row, Section } from '../report.js'
import type { ReportPart } from '../weekly/weekly.js'

/** What stands out in a span of hours. */
export interface AnomalyRows {
  readonly span: HourSpan
  readonly incidents: readonly Incident[]
  /** Where the history begins and what a usual day costs; undefined without any call. */
  readonly account: FlagRow | undefined
  readonly firstSpends: readonly FlagRow[]
  /** Weeks of all calls that rise one after another: the first day of each; incidents by the other methods. */
  readonly drifts: readonly FlagRow[]
  readonly expensive: readonly ExpensiveCallRow[]
  readonly userHours: readonly UserHourRow[]
  readonly usersBeyond: readonly UserBeyondRow[]
}

/** What was asked, and what came back. */
export interface AnomalyAnswer extends AnomalyRows {
  readonly scope: Scope
  readonly historyDays: number
  readonly by: readonly Dimension[]
  readonly budgets: readonly Budget[]
  readonly minUsd: number
  readonly mostFindings: number
  readonly method: 'likelihood' | 'robust' | 'zscore'
  /** Where the calls keep the office hours of another zone. */
  readonly elsewhere?: OfficeHours
  /** The command that asked, as it can be typed again; absent where another one asked. */
  readonly again?: string
}

const columns: readonly Column[] = [
  column('headline', 'incident', 'text'),
  column('cause', 'cause', 'text'),
  column('evidence', 'evidence', 'text'),
  column('grounds', 'grounds', 'text'),
  column('next', 'what to do next', 'text'),
  dataColumn('since', 'since', 'time'),
  dataColumn('until', 'until', 'time'),
  dataColumn('kinds', 'kinds', 'json'),
  dataColumn('dimension', 'dimension', 'text'),
  dataColumn('value', 'value', 'text'),
  dataColumn('cost_usd', 'cost', 'usd'),
  dataColumn('norm_usd', 'usual cost', 'usd'),
  dataColumn('excess_usd', 'excess', 'usd'),
  dataColumn('times_normal', 'times normal', 'number'),
  dataColumn('confidence', 'confidence', 'text'),
  dataColumn('flagged_hours', 'flagged hours', 'count'),
  dataColumn('calls', 'calls', 'count'),
  dataColumn('norm_calls', 'usual calls', 'number'),
  dataColumn('volume_usd', 'excess by calls', 'usd'),
  dataColumn('size_usd', 'excess by tokens a call', 'usd'),
  dataColumn('price_usd', 'excess by cost a token', 'usd'),
  dataColumn('id', 'id', 'text'),
  dataColumn('folded', 'folded', 'boolean'),
  dataColumn('drivers', 'what drives it', 'json'),
]

const amounts = ({ cost, norm, excess }: Amounts): Row => ({
  cost_usd: shortUsdOf(cost),
  norm_usd: shortUsdOf(norm),
  excess_usd: shortUsdOf(excess),
})

const member = ({ dimension, value }: Member): Row => ({ dimension, value })

function figures(incident: Incident): Row {
  const { parts, lead } = incident
  return {
    since: incident.since,
    until: incident.until,
    kinds: [...incident.kinds],
    ...member(lead),
    ...amounts(incident),
    times_normal: incident.timesNormal,
    confidence: incident.confidence,
    flagged_hours: incident.hours.length,
    calls: incident.calls,
    norm_calls: incident.normCalls,
    volume_usd: shortUsdOf(parts.volume),
    size_usd: parts.size === null ? null : shortUsdOf(parts.size),
    price_usd: shortUsdOf(parts.price),
    id: incident.id,
    folded: incident.folded,
    drivers: incident.drivers.map((one) => ({ ...member(one), excess_share: one.share })),
  }
}

function headline(incident: Incident, tz: string): string {
  return `${spanText(incident, tz)}  ${memberText(incident.lead)}: ${amountText(incident)}`
}

function rowOf(incident: Incident, tz: string, typed: Typed): Row {
  const cause = [driverText(incident), movedText(incident)].filter((text) => text !== '').join('; ')
  return {
    headline: headline(incident, tz),
    cause: cause === '' ? null : beginsWithName(incident) ? cause : capital(cause),
    evidence: capital(evidenceText(incident, tz)) || null,
    grounds: capital(groundsText(incident)),
    next: nextText(incident, tz, typed),
    ...figures(incident),
  }
}

/** The name of a member keeps its own letters, in the cause as anywhere. */
function beginsWithName({ drivers: [first] }: Incident): boolean {
  return first !== undefined && memberText(first) === first.value
}

const driver = (one: Driver): Row => ({ ...member(one), ...amounts(one), excess_share: one.share })

/** What it rests on, for programs; null where the method knows none. */
function evidenceOf({ evidence }: Incident): Cell {
  if (evidence === null) return null
  const { since, until, costUsd, normUsd, surprise, series } = evidence
  const money = { cost_usd: costUsd, norm_usd: withoutNoise(normUsd) }
  const grounds = { of: evidence.of, surprise: withoutNoise(surprise), series }
  if (evidence.of !== 'sessions') {
    const { calls, normCalls } = evidence
    return { since, until, calls, norm_calls: withoutNoise(normCalls), ...money, ...grounds }
  }
  const { sessions, begun, norm_begun: usual } = evidence
  return {
    since,
    until,
    sessions,
    begun,
    norm_begun: withoutNoise(usual),
    ...money,
    norm_session_usd: usual > 0 ? withoutNoise(normUsd / usual) : null,
    price_times: withoutNoise(evidence.price_times),
    calls_times: withoutNoise(evidence.calls_times),
    begun_surprise: withoutNoise(evidence.begun_surprise),
    price_surprise: withoutNoise(evidence.price_surprise),
    calls_surprise: withoutNoise(evidence.calls_surprise),
    ...grounds,
  }
}

/** An incident for programs: all of a row, and its hours, series and drivers. */
function dataOf(incident: Incident, tz: string, typed: Typed): Row {
  return {
    ...figures(incident),
    hours: [...incident.hours],
    series: incident.series.map((one) => ({ ...member(one), ...amounts(one) })),
    measured: { ...incident.measured },
    evidence: evidenceOf(incident),
    drivers: incident.drivers.map(driver),
    text: incidentText(incident, tz),
    next: nextText(incident, tz, typed),
  }
}

/** The incidents as blocks of sentences. @param showsAll those that are folded, too */
function incidentSection(answer: AnomalyAnswer, doubts: Doubts, showsAll: boolean): Section {
  const { incidents, scope } = answer
  const rows = incidents.map((incident) => rowOf(incident, scope.tz, doubts.typed))
  const hidden = showsAll ? [] : incidents.filter(({ folded }) => folded)
  return {
    id: 'incidents',
    title: 'Anomalies',
    layout: 'blocks',
    columns,
    rows,
    ...(hidden.length === 0 ? {} : { shownRows: rows.filter((_, i) => incidents[i]?.folded === false) }),
    notes: hidden.length === 0 ? [] : [foldedText(incidents, hidden, allCommand(answer, doubts))],
    empty: emptyWords(answer, doubts),
  }
}

/** `the 3 most unusual of the week; 4 smaller ones, $12.40 in all above the usual: llmcost anomalies --all` */
function foldedText(incidents: readonly Incident[], hidden: readonly Incident[], command: string): string {
  const shown = incidents.length - hidden.length
  const week = shown > weekCeiling ? `each week, at most ${weekCeiling}` : 'the week'
  const sum = hidden.reduce((total, { excess }) => total + (excess < 0n ? -excess : excess), 0n)
  const ones = counted(hidden.length, 'smaller one')
  return `the ${count(shown)} most unusual of ${week}; ${ones} (${usd(shortUsdOf(sum))} from the usual in all): ${command}`
}

/** The same question, with all of its answer. */
const allCommand = ({ again, scope }: AnomalyAnswer, { typed }: Doubts): string =>
  again === undefined ? typed(`llmcost anomalies --all${spanOptions(scope, scope.tz)}`) : `${again} --all`

function emptyWords({ span, account }: AnomalyAnswer, doubts: Doubts): string {
  if (Number(doubts.calls ?? 0) === 0) return emptyText(doubts)
  if (span.until <= span.since) return 'no whole hour in this window to judge'
  if (account === undefined || Number(account.history_hours) <= 24)
    return 'not enough history to judge any hour'
  return 'no anomaly: every hour is within what its history explains'
}

/** Findings beside the incidents. */
function anomalyFindings(answer: AnomalyAnswer, { typed }: Doubts): Finding[] {
  const {
    scope,
    expensive,
    firstSpends,
    userHours,
    usersBeyond,
    by,
    budgets,
    minUsd,
    mostFindings,
    elsewhere,
  } = answer
  return [
    ...historyFindings(answer),
    ...(elsewhere === undefined
      ? []
      : [officeFinding(elsewhere, scope.tz, hourStart(answer.span.until, scope.tz))]),
    ...driftFindings(answer.drifts, scope.tz, typed),
    ...expensiveFindings(expensive, scope.tz, typed),
    ...beyondFindings(usersBeyond, scope.tz, mostFindings),
    ...userHourFindings(userHours, budgets, scope.tz, mostFindings),
    ...firstSpendFindings(
      firstSpends,
      by,
      Math.max(minUsd, Math.min(leastFirstSpend.usd, leastFirstSpend.times * minUsd)),
      scope.tz,
    ).slice(0, mostFindings),
  ]
}

/** A new series that comes to less in a day is no news: USD, and so many times the smallest excess. */
const leastFirstSpend = { usd: 1, times: 10 } as const

/** Under a day of history nothing can be judged; under four weeks less surely. */
function historyFindings({ account, span, scope }: AnomalyAnswer): Finding[] {
  if (account === undefined || span.until <= span.since) return []
  const hours = Number(account.history_hours)
  const unjudged = Number(account.hour) + 24 - span.since
  if (unjudged <= 0 && hours >= 7 * 24) return []
  const begun = hourIso(hourStart(Math.max(Number(account.hour), span.first), scope.tz))
  const length = duration(hours * hourMs)
  const text =
    hours <= 24
      ? `not enough history: the calls begin ${length} before the end of the window, and a day before is needed to judge an hour`
      : unjudged > 0
        ? `the calls begin within the window: its first day cannot be judged, and the first week not surely`
        : `the calls begin ${length} before the end of the window: under a week of history, all is of low confidence`
  return [
    {
      kind: 'not_enough_history',
      severity: 'info',
      dimension: null,
      value: null,
      measured: hours,
      bound: 24,
      text,
      details: { history_since: begun },
    },
  ]
}

export function anomalyReport(answer: AnomalyAnswer, doubts: Doubts, showsAll = false): Report {
  const { scope, incidents, method } = answer
  return {
    kind: 'anomalies',
    title: method === 'zscore' ? 'Anomalies by z-score' : 'Anomalies',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [
      {
        ...incidentSection(answer, doubts, showsAll),
        title: method === 'zscore' ? 'Anomalies by z-score' : 'Anomalies',
      },
    ],
    findings: anomalyFindings(answer, doubts),
    data: {
      incidents: incidents.map((incident) => dataOf(incident, scope.tz, doubts.typed)) as unknown as Cell,
    },
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

/**
 * The incidents of a report's window, a headline and its cause each, and what else stands out.
 */
export function anomalyPart(answer: AnomalyAnswer, doubts: Doubts): ReportPart {
  const section = incidentSection(answer, doubts, false)
  const brief = section.columns.map((one): Column =>
    ['evidence', 'grounds', 'next'].includes(one.key) ? { ...one, dataOnly: true } : one,
  )
  return { sections: [{ ...section, columns: brief }], findings: anomalyFindings(answer, doubts) }
}
