/** What became of each file of a run: its counts, as the store keeps them and as the run tells them. */
import { countsBy, noCounts, type Counts } from '../../domain/record-counts.js'
import { refusedNote, type Refused } from '../refuse.js'
import type { RejectLimit } from '../request.js'
import type { StagedFile } from '../stage.js'
import type { Entry, Run } from '../stage-files.js'
import type { FileSummary } from '../summary.js'
import { repairRules } from '../typing/repairs.js'
import type { Landing } from './landing.js'
import type { MergeFile } from './merge.js'

export type CountRow = Counts & { file_no: number; content_ids: boolean } & Record<string, number>

/** Counts of a file without records. */
export const noRows = ({ fileNo }: StagedFile): CountRow =>
  ({ ...noCounts, file_no: fileNo, content_ids: false }) as unknown as CountRow

/** A CSV header is a line that was read, and skipped. */
export function withHeader(row: CountRow, file: StagedFile): CountRow {
  const { recognised, fromLine } = file.segment.reading
  const header = recognised.shape.kind === 'csv' && fromLine === 0 ? 1 : 0
  return { ...row, lines: row.lines + header, skipped: row.skipped + header } as CountRow
}

/** A file as it is written into the store. */
export function mergeFileOf(
  run: Run,
  rows: readonly CountRow[],
  landing: Landing,
  fileNo: number,
  fileId: number,
): MergeFile {
  const row = rows.find((r) => r.file_no === fileNo)
  const repairs = Object.fromEntries(Object.keys(repairRules).map((rule) => [rule, row?.[rule] ?? 0]))
  const continues = landing.continued.get(fileNo)
  const contentIds = (row?.content_ids ?? false) || (continues?.content_ids ?? false)
  return { staged: run.stage.files[fileNo]!, fileId, continues, counts: row ?? noCounts, repairs, contentIds }
}

/** A file as the run's summary tells it. */
export function fileSummary(
  entry: Entry,
  run: Run,
  rows: readonly CountRow[],
  refused: Refused,
  limit: RejectLimit,
): FileSummary {
  const fileNo = entry.fileNo!
  const staged = run.stage.files[fileNo]!
  const importer = staged.segment.reading.recognised.importer.id
  const refusal = refused.get(fileNo)
  if (refusal !== undefined) {
    return {
      ...entry.summary,
      importer,
      state: 'refused',
      note: refusedNote(refusal, limit),
      reasons: refusal.reasons,
    }
  }
  const row = rows.find((r) => r.file_no === fileNo)
  const repairs = Object.fromEntries(
    Object.keys(repairRules)
      .map((rule) => [rule, row?.[rule] ?? 0])
      .filter(([, n]) => n !== 0),
  )
  const counts = row ?? noCounts
  const replaced = staged.segment.extent.replaced ? 'bytes that are not UTF-8 text were replaced' : null
  return {
    ...entry.summary,
    importer,
    repairs,
    fields: staged.fields,
    note: entry.summary.note ?? staged.note ?? replaced,
    ...countsBy((name) => counts[name]),
  }
}
