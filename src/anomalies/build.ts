/** Groups of flags with their figures as incidents: when, what, how much, what drove it. */
import { picos, type Picos } from '../domain/costs/amount.js'
import { hourIso, hourStart } from '../domain/time/hours.js'
import type { AnomalyKind } from '../metrics/anomalies/flags.js'
import type { IncidentSpan, PartRow } from '../metrics/anomalies/incident-parts.js'
import { foldedOf } from './folding.js'
import { confidenceOf, type Confidence } from './confidence.js'
import { decompose, type Parts } from './decompose.js'
import {
  figuresOf,
  leadOf,
  measuredHours,
  type Measured,
  type SeriesFigures,
  type SeriesHours,
} from './figures.js'
import { seriesId, type Evidence, type Group } from './incidents.js'

/** A dimension and one of its members; both null for all calls. */
export interface Member {
  readonly dimension: string | null
  readonly value: string | null
}

export interface Amounts {
  readonly cost: Picos
  readonly norm: Picos
  readonly excess: Picos
}

export interface Driver extends Member, Amounts {
  /** Of the incident's excess; above 1 where others fell. */
  readonly share: number
}

export interface Incident extends Amounts {
  /** The hour and the series of its first flag: the same at any later time. */
  readonly id: string
  /** Told by a count alone: others of its week are dearer or more unusual. */
  readonly folded: boolean
  /** First flagged hour, and the end of the last, ISO 8601 UTC. */
  readonly since: string
  readonly until: string
  readonly kinds: readonly AnomalyKind[]
  /** Every flagged hour, ISO 8601 UTC, in order. */
  readonly hours: readonly string[]
  /** What its amounts are of: the series that says most closely where to look. */
  readonly lead: Member
  readonly series: readonly (Member & Amounts)[]
  /** Hours that the amounts are of, [since, until), ISO 8601 UTC. */
  readonly measured: { readonly since: string; readonly until: string }
  readonly timesNormal: number | null
  readonly confidence: Confidence
  /** Of the hours of its lead that chance explains least; null by other methods. */
  readonly evidence: IncidentEvidence | null
  readonly parts: Parts
  readonly drivers: readonly Driver[]
  readonly calls: number
  readonly normCalls: number | null
}

export type IncidentEvidence = Evidence & EvidenceHours

interface EvidenceHours {
  /** The hours that were judged together, [since, until), ISO 8601 UTC. */
  readonly since: string
  readonly until: string
  readonly costUsd: number
  readonly normUsd: number
}

/** What incidents are built with. */
export interface Setting {
  readonly tz: string
  readonly historyDays: number
  /** Keys of the dimensions of series, families 1 and on. */
  readonly by: readonly string[]
  readonly drivers: readonly string[]
}

/** A group with its figures: half an incident, from which the question of its parts is made. */
export interface Draft {
  readonly group: Group
  readonly figures: readonly SeriesFigures[]
  readonly lead: SeriesFigures
  readonly measured: Measured
}

/** @param groups all of them, this one too */
export function draftOf(group: Group, groups: readonly Group[], hours: SeriesHours, setting: Setting): Draft {
  const figures = figuresOf(group, groups, hours)
  const lead = leadOf(group, figures)
  return { group, figures, lead, measured: measuredHours(group, groups, lead, setting.historyDays) }
}

/** What to ask for the parts of each draft. */
export function spansOf(drafts: readonly Draft[]): IncidentSpan[] {
  return drafts.map(({ lead, measured }, id) => ({
    id,
    family: lead.family,
    value: lead.value,
    since_hour: measured.since,
    until_hour: measured.until,
    past_since_hour: measured.pastSince,
    past_until_hour: measured.pastUntil,
    norm_usd: Number(lead.norm) / 1e12,
  }))
}

const kindOrder: readonly AnomalyKind[] = ['spike', 'sustained', 'drift', 'drop']

/** Members that explain less than this share of an excess are not named. */
const leastShare = 0.05

