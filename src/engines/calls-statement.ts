/** The statement that asks an engine for the calls of some hours themselves, as records that ingest reads. */
import { callColumns, callFields, pricedColumnNames } from '../domain/call.js'
import { readRange, type HourRange } from './calls-sql.js'
import type { Dialect } from './dialect.js'
import type { GivenTable } from './given-table.js'
import { isTime, type ForeignTable } from './table.js'

/** A map is no text that two engines write alike; what pricing fills is worked out anew. */
const left = new Set<string>(['tags', ...pricedColumnNames])

export interface CallsQuery {
  readonly dialect: Dialect
  readonly table: ForeignTable
  readonly given: GivenTable
  readonly hours: HourRange
  /** Columns of a table of our own. */
  readonly has: (column: string) => boolean
}

/** All columns are texts, '' for none; the time is microseconds since 1970. */
export function callsStatement({ dialect, table, given, hours, has }: CallsQuery): string {
  const columns: Record<string, string> = table.isOurs
    ? Object.fromEntries(
        // What pricing fills stands empty: by its names the records are known as exported ones.
        callColumns
          .filter(({ name }) => name !== 'tags')
          .map(({ name }) => [name, left.has(name) || !has(name) ? 'NULL' : dialect.name(name)]),
      )
    : foreignColumns(dialect, table, given)
  const { ts } = table.columns
  if (ts === undefined || !isTime(ts.kind)) throw new Error('a table of calls has a time')
  columns['ts'] = dialect.micros(ts.sql, ts.kind)
  // Names of our own first: engines differ in what a name means that is both a column and an alias.
  const inner = Object.values(columns).map((sql, i) => `coalesce(${dialect.asText(sql)}, '') AS f_${i}`)
  const outer = Object.keys(columns).map((name, i) => `f_${i} AS ${name}`)
  return `SELECT ${outer.join(', ')} FROM (SELECT ${inner.join(',\n  ')}\nFROM ${table.from}\nWHERE ${readRange(dialect, ts.sql, ts.kind, hours)}) c`
}

/** What the table's description has columns for, and the labels of single calls that --map names. */
function foreignColumns(
  dialect: Dialect,
  { columns, single }: ForeignTable,
  { map, set }: GivenTable,
): Record<string, string> {
  const out: Record<string, string> = { ...single }
  for (const [field, column] of Object.entries(columns)) {
    const name = field === 'model' ? 'response_model' : field
    if (callFields.some((one) => one === name)) out[name] = column.sql
  }
  for (const [field, path] of Object.entries(map)) {
    if (out[field] !== undefined || !callFields.some((one) => one === field)) continue
    const column = path.replace(/:\w+$/, '')
    out[field] = column
      .split('.')
      .map((part) => dialect.name(part))
      .join('.')
  }
  for (const [field, value] of Object.entries(set))
    if (callFields.some((one) => one === field)) out[field] = dialect.literal(value)
  return out
}
