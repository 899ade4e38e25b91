/**
 * A pull: asks an engine for the cells of the hours that have changed there since the last one, or whose prices have
 * changed here, some hours at a time. Each batch is a transaction of its own: what was taken stays, whatever comes.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../db/database.js'
import { scratchFolder } from '../db/scratch.js'
import { openStoreBeforeWriting } from '../db/store.js'
import type { CostBasis } from '../domain/costs/basis.js'
import { partsVersion } from '../rollups/parts.js'
import { hourMicros, type HourRange } from './calls-sql.js'
import type { Connection } from './connection.js'
import { headerOf, readAnswer } from './read-answer.js'
import { resolved, surveyRows, type Resolved } from './resolve.js'
import {
  cubeColumns,
  cubeStatement,
  fingerprintColumns,
  fingerprintStatement,
  surveyColumns,
  surveyStatement,
} from './statements.js'
import type { ForeignTable } from './table.js'
import { takeAnswer, type TakeRequest, type Taken } from './take.js'

export interface PullRequest extends Omit<TakeRequest, 'answer' | 'asked' | 'options' | 'prices'> {
  readonly connection: Connection
  readonly table: ForeignTable
  readonly hours: HourRange
  readonly basis: CostBasis
  /** How much is asked for at once; an hour with more rows stands alone. */
  readonly limits?: { readonly hours: number; readonly rows: number }
  /** Told after each batch: hours that are done, of all. */
  readonly onBatch?: (done: number, total: number, rows: number) => void
}

export interface Pulled {
  readonly batches: readonly Taken[]
  /** Hours that are as they were. */
  readonly unchanged: number
  /** Bytes that the engine read; undefined where it does not say. */
  readonly scanned: number | undefined
}

let number = 0

const usualLimits = { hours: 240, rows: 5_000_000 }

/** @throws UserError */
export async function pullCells(request: PullRequest): Promise<Pulled> {
  const asking = new Asking(request)
  try {
    const prices = pricesOf(request)
    const there = await asking.fingerprints()
    const here = await storedHours(request, prices)
    const changed = [...there].filter(([hour, mark]) => here.get(hour) !== mark).map(([hour]) => hour)
    const emptied = [...here.keys()].filter((hour) => !there.has(hour))
    const unchanged = there.size - changed.length
    const todo = [...changed, ...emptied].toSorted((a, b) => a - b)
    if (todo.length === 0) return { batches: [], unchanged, scanned: asking.scanned }
    const words = await asking.survey(todo)
    const batches: Taken[] = []
    let done = 0
    for (const some of batchesOf(todo, there, request.limits ?? usualLimits)) {
      batches.push(await asking.cells(some, words, prices))
      done += some.length
      request.onBatch?.(
        done,
        todo.length,
        batches.reduce((sum, one) => sum + one.rows, 0),
      )
    }
    return { batches, unchanged, scanned: asking.scanned }
  } finally {
    asking.close()
  }
}

/** @param there what each hour is there, its rows first */
function batchesOf(
  todo: readonly number[],
  there: ReadonlyMap<number, string>,
  limits: NonNullable<PullRequest['limits']>,
): number[][] {
  const batches: number[][] = []
  let rows = Infinity
  for (const hour of todo) {
    const own = Number((there.get(hour) ?? '0').split(' ')[0])
    const last = batches.at(-1)
    if (last === undefined || rows + own > limits.rows || last.length >= limits.hours) {
      batches.push([hour])
      rows = own
    } else {
      last.push(hour)
      rows += own
    }
  }
  return batches
}

/** The columns that a table has. @throws UserError with what the engine says */
export async function columnsThere(connection: Connection, table: string): Promise<readonly string[]> {
  const path = join(scratchFolder(), `columns-${number++}.csv`)
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    const from = table
      .split('.')
      .map((part) => connection.dialect.name(part))
      .join('.')
    await connection.ask(`SELECT * FROM ${from} LIMIT 0`, path)
    return await headerOf(db, path)
  } finally {
    db.close()
    rmSync(path, { force: true })
  }
}

/** What cells are made by: when it changes, all hours are asked for anew. */
function pricesOf({ book, basis, table }: PullRequest): string {
  const parts = [book.fingerprint, basis, partsVersion, JSON.stringify(table)]
  return createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 16)
}