export function incidentOf(draft: Draft, rows: readonly PartRow[], setting: Setting): Incident {
  const { group, lead, measured, figures } = draft
  const { tz, by } = setting
  const member = ({ family, value }: SeriesFigures): Member =>
    family === 0 ? { dimension: null, value: null } : { dimension: by[family - 1] ?? null, value }
  const hours = [...new Set(group.flags.map(({ at }) => at))].toSorted((a, b) => a - b)
  const last = Math.max(...group.flags.map(({ hour }) => hour))
  const iso = (hour: number): string => hourIso(hourStart(hour, tz))
  const whole = rows.find(({ driver }) => driver === 0)
  return {
    id: idOf(group, by),
    folded: false,
    since: hourIso(hours[0] ?? 0),
    until: iso(last + 1),
    kinds: kindOrder.filter((kind) => group.flags.some((flag) => flag.kind === kind)),
    hours: hours.map(hourIso),
    lead: member(lead),
    series: figures.map((one) => ({ ...member(one), cost: one.cost, norm: one.norm, excess: one.excess })),
    measured: { since: iso(measured.since), until: iso(measured.until) },
    cost: lead.cost,
    norm: lead.norm,
    excess: lead.excess,
    timesNormal: ratioOf(lead.cost, lead.norm),
    confidence: confidenceOf(group.flags),
    evidence: evidenceOf(group, lead, iso),
    parts: partsOf(lead, whole),
    drivers: driversOf(lead, whole, rows, member(lead), setting.drivers),
    calls: Number(whole?.calls ?? 0),
    normCalls: normCalls(lead, whole),
  }
}

/** An incident that goes on keeps its first flag, and one that joins an older one takes that one's. */
function idOf({ flags }: Group, by: readonly string[]): string {
  const [first] = flags
  if (first === undefined) throw new Error('an incident without a flag')
  const series = first.family === 0 ? 'all' : `${by[first.family - 1]}=${first.value}`
  return `${hourIso(first.at)} ${series}`
}

/** Incidents in the order of their drafts, with those marked that only a count tells of. */
export function folded(incidents: readonly Incident[], drafts: readonly Draft[]): Incident[] {
  const found = drafts.map(({ group, lead }) => ({
    hour: Math.min(...group.flags.map(({ hour }) => hour)),
    excess: lead.excess,
    strength: group.flags.reduce<number | null>(
      (most, { strength }) => (most === null || strength === null ? null : Math.max(most, strength)),
      0,
    ),
  }))
  const isFolded = foldedOf(found)
  return incidents.map((incident, i) => ({ ...incident, folded: isFolded[i] ?? false }))
}

/** The flag of the series that chance explains least. */
function evidenceOf(
  { flags }: Group,
  lead: SeriesFigures,
  iso: (hour: number) => string,
): IncidentEvidence | null {
  const own = flags.flatMap((flag) =>
    seriesId(flag) === seriesId(lead) && flag.evidence !== undefined
      ? [{ flag, evidence: flag.evidence }]
      : [],
  )
  const [most] = own.toSorted((a, b) => b.evidence.surprise - a.evidence.surprise)
  if (most === undefined) return null
  const { hour, spanHours, costUsd, normUsd } = most.flag
  return { ...most.evidence, since: iso(hour - spanHours + 1), until: iso(hour + 1), costUsd, normUsd }
}

function partsOf(lead: SeriesFigures, whole: PartRow | undefined): Parts {
  if (whole === undefined) return { volume: lead.excess, size: null, price: 0n }
  const tokens = (value: PartRow['tokens']): number | null => (value === null ? null : Number(value))
  return decompose(
    {
      costUsd: Number(whole.cost_usd),
      calls: Number(whole.calls),
      tokens: tokens(whole.tokens),
      tokenCalls: Number(whole.token_calls),
    },
    lead.cost,
    lead.norm,
    {
      costUsd: whole.past_cost_usd,
      calls: whole.past_calls,
      tokens: whole.past_tokens,
      tokenCalls: whole.past_token_calls,
    },
  )
}

/** part / whole as a double; null when there is no whole. */
const ratioOf = (part: Picos, whole: Picos): number | null =>
  whole === 0n ? null : Number(part) / Number(whole)

/** The norm's calls: as many as it buys at the history's cost a call. */
function normCalls(lead: SeriesFigures, whole: PartRow | undefined): number | null {
  if (whole === undefined || whole.past_cost_usd === 0) return null
  return (Number(lead.norm) / 1e12 / whole.past_cost_usd) * whole.past_calls
}

/** Members by their excess over their own share of the norm, where that explains some of the whole. */
export function driversOf(
  lead: Pick<SeriesFigures, 'norm' | 'excess'>,
  whole: PartRow | undefined,
  rows: readonly PartRow[],
  self: Member,
  drivers: readonly string[],
): Driver[] {
  const past = whole?.past_cost_usd ?? 0
  return rows
    .flatMap((row) => {
      const dimension = drivers[row.driver - 1]
      if (row.driver === 0 || dimension === undefined || dimension === self.dimension) return []
      const cost = picos(row.cost_usd)
      const norm = past === 0 ? 0n : picos(((Number(lead.norm) / 1e12) * row.past_cost_usd) / past)
      const share = ratioOf(cost - norm, lead.excess)
      const named = row.value !== null && share !== null && share >= leastShare
      return named ? [{ dimension, value: row.value, cost, norm, excess: cost - norm, share }] : []
    })
    .toSorted((a, b) => b.share - a.share)
}
