/** How the layers of a normalising SELECT are written down. */

export type Columns = [name: string, sql: string][]

/** SELECT of named expressions; `from` is a FROM item. */
export const select = (columns: Columns, from: string): string =>
  `SELECT ${columns.map(([name, sql]) => (name === sql ? name : `${sql} AS ${name}`)).join(',\n  ')}\nFROM ${from}`
