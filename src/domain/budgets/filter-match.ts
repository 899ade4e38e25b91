/** Whether a call that is yet to be made passes filters, as `--where` would find it among the calls. */
import { filterDimension } from '../dimensions.js'
import { noneValue } from '../filters.js'
import { isComparison, type Filter } from '../scope.js'
import { toldLabels } from '../words/told-labels.js'

/** Values by column of `calls`, and by `tag.<name>`; absent: the call has none. */
export type Labels = ReadonlyMap<string, string>

/** Columns that are known before a call is made. Any tag is, too. */
const labelColumns: readonly string[] = [
  'provider',
  'model',
  'request_model',
  ...toldLabels.map(([column]) => column),
  'service_tier',
]

/** The first of the filters that looks at what nobody knows before a call is made. */
export const unknownBefore = (filters: readonly Filter[]): Filter | undefined =>
  filters.find(
    ({ dimension, operator }) =>
      isComparison(operator) || !(dimension.startsWith('tag.') || labelColumns.includes(dimension)),
  )

/** `=` on one dimension several times means any of them; all others must hold. */
export function passes(filters: readonly Filter[], labels: Labels): boolean {
  return filters.every((filter) =>
    filter.operator === '='
      ? filters.some(
          (one) => one.operator === '=' && one.dimension === filter.dimension && holds(one, labels),
        )
      : holds(filter, labels),
  )
}

function holds({ dimension, operator, value }: Filter, labels: Labels): boolean {
  const own = labels.get(filterDimension(dimension).key)
  if (operator === '~') return own !== undefined && own.toLowerCase().includes(value.toLowerCase())
  const isSame = value === noneValue ? own === undefined : own === value
  return operator === '=' ? isSame : !isSame
}
