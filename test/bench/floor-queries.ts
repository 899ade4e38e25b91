/** The floor of a question: `node floor-queries.js <database> [statements.json]` runs them, and nothing else. */
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

export interface Statement {
  readonly sql: string
  readonly params: Readonly<Record<string, string | number | boolean | null>>
}

const [database = '', list] = process.argv.slice(2)
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
// By the name that the program attaches it by: some statements ask what the catalog holds.
await connection.run(`ATTACH '${database.replaceAll("'", "''")}' AS store (READ_ONLY)`)
await connection.run('USE store')
await connection.run("SET TimeZone = 'UTC'")
const statements = list === undefined ? [] : (JSON.parse(readFileSync(list, 'utf8')) as Statement[])
for (const { sql, params } of statements) {
  const reader = await connection.runAndReadAll(sql, { ...params })
  reader.getRowsJson()
}
connection.closeSync()
instance.closeSync()
