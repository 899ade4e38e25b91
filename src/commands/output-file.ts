/** Writes an answer to a file wholly or not at all: whoever reads it meanwhile sees the old one or the new one. */
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../errors.js'
import { asUserAllows } from '../machine/umask.js'

/** Devices and pipes are written as they are. @param option that named the path @throws UserError */
export function writeOutput(path: string, text: string, option: string): void {
  try {
    writeWhole(path, text)
  } catch (error) {
    throw new UserError('the output file cannot be written', {
      location: path,
      hint: `Check ${option}.`,
      cause: error,
    })
  }
}

function writeWhole(path: string, text: string): void {
  const old = statSync(path, { throwIfNoEntry: false })
  if (old !== undefined && !old.isFile()) return asUserAllows(() => writeFileSync(path, text))
  // Behind a link the file itself is replaced, and the link stays.
  const target = old === undefined ? path : realpathSync(path)
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`)
  try {
    asUserAllows(() => writeFileSync(draft, text))
    if (old !== undefined) chmodSync(draft, old.mode)
    renameSync(draft, target)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
