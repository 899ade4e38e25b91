/** What the store knows of files, and what that says about reading them again. */
import { countNames, type Counts } from '../domain/record-counts.js'
import type { Database } from '../db/database.js'
import type { SourceFile } from './files/discover.js'
import { billSources } from '../billing/registry.js'
import { importers } from '../importers/registry.js'
import { optionsKey, type ReadOptions } from './options.js'
import { fingerprint, type Reading } from './files/units.js'
import { readSync, openSync, closeSync } from 'node:fs'

/** A row of `files`. */
export interface KnownFile extends Counts {
  readonly file_id: number
  readonly path: string
  readonly importer: string
  readonly options: string
  readonly size: number
  readonly mtime_ms: number
  readonly bytes_read: number
  readonly ends_with_newline: boolean
  readonly head_hash: string
  readonly tail_hash: string
  readonly content_ids: boolean
  readonly ingest_id: number
}

/** The current row of each path in the attached store. */
export async function knownFiles(db: Database): Promise<Map<string, KnownFile>> {
  const { rows } = await db.query<KnownFile>(
    `SELECT file_id, path, importer, options, size, mtime_ms, bytes_read, ends_with_newline, head_hash, tail_hash,
       ${countNames.join(', ')}, content_ids, ingest_id
     FROM store.files WHERE current`,
  )
  return new Map(rows.map((row) => [row.path, row]))
}

/** What to do with a file that may have been read before. */
export type Verdict =
  | { readonly action: 'skip' }
  | { readonly action: 'refuse'; readonly why: string }
  /**
   * Read from the start. `replaces`: take out what an earlier reading brought; `grown`: all of that, but
   * for its last line, is brought again.
   */
  | {
      readonly action: 'read'
      readonly replaces?: KnownFile
      readonly grown?: true
      readonly note?: string
    }
  /** Read what was added. */
  | { readonly action: 'continue'; readonly known: KnownFile; readonly fromByte: number }
  /** Read all, but count only what was added: the ids of lines without one depend on the lines before. */
  | { readonly action: 'recount'; readonly known: KnownFile }

/** Decides without reading the whole file. */
export function judge(
  file: SourceFile,
  known: KnownFile | undefined,
  options: ReadOptions,
  replace: boolean,
): Verdict {
  if (file.stream || known === undefined) return { action: 'read' }
  if (replace) return { action: 'read', replaces: known }
  const sameOptions = known.options === optionsKey(options)
  if (file.size === known.size && file.mtimeMs === known.mtime_ms) {
    return sameOptions ? { action: 'skip' } : otherOptions
  }
  if (known.bytes_read < 0)
    return sameOptions
      ? {
          action: 'read',
          note:
            known.bytes_read === -2
              ? 'read again: its calls are known by the ids of their requests too'
              : 'read again: a file that held some of the same calls was taken out',
        }
      : otherOptions
  const grown = isGrown(file, known)
  if (!sameOptions)
    return grown || file.size === known.size
      ? otherOptions
      : { action: 'read', note: 'the file is another than before' }
  if (!grown)
    return {
      action: 'read',
      note:
        file.size < known.size
          ? 'shorter than before: read as a new file'
          : 'changed since: read as a new file',
    }
  // What a record is made of may stand before it, and what comes may change what was said.
  if (isMade(known.importer)) return { action: 'read', replaces: known, grown: true }
  if (known.ends_with_newline) return resume(known, known.bytes_read)
  // In CSV the newline may stand inside a quoted field.
  const inJson = byteAt(file.path, 0) === 0x7b
  if (inJson && byteAt(file.path, known.bytes_read) === 0x0a) return resume(known, known.bytes_read + 1)
  // The last line was read before it was finished.
  return {
    action: 'read',
    replaces: known,
    grown: true,
    note: 'its last line was unfinished before: read anew',
  }
}

/** True where an importer makes its records of lines, and for bills, which count as a whole. */
const isMade = (id: string): boolean =>
  billSources.some((one) => one.id === id) ||
  importers.some((one) => one.id === id && one.records !== undefined)

const otherOptions: Verdict = {
  action: 'refuse',
  why: 'it was read with other options before; --replace reads it anew',
}

const resume = (known: KnownFile, fromByte: number): Verdict =>
  known.content_ids ? { action: 'recount', known } : { action: 'continue', known, fromByte }

/** True for a plain file whose earlier bytes are, by their first and last stretch, the same as before. */
function isGrown(file: SourceFile, known: KnownFile): boolean {
  // A compressed file's decoded bytes can't be compared in place.
  if (file.size <= known.bytes_read || known.size !== known.bytes_read) return false
  const now = fingerprint(file.path, known.bytes_read)
  return now.head === known.head_hash && now.tail === known.tail_hash
}

function byteAt(path: string, position: number): number | undefined {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(1)
    return readSync(file, buffer, 0, 1, position) === 1 ? buffer[0] : undefined
  } finally {
    closeSync(file)
  }
}

/** A reading with where it starts, by the verdict. */
export function readingFrom(look: Omit<Reading, 'fromByte' | 'fromLine'>, verdict: Verdict): Reading {
  // A JSON document has no place to go on from.
  const lines = look.recognised.shape.kind !== 'document'
  if (verdict.action === 'continue' && lines)
    return { ...look, fromByte: verdict.fromByte, fromLine: verdict.known.lines }
  if (verdict.action === 'recount' && lines) return { ...look, fromByte: 0, fromLine: verdict.known.lines }
  return { ...look, fromByte: 0, fromLine: 0 }
}
