/** Further columns of a table of groups, from rows of another metric over the same groups. */
import type { Dimension } from '../domain/dimensions.js'
import type { GroupKeys } from '../metrics/groups.js'
import type { Cell, Column, Row, Section } from './report.js'

/**
 * Adds `columns` to a section that was made of `rows`, from those of `further` with the same keys; a group
 * without such a row has none of their figures. Columns that no group has are for programs only.
 */
export function withGroupColumns(
  section: Section,
  by: readonly Dimension[],
  rows: readonly GroupKeys[],
  further: readonly GroupKeys[],
  columns: readonly Column[],
): Section {
  const keyOf = (row: GroupKeys): string =>
    JSON.stringify([row.is_total, row.is_others, ...by.map((_, i) => row[`d${i}`] ?? null)])
  const found = new Map(further.map((row) => [keyOf(row), row]))
  const figures = (row: GroupKeys): Row => {
    const own = found.get(keyOf(row)) as Record<string, Cell> | undefined
    return Object.fromEntries(columns.map(({ key }): [string, Cell] => [key, own?.[key] ?? null]))
  }
  const groups = by.length === 0 ? rows : rows.filter((row) => !row.is_total)
  const total = rows.find((row) => row.is_total)
  return withoutEmptyColumns({
    ...section,
    columns: [...section.columns, ...columns],
    rows: section.rows.map((row, i) => ({ ...row, ...(groups[i] && figures(groups[i])) })),
    ...(section.totals && total ? { totals: { ...section.totals, ...figures(total) } } : {}),
  })
}

/** A column without any figure tells people nothing; programs see that there is none. */
export function withoutEmptyColumns(section: Section): Section {
  const all = section.totals === undefined ? section.rows : [...section.rows, section.totals]
  const filled = ({ key, dimension }: Column): boolean =>
    dimension === true || all.some((row) => (row[key] ?? null) !== null)
  return {
    ...section,
    columns: section.columns.map((one) => (filled(one) ? one : { ...one, dataOnly: true })),
  }
}
