/** SQL that importers share which make their records of several lines, and of what agents write alike. */
import { quoteText } from '../domain/words/quoting.js'

/** What a line stands for that tells nothing of a call: it is counted as none. */
const nothing = `'{}'`

/**
 * SQL: what a line without a call stands for. Of one that is no JSON object as much is kept as a reject may show,
 * with a mark behind it, so that no part of it passes for a whole.
 */
export const standsForItself = (text: string): string =>
  `CASE WHEN starts_with(${text}, '{') AND json_valid(${text}) THEN ${nothing}
    WHEN ${text} IS NULL OR trim(${text}, chr(32) || chr(9)) = '' THEN NULL WHEN ${isObject(text)} THEN ${nothing}
    WHEN strlen(${text}) < 1000 THEN ${text} ELSE left(${text}, 999) || '…' END`

/** SQL: true for a text that is a JSON object. */
const isObject = (text: string): string =>
  `(json_valid(${text}) AND starts_with(ltrim(${text}, chr(32) || chr(9)), '{'))`

/**
 * SQL: true for a text in which one of these words stands as a JSON string: cheaper than to parse all, and one
 * search for all words at once is four times as cheap as one for each.
 */
export const says = (text: string, words: readonly string[]): string =>
  `regexp_matches(${text}, ${quoteText(`"(?:${words.map((word) => word.replaceAll(/[^\w-]/g, String.raw`\$&`)).join('|')})"`)})`

/** SQL: the name of a folder, of its path as any system writes it. */
export const folderName = (path: string): string =>
  `nullif(regexp_extract(${path}, '([^/\\\\]+)[/\\\\]*$', 1), '')`

/** SQL for the tags of these names; those without a value are left out. */
export function tagsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, sql]) => `{'key': ${quoteText(name)}, 'value': left(${sql}, 200)}`,
  )
  const present = `list_filter([${pairs.join(', ')}], lambda t: t.value <> '')`
  return `CASE WHEN len(${present}) > 0 THEN map_from_entries(${present}) END`
}

/** Folders that an environment variable names, with commas between them; else the usual ones. */
export function foldersOf(
  named: string | undefined,
  home: string,
  usual: readonly string[],
): readonly string[] {
  const given = (named ?? '').split(',').flatMap((folder) => folder.trim() || [])
  return (given.length > 0 ? given : usual).map((folder) =>
    folder.replace(/^~(?=\/|$)/, home).replace(/\/+$/, ''),
  )
}

/** SQL for the JSON of a record: its values by name, a folder as its own name. */
export function callRecord(values: Readonly<Record<string, string>>): string {
  const { folder, ...others } = values
  const all = folder === undefined ? others : { ...others, project: folderName(folder) }
  const pairs = Object.entries(all).map(([name, sql]) => `'${name}', ${sql}`)
  return `CAST(json_object(${pairs.join(', ')}) AS VARCHAR)`
}

/** SQL: a number without the `.0` that some writers give whole ones; any other text as it is. */
export const wholeText = (text: string): string => `regexp_replace(${text}, '\\.0+$', '')`
