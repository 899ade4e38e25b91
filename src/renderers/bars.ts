/** Bars beside numbers: which columns have them, and how long each is. */
import type { Cell, Column, Row } from '../reports/report.js'
import { digitsOf } from './values.js'

/** Of the largest of the column, 0–1; undefined where the column has no bars, or they would say nothing. */
export function barSizes(column: Column, cells: readonly (Cell | undefined)[]): number[] | undefined {
  if (!hasBars(column) || cells.length < 2) return undefined
  const sizes = cells.map((cell) => Math.max(0, Number(digitsOf(cell, column.kind) ?? 0)))
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0)
  return largest > 0 ? sizes.map((size) => size / largest) : undefined
}

/** A share of a whole as a bar, 0–1, and the share it is seen against; undefined where it is not known. */
export function gaugeOf(column: Column, row: Row): Gauge | undefined {
  const { kind, key, against } = column
  const [share, other] = [key, against].map((one) => one && digitsOf(row[one], kind))
  if (!share || !other) return undefined
  const within = (digits: string): number => Math.max(0, Math.min(1, Number(digits)))
  return { size: within(share), tick: within(other), isOver: Number(share) > 1 }
}

export interface Gauge {
  readonly size: number
  readonly tick: number
  /** More than the whole. */
  readonly isOver: boolean
}

export const hasBars = ({ kind, bars }: Column): boolean => kind === 'share' || bars === true
