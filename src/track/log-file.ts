/**
 * The log that records go to: lines of JSON in files of this process alone, a new one each day and at a size, whose
 * names never come again. A call never waits for it. Lines are written in batches, whole: what a crash may cost is
 * the last batch, and no line is ever half there. What memory does not hold is dropped, counted, and told by a line.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { trackedBy } from '../domain/words/tracked.js'
import type { Made } from './calls.js'

export interface LogOptions {
  /** Folder of the log; made where it is not there. */
  readonly folder: string
  /** A file is no longer than this, bytes. */
  readonly maxBytes: number
  /** What waits to be written may hold so many bytes of memory; of more, new calls are dropped. */
  readonly maxWaitingBytes: number
  /** The longest that a record waits, ms. */
  readonly flushMs: number
  /** Is told once what keeps the log from being written, and again after it was written. */
  readonly onError: (error: Error) => void
}

/** Records of a batch, and the memory that they hold at most unless one alone holds more; it is begun once there are as many. */
const batch = { records: 256, bytes: 1_000_000 }

/** The first key of each line. */
const mark = { [trackedBy.key]: trackedBy.value }

/** What a record without more holds, roughly, bytes. */
const usualBytes = 1000

interface OpenFile {
  readonly fd: number
  readonly day: string
  /** Bytes of whole lines in it. */
  size: number
}

export class LogFile {
  readonly #options: LogOptions
  readonly #name = `${process.pid}-${randomBytes(4).toString('hex')}`
  #waiting: Made[] = []
  #waitingBytes = 0
  #dropped = 0
  #droppedSince: Date | undefined
  #file: OpenFile | undefined
  #number = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  /** What is being written, so that an end of the process can write it whole. */
  #pending: { readonly lines: Buffer; readonly file: OpenFile; isWritten: boolean } | undefined
  #isFailing = false
  #isTold = false

  constructor(options: LogOptions) {
    this.#options = options
  }

  add(made: Made): void {
    const bytes = bytesOf(made)
    if (this.#waitingBytes + bytes > this.#options.maxWaitingBytes) {
      this.#dropped++
      this.#droppedSince ??= new Date()
      return
    }
    this.#waiting.push(made)
    this.#waitingBytes += bytes
    if (this.#isFailing) return
    if (this.#waiting.length >= batch.records || this.#waitingBytes >= batch.bytes) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.flushMs).unref()
  }

  /** Resolves when all that was added is written, or could not be. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#dropped > 0 || this.#writing !== undefined) {
      this.#start()
      await this.#writing
      if (this.#isFailing) return
    }
  }

  /** Writes all that was added before it returns: the process ends. */
  flushNow(): void {
    const pending = this.#pending
    try {
      if (pending !== undefined && !pending.isWritten) {
        // How much of it is there already nobody knows yet: the same is written again from where it began.
        writeNow(pending.file, pending.lines)
        pending.isWritten = true
      }
      while (this.#waiting.length > 0 || this.#dropped > 0) {
        const lines = this.#linesOf(this.#take())
        writeNow(this.#fileFor(lines.length), lines)
      }
    } catch (error) {
      this.#tell(error)
    }
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== undefined || (this.#waiting.length === 0 && this.#dropped === 0)) return
    this.#writing = this.#writeBatch().finally(() => {
      this.#writing = undefined
      if (this.#waiting.length > 0 && !this.#isFailing) this.#start()
      else if (this.#waiting.length > 0)
        this.#timer ??= setTimeout(() => this.#start(), 10 * this.#options.flushMs).unref()
    })
  }

  async #writeBatch(): Promise<void> {
    // Records are made here, so that no call waits for it.
    await new Promise((resolve) => setImmediate(resolve))
    const before = { dropped: this.#dropped, since: this.#droppedSince }
    const taken = this.#take()
    const lines = this.#linesOf(taken)
    if (lines.length === 0) return
    try {
      const pending = { lines, file: this.#fileFor(lines.length), isWritten: false }
      this.#pending = pending
      await written(pending.file, lines, () => pending.isWritten)
      this.#isFailing = this.#isTold = false
    } catch (error) {
      this.#isFailing = true
      // All of it is tried again with the next batch.
      this.#waiting.unshift(...taken)
      this.#waitingBytes += taken.reduce((sum, made) => sum + bytesOf(made), 0)
      this.#dropped += before.dropped
      this.#droppedSince = before.since ?? this.#droppedSince
      this.#tell(error)
    } finally {
      this.#pending = undefined
    }
  }

  /** Closes the file; what is added later opens another. */
  async close(): Promise<void> {
    await this.flush()
    if (this.#file !== undefined) closeSync(this.#file.fd)
    this.#file = undefined
  }

  /** The next records. */
  #take(): Made[] {
    let bytes = 0
    const end = this.#waiting.findIndex((made, i) => {
      const isFull = i >= batch.records || (i > 0 && bytes + bytesOf(made) > batch.bytes)
      if (!isFull) bytes += bytesOf(made)
      return isFull
    })
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  /** Their lines, and before them how many calls were dropped. */
  #linesOf(taken: readonly Made[]): Buffer {
    const lines: string[] = []
    if (this.#dropped > 0) {
      lines.push(
        JSON.stringify({
          ...mark,
          ts: this.#droppedSince!.toISOString(),
          [trackedBy.dropped]: this.#dropped,
        }),
      )
      this.#dropped = 0
      this.#droppedSince = undefined
    }
    for (const { record } of taken) {
      try {
        lines.push(JSON.stringify({ ...mark, ...record() }))
      } catch (error) {
        this.#tell(error)
      }
    }
    return Buffer.from(lines.map((line) => `${line}\n`).join(''))
  }

  #fileFor(bytes: number): OpenFile {
    const day = new Date().toISOString().slice(0, 10)
    const file = this.#file
    if (file?.day === day && (file.size === 0 || file.size + bytes <= this.#options.maxBytes)) return file
    if (file !== undefined) closeSync(file.fd)
    this.#file = undefined
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
    this.#number++
    const path = join(this.#options.folder, `calls-${day}-${this.#name}-${this.#number}.jsonl`)
    return (this.#file = { fd: openSync(path, 'wx', 0o600), day, size: 0 })
  }

  #tell(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    try {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)))
    } catch {
      // Whatever an application does with it: a call must not fail of it.
    }
  }
}

const bytesOf = ({ bytes = 0 }: Made): number => usualBytes + bytes

function writeNow(file: OpenFile, lines: Buffer): void {
  try {
    for (let done = 0; done < lines.length;)
      done += writeSync(file.fd, lines, done, lines.length - done, file.size + done)
    file.size += lines.length
  } catch (error) {
    withoutRest(file)
    throw error
  }
}

/** @param isWritten whether the end of the process has written the same meanwhile */
async function written(file: OpenFile, lines: Buffer, isWritten: () => boolean): Promise<void> {
  const begin = file.size
  try {
    for (let done = 0; done < lines.length;) {
      done += await new Promise<number>((resolve, reject) => {
        write(file.fd, lines, done, lines.length - done, begin + done, (error, n) =>
          error ? reject(error) : resolve(n),
        )
      })
    }
    if (!isWritten()) file.size += lines.length
  } catch (error) {
    if (isWritten()) return
    withoutRest(file)
    throw error
  }
}

/** A full disk took a part of the batch: no line stays half there. */
function withoutRest({ fd, size }: OpenFile): void {
  try {
    ftruncateSync(fd, size)
  } catch {
    // The next batch is written from the same place.
  }
}
