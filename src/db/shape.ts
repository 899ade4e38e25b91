/**
 * Whether the tables of a database file are those that llmcost makes. A file may come from anybody: a view under
 * the name of a table, a generated column, a default or an index is SQL of whoever made the file, and would run
 * with what is asked of it. So it is looked at in the catalogue alone before anything is read.
 */
import { UserError } from '../errors.js'
import type { Database } from './database.js'
import { metaTable, migrations, schemaVersion, tableStatement } from './schema.js'

/** A table's columns as `name TYPE` or `name TYPE NOT NULL`, in no order: older stores have newer columns last. */
type Columns = ReadonlySet<string>

export interface FoundTable {
  /** The table's statement as the engine writes it. */
  readonly sql: string
  readonly indexes: number
}

/**
 * The tables of an attached database by name. The catalogue's list of tables, unlike those of columns and views,
 * binds no view.
 */
export async function tablesOf(db: Database, catalog: string): Promise<ReadonlyMap<string, FoundTable>> {
  const { rows } = await db.query<{ name: string; sql: string; indexes: number }>(
    `SELECT table_name AS name, sql, index_count AS indexes FROM duckdb_tables()
    WHERE database_name = $catalog AND schema_name = 'main' AND NOT internal`,
    { catalog },
  )
  return new Map(rows.map(({ name, sql, indexes }) => [name, { sql, indexes }]))
}

/**
 * @param version schema version that the file says it has
 * @throws UserError unless every table of that version is there, and plain
 */
export function assertOurTables(found: ReadonlyMap<string, FoundTable>, version: number, path: string): void {
  for (const [name, columns] of tablesAt(version)) {
    const table = found.get(name)
    if (table === undefined) throw notOurs(`has no table ${name} of llmcost's`, path)
    if (table.indexes > 0) throw notOurs(`has an index on ${name}, which llmcost never makes`, path)
    if (isOurs(columnsIn(table.sql), columns, version)) continue
    throw notOurs(`has a table ${name} of another shape than llmcost makes`, path)
  }
}

/** True where a found table is `meta` as llmcost makes it, so that it can be read. */
export const isMeta = (table: FoundTable | undefined): boolean =>
  table !== undefined &&
  table.indexes === 0 &&
  isOurs(columnsIn(table.sql), columnsIn(metaTable), schemaVersion)

function isOurs(found: Columns, made: Columns, version: number): boolean {
  if (version === schemaVersion)
    return found.size === made.size && [...found].every((column) => made.has(column))
  // Which columns the rates of an older version had is not written down. Plain ones do nothing.
  return [...found].every((column) => /^\w+ \w+(?:\((?:[\w, ]|'[\w ]*')*\))?(?: NOT NULL)?$/.test(column))
}

function notOurs(what: string, path: string): UserError {
  return new UserError(`the database ${what}`, {
    location: path,
    hint: 'It is damaged, or somebody else made it; nothing in it was run. Restore a copy, or ingest the logs into a new one.',
  })
}

/** The tables that the migrations up to a version make. */
export function tablesAt(version: number): ReadonlyMap<string, Columns> {
  const tables = new Map<string, Set<string>>()
  for (const statement of migrations.slice(0, version).flat()) {
    const [, verb, name = '', rest = ''] = tableStatement.exec(statement) ?? []
    if (verb === 'CREATE') tables.set(name, new Set(columnsIn(statement)))
    else if (verb === 'ALTER') tables.get(name)?.add(oneSpaced(rest))
    else if (verb === 'DROP') tables.delete(name)
  }
  return tables
}

/** Tables whose rows say who has the calls that they sum up. */
export const ownedTables = (): readonly string[] =>
  [...tablesAt(schemaVersion)].flatMap(([name, columns]) =>
    [...columns].some((column) => column.startsWith('owner ')) ? [name] : [],
  )

/** The parts between the outer brackets of a CREATE TABLE. */
function columnsIn(sql: string): Columns {
  const list = sql.slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'))
  // A comma within brackets or quotes parts nothing.
  const parts = list.match(/(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|"(?:[^"]|"")*"|'(?:[^']|'')*'|[^,])+/g) ?? []
  return new Set(parts.map(oneSpaced))
}

/** Without quotes around a name that needs none. */
const oneSpaced = (text: string): string =>
  text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replace(/^"(\w+)"/, '$1')
