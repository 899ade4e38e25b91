/** Labels of OpenTelemetry's spans that become tags. */
import { firstOf, type Document } from '../document.js'
import type { Survey } from '../survey.js'
import { isContent } from '../records/content-names.js'
import { isAddressable } from '../records/named-entries.js'
import { shortLabel } from '../records/tag-sql.js'
import * as names from './otel-names.js'

/** Most labels of people's own that become tags. */
const mostLabels = 25

/** SQL for the tags: what the conventions name and no column holds, and people's own labels. */
export function tagsOf(doc: Document, survey: Survey, inResource: ReadonlySet<string>): string | undefined {
  const read = new Set(names.knownNames)
  const { bare } = names
  const own = survey.keys
    .filter((name) => !['otlp', 'resource'].includes(name) && isAddressable(name) && !read.has(name) && !isMoneyName(name) && !isContent(bare(name)))
    .slice(0, mostLabels)
  const labels = new Map<string, string[]>()
  const add = (tag: string, sql: string): void => {
    labels.set(tag, [...(labels.get(tag) ?? []), shortLabel(sql)])
  }
  for (const [name, tag] of Object.entries(names.labelNames)) if (survey.keys.includes(name)) add(tag, doc.text(name))
  for (const name of own) add(bare(name), doc.text(name))
  for (const name of inResource) if (name === 'service.name') add('service', `CASE WHEN ${doc.text('resource', name)} NOT LIKE 'unknown_service%' THEN ${doc.text('resource', name)} END`)
  for (const name of [...inResource].filter(isAddressable).slice(0, mostLabels))
    if (!read.has(name) && name !== 'service.name') add(name === 'service.version' ? 'version' : name, doc.text('resource', name))
  if (labels.size === 0) return undefined
  const pairs = [...labels].map(([tag, sqls]) => `{'key': '${tag.replaceAll("'", "''")}', 'value': ${firstOf(...sqls)!}}`)
  const kept = `list_filter([${pairs.join(', ')}], lambda t: t.value IS NOT NULL)`
  return `CASE WHEN len(${kept}) > 0 THEN map_from_entries(${kept}) END`
} // prettier-ignore

const isMoneyName = (name: string): boolean =>
  /tok(?:en)?s?(?:$|[^a-z])|cost|price|spend|usage|tier|speed|usd/i.test(name)
