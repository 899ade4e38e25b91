/**
 * A database file that the engine was about to make when its process was killed: empty, or a page or two of its
 * headers. It holds nothing, and the engine does not open it.
 */
import { closeSync, fstatSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from './database.js'
import { readAt, writeAll } from './file-bytes.js'
import { headersSize, isUnused, pageSize } from './file-pages.js'

import { scratchFolder } from './scratch.js'
import { quoteText } from '../domain/words/quoting.js'

const magic = { at: 8, text: 'DUCK' }

/** True for a file that begins as the engine's files do. */
export const isMarked = (head: Buffer): boolean =>
  head.toString('latin1', magic.at, magic.at + magic.text.length) === magic.text

/** True for an unfinished file of that size and beginning. @param head read only where it decides */
export function isStub(size: number, head: () => Buffer): boolean {
  if (size === 0 || size >= headersSize || size % pageSize > 0) return size === 0
  const read = head()
  // One that had been used and was cut is no stub: it has lost something.
  return isMarked(read) && (size === pageSize || isUnused(read.subarray(pageSize, size)))
}

/**
 * Adds what a stub lacks to be an empty database; leaves all else alone. What it adds goes to the end: where
 * another process does the same, or is just making the file, it lands where nothing is looked for.
 * @param storage version of the file, in the engine's words
 */
export async function finishStub(path: string, storage: string): Promise<void> {
  const fd = openSync(path, 'a+')
  try {
    const { size } = fstatSync(fd)
    if (isStub(size, () => readAt(fd, 0, size))) writeAll(fd, (await emptyDatabase(storage)).subarray(size))
  } finally {
    closeSync(fd)
  }
}

/** The bytes of a database without a table. */
async function emptyDatabase(storage: string): Promise<Buffer> {
  const path = join(scratchFolder(), 'empty.duckdb')
  const db = await Database.open(':memory:', 'write', { threads: 1, spills: false })
  try {
    await db.run(`ATTACH ${quoteText(path)} AS empty (STORAGE_VERSION '${storage}')`)
    await db.run('DETACH empty')
    return readFileSync(path)
  } finally {
    db.close()
    rmSync(path, { force: true })
  }
}
