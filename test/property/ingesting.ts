/**
 * Ingests into stores of its own, in this process: what a test gives is read, and what the store then
 * holds comes back as plain rows, without the columns that name the run.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Database, type ResultRow } from '../../src/db/database.js'
import { openStoreForReading } from '../../src/db/store.js'
import { forgetFiles } from '../../src/ingest/forget.js'
import { ingest, type IngestRequest } from '../../src/ingest/ingest.js'
import type { IngestSummary } from '../../src/ingest/summary.js'
import { writeCalls } from '../../src/rollups/upkeep.js'
import { quickFolder } from '../quick-folder.js'

/** One thread and little memory: many small stores are opened. */
const resources = { threads: 1, memoryLimit: '512MiB', lockTimeoutMs: 5_000 }

/** What a store holds, each row as one line of JSON, sorted: equal contents are equal lists. */
export interface Contents {
  readonly calls: readonly string[]
  readonly rejects: readonly string[]
  readonly rates: readonly string[]
}

/** A folder for one test's logs and stores. */
export class Workshop {
  #folder: string | undefined
  #count = 0

  get folder(): string {
    return (this.#folder ??= mkdtempSync(join(quickFolder, 'llmcost-test-')))
  }

  /** A new, empty folder. */
  room(): string {
    const path = join(this.folder, `room-${++this.#count}`)
    mkdirSync(path)
    return path
  }

  /** Path of a store that does not exist yet. */
  store(): string {
    return join(this.folder, `store-${++this.#count}.duckdb`)
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }
}

/** Writes a file, with its folders. */
export function write(path: string, content: string | Buffer): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

export type Choices = Partial<Omit<IngestRequest, 'sources' | 'dbPath' | 'read'>> & {
  readonly read?: Partial<IngestRequest['read']>
}

/** Reads sources into a store; by default nothing is refused for its rejects. */
export function ingestInto(
  dbPath: string,
  sources: readonly string[],
  choices: Choices = {},
): Promise<IngestSummary> {
  const { read, ...others } = choices
  return ingest({
    sources,
    cwd: '/',
    read: { map: {}, set: {}, ...read },
    priceFiles: [],
    costBasis: 'list-first',
    store: resources,
    dbPath,
    now: new Date('2026-11-01T00:00:00Z'),
    version: 'test',
    rejectLimit: { share: 1 },
    replace: false,
    dryRun: false,
    keepRejectedText: false,
    ...others,
  })
}

/** Takes the calls of files out of a store. @param paths as the store has them */
export async function forgetIn(dbPath: string, paths: readonly string[]): Promise<void> {
  const db = await Database.open(':memory:', 'write', resources)
  try {
    await writeCalls(db, dbPath, resources, async () => {
      const { rows } = await db.query<{ file_id: number; path: string }>(
        'SELECT file_id, path FROM store.files',
      )
      const ids = rows.filter(({ path }) => paths.includes(path)).map((row) => row.file_id)
      await forgetFiles(db, ids, 'list-first')
    })
  } finally {
    db.close()
  }
}

/** Rows of a query over a store, decimals as exact strings. */
export async function ask(dbPath: string, sql: string): Promise<readonly ResultRow[]> {
  const [rows = []] = await askAll(dbPath, [sql])
  return rows
}

/** Rows of each of several queries over a store that is opened once. */
export async function askAll(
  dbPath: string,
  queries: readonly string[],
): Promise<readonly (readonly ResultRow[])[]> {
  const db = await openStoreForReading(dbPath, resources)
  try {
    const answers: (readonly ResultRow[])[] = []
    for (const sql of queries) answers.push((await db.query(sql)).rows)
    return answers
  } finally {
    db.close()
  }
}

/** All that a store holds, less what names the run: file, line. */
export async function contentsOf(dbPath: string): Promise<Contents> {
  const db = await openStoreForReading(dbPath, resources)
  const lines = async (sql: string): Promise<readonly string[]> =>
    (await db.query(sql)).rows
      .map((row) => JSON.stringify(row, (_key, value: unknown) => value ?? undefined))
      .sort()
  try {
    return {
      calls: await lines('SELECT * EXCLUDE (file_id, line) FROM calls'),
      rejects: await lines('SELECT reject_id, reason, fields FROM rejects'),
      rates: await lines('SELECT * FROM rates'),
    }
  } finally {
    db.close()
  }
}
