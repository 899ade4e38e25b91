/**
 * A file that `llmcost export calls` wrote: the columns of `calls` by their own names, values as they were
 * stored. The call keeps its id and its source, so that reading it where it is already changes nothing;
 * its cost is worked out anew, from the same tokens.
 */
import { callFields } from '../../domain/call.js'
import { formulaClass } from '../../domain/words/hidden.js'
import { isContent } from './content-names.js'
import { Document } from '../document.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { quoteText } from '../../domain/words/quoting.js'

/** Names that together no log of another has. */
const marks = [
  'call_id',
  'source',
  'ts',
  'list_cost_usd',
  'cost_usd',
  'cost_basis',
  'revision_id',
  'file_id',
  'line',
]

/** True for the keys of an exported file; a line of JSONL has every key. */
export const isExported = (keys: readonly string[]): boolean => marks.every((mark) => keys.includes(mark))

export function exportedPlan(survey: Survey): ReadPlan {
  const document = Document.for(survey)
  const csv = survey.sample.kind === 'csv'
  const text = (name: string): string => (csv ? unguarded(document.text(name)) : document.text(name))
  const source = text('source')
  const tags = document.text('tags')
  const denied = (survey.innerKeys.get('tags') ?? []).filter(isContent).map(quoteText)
  const fields: ReadPlan['fields'] = Object.fromEntries(callFields.map((field) => [field, text(field)]))
  // Files of older versions have no such columns: their ids are those of one call.
  const hasKinds = survey.keys.includes('id_kind') && survey.keys.includes('logged_id')
  if (hasKinds) fields.call_id = `coalesce(nullif(${text('logged_id')}, ''), ${text('call_id')})`
  const kind = text('id_kind')
  return {
    document,
    fields,
    ...(hasKinds ? { idKind: `CASE WHEN ${kind} IN ('any', 'operation') THEN ${kind} END` } : {}),
    source: `CASE WHEN regexp_full_match(${source}, '[a-z][a-z0-9-]{0,40}') THEN ${source} END`,
    ...(survey.keys.includes('request_ids') ? { requestIds: text('request_ids') } : {}),
    revisionId: `nullif(${text('revision_id')}, '')`,
    tags: tagsOf(tags, denied),
    // Where the log told no more than their sum.
    ...(survey.keys.includes('total_tokens')
      ? {
          totalTokens: `CASE WHEN coalesce(${text('input_tokens')}, ${text('output_tokens')}, '') = '' THEN ${text('total_tokens')} END`,
        }
      : {}),
    cacheTokens: 'included',
    cacheTokensCertain: true,
    // What was exported was a call, whatever is known of what it used.
    callsMayLackUsage: true,
    readBefore: true,
    // A call that several sources know may be priced by another's name than that of its own answer.
    model: `nullif(${text('model')}, '')`,
    unread: `nullif(${text('unread_usage')}, '')`,
  }
}

/** SQL: a text without the quote mark that keeps a spreadsheet from computing it. */
const unguarded = (text: string): string =>
  `CASE WHEN starts_with(${text}, '''') AND regexp_matches(${text}, ${quoteText(`^'${formulaClass}`)}) THEN substr(${text}, 2) ELSE ${text} END`

/** SQL: the map that the JSON object in `text` is, without what may not be a tag. */
export function tagsOf(text: string, denied: readonly string[]): string {
  // A key that stands twice makes no map: no export of ours has one.
  const map = `TRY(from_json(CASE WHEN starts_with(${text}, '{') AND json_valid(${text}) THEN ${text} END, '"MAP(VARCHAR, VARCHAR)"'))`
  const kept = ['strlen(e.key) BETWEEN 1 AND 60', 'strlen(e.value) <= 200']
  if (denied.length > 0) kept.push(`e.key NOT IN (${denied.join(', ')})`)
  const entries = `list_filter(map_entries(${map}), lambda e: ${kept.join(' AND ')})`
  return `CASE WHEN len(${entries}) > 0 THEN TRY(map_from_entries(${entries})) END`
}
