/** Writes the file of a day: the calls in the order of their times, or their ids alone. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { callColumns } from '../../domain/call.js'
import { quoteText } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'
import type { Database } from '../database.js'
import type { ArchivedDay } from './days.js'
import { finishFile, nameOf, parquet } from './files.js'

const columns = callColumns.map(({ name }) => name).join(', ')

/** SQL: what the store says of an archived day, over its calls. */
const figures = `count(*) AS calls, min(ts) AS first_ts, max(ts) AS last_ts, sum(cost_usd) AS cost_usd,
  CAST(sum(input_tokens) AS BIGINT) AS input_tokens, CAST(sum(output_tokens) AS BIGINT) AS output_tokens`

export type Figures = Pick<
  ArchivedDay,
  'calls' | 'first_ts' | 'last_ts' | 'cost_usd' | 'input_tokens' | 'output_tokens'
>

/** @param calls FROM item */
export const figuresOf = (db: Database, calls: string): Promise<Figures> =>
  db.one<Figures & Record<string, never>>(`SELECT ${figures} FROM ${calls}`)

/** Writes a day's file into the archive's folder, whole or not at all. @param calls FROM item of the day's calls */
export async function writeDay(
  db: Database,
  folder: string,
  { day, kept }: { readonly day: string; readonly kept: boolean },
  calls: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const part = join(folder, `.llmcost-${randomBytes(8).toString('hex')}.part`)
  const rows = kept
    ? `SELECT ${columns} FROM ${calls} ORDER BY ts, source, call_id`
    : `SELECT source, coalesce(logged_id, call_id) AS call_id FROM ${calls} ORDER BY source, call_id`
  try {
    await db.run(`COPY (${rows}) TO ${quoteText(part)} (FORMAT parquet, COMPRESSION zstd)`)
    if (kept) await assertSame(db, day, calls, part)
    return await finishFile(part, (sha256) => join(folder, nameOf({ day, kept, sha256 })))
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** Before the calls are taken out of the store, what was written is read again. */
async function assertSame(db: Database, day: string, calls: string, part: string): Promise<void> {
  const [stored, written] = [await figuresOf(db, calls), await figuresOf(db, parquet([part]))]
  if (JSON.stringify(stored) === JSON.stringify(written)) return
  throw new UserError(`what was written of ${day} is not what the database has: nothing was changed`, {
    location: part,
    hint: 'Check the disk of the archive.',
  })
}
