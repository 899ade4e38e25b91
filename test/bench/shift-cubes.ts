/**
 * `node shift-cubes.js <store> <copies> <days>`: puts copies of a store's sums before its calls, each so many days
 * earlier, as if its hours had been pulled from an engine: what a store of many more calls answers from.
 */
import { DuckDBInstance } from '@duckdb/node-api'

const [store = '', copies = '', days = ''] = process.argv.slice(2)
const instance = await DuckDBInstance.create(store)
const connection = await instance.connect()
const times = (table: string): Promise<string[]> =>
  connection
    .runAndReadAll(
      `SELECT column_name FROM duckdb_columns() WHERE table_name = '${table}' AND data_type = 'TIMESTAMP' ORDER BY column_index`,
    )
    .then((read) => read.getRows().map(([name]) => String(name)))
for (const table of ['hourly_labels', 'daily_sketches', 'daily_users']) {
  const shifted = (await times(table)).map((name) => `${name} - to_days(copy * ${days}) AS ${name}`)
  await connection.run(
    `INSERT INTO ${table} BY NAME SELECT * EXCLUDE (copy) REPLACE (${shifted.join(', ')}, 'cube' AS owner)
     FROM ${table}, (SELECT CAST(n AS INTEGER) AS copy FROM range(1, ${Number(copies) + 1}) AS copies(n))`,
  )
}
await connection.run('CHECKPOINT')
connection.closeSync()
instance.closeSync()
