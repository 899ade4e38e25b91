/** What a rehearsal shows of the calls that would come in: the first of them, beside the lines they are read from. */
import type { Database } from '../db/database.js'
import type { Segment, Unit } from './files/units.js'
import type { SourceRelation } from './typing/normalise.js'
import type { MappedCall } from './summary.js'

/** Calls that are shown. */
const shown = 10
/** Lines of a unit that are kept for that; a call may stand behind lines that are none. */
const keptLines = 300
/** Characters of a line that are shown. */
const lineLength = 300

/** The first lines of files, by file and line number. */
export class FirstLines {
  readonly #texts = new Map<string, string>()

  /** Keeps the first lines of a unit. @param places the number in the run, and the first line, of each of its files */
  async keep(
    db: Database,
    unit: Unit,
    { sql, kind, header }: SourceRelation,
    places: readonly { readonly fileNo: number; readonly firstLine: number; readonly segment: Segment }[],
  ): Promise<void> {
    const text =
      kind === 'csv' ? `concat_ws(',', ${header.map((_, i) => `coalesce(c${i}, '')`).join(', ')})` : 'text'
    const { rows } = await db.query<{ text: string | null }>(
      `SELECT left(${text}, ${lineLength + 1}) AS text FROM (${sql}) LIMIT ${keptLines}`,
    )
    let at = 0
    for (const { fileNo, firstLine, segment } of places) {
      const own = unit.segments.length === 1 ? rows.length : (segment.rows ?? rows.length)
      for (let i = 0; i < own && at < rows.length; i++, at++) {
        const line = rows[at]?.text ?? ''
        this.#texts.set(
          `${fileNo}:${firstLine + i}`,
          line.length > lineLength ? `${line.slice(0, lineLength)}…` : line,
        )
      }
    }
  }

  /** The first calls of the run, each with its line. @param calls FROM item of the priced calls */
  async beside(
    db: Database,
    calls: string,
    labels: ReadonlyMap<number, string>,
  ): Promise<readonly MappedCall[]> {
    type Found = Omit<MappedCall, 'label' | 'raw'> & { readonly file_no: number }
    const { rows } =
      await db.query<Found>(`SELECT f.file_no, c.line, c.ts, c.model, c.feature, c.user_id, c.input_tokens, c.output_tokens,
        c.cost_usd FROM ${calls} c JOIN file_ids f ON f.file_id = c.file_id ORDER BY f.file_no, c.line, c.call_id LIMIT ${shown}`)
    return rows.map(({ file_no: fileNo, ...call }) => ({
      label: labels.get(fileNo) ?? '',
      ...call,
      raw: this.#texts.get(`${fileNo}:${call.line}`) ?? null,
    }))
  }
}
