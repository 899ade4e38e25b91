/** The incidents of a report as news: who on what, how much, since when. Read from the rows of their section. */
import type { AnomalyKind } from '../../metrics/anomalies/flags.js'
import { amountText } from '../../anomalies/wording.js'
import { picos } from '../../domain/costs/amount.js'
import { dayWords, hourWords, memberWords, shortUsd, weekdayWords } from '../../domain/words/subjects.js'
import { dayMs } from '../../domain/time/zones.js'
import type { Finding, Period, Row } from '../report.js'
import { cellText } from './cell-text.js'

interface Member {
  readonly dimension: string | null
  readonly value: string | null
}

export interface IncidentNews {
  /** `user-31 on document-analysis` */
  readonly subject: string
  /** Cost beyond the usual, USD; below 0 where it fell. */
  readonly excessUsd: number
  readonly since: string
  readonly until: string
  /** Its lead, and what explains most of it. */
  readonly members: readonly Member[]
  readonly row: Row
}

/** What explains less than this is not what it is about. */
const mostOfIt = 0.5

/** The dearest first. @param rows of the section of incidents */
export function incidentsOf(rows: readonly Row[]): IncidentNews[] {
  return rows
    .map(incidentOf)
    .toSorted((a, b) => Math.abs(b.excessUsd) - Math.abs(a.excessUsd) || (a.since < b.since ? -1 : 1))
}

function incidentOf(row: Row): IncidentNews {
  const lead = { dimension: text(row['dimension']), value: text(row['value']) }
  const drivers = (Array.isArray(row['drivers']) ? row['drivers'] : []) as readonly Row[]
  const strong = drivers
    .filter((driver) => Number(driver['excess_share']) >= mostOfIt)
    .map((driver) => ({ dimension: text(driver['dimension']), value: text(driver['value']) }))
  const members = [lead, ...strong]
  return {
    subject: subjectWords(members),
    excessUsd: Number(row['excess_usd'] ?? 0),
    since: cellText(row['since']),
    until: cellText(row['until']),
    members,
    row,
  }
}

const text = (cell: unknown): string | null => (typeof cell === 'string' ? cell : null)

/** Who on what: a user on a feature, a feature, or what else leads; a model where there is nothing better. */
function subjectWords(members: readonly Member[]): string {
  const of = (dimension: string): Member | undefined => members.find((one) => one.dimension === dimension)
  const [user, feature, model] = [of('user_id'), of('feature'), of('model')]
  const words = ({ dimension, value }: Member): string => memberWords(dimension, value)
  if (user !== undefined) {
    const what = feature ?? model
    return what === undefined ? words(user) : `${words(user)} on ${what.value ?? '(none)'}`
  }
  const [lead] = members
  if (feature !== undefined && model !== undefined && lead?.dimension !== null)
    return `${words(feature)} on ${model.value ?? '(none)'}`
  const named = lead?.dimension === null ? (feature ?? model) : lead
  return named === undefined ? 'all calls' : words(named)
}

/** `$65 since Tuesday 11:00`, `$3 less than usual on Tuesday`. */
export function newsWords(incident: IncidentNews, period: Period): string {
  const { excessUsd } = incident
  const amount = excessUsd < 0 ? `${shortUsd(-excessUsd)} less than usual` : shortUsd(excessUsd)
  return `${incident.subject}, ${amount} ${whenWords(incident, period)}`
}

/** Within a week the name of a day says which; in longer windows its date does. */
function whenWords({ since, until }: IncidentNews, { since: begin, until: end, tz }: Period): string {
  const isWeek = begin !== null && end !== null && Date.parse(end) - Date.parse(begin) <= 7.5 * dayMs
  const day = (iso: string): string => (isWeek ? weekdayWords(iso, tz) : dayWords(iso, tz))
  if (end !== null && Date.parse(until) >= Date.parse(end))
    return `since ${day(since)} ${hourWords(since, tz)}`
  const last = new Date(Date.parse(until) - 1).toISOString()
  return day(since) === day(last) ? `on ${day(since)}` : `from ${day(since)} to ${day(last)}`
}

/** What was spent against what is usual, and when. */
export function incidentText({ subject, row, since, until }: IncidentNews, tz: string): string {
  const amounts = amountText({
    cost: picos(cellText(row['cost_usd'])),
    norm: picos(cellText(row['norm_usd'])),
    timesNormal: typeof row['times_normal'] === 'number' ? row['times_normal'] : null,
    kinds: (row['kinds'] ?? []) as unknown as readonly AnomalyKind[],
  })
  const [from, to] = [
    `${dayWords(since, tz)} ${hourWords(since, tz)}`,
    `${dayWords(until, tz)} ${hourWords(until, tz)}`,
  ]
  return `${subject}: ${amounts}, ${from} – ${to}`
}

/** What to type about it. */
export function incidentCommand({ row }: IncidentNews): string | undefined {
  const next = text(row['next'])
  return next === null ? undefined : /llmcost .*/.exec(next)?.[0]
}

/** Kinds of findings that say who or what costs much: what an incident says already, where it is about the same. */
const ofCost: ReadonlySet<string> = new Set([
  'mean_cost_usd',
  'user_input_over_mean',
  'dear_model_call_share',
  'sustained_growth',
  'mover',
  'first_spend',
  'user_hour_budget',
  'user_beyond_usual',
  'drift',
])

/** Whether one of the incidents tells what the finding tells. */
export function isTold(
  { kind, dimension, value, touchedUsd }: Finding,
  incidents: readonly IncidentNews[],
): boolean {
  if (!ofCost.has(kind)) return false
  return incidents.some(({ members, excessUsd }) =>
    dimension === null
      ? excessUsd >= mostOfIt * (touchedUsd ?? Infinity)
      : members.some((one) => one.dimension === dimension && one.value === value),
  )
}
