/**
 * Asks the store in a process of its own. That a statement writes nothing and reads no other file does not hang on
 * what the engine parses: its own seal leaves the attached file among those that a COPY may write. So its file
 * system is switched off once the store is open, and the process has no file descriptor left to open anything with.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { UserError } from '../errors.js'
import type { Copies } from './archive/lending.js'
import type { Answer, Column, Order, Start } from './apart-messages.js'
import type { Asker } from './asker.js'
import type { Result, ResultRow } from './database.js'
import type { StoreOptions } from './store-lock.js'

/** File descriptors of the process: enough for Node, the engine and the store. */
const descriptors = 128

/** What a process needs of the environment; secrets stay here. */
const kept = /^(?:PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|(?:LD|DYLD)_LIBRARY_PATH|SystemRoot|TEMP|TMP|USERPROFILE)$/

/**
 * @param program the process's own file; for tests, which run no built one
 * @throws UserError when there is no store or it can't be read
 */
export async function askApart(
  path: string,
  options: StoreOptions,
  program: string = fileURLToPath(new URL('apart-process.js', import.meta.url)),
): Promise<Asker> {
  const begin = (copies?: Copies): Promise<Apart> => apartFor(path, { ...options, copies }, program)
  const first = await begin()
  return options.archive === undefined ? first : new Lending(first, begin)
}

async function apartFor(
  path: string,
  { onWait, onMended, lockTimeoutMs, memoryLimit, threads, archive, copies }: StoreOptions,
  program: string,
): Promise<Apart> {
  const apart = new Apart(begun(program))
  const start: Start = {
    path,
    options: { lockTimeoutMs, memoryLimit, threads, ...(copies === undefined ? {} : { archive, copies }) },
    unlimited: process.platform === 'win32',
  }
  try {
    await apart.told(start, (answer) => {
      if (answer.kind === 'waiting') onWait?.(answer.pid)
      if (answer.kind === 'mended') onMended?.()
      return answer.kind === 'ready'
    })
  } catch (error) {
    apart.close()
    throw error
  }
  return apart
}

/** Asks another process, which has copied archived calls before it was shut off, where the first lacks them. */
class Lending implements Asker {
  #apart: Apart
  readonly #begin: (copies: Copies) => Promise<Apart>

  constructor(apart: Apart, begin: (copies: Copies) => Promise<Apart>) {
    this.#apart = apart
    this.#begin = begin
  }

  assertSelect(sql: string): Promise<void> {
    return this.#apart.assertSelect(sql)
  }

  async ask(sql: string, params: Readonly<Record<string, string>> = {}): Promise<Result> {
    const named = `${sql} ${Object.values(params).join(' ')}`.match(/\b\d{4}-\d{2}-\d{2}(?!\d)/g) ?? []
    // What lies between the days that it names, then all there is.
    for (let tries = 0; ; tries++) {
      try {
        return await this.#apart.ask(sql, params)
      } catch (error) {
        if (!(error instanceof NeedsArchive) || tries > 1) throw error
        const days = [...named, error.archivedDay].toSorted()
        const copies = tries === 0 ? { first: days[0]!, last: days.at(-1)! } : { first: '', last: '9' }
        this.#apart.close()
        this.#apart = await this.#begin(copies)
      }
    }
  }

  close(): void {
    this.#apart.close()
  }
}

/** A statement needs archived calls that were not copied. */
class NeedsArchive extends UserError {
  readonly archivedDay: string

  constructor(archivedDay: string, message: string, options: ConstructorParameters<typeof UserError>[1]) {
    super(message, options)
    this.archivedDay = archivedDay
  }
}

function begun(program: string): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => kept.test(name)))
  const options = {
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'] as const satisfies readonly string[],
    serialization: 'advanced' as const,
  }
  // Where a file that is open cannot be opened to be written, the limit is needed for nothing.
  if (process.platform === 'win32')
    return spawn(process.execPath, [program], { ...options, stdio: [...options.stdio] })
  const limited = `ulimit -n ${descriptors} 2>/dev/null; exec "$0" "$@"`
  return spawn('/bin/sh', ['-c', limited, process.execPath, program], {
    ...options,
    stdio: [...options.stdio],
  })
}

class Apart implements Asker {
  readonly #child: ChildProcess
  readonly #end = (): void => void this.#child.kill('SIGKILL')

  constructor(child: ChildProcess) {
    this.#child = child
    process.once('exit', this.#end)
  }

  async assertSelect(sql: string): Promise<void> {
    await this.told({ sql }, ({ kind }) => kind === 'done')
  }

  async ask(sql: string, params: Readonly<Record<string, string>> = {}): Promise<Result> {
    let columns: readonly Column[] = []
    const rows: ResultRow[] = []
    await this.told({ sql, params }, (answer) => {
      if (answer.kind === 'columns') columns = answer.columns
      if (answer.kind === 'rows') for (const row of answer.rows) rows.push(row)
      return answer.kind === 'done'
    })
    return { columns, rows }
  }

  close(): void {
    process.removeListener('exit', this.#end)
    this.#end()
  }

  /** Sends, and hears answers until one is the last. @throws what the process fails with */
  told(order: Start | Order, isLast: (answer: Answer) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#child
      const finish = (tell: () => void): void => {
        child.off('message', hear)
        child.off('error', lost)
        child.off('exit', ended)
        tell()
      }
      const hear = (answer: Answer): void => {
        if (answer.kind === 'refused' || answer.kind === 'failed') finish(() => reject(errorOf(answer)))
        else if (isLast(answer)) finish(resolve)
      }
      const lost = (error: Error): void => finish(() => reject(notBegun(error)))
      const ended = (code: number | null, signal: string | null): void =>
        finish(() => reject(endedBy(code, signal)))
      child.on('message', hear)
      child.on('error', lost)
      child.on('exit', ended)
      if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode)
      else child.send(order, (error) => error && lost(error))
    })
  }
}

function errorOf(answer: Answer & { kind: 'refused' | 'failed' }): Error {
  if (answer.kind === 'refused') {
    const { message, code, hint, location, archivedDay } = answer
    const options = {
      code,
      ...(hint === undefined ? {} : { hint: hint.split('\n') }),
      ...(location === undefined ? {} : { location }),
    }
    return archivedDay === undefined
      ? new UserError(message, options)
      : new NeedsArchive(archivedDay, message, options)
  }
  if (!/^Out of Memory/i.test(answer.message)) return new Error(answer.message.replace(shutOff, noFile))
  return new UserError('the statement needs more memory than it may have', {
    hint: 'Give it more with --memory-limit, or let it sum up less at once; it cannot spill to a disk.',
    cause: new Error(answer.message),
  })
}

const shutOff = /^Permission Error: File system \w+ has been disabled by configuration/
const noFile = 'Permission Error: a statement opens no file'

const notBegun = (cause: Error): UserError =>
  new UserError('the statement cannot be run in a process of its own', {
    hint: `Check that /bin/sh is there: ${cause.message}`,
    cause,
  })

const endedBy = (code: number | null, signal: string | null): UserError =>
  new UserError(`the process that ran the statement was ended (${signal ?? `exit ${code}`})`, {
    hint: 'Most often its answer, or its work, does not fit in memory: let it sum up, or end it with a LIMIT.',
  })
