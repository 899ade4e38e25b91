/**
 * What may go wrong for a user, and the exit code it ends with.
 *
 * A UserError is shown as one clear message: what, where, and what to do next. Anything else that is
 * thrown is a defect of the program, and is shown with a hint to set LLMCOST_DEBUG.
 *
 * Messages quote logs, paths and databases: what is hidden in them is shown, newlines included, so that
 * nothing quoted can pass for a line of the program's own.
 */
import { visible } from './domain/words/hidden.js'

export const exitCodes = {
  /** The work could not be done: a file is missing, locked, damaged. */
  failure: 1,
  /** The command was used wrongly: an option, a config key, a date. */
  usage: 2,
  /** A check fired; the answer itself is complete. */
  check: 3,
  /** Input was refused: --strict, or too many rejects. */
  refused: 4,
} as const

export type ErrorCode = keyof typeof exitCodes

export class UserError extends Error {
  /** Which kind of failure; decides the exit code. */
  readonly code: ErrorCode
  /** What to do next, as a full sentence or a command to try; lines end with a newline. */
  readonly hint: string | undefined
  /** Where: `file`, `file:line`, or an option's name. */
  readonly location: string | undefined

  constructor(
    message: string,
    options: {
      code?: ErrorCode
      /** A list is one line each. */
      hint?: string | readonly string[]
      location?: string
      cause?: unknown
    } = {},
  ) {
    super(visible(message), { cause: options.cause })
    this.name = 'UserError'
    this.code = options.code ?? 'failure'
    const lines = typeof options.hint === 'string' ? [options.hint] : options.hint
    this.hint = lines?.map(visible).join('\n')
    this.location = options.location === undefined ? undefined : visible(options.location)
  }
}

/** The machine or its settings are to blame: memory, disk, descriptors, folders. No log is, and no part of the program. */
export class MachineFault extends UserError {}

const diskFull = 'the disk is full'

/** True where a disk had no room, whether the engine or the system says so. */
export const isDiskFull = (error: unknown): error is MachineFault =>
  error instanceof MachineFault && error.message === diskFull

/** An answer would need calls that are not in the store. */
export class CallsElsewhere extends UserError {
  /** Who has them. */
  readonly owner: string
  /** The hours that have one owner, of which it needs some, in words. */
  readonly span: string
  /** One of the days that it needs, `2026-07-01` UTC. */
  readonly day: string

  constructor(
    message: string,
    {
      owner,
      day,
      span,
      ...options
    }: { owner: string; day: string; span: string; hint: readonly string[]; cause: unknown },
  ) {
    super(message, options)
    this.owner = owner
    this.day = day
    this.span = span
  }
}

/** Nothing that somebody could name brings these calls here: what sums can tell is all there is. */
export const hasSumsAlone = (error: unknown): error is CallsElsewhere =>
  error instanceof CallsElsewhere && error.owner === 'cube'

/** An answer would need the exchange rate of a day that has none. */
export class NoRate extends UserError {}

/** The engine had less memory than it needed. */
export class OutOfMemory extends MachineFault {}

const again = 'then run it again. Nothing was changed.'

/** What the system's codes of failure mean, and what to do; those of the machine, whatever file they meet. */
const machineWords: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOSPC: [diskFull, `Make room there, ${again}`],
  EDQUOT: ['the quota of the disk is used up', `Make room there, ${again}`],
  EFBIG: ['a file may not grow as large as it must', `Allow larger files (ulimit -f), ${again}`],
  EMFILE: ['too few files may be open at a time', `Allow more (ulimit -n 1024), ${again}`],
  ENFILE: ['the machine has too many files open', `Close some programs, ${again}`],
  ENOMEM: ['the machine has no memory left', `Close some programs, ${again}`],
  EROFS: ['the disk can only be read', 'Name a path on another one.'],
}

/** The others say something of the path that they were met at. */
const pathWords: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  EACCES: ['no permission', 'Check who may read and write it.'],
  EPERM: ['no permission', 'Check who may read and write it.'],
  ENOENT: ['no such file or folder', 'Check the path.'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'Check the path.'],
  EISDIR: ['it is a folder, not a file', 'Check the path.'],
  ELOOP: ['links lead in a circle', 'Check the path.'],
  ENAMETOOLONG: ['the name is too long', 'Give it a shorter one.'],
  EIO: ['the disk reports an error', 'Check the disk.'],
  ESTALE: ['the file is gone from the network', 'Check the network and its disks.'],
}

/**
 * What a failure of the system is called, where it is one of the machine's.
 * @param path where it was met, when the failure does not say so
 */
export function machineFault(error: unknown, path?: string): MachineFault | undefined {
  if (error instanceof MachineFault) return error
  return inWords(error, machineWords, path, MachineFault)
}

/** What a failure of the system is called, whatever it is of; undefined for what is none. */
export const systemFault = (error: unknown, path?: string): UserError | undefined =>
  machineFault(error, path) ?? inWords(error, pathWords, path, UserError)

function inWords(
  error: unknown,
  words: typeof machineWords,
  path: string | undefined,
  Kind: typeof UserError,
): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined
  const { code, path: own = path } = error as NodeJS.ErrnoException
  const found = words[code ?? ''] ?? wrapped(error, words)
  if (found === undefined) return undefined
  const [message, hint] = found
  return new Kind(message, { hint, cause: error, ...(own === undefined ? {} : { location: own }) })
}

/** Some errors wrap those of the system, and name the code alone. */
function wrapped(error: Error, words: typeof machineWords): readonly [string, string] | undefined {
  const code = /^(?:Error: )?(E[A-Z]{3,}): /.exec(error.message)?.[1]
  return code === undefined ? undefined : words[code]
}

/** True for what no file is to blame for: memory, disk, an interrupted run. Another try would fail as well. */
export function isOfTheMachine(error: unknown): boolean {
  if (machineFault(error) !== undefined) return true
  if (error instanceof UserError) return false
  const message = error instanceof Error ? error.message : String(error)
  return /^(?:Out of Memory|INTERRUPT)|No space left on device/i.test(message)
}
