/**
 * The spool: files of lines that are on the disk before anybody is told so. What comes while one write goes on is
 * written by the next, all at once, so that many senders wait for one `fsync`. A file has a name that never comes
 * again, a new one is begun each day (UTC) and at a size; only whole batches count as written, and what a crash left
 * half there was promised to nobody and is cut off at the next start.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SpoolLock } from './spool-lock.js'

export interface SpoolOptions {
  /** Made where it is not there, for this user alone. */
  readonly folder: string
  /** A file is no longer than this, bytes, unless one batch is. */
  readonly maxFileBytes: number
}

/** Bytes that are written at once at most, unless one request alone has more. */
const batchBytes = 8_000_000

interface Waiting {
  readonly text: Buffer
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

interface OpenFile {
  readonly path: string
  readonly handle: FileHandle
  readonly day: string
  /** Bytes of whole batches in it. */
  size: number
}

const ending = '.jsonl'

export class Spool {
  readonly #options: SpoolOptions
  readonly #lock: SpoolLock
  readonly #name = `${process.pid}-${randomBytes(4).toString('hex')}`
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #file: OpenFile | undefined
  #number = 0

  private constructor(options: SpoolOptions, lock: SpoolLock) {
    this.#options = options
    this.#lock = lock
  }

  /** @throws UserError where another listener has it; the system's error where it cannot be written */
  static async open(options: SpoolOptions): Promise<Spool> {
    await make(options.folder)
    const lock = await SpoolLock.take(options.folder)
    try {
      for (const name of await readdir(options.folder))
        if (name.startsWith('otlp-') && name.endsWith(ending)) await cutTorn(join(options.folder, name))
      return new Spool(options, lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /** Resolves when the lines are on the disk. @param text whole lines @throws the system's error where they are not */
  append(text: Buffer): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ text, done, failed })
      this.#writing ??= this.#writeAll()
    })
  }

  /** Waits for what is under way, and lets another listener have it. */
  async close(): Promise<void> {
    await this.#writing
    await this.#leave()
    await this.#lock.release()
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      try {
        await this.#write(Buffer.concat(batch.map(({ text }) => text)))
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    // At once after the look: who is told that the last batch is written may have more.
    this.#writing = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    const end = this.#waiting.findIndex(({ text }, i) => (bytes += text.length) > batchBytes && i > 0)
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  async #write(text: Buffer): Promise<void> {
    const file = await this.#fileFor(text.length)
    try {
      for (let done = 0; done < text.length;)
        done += (await file.handle.write(text, done, text.length - done, file.size + done)).bytesWritten
      await file.handle.datasync()
    } catch (error) {
      // After a failed sync nobody knows what the disk has: of this batch nothing stays, and the next begins another file.
      await file.handle.truncate(file.size).catch(() => undefined)
      await this.#leave()
      throw error
    }
    file.size += text.length
    // Who cleared the spool took the file away while it was open: what is written there nobody reads.
    if ((await file.handle.stat()).nlink > 0) return
    await this.#leave()
    await this.#write(text)
  }

  async #fileFor(bytes: number): Promise<OpenFile> {
    const day = new Date().toISOString().slice(0, 10)
    const file = this.#file
    const fits = file !== undefined && (file.size === 0 || file.size + bytes <= this.#options.maxFileBytes)
    if (fits && file.day === day) return file
    await this.#leave()
    const { folder } = this.#options
    await make(folder)
    const path = join(folder, `otlp-${day}-${this.#name}-${++this.#number}${ending}`)
    const handle = await open(path, 'wx', 0o600)
    this.#file = { path, handle, day, size: 0 }
    await syncFolder(folder)
    return this.#file
  }

  async #leave(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.handle.close().catch(() => undefined)
  }
}

/** Makes a folder and those above it. Node's own way to do so never ends where a system takes no folder, as in /proc. */
async function make(folder: string): Promise<void> {
  const once = async (): Promise<unknown> => mkdir(folder, { mode: 0o700 })
  try {
    await once()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await make(dirname(folder))
    await once()
  }
}

/** A file is found after a crash of the machine only where its folder is on the disk, too; not all systems can say so. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // The file itself is synced.
  }
}

const newline = 0x0a
const block = 65_536

/** Cuts off a last line that has no end: a crash left it half written, and its sender was told nothing. */
async function cutTorn(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    const { size } = await handle.stat()
    let end = size
    while (end > 0) {
      const begin = Math.max(0, end - block)
      const { buffer } = await handle.read(Buffer.alloc(end - begin), 0, end - begin, begin)
      const at = buffer.lastIndexOf(newline)
      end = at === -1 ? begin : begin + at + 1
      if (at !== -1) break
    }
    if (end < size) await handle.truncate(end)
  } finally {
    await handle.close()
  }
}
