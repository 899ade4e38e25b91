/** Groups and times of a table as they stand in sentences. */
import { dimensionNoun, type Dimension } from '../domain/dimensions.js'
import type { GroupKeys } from '../metrics/groups.js'
import type { Cell, Finding } from './report.js'

type Keyed = Pick<GroupKeys, `d${number}`>

/** `search`, `search, gpt-4o`, `(none)`. */
export function groupName(by: readonly Dimension[], row: Keyed): string {
  return by.length === 0 ? 'all calls' : by.map((_, i) => nameOf(row[`d${i}`] ?? null)).join(', ')
}

export const nameOf = (value: string | number | boolean | null): string =>
  value === null ? '(none)' : String(value)

/** What a finding about a group is about: one dimension and its value, or several by name. */
export function aboutGroup(
  by: readonly Dimension[],
  row: Keyed,
): Pick<Finding, 'dimension' | 'value'> & { readonly details?: Finding['details'] } {
  const [first, ...rest] = by
  if (first === undefined) return { dimension: null, value: null }
  if (rest.length === 0) return { dimension: first.key, value: row.d0 ?? null }
  const values = by.map(({ key }, i): [string, Cell] => [key, row[`d${i}`] ?? null])
  return {
    dimension: by.map(({ key }) => key).join(','),
    value: values.map(([, value]) => value),
    details: Object.fromEntries(values),
  }
}

/** The title of a table by these dimensions: `Latency by model`. */
export const titleBy = (what: string, by: readonly Dimension[]): string =>
  by.length === 0 ? what : `${what} by ${by.map(dimensionNoun).join(' and ')}`
