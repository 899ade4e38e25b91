/** Figures of the calls of a window: from sums by the hour, and exact quantiles. */
import { serviceQuantities } from '../measures/service-quantities.js'

/** A figure of the calls of a window. */
export type WindowFigure = keyof typeof figures

type Fold = 'sum' | 'max'

export interface Part {
  /** Aggregate over the calls of a step. */
  readonly sql: string
  /** How steps make a window. */
  readonly fold: Fold
}

interface Figure {
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
const where = (condition: string): Part => sum(`count(*) FILTER (WHERE ${condition})`)
const share = (part: string, whole: string): string => `CAST(${part} AS DOUBLE) / nullif(${whole}, 0)`

const finished = { finished: sum('count(finish_reason)'), cut: where(`finish_reason = 'length'`) }
const judged = { judged: sum('count(status)'), failed: where(`status = 'error'`) }
const known = { known: sum('count(cache_hit)'), hits: where('cache_hit') }
const priced = { priced: sum('count(cost_usd)') }

/** Of calls that a provider answered: hits of the response cache and failed calls take another time. */
const providerLatency = serviceQuantities.provider_latency_ms

/** A quantile of latency can be above the bound only when enough calls are. */
const latency = (at: number): Figure => ({
  parts: { timed: sum(`count(${providerLatency})`) },
  counted: 'timed',
  sql: (part) => part('quantile'),
  quantile: { of: providerLatency, at, possible: (part) => `${part('timed')} > 0` },
})

const figures = {
  cost: { parts: {}, counted: 'calls', sql: (part) => part('cost_usd'), isMoney: true },
  call_cost: {
    parts: { dearest: { sql: 'max(cost_usd)', fold: 'max' } },
    counted: 'calls',
    sql: (part) => part('dearest'),
    isMoney: true,
  },
  cost_ratio: {
    parts: {},
    counted: 'calls',
    sql: (part) => share(part('cost_usd'), `CAST(${part('before')} AS DOUBLE)`),
    isBeyond: (part, bound, compare) =>
      `${part('before')} > 0 AND CAST(${part('cost_usd')} AS DECIMAL(37, 18))
          ${compare} CAST(${part('before')} AS DECIMAL(24, 12)) * CAST(${bound} AS DECIMAL(13, 6))`,
  },
  error_rate: { parts: judged, counted: 'judged', sql: (part) => share(part('failed'), part('judged')) },
  truncation_rate: {
    parts: finished,
    counted: 'finished',
    sql: (part) => share(part('cut'), part('finished')),
  },
  cache_hit_rate: { parts: known, counted: 'known', sql: (part) => share(part('hits'), part('known')) },
  unpriced_share: {
    parts: priced,
    counted: 'calls',
    sql: (part) => share(`${part('calls')} - ${part('priced')}`, part('calls')),
  },
  p95_latency: latency(0.95),
  p99_latency: latency(0.99),
  p95_input_over_mean: {
    counted: 'inputs',
    parts: {
      inputs: sum('count(input_tokens)'),
      input_sum: sum('sum(input_tokens)'),
      largest: { sql: 'max(input_tokens)', fold: 'max' },
    },
    sql: (part) =>
      `${part('quantile')} * ${part('inputs')} / nullif(CAST(${part('input_sum')} AS DOUBLE), 0)`,
    quantile: {
      of: 'input_tokens',
      at: 0.95,
      possible: (part, bound) =>
        `CAST(${part('largest')} AS DOUBLE) * ${part('inputs')} >= ${bound} * CAST(${part('input_sum')} AS DOUBLE)`,
    },
  },
} as const satisfies Readonly<Record<string, Figure>>

export const windowFigures = Object.keys(figures) as readonly WindowFigure[]

export const figureOf = (name: WindowFigure): Figure => figures[name]
