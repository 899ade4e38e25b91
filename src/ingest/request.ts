/** What a run of ingest is asked to do. */
import type { StoreOptions } from '../db/store-lock.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { OtherBills } from './bills/other-stores.js'
import type { SourceFile } from './files/discover.js'
import type { ReadOptions } from './options.js'

/** How many rejects a file may have: a share of its records, or a count. */
export interface RejectLimit {
  readonly share?: number
  readonly count?: number
}

/** How far a run is. */
export interface ReadingProgress {
  /** Bytes of all sources that are to be read. */
  readonly total: number
  /** Bytes that are read by now; asked for whenever it is shown. */
  readonly done: () => number
  /** Lines read so far. */
  readonly lines: number
}

export interface IngestRequest {
  readonly sources: readonly string[]
  /** Files that were found, and that nobody named; read beside those of `sources`. */
  readonly found?: readonly SourceFile[] | undefined
  /** Bills of other stores, which come in like files. */
  readonly bills?: readonly OtherBills[]
  readonly cwd: string
  readonly read: ReadOptions
  readonly priceFiles: readonly string[]
  /** File of price updates, which need not be there. */
  readonly priceUpdates?: string | undefined
  readonly costBasis: CostBasis
  readonly store: StoreOptions
  readonly dbPath: string
  readonly now: Date
  readonly version: string
  readonly rejectLimit: RejectLimit
  readonly replace: boolean
  readonly dryRun: boolean
  /** Hours, counted from 1970, from the first up to but without the second, whose sums from an engine leave: their calls come. */
  readonly takesOver?: readonly [number, number]
  readonly keepRejectedText: boolean
  /** Files, by path, that an earlier attempt of this run failed for, and of what. */
  readonly blamed?: ReadonlyMap<string, unknown>
  /** Told when the reading goes on to something else. */
  readonly onProgress?: (progress: ReadingProgress) => void
}
