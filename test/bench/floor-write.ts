/**
 * The second floor of an ingest: `node floor-write.js <log> <database> <store>` lets DuckDB write the columns that
 * the program writes, from the same log, priced by the same join with the rates of a store that holds it. It reads
 * no key but those that it knows, trusts each value, and looks for no repeated call.
 */
import { DuckDBInstance } from '@duckdb/node-api'
import { newestTables } from '../../src/db/schema.js'
import { callColumns, pricingFields } from '../../src/domain/call.js'
import { priceNames, type PriceName } from '../../src/domain/costs/rate.js'
import { pricedQuery } from '../../src/pricing/price-sql.js'
import { logColumns } from './log-columns.js'

/** Columns of `calls` that the log has, as SQL over its own. */
const given: Readonly<Record<string, string>> = {
  call_id: 'request_id',
  source: "'generic'",
  ts: 'timestamp',
  provider: 'provider',
  request_model: 'model',
  model: 'model',
  feature: 'feature',
  user_id: 'user_id',
  session_id: 'session_id',
  environment: 'environment',
  prompt_hash: 'prompt_hash',
  input_tokens: 'input_tokens',
  cache_read_input_tokens: 'cached_tokens',
  output_tokens: 'output_tokens',
  total_tokens: 'input_tokens + output_tokens',
  latency_ms: 'latency_ms',
  max_tokens: 'max_tokens',
  status: 'status',
  finish_reason: 'finish_reason',
  file_id: '1',
  line: 'row_number() OVER ()',
}

const [log = '', database = '', store = ''] = process.argv.slice(2)
const columns = Object.entries(logColumns)
  .map(([name, type]) => `${name}: '${type}'`)
  .join(', ')
const source = log.endsWith('.csv')
  ? `read_csv('${log}', columns = {${columns}}, header = true, auto_detect = false)`
  : `read_json('${log}', columns = {${columns}}, format = 'newline_delimited')`
const typed = callColumns
  .filter(({ name }) => name in given)
  .map(({ name, type }) => `CAST(${given[name]!} AS ${type}) AS ${name}`)

const instance = await DuckDBInstance.create(database)
const connection = await instance.connect()
for (const statement of newestTables()) await connection.run(statement)
await connection.run(`ATTACH '${store}' AS program (READ_ONLY)`)
await connection.run('INSERT INTO rates FROM program.rates')
const found = await connection.runAndReadAll(
  `SELECT ${priceNames.map((name) => `count(${name}) AS ${name}`).join(', ')} FROM rates`,
)
const [counts = {}] = found.getRowObjectsJS()
const priced = new Set<PriceName>(priceNames.filter((name) => Number(counts[name]) > 0))
await connection.run(
  `INSERT INTO calls BY NAME ${pricedQuery({
    calls: `(SELECT ${typed.join(', ')} FROM ${source})`,
    rates: 'rates',
    keep: Object.keys(given)
      .map((name) => `c.${name}`)
      .join(', '),
    basis: 'list-first',
    absent: new Set(pricingFields.filter((name) => !(name in given))),
    priced,
  })}`,
)
await connection.run('CHECKPOINT')
const same = await connection.runAndReadAll(`SELECT count(*) = (SELECT count(*) FROM program.calls)
  AND sum(cost_usd) = (SELECT sum(cost_usd) FROM program.calls) AS same FROM calls`)
if (same.getRowObjectsJS()[0]?.['same'] !== true)
  throw new Error(`${log}: the floor has other calls or costs`)
connection.closeSync()
instance.closeSync()
