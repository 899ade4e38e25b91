/**
 * anomalies: flagged hours become incidents a person can act on. Pure: what is asked of the store comes in as
 * rows, see metrics/anomalies/anomalies.ts; the method stands in docs/anomalies.md.
 *
 * This file: what flags and groups of them are; grouping.ts says which belong together.
 */
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

export const seriesId = ({ family, value }: SeriesKey): string => `${family} ${value}`

export const isDrift = ({ flags }: Group): boolean => flags.every(({ kind }) => kind === 'drift')
export const isDrop = ({ flags }: Group): boolean => flags.every(({ kind }) => kind === 'drop')
/** No hour by itself is abnormal: what is told is of all the hours that were summed. */
export const isOfSums = ({ flags }: Group): boolean =>
  flags.every(({ kind }) => kind === 'drop') || flags.every(({ kind }) => kind === 'sustained')
