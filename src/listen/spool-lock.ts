/**
 * One listener has a spool. A file says which; it is made in one step, and is taken over where its maker is gone: its
 * process does not run any more, or, on another machine or in another container, it has not said for long that it does.
 */
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../errors.js'

/** How often it says that it runs, ms, and after how long it is taken for gone. */
const beat = 5_000
const gone = 60_000

/** How often a lock is looked at before another listener has it: each time it was one of who is gone. */
const tries = 5

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, as the system counts it: numbers of processes come again. */
  readonly began: string
}

export class SpoolLock {
  readonly #path: string
  readonly #own: string
  readonly #timer: NodeJS.Timeout

  private constructor(path: string, own: string) {
    this.#path = path
    this.#own = own
    this.#timer = setInterval(() => {
      const now = new Date()
      utimes(path, now, now).catch(() => undefined)
    }, beat).unref()
  }

  /** @throws UserError where another has it */
  static async take(folder: string): Promise<SpoolLock> {
    const path = join(folder, 'listen.lock')
    const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
    const holder: Holder = { pid: process.pid, host: hostname(), began: await beginningOf(process.pid) }
    const own = `${JSON.stringify({ ...holder, mark: draft.slice(path.length) })}\n`
    await writeFile(draft, own, { flag: 'wx', mode: 0o600 })
    try {
      for (let i = 0; i < tries; i++) {
        if (await linked(draft, path)) {
          // Whoever found a lock of one who is gone at the same time may have taken this one away.
          await sleep(20)
          if ((await textOf(path)) === own) return new SpoolLock(path, own)
        }
        const held = await textOf(path)
        if (held !== undefined && (await isHeld(held, path))) throw inUse(path, held)
        if (held !== undefined) await takeAway(path, held, draft)
      }
      throw inUse(path, (await textOf(path)) ?? '')
    } finally {
      await rm(draft, { force: true })
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#timer)
    if ((await textOf(this.#path)) === this.#own) await rm(this.#path, { force: true })
  }
}

function inUse(path: string, held: string): UserError {
  const pid = holderOf(held)?.pid
  return new UserError(`another listener has this spool${pid === undefined ? '' : `: process ${pid}`}`, {
    location: path,
    hint: 'End it, or name another folder with --spool. Where no listener runs, delete that file.',
  })
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder
    return typeof holder.pid === 'number' ? holder : undefined
  } catch {
    return undefined
  }
}

async function isHeld(text: string, path: string): Promise<boolean> {
  const holder = holderOf(text)
  if (holder === undefined || holder.host !== hostname()) return (await ageOf(path)) < gone
  // In a container each program may have the number of the one before it.
  if (holder.pid === process.pid && holder.began !== (await beginningOf(process.pid))) return false
  return isRunning(holder.pid) && (await beginningOf(holder.pid)) === holder.began
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // It runs, and is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const ageOf = async (path: string): Promise<number> =>
  Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0)

/** Takes the lock of who is gone away, and puts it back where it is another's by now. */
async function takeAway(path: string, held: string, draft: string): Promise<void> {
  const old = `${draft}.old`
  await rename(path, old).catch(() => undefined)
  const text = await textOf(old)
  if (text !== undefined && text !== held) await linked(old, path)
  await rm(old, { force: true })
}

/** Empty where the system does not tell. */
async function beginningOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name of the program stands in brackets, and may hold spaces.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
