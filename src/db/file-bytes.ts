/** Files as pieces of bytes at places. */
import { closeSync, fsyncSync, openSync, readSync, realpathSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** The file that a name stands for: what is beside it is found by every name. */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return resolve(path)
  }
}

/** Up to `length` bytes; fewer at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const n = readSync(fd, bytes, done, length - done, position + done)
    if (n === 0) break
    done += n
  }
  return bytes.subarray(0, done)
}

/** @param position where in the file; where the last write ended, when not given */
export function writeAll(fd: number, bytes: Buffer, position?: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(
      fd,
      bytes,
      done,
      bytes.length - done,
      position === undefined ? undefined : position + done,
    )
}

/** Has the disk know which names a folder holds. */
export function syncFolder(path: string): void {
  let fd: number | undefined
  try {
    fd = openSync(dirname(path), 'r')
    fsyncSync(fd)
  } catch {
    // Some systems do that by themselves, and let nobody ask.
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
