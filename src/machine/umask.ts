/**
 * machine: what the program must know of the system that it runs on.
 *
 * Who may read the files that the program makes. What holds calls (the store and its log, temporary files) is
 * for this user alone; what is made to be read by others (reports, pages, metrics, a config) follows the
 * user's umask. The engine makes its files by the process's umask, so that is what is set.
 */

const privateMask = 0o077

/** The umask that the process began with; undefined until it was changed. */
let given: number | undefined

/** From here on new files are for this user alone. */
export function keepFilesPrivate(): void {
  if (given === undefined) given = set(privateMask)
}

/** Runs `write` under the umask that the user has. */
export function asUserAllows<T>(write: () => T): T {
  return given === undefined ? write() : under(given, write)
}

/** The user's umask. */
export const userMask = (): number => given ?? process.umask()

/** Gives others what `mode` says, such as 0o640, of new files, until what is returned is called. */
export function makeFilesAs(mode: number): () => void {
  const before = set(privateMask & ~mode)
  return () => set(before)
}

function under<T>(mask: number, write: () => T): T {
  const before = set(mask)
  try {
    return write()
  } finally {
    set(before)
  }
}

function set(mask: number): number {
  try {
    return process.umask(mask)
  } catch {
    // A worker thread has no umask of its own to set; the program runs in none.
    return mask
  }
}
