/** Where the agents of this user keep their sessions, as their importers say. */
import { statSync } from 'node:fs'
import type { Machine } from '../../importers/importer.js'
import { importers } from '../../importers/registry.js'
import { filesBelow, type SourceFile } from './discover.js'

/** A folder with logs in it. */
export interface LogFolder {
  /** As it is shown: below `~` where it is in the home folder. */
  readonly label: string
  readonly path: string
  readonly files: readonly SourceFile[]
  /** Whose sessions they are: the importer's id; undefined for a folder of any logs. */
  readonly agent?: string
  /** It is the working directory, or stands in it. */
  readonly isHere?: true
}

/** Ids of the importers of agents. */
export const agentImporters = importers.filter(({ homes }) => homes !== undefined).map(({ id }) => id)

/** Every folder in which an agent would keep its sessions, whether it is there or not. */
export const agentHomes = (machine: Machine): readonly string[] =>
  importers.flatMap(({ homes }) => homes?.(machine) ?? []).map(({ folder }) => folder)

/** The folders that are there, with the sessions in them; a folder or file that cannot be read is among these. */
export function agentFolders(machine: Machine): readonly LogFolder[] {
  const known = new Set<string>()
  return importers.flatMap(({ id, homes }) =>
    (homes?.(machine) ?? []).flatMap(({ folder, files }) => {
      if (!isFolder(folder)) return []
      const label = shortened(folder, machine.home)
      const found = filesBelow(folder, label).filter(
        (file) =>
          (file.unreadable !== undefined || files.test(file.label.slice(label.length + 1))) &&
          !known.has(file.path) &&
          known.add(file.path),
      )
      return found.length === 0 ? [] : [{ label, path: folder, files: found, agent: id }]
    }),
  )
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** `~/.claude/projects` */
const shortened = (path: string, home: string): string =>
  path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
