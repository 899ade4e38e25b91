/** SQL for tags: short labels as a map. */
import { contentPattern, harmlessPattern } from './content-names.js'
import { quoteText } from '../../domain/words/quoting.js'

/** SQL for a map from a list of {key, value}; of equal keys the first counts; NULL when empty. */
export function mapSql(pairs: string): string {
  const first = `list_filter(${pairs}, lambda t, i: list_position(list_transform(${pairs}, lambda u: u.key), t.key) = i)`
  return `CASE WHEN len(${pairs}) > 0 THEN map_from_entries(${pairs.includes('from_json') ? first : pairs}) END`
}

/** SQL for the {key, value} pairs of a JSON list of words: `env:prod` → env = prod, `beta` → beta = true. */
export function tagListSql(text: string): string {
  const words = `from_json(CASE WHEN starts_with(${text}, '[') AND json_valid(${text}) THEN ${text} ELSE '[]' END, '["VARCHAR"]')`
  const pair = `CASE WHEN contains(w, ':') THEN {'key': split_part(w, ':', 1), 'value': substr(w, strpos(w, ':') + 1)} ELSE {'key': w, 'value': 'true'} END`
  // A name of content is no tag, wherever it stands; a word without a value is no longer than a name.
  const name = `split_part(w, ':', 1)`
  const isContent = `regexp_matches(${name}, ${quoteText(contentPattern)}) AND NOT regexp_matches(${name}, ${quoteText(harmlessPattern)})`
  const isLabel = `CASE WHEN contains(w, ':') THEN NOT (${isContent}) ELSE strlen(w) <= 60 END`
  return `list_transform(list_filter(coalesce(${words}, []), lambda w: length(w) BETWEEN 1 AND 200 AND ${isLabel}), lambda w: ${pair})`
}

/** SQL of a label short enough to be a tag: no prose, no object, no list. */
export const shortLabel = (sql: string): string =>
  `CASE WHEN strlen(${sql}) BETWEEN 1 AND 200 AND NOT starts_with(${sql}, '{') AND NOT starts_with(${sql}, '[') THEN ${sql} END`
