/** Takes cells into the store: the answer of an engine that somebody brings as a file, or that was asked for just now. */
import type { Database } from '../db/database.js'
import type { StoreOptions } from '../db/store-lock.js'
import { timestampText } from '../domain/words/quoting.js'
import { notePriceData, priceDataWords } from '../ingest/price-data.js'
import type { PriceBook } from '../pricing/book.js'
import { writeCalls } from '../rollups/upkeep.js'
import { keepDays, type DaysRequest, type KeptDays } from './days/keep-days.js'
import { broughtOfCells, keepAnswer, type Kept, type KeepRequest } from './keep.js'
import { keepShard, type KeptShard, type ShardRequest } from './keep-shard.js'

interface Run {
  readonly now: Date
  readonly dbPath: string
  readonly store: StoreOptions
  readonly version: string
  readonly book: PriceBook
}

export interface TakeRequest extends KeepRequest, Run {}

/** The calls that cells are of, together. */
export interface BroughtCells {
  readonly calls: number
  readonly first_ts: string | null
  readonly last_ts: string | null
  readonly cost_usd: string | null
  readonly unpriced_calls: number
}

export interface Taken extends Kept {
  readonly brought: BroughtCells
}

/**
 * One transaction: all hours of the answer that are whole, or nothing.
 * @param db has the answer in a table of its own
 */
export const takeAnswer = (db: Database, request: TakeRequest): Promise<Taken> =>
  taking(db, request, () => keepAnswer(db, request))

/** One transaction: the cells of another store, or nothing. */
export const takeShard = (db: Database, request: ShardRequest & Run): Promise<Taken & KeptShard> =>
  taking(db, request, () => keepShard(db, request))

/** One transaction: sketches and users of the days that fit what the database has of their hours. */
export const takeDays = (
  db: Database,
  request: DaysRequest & Pick<Run, 'dbPath' | 'store'>,
): Promise<KeptDays> => writeCalls(db, request.dbPath, request.store, () => keepDays(db, request))

function taking<K extends Kept>(db: Database, request: Run, keep: () => Promise<K>): Promise<K & Taken> {
  return writeCalls(db, request.dbPath, request.store, async () => {
    await noteRun(db, request)
    const kept = await keep()
    await db.run(
      `UPDATE store.main.ingests SET lines = $rows, rejected = $rejected, imported = $rows - $rejected
      WHERE ingest_id = (SELECT max(ingest_id) FROM store.main.ingests)`,
      { rows: kept.rows, rejected: Object.values(kept.refused).reduce((sum, n) => sum + n, 0) },
    )
    await notePriceData(db, request.book, false)
    return { ...kept, brought: await db.one<BroughtCells>(broughtOfCells) }
  })
}

async function noteRun(db: Database, { version, book, now }: Run): Promise<void> {
  const time = (date: Date): string => timestampText(date.toISOString())
  await db.run(
    `INSERT INTO store.main.ingests BY NAME SELECT (SELECT coalesce(max(ingest_id), 0) + 1 FROM store.main.ingests) AS ingest_id,
      CAST($started AS TIMESTAMP) AS started_at, CAST($finished AS TIMESTAMP) AS finished_at, $version AS version,
      $priceData AS price_data, 1 AS files, 0 AS lines, 0 AS imported, 0 AS duplicates, 0 AS superseded, 0 AS skipped, 0 AS rejected`,
    { started: time(now), finished: time(new Date()), version, priceData: priceDataWords(book) },
  )
}
