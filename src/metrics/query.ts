/**
 * What a metric is: one SQL statement, the values it binds, and the type of the rows it answers with.
 */

export type Param = string | number | boolean | null

/** One statement over `calls` and its neighbours; values only ever travel in `params`. */
export interface Query<R> {
  readonly sql: string
  readonly params: Record<string, Param>
  /** Never set: carries the row type. */
  readonly row?: R
}

/** A decimal as an exact string. */
export type Decimal = string

/** A whole number; bigint beyond 2^53. */
export type Whole = number | bigint
