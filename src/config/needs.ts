/**
 * What in a config file needs trust: keys that name a database, prices or files elsewhere, that send
 * something, or run SQL. Each key says so itself (keys.ts); here they are found in a file, before anything
 * of it is believed.
 */
import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { UserError } from '../errors.js'
import { pathFrom } from './folders.js'
import { below, type Keys, type Needed, type Place, type Trust } from './shapes.js'
import type { Tree } from './tree.js'

/** A value that needs trust, and what for. */
export interface Needing extends Needed {
  /** `names a database`. */
  readonly does: string
}

/** What a key that says nothing of trust is told to do. */
const unsaid: Trust = { does: 'may act' }

/** In the order of the file. A key that is not known is no need: reading the file refuses it. */
export function needsIn(tree: Tree, file: string, keys: Keys): readonly Needing[] {
  if (tree.kind !== 'group') return []
  return tree.entries.flatMap(({ key: name, line, value }) => {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (key === undefined || key.trust === 'free') return []
    const { does, where } = key.trust ?? unsaid
    const found = where?.(value, { file, key: name }) ?? [{ key: name, line, value }]
    return found.map((one) => ({ ...one, does }))
  })
}

/** Rules of kind sql, judged or not: `check --only` judges those that are switched off, too. */
export function sqlOf(tree: Tree, place: Place): readonly Needed[] {
  if (tree.kind !== 'list') return []
  return tree.items.flatMap((item, i) => {
    if (item.kind !== 'group') return []
    const kind = item.entries.find(({ key, value }) => key === 'kind' && isText(value, 'sql'))
    const entry = item.entries.find(({ key }) => key === 'sql') ?? kind
    if (entry === undefined) return []
    return [{ key: below(below(place, i), entry.key).key, line: entry.line, value: entry.value }]
  })
}

const isText = (tree: Tree, text: string): boolean => tree.kind === 'text' && tree.text === text

/** A path that leads out of the folder of the config file, by its words or by a link. */
export function outsideFolder(tree: Tree, { file, key }: Place): readonly Needed[] {
  if (tree.kind !== 'text' || isWithin(dirname(file), tree.text, file)) return []
  return [{ key, line: tree.line, value: tree }]
}

function isWithin(folder: string, given: string, file: string): boolean {
  let path: string
  try {
    path = pathFrom(file, given)
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
  // By its words first: to look at a path on another machine asks that machine.
  return isBelow(folder, path) && isBelow(realPath(folder), realPath(path))
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Where a path leads, through every link; of what is not there, where it would lie. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || dirname(path) === path) return path
    const folder = realPath(dirname(path))
    const target = linkAt(path)
    return target === undefined ? join(folder, basename(path)) : realPath(resolve(folder, target))
  }
}

/** Where a link points, though nothing is there. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
