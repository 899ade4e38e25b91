/** Who waits for whom: DuckDB lets one process write a file or many read it. And what is said when it does not open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MachineFault, UserError } from '../errors.js'
import type { Rollups } from '../domain/rollups.js'
import type { Copies } from './archive/lending.js'
import type { Database, Resources } from './database.js'

/** Another process holds the store's lock, and held it as long as one would wait. */
export class StoreInUse extends UserError {}

export interface StoreOptions extends Resources {
  /** How long to wait for another process's lock, ms. */
  readonly lockTimeoutMs: number
  /** Permissions of a store that is made, such as 0o640; for this user alone where none are given. */
  readonly mode?: number | undefined
  /** Whether the store has cubes: `auto` (the default) where it is large. */
  readonly rollups?: Rollups | undefined
  /** Folder of the archive; undefined: none is named. */
  readonly archive?: string | undefined
  /** Archived days that are copied into memory, for who opens no file later. */
  readonly copies?: Copies | undefined
  /** Called once when waiting begins, with the process waited for. */
  readonly onWait?: (pid: string) => void
  /** Called when the database was half written by a run that was killed, and was put right. */
  readonly onMended?: () => void
  /** What is done whenever the store was written. */
  readonly written?: Written | undefined
}

/** What follows a transaction that reached the store's file. It is no part of it: it changes nothing of the store. */
export interface Written {
  /** @param db what a question reads, while nobody else can write */
  readonly tell: (db: Database, store: WrittenStore) => Promise<void>
  readonly failed: (error: unknown) => void
}

export interface WrittenStore {
  readonly path: string
  /** The first three pages of the file, which tell its states apart. */
  readonly headers: Buffer
  /** The same from before the transaction; undefined where there was more to the store than its file. */
  readonly before: Buffer | undefined
  /** The hours whose calls changed; undefined where that is not known. */
  readonly changed: ChangedHours | undefined
}

/** UTC hours since 1970: none is changed but from the first to the last. */
export type ChangedHours = { readonly first: number; readonly last: number } | 'none'

/** Tries to open until it works or the lock's time is up. */
export async function patiently<T>(path: string, options: StoreOptions, open: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + options.lockTimeoutMs
  let told = false
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 250)) {
    try {
      return await open()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const pid = lockHolder(message)
      if (pid === undefined) throw openError(path, error, message)
      if (Date.now() >= deadline) {
        throw new StoreInUse(`the database is in use by process ${pid}`, {
          location: path,
          hint: 'Wait for it to end, or wait longer with --lock-timeout 5m.',
          cause: error,
        })
      }
      if (!told) options.onWait?.(pid)
      told = true
      await sleep(pause)
    }
  }
}

/** The process id in DuckDB's words about a lock, or undefined when the error is another one. */
function lockHolder(message: string): string | undefined {
  if (!/lock/i.test(message) || !/conflicting lock|could not set lock|used by another process/i.test(message))
    return undefined
  return /PID (\d+)/.exec(message)?.[1] ?? 'unknown'
}

function openError(path: string, error: unknown, message: string): Error {
  if (error instanceof UserError) return placed(error, path)
  if (/permission denied|read-only|readonly/i.test(message)) {
    return new UserError('the database cannot be written: no permission', {
      location: path,
      hint: 'Make the file and its folder writable, or name another with --db.',
      cause: error,
    })
  }
  if (/no such file|cannot open|does not exist/i.test(message)) {
    return new UserError('the database cannot be opened', {
      location: path,
      hint: 'Check the path given by --db.',
      cause: error,
    })
  }
  return new UserError('the database is damaged or was written by another DuckDB', {
    location: path,
    hint: 'It was left as it was. Restore a copy, or move it away and ingest the logs again.',
    cause: error,
  })
}

/** The engine does not name the file that it finds damaged. */
function placed(error: UserError, location: string): UserError {
  const { message, hint, cause } = error
  if (error.location !== undefined || hint === undefined || error.constructor !== MachineFault) return error
  return new MachineFault(message, { location, hint: hint.split('\n'), cause })
}
