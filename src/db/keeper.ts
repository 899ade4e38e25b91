/** Keeps, for the process that has the store attached to write it, what its checkpoint may overwrite. */
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, constants, fsyncSync, openSync, rmSync, statSync } from 'node:fs'
import { systemFault } from '../errors.js'
import type { Database } from './database.js'
import { readAt, realPath, syncFolder, writeAll } from './file-bytes.js'
import { activeOf, blockOffset, blockSizeOf, headersIn, headersSize } from './file-pages.js'
import { findKept, inTheWay, keptPath, mark, numberSize, type Found } from './kept-blocks.js'

export class Keeper {
  readonly #store: string
  /** Open until the store is detached: a system forgets all locks of a process on a file that it closes once. */
  readonly #fd: number
  #headers: Buffer | undefined
  #kept: Found | undefined

  constructor(path: string) {
    this.#store = realPath(path)
    this.#fd = openSync(this.#store, 'r')
  }

  /**
   * Copies what a checkpoint may overwrite, and has it on the disk when it returns.
   * @throws UserError when there is no room for it, or something is in its place
   */
  async keep(db: Database): Promise<void> {
    // A block without a free part is never written again.
    const { rows } = await db.query<{ id: number }>(
      "SELECT block_id AS id FROM pragma_metadata_info('store') WHERE len(free_list) > 0 ORDER BY id",
    )
    const headers = readAt(this.#fd, 0, headersSize)
    const ids = rows.map(({ id }) => id)
    try {
      write(this.#store, headers, ids, this.#fd)
    } catch (error) {
      throw systemFault(error, keptPath(this.#store)) ?? error
    }
    this.#headers = headers
    this.#kept = findKept(this.#store)
  }

  /** What is kept, once it is. */
  get kept(): Found | undefined {
    return this.#kept
  }

  /** True when blocks are kept, and another checkpoint than the next was made since. */
  get isOvertaken(): boolean {
    return this.#headers !== undefined && !readAt(this.#fd, 0, headersSize).equals(this.#headers)
  }

  /** The headers, where the file is all that there is of the store: nothing waits in its log of changes. */
  headersIfAll(): Buffer | undefined {
    const log = statSync(`${this.#store}.wal`, { throwIfNoEntry: false })
    return log === undefined || log.size === 0 ? this.headers() : undefined
  }

  /** The headers of the file as they are. */
  headers(): Buffer {
    return readAt(this.#fd, 0, headersSize)
  }

  /** To be called once no checkpoint is left to come, while the store is attached: later it may be another's. */
  remove(): void {
    rmSync(keptPath(this.#store), { force: true })
  }

  /** To be called once the store is detached. */
  close(): void {
    closeSync(this.#fd)
  }
}

function write(store: string, headers: Buffer, ids: readonly number[], from: number): void {
  const path = keptPath(store)
  const blockSize = blockSizeOf(activeOf(headersIn(headers)))
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  let to: number
  try {
    // Who may read the store may read this: the umask is that of the store.
    to = openSync(path, O_WRONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o666)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? inTheWay(path) : error
  }
  try {
    const hash = createHash('sha256')
    const put = (bytes: Buffer): void => {
      hash.update(bytes)
      writeAll(to, bytes)
    }
    const counts = Buffer.alloc(8)
    counts.writeUInt32LE(ids.length, 0)
    counts.writeUInt32LE(blockSize, 4)
    const list = Buffer.alloc(8 * ids.length)
    for (const [i, id] of ids.entries()) list.writeBigUInt64LE(BigInt(id), 8 * i)
    put(Buffer.concat([mark, randomBytes(numberSize), counts, headers, list]))
    for (const id of ids) put(readAt(from, blockOffset(id, blockSize), blockSize))
    writeAll(to, hash.digest())
    fsyncSync(to)
    closeSync(to)
    syncFolder(path)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}
