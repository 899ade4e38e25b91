/** What the store knows of its archived days. */
import { UserError } from '../../errors.js'
import type { Database } from '../database.js'
import type { DayFile } from './files.js'

/** Figures of a day, as they were when it was archived. */
export interface ArchivedDay extends DayFile {
  readonly bytes: number
  readonly calls: number
  readonly first_ts: string
  readonly last_ts: string
  /** Exact; null where no call has a price. */
  readonly cost_usd: string | null
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  /** Files that its calls came from, or that say something of them. */
  readonly files: readonly number[]
}

/** The archived days of the attached store, the oldest first. @throws UserError where what it says is nonsense */
export async function archivedDays(db: Database): Promise<readonly ArchivedDay[]> {
  const { rows } = await db.query<Omit<ArchivedDay, 'files'> & { files: string }>(
    'SELECT * REPLACE (CAST(day AS VARCHAR) AS day) FROM store.main.archived_days ORDER BY day',
  )
  return rows.map((row) => {
    const files = numbersIn(row.files)
    // What becomes a path is never a text of the store's own choice.
    if (files === undefined || !/^[0-9a-f]{64}$/.test(row.sha256) || !/^\d{4}-\d{2}-\d{2}$/.test(row.day))
      throw new UserError('the database is damaged: it says no file of an archived day', {
        hint: 'Restore a copy of it.',
      })
    return { ...row, files }
  })
}

function numbersIn(text: string): readonly number[] | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) && found.every((one) => Number.isSafeInteger(one))
      ? (found as number[])
      : undefined
  } catch {
    return undefined
  }
}
