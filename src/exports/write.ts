/**
 * exports: rows of the store as files for other programs. A query gives typed rows, a format says how each
 * type is written, and the engine writes them: no row passes through JavaScript. This folder knows SQL of
 * no question; those stand in metrics.
 *
 * This file writes one: the engine copies the rows to a file or a folder, wholly or not at all.
 */
import { mkdirSync } from 'node:fs'
import type { Database } from '../db/database.js'
import { removeAtEnd } from '../db/leftovers.js'
import { UserError } from '../errors.js'
import type { ExportFormat } from './columns.js'
import { copySql, targetParam, type ExportQuery } from './copy.js'
import { commit, discard, openTarget, type ExportMode, type Target } from './target.js'

export interface Written {
  readonly rows: number
  /** Bytes of all files. */
  readonly size: number
}

/**
 * Writes to a path under which nothing stands until everything does.
 * @param path absolute
 * @throws UserError when it may not be written, or the disk or the memory does not hold it
 */
export async function writeExport(
  db: Database,
  query: ExportQuery,
  format: ExportFormat,
  { path, force, mode = { otherwise: 0o600 } }: { path: string; force: boolean; mode?: ExportMode },
): Promise<Written> {
  const target = openTarget(path, { folder: query.partition !== undefined, force })
  const forget = removeAtEnd(target.partial, () => db.interrupt())
  try {
    // No row makes no folder.
    if (target.folder) mkdirSync(target.partial)
    const rows = await copy(db, query, format, target)
    return { rows, size: commit(target, force, mode) }
  } catch (error) {
    discard(target)
    throw failed(error, path)
  } finally {
    forget()
  }
}

/**
 * Writes to a pipe as rows are read, so that nothing waits for the last one and no disk holds them all.
 * @param path of the pipe
 */
export async function streamExport(
  db: Database,
  query: ExportQuery,
  format: ExportFormat,
  path: string,
): Promise<void> {
  try {
    await db.run(copySql(query, format), { ...query.params, [targetParam]: path })
  } catch (error) {
    // Who reads has what it wanted, and left.
    if (error instanceof Error && /Broken pipe/i.test(error.message)) return
    throw failed(error, path)
  }
}

function copy(db: Database, query: ExportQuery, format: ExportFormat, { partial }: Target): Promise<number> {
  return db.run(copySql(query, format), { ...query.params, [targetParam]: partial })
}

function failed(error: unknown, path: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error
  if (/out of memory/i.test(error.message)) {
    return new UserError('the memory does not hold the export', {
      location: path,
      hint: 'Give it more with --memory-limit, or a shorter window with --since and --until.',
      cause: error,
    })
  }
  const system = (error as NodeJS.ErrnoException).code !== undefined
  if (!system && !/^IO Error/i.test(error.message)) return error
  return new UserError('the output cannot be written', {
    location: path,
    hint: `Check that there is room and permission: ${error.message.split('\n')[0]}`,
    cause: error,
  })
}
