/**
 * metrics: one file a question. Each exports a typed function that answers with one SQL statement and the values
 * it binds; nothing here runs it. Functions of the engine alone stand in dialect.ts.
 *
 * This file says what such an answer is.
 */

import type { CubeStatement, SketchStatements } from '../rollups/router.js'

export type Param = string | number | boolean | null

/** One statement over `calls` and its neighbours; values only ever travel in `params`. */
export interface Query<R> {
  readonly sql: string
  readonly params: Record<string, Param>
  /** The same question of the cubes, where they can answer it. */
  readonly fromCubes?: CubeStatement | undefined
  /** The same with quantiles from sketches. */
  readonly fromSketches?: SketchStatements | undefined
  /** The same of sums by day and user. */
  readonly fromUsers?: { readonly sql: string; readonly params: Record<string, Param> } | undefined
  /** Never set: carries the row type. */
  readonly row?: R
}

/** A decimal as an exact string. */
export type Decimal = string

/** A whole number; bigint beyond 2^53. */
export type Whole = number | bigint
