/** The logs that `llmcost` alone looks at, and how they are read: into memory, the newest first. */
import type { Database } from '../../db/database.js'
import { counted, plural } from '../../domain/words/plurals.js'
import { bytes, count } from '../../domain/words/wording.js'
import { agentFolders, type LogFolder } from '../../ingest/files/agent-homes.js'
import type { SourceFile } from '../../ingest/files/discover.js'
import { logsHere, mostBytesUnasked } from '../../ingest/files/logs-here.js'
import type { Machine } from '../../importers/importer.js'
import type { InputRequest } from '../../ingest/ingest.js'
import type { FileSummary } from '../../ingest/summary.js'
import type { Settings } from '../../questions/question.js'
import type { ReadFolder } from '../../reports/store/first-look.js'
import type { Invocation } from '../command.js'
import { readingOf } from '../settings.js'

export interface FoundLogs {
  readonly folders: readonly LogFolder[]
  /** The newest first. */
  readonly files: readonly SourceFile[]
  readonly hasAgents: boolean
  /** Sentences on what is too much, or cannot be read. */
  readonly leftOut: readonly string[]
  /** Quiet sentences on what is no log for certain. */
  readonly asides: readonly string[]
}

const day = 86_400_000
/** Beyond 200 MB, only sessions that went on in so many days are read. */
const fewDays = 31

/** Looks for the agents' sessions of this user, and for logs in the folder itself. */
export async function findLogs(machine: Machine | undefined, cwd: string, now: Date): Promise<FoundLogs> {
  const agents = machine === undefined ? [] : agentFolders(machine)
  const known = new Set(agents.flatMap(({ files }) => files.map(({ path }) => path)))
  const { folders: here, others } = await logsHere(cwd)
  const unreadable = agents.flatMap(({ files }) => files.filter((file) => file.unreadable !== undefined))
  const readable = agents.map((folder) => ({
    ...folder,
    files: folder.files.filter((file) => file.unreadable === undefined),
  }))
  const { taken, words } = recent(readable, now)
  const own = here.map((folder) => ({
    ...folder,
    files: folder.files.filter(({ path }) => !known.has(path)),
  }))
  const folders = [...taken, ...own].filter(({ files }) => files.length > 0)
  const files = folders.flatMap((folder) => folder.files).toSorted((a, b) => b.mtimeMs - a.mtimeMs)
  return {
    folders,
    files,
    hasAgents: agents.length > 0,
    leftOut: [
      ...words,
      ...unreadable.slice(0, 3).map(({ label, unreadable: why }) => `${label}: ${why}`),
      ...(unreadable.length > 3 ? [`${count(unreadable.length - 3)} more cannot be read`] : []),
    ],
    asides:
      others.files === 0
        ? []
        : [
            `${count(others.files)} more ${plural(others.files, 'file')} here (${bytes(others.bytes)}) ${plural(others.files, 'is', 'are')} no call log for certain, or too much to read unasked.`,
          ],
  }
}

/** What was read of each folder, and the words after `llmcost ingest` that read it into the database. */
export function readOf(
  { folders, hasAgents }: FoundLogs,
  files: readonly FileSummary[],
): { readonly folders: readonly ReadFolder[]; readonly named: readonly string[] } {
  const isRead = new Set(files.flatMap(({ label, state }) => (state === 'read' ? [label] : [])))
  const read = folders
    .map((folder) => ({ ...folder, files: folder.files.filter(({ label }) => isRead.has(label)) }))
    .filter((folder) => folder.files.length > 0)
  return {
    folders: read.map((folder) => ({
      label: folder.label,
      files: folder.files.length,
      bytes: sizeOf(folder.files),
    })),
    named: [
      ...(hasAgents ? ['--agents'] : []),
      ...read.filter(({ isHere }) => isHere === true).flatMap(namesOf),
    ],
  }
}

const sizeOf = (files: readonly SourceFile[]): number => files.reduce((sum, { size }) => sum + size, 0)

/** All where that is not much; else what was written to in the last days: it holds all their calls. */
function recent(
  folders: readonly LogFolder[],
  now: Date,
): { taken: readonly LogFolder[]; words: readonly string[] } {
  const all = folders.flatMap(({ files }) => files)
  if (sizeOf(all) <= mostBytesUnasked) return { taken: folders, words: [] }
  const since = now.getTime() - fewDays * day
  const taken = folders.map((folder) => ({
    ...folder,
    files: folder.files.filter(({ mtimeMs }) => mtimeMs >= since),
  }))
  const old = all.filter(({ mtimeMs }) => mtimeMs < since)
  if (old.length === 0) return { taken, words: [] }
  const words = `${counted(old.length, 'session')} (${bytes(sizeOf(old))}) that ended over ${fewDays} days ago ${plural(old.length, 'was', 'were')} left out; llmcost ingest --agents reads all`
  return { taken, words: [words] }
}

/** A folder by its name; of this folder, the files, or their endings where they are many. */
function namesOf({ label, files }: LogFolder): readonly string[] {
  if (files.length === 0) return []
  if (label !== '.') return [label]
  const names = files.map((file) => (file.label.startsWith('-') ? `./${file.label}` : file.label))
  return names.length <= 3
    ? names.toSorted()
    : [...new Set(names.map((name) => `*${/\.[^.]+(?:\.(?:gz|zst))?$/.exec(name)?.[0] ?? ''}`))].toSorted()
}

/** Reads what was found into memory; what is refused of it is told. */
export async function openFound(
  invocation: Invocation,
  settings: Settings,
  found: readonly SourceFile[],
  told: Pick<InputRequest, 'onProgress' | 'onFiles' | 'warn'>,
): Promise<Database> {
  const { openInput } = await import('../../ingest/ingest.js')
  return openInput({
    ...readingOf(invocation, settings),
    sources: [],
    found,
    ...told,
    memoryLimit: settings.storeOptions.memoryLimit,
    threads: settings.storeOptions.threads,
  })
}
