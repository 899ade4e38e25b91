/**
 * Where tests keep their stores and logs. A store is synced some seven times in an ingest, and a disk takes
 * milliseconds for each: where the system has a file system in memory, with room, that one.
 */
import { existsSync, realpathSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const inMemory = '/dev/shm'
/** Bytes: a container may have 64 MB of it. */
const enough = 4 * 2 ** 30

const hasRoom = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync(inMemory)
    return bavail * bsize >= enough
  } catch {
    return false
  }
}

/** A folder for folders of tests, with a short path. */
export const quickFolder = hasRoom() ? inMemory : realpathSync(existsSync('/tmp') ? '/tmp' : tmpdir())
