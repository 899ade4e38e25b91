/** Which staged files are refused because too many of their records were rejected, and what is said of them. */
import type { Database } from '../db/database.js'
import { areOfLines } from './made-records.js'
import type { RejectLimit } from './request.js'
import type { StagedFile } from './stage.js'
import type { FileSummary } from './summary.js'

/** Why a file is refused. */
export interface Refusal {
  readonly reasons: FileSummary['reasons']
  /** Records that could be read. */
  readonly others: number
}

/** Of each refused file, by its number. */
export type Refused = ReadonlyMap<number, Refusal>

/** Staged files with too many rejects: none of their rows counts. */
export async function refuseBadFiles(
  db: Database,
  files: readonly StagedFile[],
  limit: RejectLimit,
): Promise<Refused> {
  const { rows } = await db.query<{
    file_no: number
    rejected: number
    records: number
    all_records: number
  }>(
    `SELECT file_no, count(*) FILTER (WHERE state = 'reject') AS rejected, count(*) FILTER (WHERE state <> 'skip') AS records,
       count(*) AS all_records
     FROM located WHERE line > known_lines GROUP BY file_no HAVING rejected > 0`,
  )
  const refused = new Map<number, Refusal>()
  for (const { file_no: fileNo, rejected, records, all_records: all } of rows) {
    const file = files[fileNo]!
    // Most lines of a session are no calls, and are as sound as these: one torn line among few calls is few.
    const most = limit.count ?? (limit.share ?? 1) * (areOfLines(file.firstRow) ? all : records)
    // A last line that is still being written is read again when it is whole.
    const unfinished = limit.count !== 0 && (await endsUnfinished(db, file)) ? 1 : 0
    if (rejected - unfinished <= most) continue
    const reasons = await db.query<{ line: number; reason: string }>(
      `SELECT line, reason FROM located WHERE file_no = $fileNo AND state = 'reject' ORDER BY line LIMIT 3`,
      { fileNo },
    )
    refused.set(fileNo, { reasons: reasons.rows, others: records - rejected })
    await db.run(`UPDATE staged SET state = 'refused' WHERE ${rowOf(file)} BETWEEN $first AND $last`, {
      first: file.firstRow,
      last: file.firstRow + file.rows - 1,
    })
  }
  return refused
}

/** SQL for what places a staged record of a file: its row, or the place of the line that it was made of. */
const rowOf = (file: StagedFile): string => (areOfLines(file.firstRow) ? 'place' : 'rowid')

/** True when the file's last line has no end and could not be read. */
async function endsUnfinished(db: Database, file: StagedFile): Promise<boolean> {
  if (file.segment.extent.endsWithNewline) return false
  const row = file.firstRow + file.rows - 1
  const { n } = await db.one<{ n: number }>(
    `SELECT count(*) AS n FROM staged WHERE ${rowOf(file)} = $row AND state = 'reject'`,
    { row },
  )
  return n === 1
}

/** Why a file was refused, and what might help. */
export function refusedNote({ reasons, others }: Refusal, limit: RejectLimit): string {
  if (limit.count === 0) return 'with --strict no record may be rejected; nothing of it was kept'
  const only = (reason: string): boolean => reasons.every((r) => r.reason === reason)
  const what =
    others > 0
      ? 'too many of its records were rejected; nothing of it was kept'
      : 'none of its records can be read'
  if (only('ts: missing'))
    return `${what}\n--map ts=<field> says where the time stands, --set ts=2026-10-05T08:00:00Z gives one to all.`
  if (only('neither tokens nor a cost'))
    return `${what}\n--map input_tokens=<field> --map output_tokens=<field> says where the tokens stand; dots reach inwards: usage.prompt_tokens.`
  // With its command: logs that are asked without a database have no such option.
  return others > 0 ? `${what}\nllmcost ingest --max-rejects 100% keeps the others.` : what
}
