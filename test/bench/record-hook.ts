/**
 * Loaded before llmcost (`node --import`): when it ends, writes the statements that it ran, with their
 * values, to $BENCH_ANSWER.
 */
import { writeFileSync } from 'node:fs'
import { root } from './folders.js'
import type { Statement } from './floor-queries.js'

type Query = (this: unknown, sql: string, params?: Statement['params']) => Promise<unknown>

// The built program's own module, so that the class is the one it uses.
const { Database } = (await import(new URL('dist/db/database.js', root).href)) as {
  Database: { prototype: { query: Query; run: Query } }
}

const statements: Statement[] = []
// oxlint-disable-next-line typescript/unbound-method -- called below on the same object
const query = Database.prototype.query
Database.prototype.query = function (sql, params = {}) {
  statements.push({ sql, params })
  return query.call(this, sql, params)
}

// What an answer keeps while it is worked out, and forgets.
// oxlint-disable-next-line typescript/unbound-method -- called below on the same object
const run = Database.prototype.run
Database.prototype.run = function (sql, params = {}) {
  if (/^(CREATE TEMP (TABLE|TYPE)|DROP)\b/.test(sql)) statements.push({ sql, params })
  return run.call(this, sql, params)
}

process.once('exit', () => writeFileSync(process.env['BENCH_ANSWER']!, JSON.stringify(statements)))
