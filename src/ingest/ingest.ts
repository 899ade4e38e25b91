/**
 * ingest: sources become calls in the store, in five steps that SQL does: discover → stage → normalise →
 * dedupe and price → merge.
 */
import type { Database, Resources } from '../db/database.js'
import type { ReadOptions } from './options.js'
import type { CostBasis } from '../domain/basis.js'

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
