/**
 * anomalies: flagged hours become incidents a person can act on. Pure: what is asked of the store comes in as
 * rows, see metrics/anomalies/anomalies.ts; the method stands in docs/anomaly-method.md.
 *
 * This file: what flags and groups of them are; grouping.ts says which belong together.
 */
import type { SessionTerms } from '../metrics/anomalies/flags.js'
import type { AnomalyKind } from '../metrics/anomalies/flags.js'

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

/** What a flag rests on; none by other methods than likelihood. */
export type Evidence = CallEvidence | SessionEvidence

/** What a flag by sessions rests on: docs/anomaly-method.md, "People who work in sessions". */
export interface SessionEvidence extends SessionTerms {
  readonly of: 'sessions'
  /** How much likelier these hours are with sessions beyond the usual, as a logarithm. */
  readonly surprise: number
  readonly series: number
}

/** What a flag by likelihood rests on. */
export interface CallEvidence {
  readonly of: 'calls' | 'money'
  /** Calls that cost something in its hours, and those that are normal. */
  readonly calls: number
  readonly normCalls: number
  /** Of as many calls, or as much money, by chance: at most e to the power of minus it. */
  readonly surprise: number
  /** No single call explains half of it. */
  readonly isSpread: boolean
  /** Series that are judged beside each other. */
  readonly series: number
}

/** Flags that one thing caused, as far as one can tell, in the order of time. */
export interface Group {
  readonly flags: readonly Flag[]
  /** Nothing narrower explains what all calls do in some of its hours. */
  readonly isOfAll: boolean
}

export const seriesId = ({ family, value }: SeriesKey): string => `${family} ${value}`

export const isDrift = ({ flags }: Pick<Group, 'flags'>): boolean =>
  flags.every(({ kind }) => kind === 'drift')
export const isDrop = ({ flags }: Pick<Group, 'flags'>): boolean => flags.every(({ kind }) => kind === 'drop')
/** No hour by itself is abnormal: what is told is of all the hours that were summed. */
export const isOfSums = ({ flags }: Pick<Group, 'flags'>): boolean =>
  flags.every(({ kind }) => kind === 'drop') || flags.every(({ kind }) => kind === 'sustained')
