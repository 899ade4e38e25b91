/** What the path of a store leads to, before the engine touches it. */
import { closeSync, openSync, statSync, type Stats } from 'node:fs'
import { machineFault, systemFault, UserError } from '../errors.js'
import { readAt } from './file-bytes.js'
import { headersSize } from './file-pages.js'
import { isMarked, isStub } from './stub.js'

/**
 * True where no store is yet: nothing, an empty file, or one that was just being made when its maker was killed.
 * @throws UserError for what can be none: a folder, a pipe, a device; and where nobody may look
 */
export function isAbsent(path: string): boolean {
  const stat = statOf(path)
  if (stat === undefined) return true
  if (stat.isDirectory()) throw refused(path, 'the database path is a folder', 'Name a file with --db.')
  if (!stat.isFile())
    throw refused(path, 'the database path is a pipe or a device, not a file', 'Name a file with --db.')
  return isStub(stat.size, () => headOf(path))
}

/** Undefined where nothing is. @throws UserError where that cannot be told */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EACCES' || code === 'EPERM')
      throw refused(
        path,
        'the database cannot be looked at: its folder is not readable',
        'Make the folder readable, or name another database with --db.',
      )
    throw systemFault(error, path) ?? error
  }
}

const refused = (path: string, what: string, hint: string): UserError =>
  new UserError(what, { location: path, hint })

/** DuckDB files carry "DUCK" at byte 8; anything else is refused before DuckDB touches it. */
export function assertDuckDbFile(path: string): void {
  if (isMarked(headOf(path))) return
  throw refused(
    path,
    'this file is not a database of llmcost',
    'Name another file with --db; this one was left as it was.',
  )
}

/** The headers of a file. @throws UserError where it cannot be read */
function headOf(path: string): Buffer {
  try {
    const file = openSync(path, 'r')
    try {
      return readAt(file, 0, headersSize)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw (
      machineFault(error, path) ??
      new UserError('the database cannot be read: no permission', {
        location: path,
        hint: 'Make it readable, or name another with --db.',
        cause: error,
      })
    )
  }
}