/** Hours of this source in the window, with what they were when they were taken; '' where prices were others. */
async function storedHours(
  { dbPath, store, source, hours: [from, to] }: PullRequest,
  prices: string,
): Promise<ReadonlyMap<number, string>> {
  const db = await openStoreBeforeWriting(dbPath, store)
  if (db === undefined) return new Map()
  try {
    const { tables } = await db.one<{ tables: number }>(
      "SELECT count(*) AS tables FROM duckdb_tables() WHERE table_name = 'pulled_hours' AND database_name = 'store'",
    )
    if (tables === 0) return new Map()
    const { rows } = await db.query<{ hour: number; fingerprint: string; prices: string }>(
      `SELECT hour, fingerprint, prices FROM store.main.pulled_hours WHERE hour >= $from AND hour < $to
        AND file_id IN (SELECT file_id FROM store.main.files WHERE path = $source)`,
      { from, to, source },
    )
    return new Map(rows.map((row) => [row.hour, row.prices === prices ? row.fingerprint : '']))
  } finally {
    db.close()
  }
}

/** Hours one after another as ranges. */
function rangesOf(hours: readonly number[]): readonly HourRange[] {
  const ranges: [number, number][] = []
  for (const hour of hours) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === hour) last[1] = hour + 1
    else ranges.push([hour, hour + 1])
  }
  return ranges
}

/** The statements of one pull, and their answers. */
class Asking {
  readonly #request: PullRequest
  #db: Database | undefined
  scanned: number | undefined

  constructor(request: PullRequest) {
    this.#request = request
  }

  close(): void {
    this.#db?.close()
  }

  /** The database that answers are read into. */
  async #answers(): Promise<Database> {
    return (this.#db ??= await Database.open(':memory:', 'write', this.#request.store))
  }

  /** An answer as a table of texts. */
  async #ask(sql: string, table: string, columns: readonly string[]): Promise<Database> {
    const path = join(scratchFolder(), `answer-${number++}.csv`)
    const db = await this.#answers()
    try {
      const { scanned } = await this.#request.connection.ask(sql, path)
      if (scanned !== undefined) this.scanned = (this.scanned ?? 0) + scanned
      await readAnswer(db, path, table, columns)
    } finally {
      rmSync(path, { force: true })
    }
    return db
  }

  async fingerprints(): Promise<ReadonlyMap<number, string>> {
    const { connection, table, hours } = this.#request
    const sql = fingerprintStatement({ dialect: connection.dialect, table, hours: [hours] })
    const db = await this.#ask(sql, 'fingerprints', fingerprintColumns)
    const { rows } = await db.query<{ hour: number; mark: string }>(
      "SELECT CAST(hour AS BIGINT) AS hour, concat_ws(' ', hour_rows, hour_version, hour_tokens, hour_cost) AS mark FROM fingerprints",
    )
    return new Map(rows.map(({ hour, mark }) => [hour, mark]))
  }

  async survey(todo: readonly number[]): Promise<Resolved> {
    const { connection, table, book } = this.#request
    const hours = rangesOf(todo)
    const db = await this.#ask(
      surveyStatement({ dialect: connection.dialect, table, hours }),
      'survey',
      surveyColumns,
    )
    const span = [todo[0]! * hourMicros, (todo.at(-1)! + 1) * hourMicros] as const
    return resolved(db, book, await surveyRows(db, 'survey'), table.isOurs === true, span)
  }

  async cells(todo: readonly number[], words: Resolved, prices: string): Promise<Taken> {
    const { connection, table, basis } = this.#request
    const query = { dialect: connection.dialect, table, hours: rangesOf(todo) }
    await this.#ask(cubeStatement(query, words, basis), 'answer', cubeColumns)
    // The store is attached to the database that holds the answer, and each batch has its own.
    const db = await this.#answers()
    const {
      connection: _,
      table: __,
      hours: ___,
      basis: ____,
      onBatch: _____,
      limits: ______,
      ...request
    } = this.#request
    const options = JSON.stringify(table)
    return takeAnswer(db, { ...request, answer: 'answer', options, prices, asked: todo })
  }
}
