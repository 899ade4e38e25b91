/**
 * anomalies: flagged hours become incidents a person can act on. Pure: what is asked of the store comes in as
 * rows, see metrics/anomalies/anomalies.ts; the method stands in docs/anomalies.md.
 *
 * This file: which flags belong together.
 */
import { hourMs } from '../domain/time/zones.js'
import type { AnomalyKind } from '../metrics/anomalies/anomaly-tests.js'

/** A series within one answer: family 0 is the account, else a dimension by its place from 1 on. */
export interface SeriesKey {
  readonly family: number
  readonly value: string
}

/** One hour of one series that one test found abnormal. */
export interface Flag extends SeriesKey {
  readonly kind: AnomalyKind
  /** Local hour, see domain/time/hours.ts, and the instant at which it begins, ms. */
  readonly hour: number
  readonly at: number
  readonly spanHours: number
  readonly costUsd: number
  readonly normUsd: number
  /** By how much the excess passed the bound of noise; null where there is no noise at all. */
  readonly strength: number | null
  readonly historyHours: number
  readonly evidence?: Evidence
}

/** What a flag by likelihood rests on. */
export interface Evidence {
  /** Calls that cost something in its hours, and those that are normal. */
  readonly calls: number
  readonly normCalls: number
  /** Of as many calls, or as much money, by chance: at most e to the power of minus it. */
  readonly surprise: number
  /** The calls are beyond chance; else their money alone. */
  readonly isOfCalls: boolean
  /** No single call explains half of it. */
  readonly isSpread: boolean
  /** Series that are judged beside each other. */
  readonly series: number
}

/** Flags that one thing caused, as far as one can tell, in the order of time. */
export interface Group {
  readonly flags: readonly Flag[]
}

/** Flagged hours further apart than this are two incidents. */
const mergeMs = 6 * hourMs
/** Sustained excess of one series may pause this long, a weekend, and still be one shift. */
const pauseMs = 72 * hourMs
/** Days on which the account drifts share most of their weeks: they are one drift while less apart than this. */
const driftMs = 7 * 24 * hourMs

export const seriesId = ({ family, value }: SeriesKey): string => `${family} ${value}`

export const isDrift = ({ flags }: Group): boolean => flags.every(({ kind }) => kind === 'drift')
export const isDrop = ({ flags }: Group): boolean => flags.every(({ kind }) => kind === 'drop')
/** No hour by itself is abnormal: what is told is of all the hours that were summed. */
export const isOfSums = ({ flags }: Group): boolean =>
  flags.every(({ kind }) => kind === 'drop') || flags.every(({ kind }) => kind === 'sustained')

/**
 * Flags of a rise at most six hours apart, of any series, are one incident; so are flags of a fall. Days of
 * drift are an incident of their own, or part of the shift that made the weeks dearer.
 */
export function groupFlags(flags: readonly Flag[]): Group[] {
  const of = (...kinds: AnomalyKind[]): Flag[] => flags.filter(({ kind }) => kinds.includes(kind))
  const rises = lasting(chained(of('spike', 'sustained'), mergeMs))
  const falls = chained(of('drop'), mergeMs)
  const drifts = chained(of('drift'), driftMs)
  const groups = drifts.reduce<Group[]>(withDrift, rises)
  return [...groups, ...falls].toSorted((a, b) => start(a) - start(b))
}

/**
 * A series with sustained excess that has it again after a pause of a night or a weekend is one shift that stays.
 */
function lasting(groups: readonly Group[]): Group[] {
  const joined: Group[] = []
  for (const group of groups) {
    const last = joined.at(-1)
    const known = new Set(last === undefined ? [] : sustainedSeries(last))
    const goes = last !== undefined && start(group) - end(last) <= pauseMs
    if (last !== undefined && goes && sustainedSeries(group).some((id) => known.has(id))) {
      joined[joined.length - 1] = { flags: [...last.flags, ...group.flags] }
    } else joined.push(group)
  }
  return joined
}

const sustainedSeries = ({ flags }: Group): string[] =>
  flags.filter(({ kind }) => kind === 'sustained').map(seriesId)

/** Splits flags where more than `gap` lies between one and the next. */
function chained(flags: readonly Flag[], gap: number): Group[] {
  const sorted = flags.toSorted((a, b) => a.at - b.at)
  const groups: Flag[][] = []
  for (const flag of sorted) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    if (last !== undefined && before !== undefined && flag.at - before.at <= gap) last.push(flag)
    else groups.push([flag])
  }
  return groups.map((members) => ({ flags: members }))
}

const start = ({ flags }: Group): number => flags[0]?.at ?? 0
const end = ({ flags }: Group): number => flags.at(-1)?.at ?? 0

/** A sustained rise that ended within the dear week itself explains the drift: a shift that stays is one incident. */
function withDrift(groups: readonly Group[], drift: Group): Group[] {
  const cause = groups.findLast(
    (group) =>
      group.flags.some(({ kind }) => kind === 'sustained') &&
      start(group) <= start(drift) &&
      end(group) >= start(drift) - driftMs,
  )
  if (cause === undefined) return [...groups, drift]
  const joined = { flags: [...cause.flags, ...drift.flags].toSorted((a, b) => a.at - b.at) }
  return groups.map((group) => (group === cause ? joined : group))
}
