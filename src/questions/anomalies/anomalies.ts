/** Asks for incidents and what else stands out in a window; for `anomalies` and for `report`. */
import {
  draftOf,
  folded,
  incidentOf,
  spansOf,
  type Draft,
  type Incident,
  type Setting,
} from '../../anomalies/build.js'
import { daysToMeasure, hoursBySeries } from '../../anomalies/figures.js'
import { costsOf, flagsTogether, groupsOf, pairsOf, piecesOf } from '../../anomalies/grouping.js'
import type { Evidence, Flag } from '../../anomalies/incidents.js'
import type { Bounds } from '../../domain/bounds.js'
import type { Budget } from '../../domain/budgets/budget.js'
import { dimensionOf, type Dimension } from '../../domain/dimensions.js'
import { hourIso, hourSpan, hourStart, type HourSpan } from '../../domain/time/hours.js'
import { materialityOf, shareTimes, type Materiality } from '../../domain/materiality.js'
import { besideSource, hasMoneyBeside } from '../../domain/costs/basis.js'
import type { Scope } from '../../domain/scope.js'
import { dayMs } from '../../domain/time/zones.js'
import { reachOf, type FlagRow } from '../../metrics/anomalies/flags.js'
import type { AnomalyKind } from '../../metrics/anomalies/flags.js'
import { expensiveCalls, type ExpensiveCallRow } from '../../metrics/anomalies/expensive-calls.js'
import { incidentParts, type PartRow } from '../../metrics/anomalies/incident-parts.js'
import type { Query } from '../../metrics/query.js'
import { sharedCosts, type SharedRow, type SharedSpan } from '../../metrics/anomalies/shared-costs.js'
import {
  normHours,
  seriesHours,
  type MeasuredDay,
  type NormHour,
} from '../../anomalies/method/chosen-hours.js'
import { userHours, type UserHourRow } from '../../metrics/anomalies/user-hours.js'
import { zscores } from '../../metrics/anomalies/zscores.js'
import { lowestDailyBudget } from '../../anomalies/budget.js'
import type { AnomalyAnswer, AnomalyRows } from '../../reports/anomalies/anomalies.js'
import { askFlags, withSessionNorms } from './flags.js'
import { askChosen } from './judged.js'
import { askUsersBeyond } from './users-beyond.js'
import { ask, type Question } from '../question.js'

export interface AnomalyOptions extends Materiality {
  readonly by: readonly Dimension[]
  readonly historyDays: number
  readonly kinds: readonly AnomalyKind[]
  /** What a user's day must cost to be told as beyond his usual, USD; undefined: as the config file says. */
  readonly minUserUsd?: number | undefined
  readonly method: 'likelihood' | 'robust' | 'zscore'
  /** Budgets of all calls. */
  readonly budgets: readonly Budget[]
  /** Findings listed of one kind. */
  readonly mostFindings: number
}

/** Without what `bounds` of the config file say. */
export const askedByDefault = {
  by: ['feature', 'user'].map(dimensionOf),
  historyDays: 28,
  kinds: ['spike', 'sustained', 'drift'],
  method: 'likelihood',
  budgets: [],
  mostFindings: 10,
} as const satisfies Omit<AnomalyOptions, keyof Materiality>

/** What is asked where no option says otherwise. */
export const defaultAnomalyOptions = (bounds: Bounds): AnomalyOptions => ({
  ...askedByDefault,
  ...materialityOf(bounds),
})

/** What drives an incident, whatever the series asked for. */
export const driverNames = ['user_id', 'feature', 'model'] as const
/** Members of each that are asked for. */
export const driversShown = 5

