/** Runs that may not fit into memory: the engine then writes to the disk, which must not get prompts. */
import { memoryBytes, wipeMemory, type Resources } from '../db/database.js'
import type { SourceFile } from './discover.js'

/** Compressed files grow to about so many times their size. */
const expansion = 10

/** Before the engine is loaded: what may be spilled must not take along what was in its memory. */
export function wipeWhereSpilled(files: readonly SourceFile[], resources: Resources): void {
  const size = files.reduce(
    (sum, file) => sum + (/\.(?:gz|zst)$/i.test(file.path) ? expansion : 1) * file.size,
    0,
  )
  // How long a stream is nobody knows.
  if (files.some((file) => file.stream) || size > (memoryBytes(resources) ?? 0) / 4) wipeMemory()
}
