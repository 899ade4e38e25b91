/** SQLite databases of a test's own. */
import sqlite from 'node-sqlite3-wasm'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

/** Runs statements on a database, which is made where there is none; answers with its path. */
export function database(path: string, ...statements: readonly string[]): string {
  mkdirSync(dirname(path), { recursive: true })
  const db = new sqlite.Database(path)
  for (const statement of statements) db.exec(statement)
  db.close()
  rmSync(`${path}.lock`, { recursive: true, force: true })
  return path
}

/** A text in SQL. */
export const text = (value: unknown): string =>
  `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`
