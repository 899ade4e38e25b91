/**
 * ingest: sources become calls in the store, in five steps that SQL does: discover → stage → normalise →
 * dedupe and price → merge.
 */
import type { Database, Resources } from '../db/database.js'
import type { CostBasis } from '../domain/basis.js'

/** How to read the sources; part of each file's fingerprint. */
export interface ReadOptions {
  readonly from?: string | undefined
  /** Field → path in the log. */
  readonly map: Readonly<Record<string, string>>
  /** Field → value. */
  readonly set: Readonly<Record<string, string>>
  /** ISO 8601 UTC moment for relative times. */
  readonly baseTime?: string | undefined
  readonly inputTz?: string | undefined
  readonly cacheTokens?: 'included' | 'excluded' | undefined
}

export interface InputRequest extends Resources {
  readonly sources: readonly string[]
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  readonly costBasis: CostBasis
  readonly now: Date
  readonly warn: (text: string) => void
}

/**
 * Reads sources into memory and returns a database with the same tables and views as the store, ready
 * for questions. The caller closes it.
 */
export async function openInput(_request: InputRequest): Promise<Database> {
  throw new Error('not yet')
}
