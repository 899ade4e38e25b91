/** Figures of the calls of a window: in SQL, from sums by the hour, and exact quantiles. */
import { providerLatency } from '../time/provider-latency.js'

type Fold = 'sum' | 'max'

export interface Part {
  /** Aggregate over the calls of a step. */
  readonly sql: string
  /** How steps make a window. */
  readonly fold: Fold
  /** A sum of what calls have, beside which others count calls. */
  readonly isAmount?: true
}

export interface WindowFigure {
  /** Aggregates it is made of, beside `calls` and `cost_usd`. */
  readonly parts: Readonly<Record<string, Part>>
  /** The part that counts calls with what is measured: the minimum volume is of these. */
  readonly counted: string
  /** Whether it is beyond the bound, where the figure itself, a rounded double, cannot say so exactly. */
  readonly isBeyond?: (part: (name: string) => string, bound: string, compare: string) => string
  /** From parts of the window; money stays DECIMAL. */
  readonly sql: (part: (name: string) => string) => string
  readonly isMoney?: true
  /** An exact quantile of what a call has; `sql` then says from `quantile` what the figure is. */
  readonly quantile?: {
    readonly of: string
    readonly at: number
    /** False where no quantile can be beyond the bound, from parts that may name `$bound`. */
    readonly possible: (part: (name: string) => string, bound: string) => string
  }
}

export const sum = (sql: string): Part => ({ sql, fold: 'sum' })
export const amount = (sql: string): Part => ({ sql, fold: 'sum', isAmount: true })
export const countWhere = (condition: string): Part => sum(`count(*) FILTER (WHERE ${condition})`)
export const shareOf = (part: string, whole: string): string =>
  `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`

/** What the calls of the window cost. */
export const figureOfCost: WindowFigure = {
  parts: {},
  counted: 'calls',
  sql: (part) => part('cost_usd'),
  isMoney: true,
}

/** A quantile of the time that providers took; it can be above the bound only when enough calls are. */
export const latencyAt = (at: number): WindowFigure => ({
  parts: { timed: sum(`count(${providerLatency})`) },
  counted: 'timed',
  sql: (part) => part('quantile'),
  quantile: { of: providerLatency, at, possible: (part) => `${part('timed')} > 0` },
})
