/**
 * Where an export goes. It is written under another name beside it and takes its own when it is whole and
 * on the disk, so that whoever finds a file or folder under that name finds all of it.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isRunning } from '../db/leftovers.js'
import { UserError } from '../errors.js'

export interface Target {
  /** Absolute. */
  readonly path: string
  /** Where it is written until it is whole. */
  readonly partial: string
  /** It is a folder with a folder for each partition. */
  readonly folder: boolean
}

/**
 * @param path absolute
 * @throws UserError when something is there and `force` is not given, or may not be replaced at all
 */
export function openTarget(path: string, { folder, force }: { folder: boolean; force: boolean }): Target {
  const parent = dirname(path)
  if (!existsSync(parent) || !statSync(parent).isDirectory()) {
    throw new UserError('the folder of the output does not exist', {
      location: path,
      hint: 'Make it, or check --output.',
    })
  }
  const target = { path, partial: `${path}.${process.pid}.partial`, folder }
  assertFree(target, force)
  removeAbandoned(path)
  return target
}

function assertFree({ path, folder }: Target, force: boolean): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!folder && !found.isFile()) {
    throw new UserError(found.isDirectory() ? 'the output is a folder' : 'the output is no plain file', {
      location: path,
      hint: 'Name a file with --output; --partition-by writes a folder.',
    })
  }
  if (folder && !found.isDirectory()) {
    throw new UserError('the output is not a folder', {
      location: path,
      hint: '--partition-by writes a folder: name another.',
    })
  }
  // A folder is replaced as a whole: only one that holds nothing but partitions may be.
  if (folder && !readdirSync(path).every((name) => /^(?:day|month)=[\d-]+$/.test(name))) {
    throw new UserError('the folder holds something else than an export', {
      location: path,
      hint: 'Name a new folder with --output.',
    })
  }
  if (force || (folder && readdirSync(path).length === 0)) return
  throw new UserError(`the output ${folder ? 'folder' : 'file'} is there already`, {
    location: path,
    hint: 'Replace it with --force, or name another with --output.',
  })
}

/** Parts that a killed export of the same name left behind. */
function removeAbandoned(path: string): void {
  const prefix = `${basename(path)}.`
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith('.partial')) continue
    const pid = name.slice(prefix.length, -'.partial'.length).replace(/\.old$/, '')
    if (/^\d+$/.test(pid) && !isRunning(Number(pid)))
      rmSync(join(dirname(path), name), { recursive: true, force: true })
  }
}

/** Who may read an export, such as 0o640: as was asked for, else as the file that it replaces, else `otherwise`. */
export interface ExportMode {
  readonly asked?: number | undefined
  readonly otherwise: number
}

/** Gives a whole export its name. @returns its size, bytes */
export function commit(target: Target, force: boolean, mode: ExportMode): number {
  const { path, partial, folder } = target
  const files = folder ? filesWithin(partial) : [partial]
  share(target, mode.asked ?? (folder ? undefined : modeOf(path)) ?? mode.otherwise)
  for (const file of files) sync(file)
  const size = files.reduce((sum, file) => sum + statSync(file).size, 0)
  // Another may have written it meanwhile.
  assertFree(target, force)
  // Removing a large folder takes time, in which neither the old nor the new one would be there.
  const old = `${path}.${process.pid}.old.partial`
  if (folder && existsSync(path)) renameSync(path, old)
  renameSync(partial, path)
  syncFolder(dirname(path))
  if (folder) rmSync(old, { recursive: true, force: true })
  return size
}

/** Until now it was for this user alone. */
function share({ partial, folder }: Target, mode: number): void {
  const entries = folder ? readdirSync(partial, { recursive: true, withFileTypes: true }) : []
  // Who may read a folder's files may enter it.
  const enterable = mode | ((mode & 0o444) >> 2)
  for (const entry of entries)
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? enterable : mode)
  chmodSync(partial, folder ? enterable : mode)
}

function modeOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : found.mode & 0o777
}

/** Takes away what was written of an export that failed. */
export function discard({ partial }: Target): void {
  rmSync(partial, { recursive: true, force: true })
}

function filesWithin(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function sync(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A folder's own entries; not every system lets one do that. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch {}
}
