/** How the layers of a normalising SELECT are written down. */

export type Columns = (readonly [name: string, sql: string])[]

/** SELECT of named expressions; `from` is a FROM item. */
export const select = (columns: Columns, from: string): string =>
  `SELECT ${columns.map(([name, sql]) => (name === sql ? name : `${sql} AS ${name}`)).join(',\n  ')}\nFROM ${from}`

/**
 * SQL: true when a text is one of a few. Written with a list on purpose: DuckDB turns a longer IN into a
 * join, which is then made for every row, also where a CASE would never have asked.
 */
export const isOneOf = (text: string, values: readonly string[]): string =>
  `list_contains(CAST([${values.map((value) => `'${value}'`).join(', ')}] AS VARCHAR[]), ${text})`
