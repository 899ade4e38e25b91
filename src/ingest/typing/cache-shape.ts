/** The shape of a record, as far as it bears on whether input tokens include cached ones. */
import type { CallField } from '../../domain/call.js'
import { type ReadPlan } from '../../importers/importer.js'
import type { ReadOptions } from '../options.js'
import { quoteText } from '../../domain/words/quoting.js'

/**
 * SQL: the names under which a record has its input and its cached tokens, such as
 * `prompt_tokens, cached_tokens`, and who wrote it, where many do; NULL where it has no cached ones. A function of the record alone, so that
 * no split of a log into files changes it. Names of cache writes count only where no read is named: many
 * loggers leave out the one or the other where it is 0.
 * @param raw SQL of each field's text, by field
 */
export function cacheShape(raw: ReadonlyMap<string, string>, plan: ReadPlan, options: ReadOptions): string {
  const names = (field: CallField): string => {
    const mapped = options.map[field]
    const found = mapped === undefined ? plan.foundUnder?.[field] : undefined
    const parts = found ?? (raw.has(field) ? [{ name: mapped ?? field, sql: raw.get(field)! }] : [])
    const present = parts.map(({ name, sql }) => `CASE WHEN ${sql} IS NOT NULL THEN ${quoteText(name)} END`)
    return present.length === 0 ? 'NULL' : `nullif(concat_ws(', ', ${present.join(', ')}), '')`
  }
  const counts = (['cache_read_input_tokens', ...writes] as const).flatMap((field) => raw.get(field) ?? [])
  const some = counts.map((sql) => `nullif(${sql}, '0')`).join(', ')
  const cachedNames = `coalesce(${names('cache_read_input_tokens')}, ${writes.map(names).join(', ')})`
  return `CASE WHEN coalesce(${some}, NULL) IS NOT NULL THEN concat_ws(', ', ${[names('input_tokens'), cachedNames, ...(plan.loggedBy === undefined ? [] : [plan.loggedBy])].join(', ')}) END`
}

const writes = ['cache_creation_input_tokens', 'cache_creation_1h_input_tokens'] as const
