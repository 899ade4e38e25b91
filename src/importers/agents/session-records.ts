/** SQL that importers of agents share: the records that they make of sessions, and the labels of their calls. */

/** SQL for the JSON of a record: its values by name, a folder as its own name. */
export function callRecord(values: Readonly<Record<string, string>>): string {
  const { folder, ...others } = values
  const all = folder === undefined ? others : { ...others, project: folderName(folder) }
  const pairs = Object.entries(all).map(([name, sql]) => `'${name}', ${sql}`)
  return `CAST(json_object(${pairs.join(', ')}) AS VARCHAR)`
}

/** SQL for the last name of a path, on any system; NULL for none. */
const folderName = (path: string): string => `nullif(regexp_extract(${path}, '([^/\\\\]+)[/\\\\]*$', 1), '')`

/** SQL: a number without the `.0` that some writers give whole ones; any other text as it is. */
export const wholeText = (text: string): string => `regexp_replace(${text}, '\\.0+$', '')`

/** SQL for tags, of those labels that are there. */
export function labelTags(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, sql]) => `{'key': '${name}', 'value': left(${sql}, 200)}`)
  const there = `list_filter([${pairs.join(', ')}], lambda t: t.value IS NOT NULL)`
  return `CASE WHEN len(${there}) > 0 THEN map_from_entries(${there}) END`
}