/** @param top only so many incidents, those with the largest excess */
export async function askAnomalies(
  asked: Question,
  options: AnomalyOptions,
  top?: number,
): Promise<AnomalyRows> {
  const question = ofCallsAlone(asked)
  const { db, scope, asOf } = question
  const { by, historyDays, kinds, noiseScale, method, minUsd, minShare } = options
  const span = hourSpan(scope, asOf, reachOf(Math.max(historyDays, 28)), scope.tz)
  const request = { scope, span, by, historyDays }
  const judged = method === 'zscore' ? ({ kinds: [], method: 'robust' } as const) : { kinds, method }
  const rows = await askFlags(question, { ...request, ...judged, noiseScale, minUsd, minShare })
  const flagged = method === 'zscore' ? await ask(db, zscores(request)) : rows
  const isTold = ({ kind }: FlagRow): boolean => kind === 'drift' && method === 'likelihood'
  const flags = flagged.filter((row) => !isTold(row)).flatMap((row) => flagOf(row, scope.tz, options.minUsd))
  const account = rows.find(({ kind }) => kind === 'account')
  return {
    span,
    incidents: await incidentsOf(question, span, flags, options, top),
    account,
    firstSpends: rows.filter(({ kind }) => kind === 'first_spend'),
    drifts: firstDays(rows.filter(isTold)),
    expensive: await askExpensive(question, span, account, options),
    userHours: await askUserHours(question, span, options),
    usersBeyond: await askUsersBeyond(question, scope, span, { leastUsd: options.minUserUsd, noiseScale }),
  }
}

/** Taxes, credits and unused commitments come when they are booked, and are no behaviour of anybody. */
function ofCallsAlone(question: Question): Question {
  const { scope } = question
  if (!hasMoneyBeside(scope.basis)) return question
  const filters = [...scope.filters, { dimension: 'source', operator: '!=', value: besideSource } as const]
  return { ...question, scope: { ...scope, filters } }
}

/** Days of drift share most of their weeks: those less than a week apart are one, told by its first. */
const firstDays = (rows: readonly FlagRow[]): FlagRow[] =>
  rows.filter((row, i) => i === 0 || Number(row.hour) - Number(rows[i - 1]?.hour) > 7 * 24)

/** Each flag by its own excess alone, so that no verdict depends on hours to come. */
function flagOf(row: FlagRow, tz: string, minUsd: number): Flag[] {
  const { kind, family, value, strength } = row
  if (kind === 'account' || kind === 'first_spend') return []
  if (Math.abs(row.cost_usd - row.norm_usd) < minUsd) return []
  const hour = Number(row.hour)
  return [
    {
      kind,
      family,
      value,
      hour,
      at: hourStart(hour, tz),
      spanHours: row.span_hours,
      costUsd: row.cost_usd,
      normUsd: row.norm_usd,
      strength,
      historyHours: Number(row.history_hours),
      ...evidenceOf(row),
    },
  ]
}

/** What chance would have to bring, where the flag is by likelihood. */
function evidenceOf({
  calls,
  norm_calls: normCalls,
  surprise,
  is_of_calls: isOfCalls,
  is_spread: isSpread,
  series_count,
  session_terms: terms,
}: FlagRow): {
  evidence?: Evidence
} {
  if (surprise === null || surprise === undefined) return {}
  const series = Number(series_count ?? 1)
  if (terms !== undefined && terms !== null)
    return { evidence: { ...terms, of: 'sessions', surprise, series } }
  return {
    evidence: {
      of: isOfCalls === true ? 'calls' : 'money',
      calls: calls ?? 0,
      normCalls: normCalls ?? 0,
      surprise,
      isSpread: isSpread === true,
      series,
    },
  }
}

async function incidentsOf(
  question: Question,
  span: HourSpan,
  flags: readonly Flag[],
  options: AnomalyOptions,
  top: number | undefined,
): Promise<Incident[]> {
  if (flags.length === 0) return []
  const { db, scope } = question
  const { by, historyDays } = options
  const setting: Setting = {
    tz: scope.tz,
    historyDays,
    by: by.map(({ key }) => key),
    drivers: driverNames,
  }
  const pieces = piecesOf(flags)
  const measured = await askFigures(question, span, daysToMeasure(flagsTogether(pieces)), flags, options)
  const pairs = pairsOf(pieces, historyDays)
  const shared = pairs.length === 0 ? [] : await ask(db, sharedQuery(scope, span, by, pairs))
  const groups = groupsOf(pieces, costsOf(measured, pairs, shared))
  const hours = hoursBySeries(measured)
  const drafts = groups.map((group) => draftOf(group, groups, hours, setting))
  const kept = top === undefined ? drafts : largest(drafts, top)
  const parts = kept.length === 0 ? [] : await ask(db, partsQuery(scope, span, by, kept))
  const incidents = kept.map((draft, id) =>
    incidentOf(
      draft,
      parts.filter((row) => row.id === id),
      setting,
    ),
  )
  // Who asks for a number of them sees these.
  return top === undefined ? folded(incidents, kept) : incidents
}

