/**
 * What a measure is. Sums skip calls without the value; a group where no call has it is NULL, never 0. A new
 * measure is one record in the file of its family.
 */
import type { Better } from '../../domain/better.js'
import type { ColumnKind } from '../../domain/column-kind.js'
import type { PartSql } from '../../rollups/parts.js'

interface QuantileMeasure {
  /** A column of `calls`, or one of `quantities`. */
  readonly of: string
  readonly at: number
  /** Aggregates that the figure needs beside the quantile, by name; absent: the quantile is the figure. */
  readonly parts?: Readonly<Record<string, (part: PartSql) => string>>
  /** The figure from the quantile and those aggregates. */
  readonly figure?: (quantile: string, part: (name: string) => string) => string
}

/**
 * What a figure is. The whole of a count or a sum is that of its parts added up; a count of nothing is 0, or
 * NULL where no call logs what is counted, and a sum of nothing NULL. A `distinct` count has overlapping parts.
 */
type Statistic =
  | 'count'
  | 'sum'
  | 'distinct'
  | 'mean'
  | 'quantile'
  | 'extreme'
  | 'deviation'
  /** A part of all, 0–1. */
  | 'rate'
  /** A group's part of the total. */
  | 'share'
  /** One amount over another. */
  | 'ratio'

/** How a measure is shown. */
interface Look {
  /** The heading for people. */
  readonly title: string
  readonly kind: ColumnKind
  /** Whether a user is better off with more of it or with less; absent: neither, as with calls. */
  readonly better?: Better
  /** How soon a narrow terminal leaves it out: 1 goes last; absent: never. */
  readonly optional?: number
}

interface Meaning {
  readonly is: Statistic
  /** Of a count: NULL, not 0, where no call logs what is counted. */
  readonly nullable?: true
}

/** A figure that a group of calls can have: what it is, how it is asked for, and how it is shown. */
export type Measure = Look &
  Meaning &
  /** An aggregate of additive parts, the same over calls and over cells of the cubes. */
  (
    | { readonly sql: (part: PartSql) => string }
    /** An aggregate that takes the calls themselves, and why. */
    | { readonly ofCalls: string; readonly why: string }
    /** An exact quantile of a column or a quantity; quantiles of one share one sort. */
    | QuantileMeasure
    /** A group's part of the total of another measure, 0–1. */
    | { readonly shareOf: 'cost_usd' }
  )

export type Measures = Readonly<Record<string, Measure>>
