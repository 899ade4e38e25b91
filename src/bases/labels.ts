/** Labels of calls and conditions on them as SQL without parameters, which views cannot have. */
import { filterDimension } from '../domain/dimensions.js'
import { noneValue } from '../domain/filters.js'
import { isComparison, type Filter } from '../domain/scope.js'
import { quoteText } from '../domain/words/quoting.js'

/** SQL: the value that a call has of a dimension. */
export function labelSql(name: string): string {
  const dimension = filterDimension(name)
  switch (dimension.kind) {
    case 'column':
      return dimension.key
    case 'either':
      return `coalesce(${dimension.columns.join(', ')})`
    case 'tag':
      return `tags[${quoteText(dimension.tag)}]`
    case 'time':
    case 'group':
    case 'center':
      throw new Error(`${name} is no label of calls`)
  }
}

/** SQL: all hold; of several values that one dimension may equal, one. */
export function allPass(filters: readonly Filter[]): string {
  const equal = filters.filter(({ operator }) => operator === '=')
  const anyOf = [...new Set(equal.map(({ dimension }) => dimension))].map((name) =>
    equal.filter(({ dimension }) => dimension === name),
  )
  const others = filters.filter(({ operator }) => operator !== '=')
  const parts = [...anyOf.map((any) => `(${any.map(passes).join(' OR ')})`), ...others.map(passes)]
  return parts.join(' AND ') || 'TRUE'
}

function passes({ dimension, operator, value }: Filter): string {
  const found = filterDimension(dimension)
  const label = labelSql(dimension)
  const type = found.kind === 'column' ? found.type : 'VARCHAR'
  // As metrics compare them: money and counts as decimals, exactly.
  if (isComparison(operator))
    return type === 'DOUBLE'
      ? `${label} ${operator} CAST(${quoteText(value)} AS DOUBLE)`
      : `CAST(${label} AS DECIMAL(38,18)) ${operator} CAST(${quoteText(value)} AS DECIMAL(38,18))`
  if (operator === '~') return `contains(lower(CAST(${label} AS VARCHAR)), lower(${quoteText(value)}))`
  if (value === noneValue) return `${label} IS ${operator === '=' ? '' : 'NOT '}NULL`
  const typed = type === 'VARCHAR' ? quoteText(value) : `CAST(${quoteText(value)} AS ${type})`
  return operator === '=' ? `${label} = ${typed}` : `${label} IS DISTINCT FROM ${typed}`
}