const magnitude = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

function largest(drafts: readonly Draft[], top: number): Draft[] {
  const order = drafts.toSorted((a, b) => Number(magnitude(b.lead.excess) - magnitude(a.lead.excess)))
  const kept = new Set(order.slice(0, top))
  return drafts.filter((draft) => kept.has(draft))
}

/** The hours of these days with the norm of the method that judged them. */
async function askFigures(
  question: Question,
  span: HourSpan,
  days: readonly MeasuredDay[],
  flags: readonly Flag[],
  { by, historyDays, method }: AnomalyOptions,
): Promise<readonly NormHour[]> {
  if (days.length === 0) return []
  const request = { scope: question.scope, span, by, historyDays }
  const chosen = await askChosen(question.db, request, days)
  const rows = chosen === undefined ? [] : (method === 'likelihood' ? normHours : seriesHours)(chosen, days)
  if (method === 'zscore') return withFlatNorm(rows, flags)
  return method === 'likelihood' ? withSessionNorms(question, request, days, rows) : rows
}

/** By the textbook every hour's norm is the mean of all. */
function withFlatNorm(rows: readonly NormHour[], flags: readonly Flag[]): NormHour[] {
  return rows.map((row) => ({ ...row, norm_usd: flags[0]?.normUsd ?? 0 }))
}

function sharedQuery(
  scope: Scope,
  span: HourSpan,
  by: readonly Dimension[],
  pairs: readonly SharedSpan[],
): Query<SharedRow> {
  const first = Math.min(...pairs.map((pair) => pair.past_since_hour))
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  return sharedCosts({ scope, since: iso(first), until: iso(span.until), by }, pairs)
}

function partsQuery(
  scope: Scope,
  span: HourSpan,
  by: readonly Dimension[],
  drafts: readonly Draft[],
): Query<PartRow> {
  const first = Math.min(...drafts.map(({ measured }) => measured.pastSince))
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  const drivers = driverNames.map(dimensionOf)
  const request = { scope, since: iso(first), until: iso(span.until), by, drivers, top: driversShown }
  return incidentParts(request, spansOf(drafts))
}

/** A call that alone is this share of a usual day matters; without any usual day, one of this many USD. */
const dearShare = 0.05
const dearUsd = 1

function askExpensive(
  { db, scope }: Question,
  span: HourSpan,
  account: FlagRow | undefined,
  { minUsd, minShare, mostFindings, historyDays }: AnomalyOptions,
): Promise<readonly ExpensiveCallRow[]> {
  const usual = account?.usual_usd ?? null
  const iso = (hour: number): string => hourIso(hourStart(hour, scope.tz))
  const window = { ...scope, since: iso(span.since), until: iso(span.until) }
  const request = {
    scope: window,
    historySince: new Date(Date.parse(window.since) - historyDays * dayMs).toISOString(),
    leastUsd: Math.max(minUsd, usual === null ? dearUsd : dearShare * shareTimes(minShare) * usual),
    top: mostFindings,
  }
  return ask(db, expensiveCalls(request))
}

/** A user may spend this share of a day's budget within an hour. */
const hourlyShare = 0.01

async function askUserHours(
  { db, scope }: Question,
  span: HourSpan,
  { budgets }: AnomalyOptions,
): Promise<readonly UserHourRow[]> {
  const least = lowestDailyBudget(budgets)
  return least === null ? [] : ask(db, userHours(scope, span, (least * hourlyShare).toFixed(12)))
}

/** What was abnormal in the window of a report, with the fewest findings worth a place there. */
export async function askReportAnomalies(question: Question): Promise<AnomalyAnswer> {
  const { budgets, bounds } = question.settings.config
  const options = { ...defaultAnomalyOptions(bounds), budgets, mostFindings: 3 }
  return { ...options, ...(await askAnomalies(question, options)), scope: question.scope }
}
