/** What a search for anomalies answers with, whichever way its hours were judged. */
import type { Materiality } from '../../domain/materiality.js'
import type { Whole } from '../query.js'
import type { SeriesRequest } from './anomaly-hours.js'

export const anomalyKinds = ['spike', 'sustained', 'drift', 'drop'] as const
export type AnomalyKind = (typeof anomalyKinds)[number]

export interface AnomalyRequest extends SeriesRequest, Materiality {
  readonly kinds: readonly AnomalyKind[]
  /** By likelihood, or by robust distances from the median. */
  readonly method: 'likelihood' | 'robust'
}

/** One flag: a series, the hour, the test; and apart from these, series that began to cost in the window. */
export interface FlagRow {
  /** `account`: no flag, but where the history of all calls begins (`hour`), and a usual day's cost. */
  readonly kind: AnomalyKind | 'first_spend' | 'account'
  /** 0 the account, else the dimension by its place from 1 on. */
  readonly family: number
  readonly value: string
  /** Local hour, see domain/time/hours.ts. */
  readonly hour: Whole
  /** The hours up to and with this one that cost and norm are of. */
  readonly span_hours: number
  readonly cost_usd: number
  readonly norm_usd: number
  readonly noise_usd: number | null
  /** Median daily cost of the account over the history. */
  readonly usual_usd: number | null
  readonly history_hours: Whole
  /** Excess, or surprise, over its bound; above 1 for a flag. Null where there is no noise at all. */
  readonly strength: number | null
  /** Of a flag by likelihood: calls that cost something, those that are normal, and the log of how little chance brings that. */
  readonly calls?: number | null
  readonly norm_calls?: number | null
  readonly surprise?: number | null
  /** It is the calls that are beyond chance, and not their money alone. */
  readonly is_of_calls?: boolean | null
  /** More than half of the excess remains without its dearest call. */
  readonly is_spread?: boolean | null
  /** Series that are judged beside each other. */
  readonly series_count?: Whole | null
  /** Of a flag by sessions. */
  readonly session_terms?: SessionTerms | null
}

/** The sessions of a flag's hours beside those that are usual. */
export interface SessionTerms {
  /** Active in these hours; those of them that began there, and how many usually do. */
  readonly sessions: number
  readonly begun: number
  readonly norm_begun: number
  /** Cost a call, and calls an hour of a session, times what is usual for the same people: geometric means. */
  readonly price_times: number
  readonly calls_times: number
  /** What each adds to the surprise. */
  readonly begun_surprise: number
  readonly price_surprise: number
  readonly calls_surprise: number
}

/** Days to read before the first judged day: that of the day before too, whose hours 24-hour sums reach into. */
export const reachOf = (historyDays: number): number => historyDays + 1
