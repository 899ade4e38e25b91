/**
 * Logs that stand in the working directory itself, for who has named none. What is found may be anybody's:
 * links are not followed, and a file is taken only where an importer knows its beginning beyond doubt.
 */
import { lstatSync, readdirSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import type { LogFolder } from './agent-homes.js'
import { endings, sourceFile, type SourceFile } from './discover.js'
import { isClaimed } from './prepare.js'

export interface LogsHere {
  readonly folders: readonly LogFolder[]
  /** Files by whose names they might be logs, and that are not taken. */
  readonly others: { readonly files: number; readonly bytes: number }
}

/** Bytes that are read unasked. */
export const mostBytesUnasked = 200_000_000
/** Files that are looked into. */
const mostFiles = 1000

const named = /\.(?:jsonl|ndjson|csv)(?:\.(?:gz|zst))?$/i

/** `*.jsonl`, `*.csv` and what is in `logs/`, the newest first, up to 200 MB. */
export async function logsHere(cwd: string): Promise<LogsHere> {
  const candidates = [
    ...filesIn(cwd, '.', (name) => named.test(name)),
    ...filesIn(join(cwd, 'logs'), 'logs', (name) => endings.test(name)),
  ].toSorted((a, b) => b.file.mtimeMs - a.file.mtimeMs || (a.file.label < b.file.label ? -1 : 1))
  const taken = new Map<string, SourceFile[]>()
  const others = { files: 0, bytes: 0 }
  let bytes = 0
  for (const [i, { file, folder }] of candidates.entries()) {
    const fits = i < mostFiles && bytes + file.size <= mostBytesUnasked
    if (fits && (await isClaimed(file))) {
      bytes += file.size
      taken.set(folder, [...(taken.get(folder) ?? []), file])
    } else {
      others.files += 1
      others.bytes += file.size
    }
  }
  const folders = [...taken].map(([label, files]) => ({
    label,
    path: join(cwd, label),
    files,
    isHere: true as const,
  }))
  return { folders: folders.toSorted((a, b) => (a.label < b.label ? -1 : 1)), others }
}

/** Regular files of a folder itself, by name; a link to a file or folder is none. */
function filesIn(
  folder: string,
  label: string,
  fits: (name: string) => boolean,
): { readonly file: SourceFile; readonly folder: string }[] {
  return entriesOf(folder)
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && fits(entry.name))
    .flatMap(({ name }) => {
      const path = join(folder, name)
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (stat?.isFile() !== true) return []
      const shown = label === '.' ? name : `${label}/${name}`
      return [{ file: { ...sourceFile(path, shown, stat), inFolder: true as const }, folder: label }]
    })
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
