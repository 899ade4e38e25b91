/** Bars beside numbers: which columns have them, and how long each is. */
import type { Cell, Column } from '../reports/report.js'
import { digitsOf } from './values.js'

/** Of the largest of the column, 0–1; undefined where the column has no bars, or they would say nothing. */
export function barSizes(column: Column, cells: readonly (Cell | undefined)[]): number[] | undefined {
  if (!hasBars(column) || cells.length < 2) return undefined
  const sizes = cells.map((cell) => Math.max(0, Number(digitsOf(cell, column.kind) ?? 0)))
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0)
  return largest > 0 ? sizes.map((size) => size / largest) : undefined
}

export const hasBars = ({ kind, bars }: Column): boolean => kind === 'share' || bars === true
