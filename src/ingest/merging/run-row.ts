/** A run's row in the store: when it was, and what it counted. */
import { countNames, type Counts } from '../../domain/record-counts.js'
import { timestampText } from '../../domain/words/quoting.js'
import type { Database } from '../../db/database.js'
import type { PriceBook } from '../../pricing/book.js'
import { priceDataWords } from '../price-data.js'
import type { IngestRequest } from '../request.js'

/** Files that came in, and what became of their records. */
interface Came {
  readonly counts: Counts
  readonly files: number
}

/** SQL: the counts of a run, from parameters of their names. */
const boundCounts = countNames.map((name) => `$${name} AS ${name}`).join(', ')

/** Writes the row of a run, with the price data that it had. */
export async function recordRun(
  db: Database,
  request: IngestRequest,
  { counts, files }: Came,
  book: PriceBook,
  id: number,
): Promise<void> {
  const sqlTime = (time: Date): string => timestampText(time.toISOString())
  await db.run(
    `INSERT INTO store.ingests BY NAME SELECT $id AS ingest_id, CAST($started AS TIMESTAMP) AS started_at, CAST($finished AS TIMESTAMP) AS finished_at,
      $version AS version, $priceData AS price_data, $files AS files, ${boundCounts}`,
    {
      id,
      started: sqlTime(request.now),
      finished: sqlTime(new Date()),
      version: request.version,
      priceData: priceDataWords(book),
      files,
      ...counts,
    },
  )
}

/** What a run brings beside its calls, once these are in. */
export async function addToRun(db: Database, { counts, files }: Came): Promise<void> {
  await db.run(
    `UPDATE store.main.ingests SET files = files + $files, ${countNames.map((name) => `${name} = ${name} + $${name}`).join(', ')}
       WHERE ingest_id = (SELECT max(ingest_id) FROM store.main.ingests)`,
    { files, ...counts },
  )
}

/** The number of the run that the calls were written under. */
export const lastIngest = async (db: Database): Promise<number> =>
  (await db.one<{ id: number }>('SELECT max(ingest_id) AS id FROM store.main.ingests')).id

/** The number of the run that comes. */
export const nextIngest = async (db: Database): Promise<number> =>
  (await db.one<{ id: number }>('SELECT coalesce(max(ingest_id), 0) + 1 AS id FROM store.main.ingests')).id
