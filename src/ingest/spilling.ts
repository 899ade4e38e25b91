/**
 * Runs that may not fit into memory: the engine then writes to the disk, which must not get prompts, and which may
 * have no room.
 */
import { tmpdir } from 'node:os'
import { memoryBytes, wipeMemory, type Resources } from '../db/database.js'
import { bytes } from '../domain/words/wording.js'
import { isDiskFull, MachineFault } from '../errors.js'
import type { SourceFile } from './files/discover.js'

/** Compressed files grow to about so many times their size. */
const expansion = 10

/** Before the engine is loaded: what may be spilled must not take along what was in its memory. */
export function wipeWhereSpilled(files: readonly SourceFile[], resources: Resources): void {
  const size = plainSize(files)
  // How long a stream is nobody knows.
  if (files.some((file) => file.stream) || size > (memoryBytes(resources) ?? 0) / 4) wipeMemory()
}

/** Bytes of these files when they are read, about; nothing of a stream. */
const plainSize = (files: readonly SourceFile[]): number =>
  files.reduce((sum, file) => sum + (/\.(?:gz|zst)$/i.test(file.path) ? expansion : 1) * file.size, 0)

/**
 * Bytes on the disk for each byte of logs, by 13 million calls in 4.9 GB: their rows took 0.2 in the database, and
 * 0.8 in temporary files where memory was a fifth of the logs; rounded up, for rows that hold less text. A store without calls has some megabytes too.
 */
const room = { database: 0.3, temporary: 1, least: 4e6 } as const

/** The same error; where the disk was full, with the room that reading these files takes. */
export function withRoom(error: unknown, files: readonly SourceFile[]): unknown {
  const size = plainSize(files)
  if (!isDiskFull(error) || size === 0) return error
  const { message, location, hint = '' } = error
  const beside = `${bytes(room.least + room.database * size)} beside the database`
  const needed = `Logs of ${bytes(size)} take up to ${bytes(room.temporary * size)} in ${tmpdir()} for a while, and ${beside}.`
  return new MachineFault(message, {
    hint: [...hint.split('\n'), needed],
    cause: error,
    ...(location === undefined ? {} : { location }),
  })
}
