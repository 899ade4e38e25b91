/** Which files the given sources name: files, folders (recursively), globs, and `-` for stdin. */
import { lstatSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs'
import { join, resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { UserError } from '../../errors.js'

export interface SourceFile {
  /** Absolute path, or `-` for stdin: the name under which the store knows the file. */
  readonly path: string
  /** As it is shown: as it was given, or below the folder that was given. */
  readonly label: string
  /** Bytes on disk; 0 for a stream. */
  readonly size: number
  readonly mtimeMs: number
  /** True for what stands in a folder that was named, and was not named itself. */
  readonly inFolder?: true | undefined
  /** Why it cannot be looked at. */
  readonly unreadable?: string
  /** Where its calls stand as lines, absolute: of a store, which is no log by itself. */
  readonly readFrom?: string
  /** A stream is read once and can't be read again: stdin, pipes. */
  readonly stream: boolean
}

/**
 * Endings that are looked for in folders; files named one by one may have any. Behind them, what a rotated log
 * is numbered or dated with: calls between the last ingest and a rotation stand there alone.
 */
export const endings =
  /\.(?:(?:jsonl|ndjson|json|csv|tsv|log|txt)(?:[.-]\d[\d_-]*)?(?:\.(?:gz|zst))?|db|sqlite3?|parquet)$/i

/** Names of what stands beside a database. */
const besideDatabase = /-(?:wal|shm|journal)$/

/** @throws UserError when a source is missing, unreadable or holds no logs */
export async function discover(sources: readonly string[], cwd: string): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  for (const source of sources) found.push(...(await discoverOne(source, cwd)))
  // A file that is named and stands in a folder too counts as named.
  const named = new Set(found.filter((file) => file.inFolder !== true).map(({ path }) => path))
  for (const [i, file] of found.entries())
    if (file.inFolder === true && named.has(file.path)) found[i] = { ...file, inFolder: undefined }
  return together(found)
}

/** Files of several lists, each once. */
export function together(...lists: readonly (readonly SourceFile[])[]): SourceFile[] {
  const seen = new Set<string>()
  return lists.flat().filter((file) => !seen.has(file.path) && seen.add(file.path))
}

async function discoverOne(source: string, cwd: string): Promise<SourceFile[]> {
  if (source === '-') return [{ path: '-', label: 'stdin', size: 0, mtimeMs: 0, stream: true }]
  const path = resolve(cwd, source)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return below(path, source)
  if (stat) return [sourceFile(path, source, stat)]
  if (!isDynamicPattern(source)) {
    throw new UserError('no such file or folder', {
      location: source,
      hint: 'Check the path; globs and folders work too.',
    })
  }
  const paths = await glob(source, { cwd, absolute: true, onlyFiles: true, dot: true })
  if (paths.length === 0)
    throw new UserError('no file matches', { location: source, hint: 'Check the pattern.' })
  const all = new Set(paths)
  // What a database writes beside itself is read with it.
  const files = paths.filter((p) => !besideDatabase.test(p) || !all.has(p.replace(besideDatabase, '')))
  return files.toSorted().map((p) => sourceFile(p, p, statSync(p)))
}

/** True for a pattern that some file matches. */
export async function hasMatch(source: string, cwd: string): Promise<boolean> {
  return isDynamicPattern(source) && (await glob(source, { cwd, onlyFiles: true, dot: true })).length > 0
}

/** What may be a log in a folder and all below it, by name; nothing where there is none. */
export function filesBelow(folder: string, label: string): SourceFile[] {
  const base = label.endsWith('/') ? label : `${label}/`
  const found: SourceFile[] = []
  walk(folder, base, new Set(), found)
  return found.toSorted((a, b) => (a.label < b.label ? -1 : 1))
}

function below(folder: string, label: string): SourceFile[] {
  const found = filesBelow(folder, label)
  if (found.length > 0) return found
  throw new UserError('no call logs in this folder', {
    location: label,
    hint: 'Looked for .jsonl .ndjson .json .csv .tsv .log .txt, plain, .gz or .zst, and .db .sqlite .parquet, in all folders below.',
  })
}

/** Collects what may be a log. A folder is entered once, whatever links lead to it; what is hidden is left out. */
function walk(folder: string, label: string, entered: Set<string>, found: SourceFile[]): void {
  let names: string[]
  try {
    const real = realpathSync(folder)
    if (entered.has(real)) return
    entered.add(real)
    names = readdirSync(folder)
  } catch {
    found.push(unreadable(folder, label, 'the folder cannot be read'))
    return
  }
  for (const name of names.filter((one) => !one.startsWith('.'))) {
    const path = join(folder, name)
    let stat: Stats
    try {
      stat = statSync(path)
    } catch {
      // A link that leads nowhere holds nothing.
      if (endings.test(name) && !isLink(path))
        found.push(unreadable(path, label + name, 'the file cannot be read'))
      continue
    }
    if (stat.isDirectory()) walk(path, `${label}${name}/`, entered, found)
    else if (stat.isFile() && endings.test(name))
      found.push({ ...sourceFile(path, label + name, stat), inFolder: true })
  }
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

const unreadable = (path: string, label: string, what: string): SourceFile => ({
  path,
  label,
  size: 0,
  mtimeMs: 0,
  stream: false,
  inFolder: true,
  unreadable: what,
})

export function sourceFile(path: string, label: string, stat: Stats): SourceFile {
  if (!stat.isFile()) return { path, label, size: 0, mtimeMs: 0, stream: true }
  const real = realpathSync(path)
  // The newest rows of a database may stand in its write-ahead log alone.
  const beside = statSync(`${real}-wal`, { throwIfNoEntry: false })
  return {
    path: real,
    label,
    size: stat.size + (beside?.size ?? 0),
    mtimeMs: Math.round(Math.max(stat.mtimeMs, beside?.mtimeMs ?? 0)),
    stream: false,
  }
}
