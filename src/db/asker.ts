/** Who runs a person's own statements: `llmcost sql` and rules of `kind: sql`. */
import type { Database, Result, SqlValue } from './database.js'
import { oneSelect } from './one-select.js'
import { views } from './schema.js'

/** A statement's parameters by name, as text. */
export type Parameters = Readonly<Record<string, string>>

export interface Asker {
  /** @throws UserError (usage), or DuckDB's error, unless it is one SELECT that can be bound but for its values */
  assertSelect(sql: string): Promise<void>
  /** @throws as above, or what the statement fails with */
  ask(sql: string, params?: Parameters): Promise<Result>
  close(): void
}

/**
 * Asks within this process, for calls in memory: no file is open that a statement could spoil. Makes the
 * documented views, and seals the database for good.
 */
export async function askHere(db: Database): Promise<Asker> {
  await makeViews(db)
  await db.seal()
  return {
    assertSelect: async (sql) => void (await proven(db, sql)),
    ask: async (sql, params = {}) =>
      db.query(await proven(db, sql), { ...params } satisfies Record<string, SqlValue>),
    close: () => undefined,
  }
}

/** Views of our own: a file may have others by these names. */
export const makeViews = async (db: Database): Promise<void> =>
  void (await db.run(
    views.map(({ name, select }) => `CREATE OR REPLACE TEMP VIEW ${name} AS ${select}`).join(';'),
  ))

/** The statement to run, which can be bound. Where it cannot, the words are about the text that was given. */
export async function proven(db: Database, sql: string): Promise<string> {
  const text = await oneSelect(db, sql)
  try {
    await db.assertBinds(text)
  } catch (error) {
    await db.assertBinds(sql)
    throw error
  }
  return text
}
