/** Which files the given sources name: files, folders (recursively), globs, and `-` for stdin. */
import { realpathSync, statSync, type Stats } from 'node:fs'
import { resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { UserError } from '../errors.js'

export interface SourceFile {
  /** Absolute path, or `-` for stdin: the name under which the store knows the file. */
  readonly path: string
  /** As it is shown: as it was given, or below the folder that was given. */
  readonly label: string
  /** Bytes on disk; 0 for a stream. */
  readonly size: number
  readonly mtimeMs: number
  /** A stream is read once and can't be read again: stdin, pipes. */
  readonly stream: boolean
}

/** Endings that are looked for in folders; files named one by one may have any. */
const endings = '{jsonl,ndjson,json,csv,tsv,log,txt}'

/** @throws UserError when a source is missing, unreadable or holds no logs */
export async function discover(sources: readonly string[], cwd: string): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  for (const source of sources) found.push(...(await discoverOne(source, cwd)))
  const seen = new Set<string>()
  return found.filter((file) => !seen.has(file.path) && seen.add(file.path))
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
  return paths.toSorted().map((p) => sourceFile(p, p, statSync(p)))
}

async function below(folder: string, label: string): Promise<SourceFile[]> {
  const pattern = [`**/*.${endings}`, `**/*.${endings}.{gz,zst}`]
  const names = await glob(pattern, { cwd: folder, onlyFiles: true, caseSensitiveMatch: false })
  if (names.length === 0) {
    throw new UserError('no call logs in this folder', {
      location: label,
      hint: 'Looked for .jsonl .ndjson .json .csv .tsv .log .txt, plain, .gz or .zst, in all folders below.',
    })
  }
  const base = label.endsWith('/') ? label : `${label}/`
  return names
    .toSorted()
    .map((name) => sourceFile(resolve(folder, name), base + name, statSync(resolve(folder, name))))
}

function sourceFile(path: string, label: string, stat: Stats): SourceFile {
  const regular = stat.isFile()
  return {
    path: regular ? realpathSync(path) : path,
    label,
    size: regular ? stat.size : 0,
    mtimeMs: regular ? Math.round(stat.mtimeMs) : 0,
    stream: !regular,
  }
}
