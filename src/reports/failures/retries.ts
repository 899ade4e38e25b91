/** Failed calls with the retries that belong to them. */
import { sumOf } from '../../domain/costs/decimal.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { ErrorKindRow } from '../../metrics/failures/error-kinds.js'
import type { RetryRow } from '../../metrics/failures/retries.js'

export interface ErrorsAnswer {
  readonly by: readonly Dimension[]
  /** Groups in order, the others, the total. */
  readonly rows: readonly BreakdownRow[]
  /** By the same dimensions, and by kind of error. */
  readonly retries: readonly RetryRow[]
  readonly kinds: readonly ErrorKindRow[]
  readonly gapText: string
}

/** A group with its retries. */
export interface ErrorGroup {
  readonly row: BreakdownRow
  /** A whole number. */
  readonly retries: number
  /** USD; null where no retry is priced, or there is none. */
  readonly retryCostUsd: string | null
}

interface Retries {
  readonly retries: number
  readonly retryCostUsd: string | null
}

export function added(rows: readonly RetryRow[]): Retries {
  return {
    retries: rows.reduce((sum, { retries }) => sum + Number(retries), 0),
    retryCostUsd: sumOf(rows.map((row) => row.retry_cost_usd)),
  }
}

/** Retries put to the groups that they belong to; those of groups that are not shown to the others. */
export function withRetries(
  by: readonly Dimension[],
  rows: readonly BreakdownRow[],
  retries: readonly RetryRow[],
): ErrorGroup[] {
  const keyOf = (row: BreakdownRow | RetryRow): string =>
    JSON.stringify(by.map((_, i) => row[`d${i}`] ?? null))
  const groups = retries.filter((row) => !row.is_total && !row.is_kind)
  const own = new Map(groups.map((row) => [keyOf(row), row]))
  const named = new Set(rows.filter((row) => !row.is_total && !row.is_others).map(keyOf))
  const others = groups.filter((row) => !named.has(keyOf(row)))
  const ofRow = (row: BreakdownRow): readonly RetryRow[] => {
    if (row.is_total) return retries.filter((one) => one.is_total)
    const found = own.get(keyOf(row))
    return row.is_others ? others : found === undefined ? [] : [found]
  }
  return rows.map((row) => ({ row, ...added(ofRow(row)) }))
}
