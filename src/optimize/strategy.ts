/**
 * optimize: one file a way to save, one line in registry.ts. A strategy says in SQL what it would have taken off the
 * cost of each logged call; ranking, monthly amounts, examples and the combination of several derive from that.
 * Nothing here runs a statement.
 *
 * This file says what a strategy is.
 */
import type { Value } from './assumptions.js'
import type { Decimal, Param, Whole } from '../metrics/query.js'
import type { Target } from '../pricing/what-if/targets.js'

export type Level = 'low' | 'medium' | 'high'

/** A figure that the reader may move with `--assume name=value`. */
export interface Assumption {
  /** snake_case, after which it is named in `--assume`. */
  readonly name: string
  /** What it means, as a sentence goes on after the name. */
  readonly about: string
  /** `duration`: 90m; `share`: 0.4 or 40%; `number`: 0.7; `count`: a whole number. */
  readonly kind: 'duration' | 'share' | 'number' | 'count'
  /** As it is typed. */
  readonly fallback: string
  /** The smallest and largest that make sense, as they are typed. */
  readonly least?: string
  readonly most?: string
}

/** What a log must have for a strategy to say anything. */
export interface Need {
  /** The column of `calls`, or several in words: what is to be logged. */
  readonly field: string
  /** SQL over `calls`: true of a call that has it. Absent: the column named by `field` is not NULL. */
  readonly has?: string
  /** How to log it, as a sentence without a full stop. */
  readonly how: string
}

/** What a strategy knows when it is asked. */
export interface Asked {
  /**
   * An assumption as an SQL expression, a BIGINT: a duration in microseconds, a share or a number in millionths, a count
   * as it is.
   */
  readonly sql: (name: string) => string
  /** The same in the words and as the number it was read from: a duration in ms, a share of 1. */
  readonly value: (name: string) => Value
  /** More values to bind, by names that begin with the strategy's id in snake_case. */
  readonly bind: (name: string, value: Param) => string
  /**
   * What calls would have cost elsewhere: a relation with a row for each call and target, as `whatIfQuery` says.
   * Calls are named by a relation in simple words or in brackets; `keep` are the columns to pass on; `on` says which
   * calls (`c`) are priced for which target (`t`): all for all where it is absent.
   */
  readonly whatIf: (targets: readonly Target[], calls: string, keep: readonly string[], on?: string) => string
  /** SQL over calls: microseconds since 1970 on the clock of `--tz`. Known where the strategy uses prices. */
  readonly localMicros: () => string
  /** Models to try, as they were named; none: those that the strategy knows. */
  readonly candidates: readonly Candidate[]
  /** Of each of them the share of the calls, in millionths; none: by the strategy's own rule. */
  readonly shares: readonly bigint[]
}

/** A model that calls may be sent to instead. */
export interface Candidate {
  readonly provider: string
  readonly model: string
}

/** A segment of a strategy's calls: what the change is to be made to. */
export interface SegmentRow {
  /** Values of the strategy's `by`, in its order. */
  readonly [key: `d${number}`]: string | null
  readonly strategy: string
  /** Calls that the strategy looked at, and those on which it saves. */
  readonly considered_calls: Whole
  readonly saved_calls: Whole
  /** Of the calls looked at, USD. */
  readonly cost_usd: Decimal | null
  /** In the window, USD. */
  readonly saving_usd: Decimal
  /** The strategy's own `figures`. */
  readonly figures: Readonly<Record<string, Whole | number | string | null>>
}

/**
 * Of what is left of a call a strategy takes the same share as it takes of the whole, each part by itself. So a
 * saving that several strategies would make is counted once, and together they never take more than the cost.
 */
export interface Strategy {
  /** kebab-case. */
  readonly id: string
  readonly title: string
  /** What it does and what it rests on, in a sentence or two. */
  readonly about: string
  /** All of them. Where no call has one, the strategy prints no figure, and says what to log. */
  readonly needs: readonly Need[]
  readonly assumptions: readonly Assumption[]
  /** What the change takes: `low`, a setting; `medium`, code in one place; `high`, a project. */
  readonly effort: Level
  /** How sure the saving is where the assumptions hold and every call has the fields. */
  readonly confidence: Level
  /**
   * Where it stands when several are applied one after another: first what makes calls go away, then what makes them
   * smaller, then what makes them cheaper.
   */
  readonly acts: 'on calls' | 'on tokens' | 'on prices'
  /** It takes something away from somebody, such as a cap does: shown, but in no combination unless named. */
  readonly isTrade?: true
  /** It saves nothing and only shows, in `details`, where money goes. */
  readonly isView?: true
  /**
   * Ids of strategies that cannot hold for a call beside this one: of a call that one of them took something from
   * before, it takes nothing. One of the two names the other.
   */
  readonly excludes?: readonly string[]
  /** It asks what calls would have cost elsewhere. */
  readonly usesPrices?: true
  /** Columns of `calls` whose groups the change is made to: feature, model. */
  readonly by: readonly SegmentColumn[]
  /**
   * A SELECT over `scoped_calls` (scoped-calls.ts), at most one row a call: `call_no`, the columns of `by`, `cost`,
   * `input_cost` and `output_cost` as they are there, and `input_saving` and `output_saving`, USD up to those; NULL is no saving. What it looked at and leaves alone is a row too. It may begin with WITH.
   */
  readonly savings: (asked: Asked) => string
  /** Aggregates over the rows of a segment, by name, for the words. */
  readonly figures?: Readonly<Record<string, string>>
  /** The change to make in a segment, as one sentence without a full stop; the segment is named before it. */
  readonly change: (row: SegmentRow, value: (name: string) => Value) => string
  /** What may go wrong, as one sentence without a full stop. */
  readonly risk: string
  /** Further tables that `--explain` shows. */
  readonly details?: (asked: Asked) => readonly Detail[]
}

export const segmentColumns = ['feature', 'model', 'user_id', 'operation', 'environment'] as const
export type SegmentColumn = (typeof segmentColumns)[number]

/** A table of a strategy's own. */
export interface Detail {
  /** snake_case. */
  readonly id: string
  readonly title: string
  readonly columns: readonly {
    readonly key: string
    readonly title: string
    readonly kind: 'text' | 'count' | 'usd' | 'rate' | 'number'
  }[]
  /** A SELECT over `scoped_calls` that answers with those columns. */
  readonly sql: string
  readonly notes?: readonly string[]
}
