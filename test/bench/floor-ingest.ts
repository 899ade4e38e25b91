/** The floor of an ingest: `node floor-ingest.js <log> <database>` lets DuckDB read the log into a table. */
import { DuckDBInstance } from '@duckdb/node-api'
import { logColumns } from './log-columns.js'

const [log = '', database = ''] = process.argv.slice(2)
const columns = Object.entries(logColumns)
  .map(([name, type]) => `${name}: '${type}'`)
  .join(', ')
const source = log.endsWith('.csv')
  ? `read_csv('${log}', columns = {${columns}}, header = true, auto_detect = false)`
  : `read_json('${log}', columns = {${columns}}, format = 'newline_delimited')`
const instance = await DuckDBInstance.create(database)
const connection = await instance.connect()
await connection.run(`CREATE TABLE t AS SELECT * FROM ${source}`)
await connection.run('CHECKPOINT')
connection.closeSync()
instance.closeSync()
