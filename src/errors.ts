/**
 * What may go wrong for a user, and the exit code it ends with.
 *
 * A UserError is shown as one clear message: what, where, and what to do next. Anything else that is
 * thrown is a defect of the program, and is shown with a hint to set LLMCOST_DEBUG.
 *
 * Messages quote logs, paths and databases: what is hidden in them is shown, newlines included, so that
 * nothing quoted can pass for a line of the program's own.
 */
import { visible } from './domain/hidden.js'

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

/** True for what no file is to blame for: memory, disk, an interrupted run. Another try would fail as well. */
export function isOfTheMachine(error: unknown): boolean {
  if (error instanceof UserError) return error instanceof MachineFault
  const message = error instanceof Error ? error.message : String(error)
  return /^(?:Out of Memory|INTERRUPT|FATAL)|No space left on device|ENOSPC|EMFILE|ENFILE/i.test(message)
}
