/** Labels that users give their calls as an object of names and values: columns and tags of it. */
import { quoteText } from '../../domain/words/quoting.js'
import { contentPattern, harmlessPattern } from './content-names.js'
import { mapSql } from './tag-sql.js'

/** What users name their calls by, each the column that it is. */
export const labelColumns = {
  session_id: ['session_id', 'session', 'sessionid'],
  feature: ['feature', 'feature_name', 'use_case', 'usecase'],
  environment: ['environment', 'env'],
  team: ['team', 'team_id', 'team_name'],
  customer: ['customer', 'customer_id', 'tenant', 'tenant_id'],
} as const

/** SQL for the pairs of an object's text, those without a value left out; an empty list for what is no object. */
export const pairsOf = (json: string): string =>
  `list_filter(coalesce(map_entries(TRY(from_json(${json}, '"MAP(VARCHAR, VARCHAR)"'))), []), lambda e: e.value <> '')`

/**
 * SQL: the first label of one of these names, however it is written.
 * @param prefix pattern of what may stand before a name, of lower letters
 */
export const labelNamed = (pairs: string, names: readonly string[], prefix?: string): string => {
  const plain = `replace(lower(e.key), '-', '_')`
  const name = prefix === undefined ? plain : `regexp_replace(${plain}, '${prefix}', '')`
  return `list_filter(${pairs}, lambda e: list_contains([${names.map(quoteText).join(', ')}], ${name}))[1].value`
}

/**
 * SQL of tags: all labels but those named as content, and more.
 * @param prefix pattern of what is left out before a name
 */
export function labelTags(pairs: string, more: Readonly<Record<string, string>>, prefix?: string): string {
  const name = prefix === undefined ? 'e.key' : `regexp_replace(e.key, '(?i)${prefix}', '')`
  const isContent = `regexp_matches(lower(${name}), ${quoteText(contentPattern)}) AND NOT regexp_matches(lower(${name}), ${quoteText(harmlessPattern)})`
  const kept = `list_filter(${pairs}, lambda e: strlen(e.key) BETWEEN 1 AND 80 AND NOT (${isContent}))`
  const own = `list_transform(${kept}, lambda e: {'key': ${name}, 'value': left(e.value, 200)})`
  const others = Object.entries(more).map(([key, sql]) => `{'key': '${key}', 'value': left(${sql}, 200)}`)
  return mapSql(
    `list_filter(list_concat(${own}, [${others.join(', ')}]), lambda t: t.value <> '' AND t.key <> '')`,
  )
}
