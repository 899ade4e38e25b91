/** Writes an answer to a file wholly or not at all: whoever reads it meanwhile sees the old one or the new one. */
import { chmodSync, lstatSync, realpathSync, renameSync, rmSync, writeFileSync, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Devices and pipes are written as they are. @throws the system's errors */
export function writeWhole(path: string, text: string): void {
  const found = statOf(path)
  if (found !== undefined && !found.isFile() && !found.isSymbolicLink()) return writeFileSync(path, text)
  // Behind a link the file itself is replaced, and the link stays.
  const target = found?.isSymbolicLink() ? realpathSync(path) : path
  const old = statOf(target)
  if (old !== undefined && !old.isFile()) return writeFileSync(target, text)
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`)
  try {
    writeFileSync(draft, text)
    if (old !== undefined) chmodSync(draft, old.mode)
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

const statOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })
