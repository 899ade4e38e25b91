/**
 * The one folder for all temporary data of this process (copies of logs, DuckDB's spill, exports on their way to
 * stdout). Its name cannot be foreseen, nobody else can look into it, and it is gone when the process ends.
 * What a killed process left behind is removed by the next one.
 *
 * A process that lives listens on a socket in its folder: the system ends that with it, whatever ended it, and
 * a later process under the same id does not have it.
 */
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  unlinkSync,
  type Stats,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineFault } from '../errors.js'
import { heedSignals, isRunning, removeAtEnd } from './leftovers.js'

const prefix = 'llmcost-'
const ownerName = 'owner'
/** Names of such folders; `spill` is in those of older versions. */
const pattern = new RegExp(`^${prefix}(?:spill-)?(\\d+)(?:-\\w+)?$`)
/** Longest path of a socket that every system takes, bytes. */
const longestSocket = 100
/** A folder without a socket may be just about to get one, or its owner be out of sight: it is left so long, ms. */
const patience = 3_600_000

let folder: string | undefined

/**
 * Path of the folder; made, with access for this user alone, when first asked for.
 * @throws MachineFault when there is no folder for temporary files
 */
export function scratchFolder(): string {
  if (folder !== undefined) return folder
  heedSignals()
  try {
    folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  } catch (error) {
    throw new MachineFault('temporary files cannot be made', {
      location: tmpdir(),
      hint: 'Name a folder that can be written to: TMPDIR=/path llmcost …',
      cause: error,
    })
  }
  removeAtEnd(folder)
  listenIn(folder)
  return folder
}

function listenIn(path: string): void {
  const socket = join(path, ownerName)
  if (Buffer.byteLength(socket) > longestSocket) return
  const server = createServer((asking) => asking.destroy())
  // Where there are no sockets, the process id alone tells.
  server.on('error', () => undefined)
  server.listen(socket).unref()
}

/** A temporary file, open until it is released. */
export interface ScratchFile {
  readonly fd: number
  /** Where others of this process, the engine among them, can open it. */
  readonly path: string
  /** Gives its room back; the path is nothing then. */
  readonly release: () => void
}

/** Through these a file of this process can be opened that has no name any more. */
const openFiles = '/proc/self/fd'
const hasOpenFiles = existsSync(openFiles)
/** More files than this keep their names: a process may not have many open. */
const mostNameless = 200
let nameless = 0
let made = 0

/**
 * A new file for text of logs. Where the system can, it loses its name at once: what is in it then goes with
 * the process, whatever ends it.
 */
export function scratchFile(ending: string): ScratchFile {
  const path = join(scratchFolder(), `${++made}.${ending}`)
  const fd = openSync(path, 'wx+', 0o600)
  let open = true
  const release = (forget: () => void) => (): void => {
    if (!open) return
    open = false
    closeSync(fd)
    forget()
  }
  if (!hasOpenFiles || nameless >= mostNameless)
    return { fd, path, release: release(() => rmSync(path, { force: true })) }
  unlinkSync(path)
  nameless += 1
  return { fd, path: `${openFiles}/${fd}`, release: release(() => (nameless -= 1)) }
}

/** A path for files that others write; they stay until the process ends, or until they are removed. */
export const scratchPath = (ending: string): string => join(scratchFolder(), `${++made}.${ending}`)

let swept = false

/** Removes what processes of this user left behind that are gone; once, beside what else is done. */
export function sweepAbandoned(): void {
  if (swept) return
  swept = true
  let names: string[] = []
  try {
    names = readdirSync(tmpdir())
  } catch {
    // Without a folder nothing can have been left in it.
  }
  for (const name of names) {
    const pid = pattern.exec(name)?.[1]
    if (pid !== undefined) void sweep(join(tmpdir(), name), Number(pid))
  }
}

async function sweep(path: string, pid: number): Promise<void> {
  // Of what another process is just removing, nothing is left to do.
  try {
    if (path === folder || !isOurs(lstatSync(path)) || !(await isAbandoned(path, pid))) return
    await rm(path, { recursive: true, force: true })
  } catch {}
}

/** Never what stands behind a link, and never another user's. */
const isOurs = (found: Stats): boolean =>
  found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())

async function isAbandoned(path: string, pid: number): Promise<boolean> {
  const socket = join(path, ownerName)
  const found = lstatSync(socket, { throwIfNoEntry: false })
  if (found?.isSocket() === true) {
    if (await answers(socket)) return false
    // For a moment a socket is there before its owner listens.
    await sleep(100)
    return !(await answers(socket))
  }
  if (isRunning(pid)) return false
  // Killed just before it listened, or when it had removed all: an owner out of sight listens a moment later.
  if (isEmpty(path)) {
    await sleep(100)
    if (isEmpty(path)) return true
  }
  return Date.now() - lstatSync(path).mtimeMs > patience
}

const isEmpty = (path: string): boolean => readdirSync(path).length === 0

/** True unless it is certain that nobody listens. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = connect(socket)
    asking.on('connect', () => {
      asking.destroy()
      resolve(true)
    })
    asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
