/**
 * A question's scope as SQL: the window and the filters, and dimensions as expressions over `calls`.
 */
import { besideCalls, hasMoneyBeside } from '../domain/costs/basis.js'
import { timestampText } from '../domain/words/quoting.js'
import { UserError } from '../errors.js'
import { filterDimension, type Dimension } from '../domain/dimensions.js'
import { noneValue } from '../domain/filters.js'
import { isComparison, type Comparison, type Filter, type Scope } from '../domain/scope.js'
import { containsText, instant, mapValue } from './dialect.js'
import type { Param } from './query.js'

export interface Condition {
  /** A boolean expression over `calls`. */
  readonly sql: string
  readonly params: Record<string, Param>
}

/** Calls in the window that pass every filter; `=` on the same dimension several times means any of them. */
export function inScope(scope: Scope): Condition {
  const filters = inFilters(scope.filters)
  const params: Record<string, Param> = { ...filters.params }
  const parts: string[] = []
  if (scope.since !== null) {
    parts.push(`ts >= ${instant('$since')}`)
    params['since'] = timestampText(scope.since)
  }
  if (scope.until !== null) {
    parts.push(`ts < ${instant('$until')}`)
    params['until'] = timestampText(scope.until)
  }
  return { sql: [...parts, filters.sql].join(' AND '), params }
}

/**
 * The filters alone, whatever the time; TRUE when there are none.
 * @param prefix tells the values it binds from those of other filters in the same statement
 */
export function inFilters(filters: readonly Filter[], prefix = ''): Condition {
  const params: Record<string, Param> = {}
  const anyOf = new Map<string, string[]>()
  for (const [i, filter] of filters.entries()) {
    const { sql, params: own } = comparison(filter, `${prefix}${i}`)
    Object.assign(params, own)
    const group = filter.operator === '=' ? `= ${filter.dimension}` : String(i)
    anyOf.set(group, [...(anyOf.get(group) ?? []), sql])
  }
  const parts = [...anyOf.values()].map((any) => (any.length === 1 ? any[0] : `(${any.join(' OR ')})`))
  return { sql: parts.length === 0 ? 'TRUE' : parts.join(' AND '), params }
}

function comparison({ dimension, operator, value }: Filter, id: string): Condition {
  const found = filterDimension(dimension)
  const { column, params } = columnOf(found, `filter_tag_${id}`)
  const name = `filter_${id}`
  if (isComparison(operator)) return compared(found, column, { operator, name, value })
  if (value === noneValue && operator !== '~') {
    return { sql: `${column} IS ${operator === '=' ? '' : 'NOT '}NULL`, params }
  }
  const typed = comparable(found, `$${name}`)
  const bound = { ...params, [name]: value }
  if (operator === '~') return { sql: containsText(`CAST(${column} AS VARCHAR)`, `$${name}`), params: bound }
  // A call without the value does differ from it: plain <> would lose it.
  return {
    sql: operator === '=' ? `${column} = ${typed}` : `${column} IS DISTINCT FROM ${typed}`,
    params: bound,
  }
}

/**
 * Money and counts as decimals, exactly; what is stored as a double against the double of the same digits.
 * A call without the value passes no comparison.
 */
function compared(
  dimension: Dimension,
  column: string,
  { operator, name, value }: { operator: Comparison; name: string; value: string },
): Condition {
  const isDouble = dimension.kind === 'column' && dimension.type === 'DOUBLE'
  const type = isDouble ? 'DOUBLE' : 'DECIMAL(38,18)'
  const number = isDouble ? column : `CAST(${column} AS ${type})`
  return { sql: `${number} ${operator} CAST($${name} AS ${type})`, params: { [name]: value } }
}

function comparable(dimension: Dimension, param: string): string {
  return dimension.kind === 'column' && dimension.type !== 'VARCHAR'
    ? `CAST(${param} AS ${dimension.type})`
    : param
}

/** Money of no call says so in the place of every label that is a text. @param column of the dimension */
export function labelled(dimension: Dimension, column: string, { basis, allocated }: Scope): string {
  if (dimension.kind === 'time' || dimension.kind === 'center') return column
  const isText = dimension.kind !== 'column' || dimension.type === 'VARCHAR'
  return isText && (allocated || hasMoneyBeside(basis)) ? `coalesce(${besideCalls}, ${column})` : column
}

/** A dimension that is a column or a tag, as an expression; the tag's name is bound as `param`. */
export function columnOf(
  dimension: Dimension,
  param: string,
): { column: string; params: Record<string, Param> } {
  if (dimension.kind === 'column' || dimension.kind === 'center') return { column: dimension.key, params: {} }
  if (dimension.kind === 'either') return { column: `coalesce(${dimension.columns.join(', ')})`, params: {} }
  if (dimension.kind === 'tag')
    return { column: mapValue('tags', `$${param}`), params: { [param]: dimension.tag } }
  if (dimension.kind === 'group') return groupColumn(dimension, param)
  throw new Error(`${dimension.key} is not a column of calls`)
}

/** The name of the group that the value is in; NULL for a value in none. */
function groupColumn(
  { of, groups, key }: Extract<Dimension, { readonly kind: 'group' }>,
  param: string,
): { column: string; params: Record<string, Param> } {
  if (groups === undefined)
    throw new UserError(`${key} cannot be used here`, {
      code: 'usage',
      hint: `Name single groups with --where ${of.key}=@NAME.`,
    })
  const { column, params } = columnOf(of, param)
  const whens = Object.entries(groups).map(([name, values], i) => {
    params[`${param}_group_${i}`] = name
    const names = values.map((value, j) => {
      params[`${param}_group_${i}_${j}`] = value
      return `$${param}_group_${i}_${j}`
    })
    return `WHEN ${column} IN (${names.join(', ')}) THEN $${param}_group_${i}`
  })
  return { column: `CASE ${whens.join(' ')} END`, params }
}
