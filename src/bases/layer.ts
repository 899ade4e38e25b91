/**
 * bases: what an answer counts as money. A basis is a layer over the calls: the same calls with other costs, and rows
 * for money that no call has. Every question then reads it as it reads the calls, so that its sums, bounds, quantiles
 * and findings all come of the same money; nothing of it is stored.
 */
import { heldCalls } from '../db/absent-calls.js'
import type { Database, SqlValue } from '../db/database.js'

export interface Statement {
  readonly sql: string
  readonly params?: Readonly<Record<string, SqlValue>>
}

/** Pure SQL over a relation of calls, which it names `from`. */
export interface Layer {
  /** Statements that make temporary tables of it, in their order. */
  readonly prepare?: (from: string) => readonly Statement[]
  /** SELECT with all columns of calls. */
  readonly over: (from: string) => string
}

/** Layers over the calls of each database: how many. */
const laid = new WeakMap<Database, number>()

/** From here on every statement of the database finds the layer in the place of its calls. */
export async function lay(db: Database, { prepare, over }: Layer): Promise<void> {
  const depth = laid.get(db) ?? 0
  if (depth === 0) await db.run(`CREATE TEMP VIEW IF NOT EXISTS ${heldCalls} AS FROM store.main.calls`)
  const from = depth === 0 ? heldCalls : `calls_${depth}`
  for (const { sql, params } of prepare?.(from) ?? []) await db.run(sql, params)
  await db.run(`CREATE TEMP VIEW calls_${depth + 1} AS ${over(from)};
    CREATE OR REPLACE TEMP VIEW calls AS FROM calls_${depth + 1}`)
  laid.set(db, depth + 1)
}
