/** What a run of ingest is asked to do. */
import type { StoreOptions } from '../db/store.js'
import type { CostBasis } from '../domain/basis.js'
import type { ReadOptions } from './options.js'

/** How many rejects a file may have: a share of its records, or a count. */
export interface RejectLimit {
  readonly share?: number
  readonly count?: number
}

export interface IngestRequest {
  readonly sources: readonly string[]
  readonly cwd: string
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  readonly costBasis: CostBasis
  readonly store: StoreOptions
  readonly dbPath: string
  readonly now: Date
  readonly version: string
  readonly rejectLimit: RejectLimit
  readonly replace: boolean
  readonly dryRun: boolean
  readonly keepRejectedText: boolean
  /** Told how far the reading is: bytes done of all, and calls staged. */
  readonly onProgress?: (done: number, total: number, rows: number) => void
}
