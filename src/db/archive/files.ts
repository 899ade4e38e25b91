/**
 * archive: calls of past days as Parquet files outside of the store, one a day. The store knows each by its hash;
 * the folder is named by the config or an option, never by the store.
 *
 * This file says which files a folder holds, and checks one before anything reads it.
 */
import { createHash } from 'node:crypto'
import { constants, mkdirSync } from 'node:fs'
import { open, readdir, realpath, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteText } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'

/** A file of a day, by what the store knows of it. */
export interface DayFile {
  /** `2026-07-01`, UTC. */
  readonly day: string
  /** It holds the calls; else their ids alone. */
  readonly kept: boolean
  /** Of all its bytes, in hex. */
  readonly sha256: string
}

/** Named by its content: another content of the day is another file, so that none is ever written over. */
export const nameOf = ({ day, kept, sha256 }: DayFile): string =>
  `${kept ? 'calls' : 'ids'}-${day}-${sha256.slice(0, 16)}.parquet`

const ours = /^(?:calls|ids)-\d{4}-\d{2}-\d{2}-[0-9a-f]{16}\.parquet$/
/** What a run writes before it has its name. */
const unfinished = /^\.llmcost-[0-9a-f]{16}\.part$/

/** The names of an archive's own files in a folder: no links, no folders. @throws UserError where it cannot be read */
export async function namesIn(folder: string, also?: 'unfinished'): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .filter((name) => ours.test(name) || (also === 'unfinished' && unfinished.test(name)))
  } catch (error) {
    throw unreadable(folder, error)
  }
}

/** Makes the folder, for the user alone. @throws UserError where that is not possible */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new UserError('the folder of the archive cannot be made', {
      location: folder,
      hint: 'Name another one with --to.',
      cause: error,
    })
  }
}

/** The folder itself, whatever links lead to it. @throws UserError where there is none */
export async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder)
  } catch (error) {
    throw unreadable(folder, error)
  }
}

const unreadable = (folder: string, cause: unknown): UserError =>
  new UserError('the folder of the archive cannot be read', {
    location: folder,
    hint: 'Name it with --archive, LLMCOST_ARCHIVE or the config key archive.',
    cause,
  })

/**
 * The path of a day's file, whose bytes are those that were archived.
 * @param folder as `realFolder` gives it
 * @throws UserError where it is missing, a link, or has other bytes
 */
export async function checkedFile(folder: string, file: DayFile): Promise<string> {
  const path = join(folder, nameOf(file))
  const fault = (what: string, cause?: unknown): UserError =>
    new UserError(`the archived calls of ${file.day} cannot be used: the file ${what}`, {
      location: path,
      hint: 'Put back the file that was archived; llmcost archive --verify checks all of them.',
      cause,
    })
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw fault(code === 'ENOENT' ? 'is missing' : code === 'ELOOP' ? 'is a link' : 'cannot be opened', error)
  }
  try {
    if (!(await handle.stat()).isFile()) throw fault('is no regular file')
    if ((await hashOf(handle)) !== file.sha256) throw fault('is another one, or was changed')
  } finally {
    await handle.close()
  }
  if ((await realpath(path)) !== path) throw fault('lies elsewhere')
  return path
}

async function hashOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of handle.createReadStream({ autoClose: false, start: 0 }))
    hash.update(bytes as Buffer)
  return hash.digest('hex')
}

/** Gives what was written its name, once it is on the disk. @returns its hash and size */
export async function finishFile(
  part: string,
  named: (sha256: string) => string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const handle = await open(part, 'r+')
  try {
    await handle.sync()
    const sha256 = await hashOf(handle)
    const { size } = await handle.stat()
    await rename(part, named(sha256))
    return { sha256, bytes: size }
  } finally {
    await handle.close()
  }
}

/** Puts the names of a folder on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folder.
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/** SQL: FROM item of what stands in checked files; a column that older ones lack is NULL. */
export const parquet = (paths: readonly string[]): string =>
  `read_parquet([${paths.map(quoteText).join(', ')}], union_by_name = true, hive_partitioning = false)`
