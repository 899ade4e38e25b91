/**
 * db: the store. Opening, locking, migrating and querying; the only folder that uses DuckDB's client.
 *
 * A connection to DuckDB that speaks in plain values: decimals as exact strings, whole numbers as
 * numbers (bigint beyond 2^53), times as ISO 8601 UTC strings.
 */
import { mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance, DuckDBValue, Json } from '@duckdb/node-api'
import { inlined, type SqlValue } from '../domain/words/inlined.js'
import { quoteText } from '../domain/words/quoting.js'
import { CallsElsewhere, UserError } from '../errors.js'
import { asUserAllows, keepFilesPrivate } from '../machine/umask.js'
import { callsElsewhere, engineFault, withoutRate } from './faults.js'
import { scratchFolder, sweepAbandoned } from './scratch.js'

export type { SqlValue }
export type Value = string | number | bigint | boolean | null | Value[] | { [key: string]: Value }
export type ResultRow = Record<string, Value>

export interface Result<R = ResultRow> {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly R[]
}

export interface Resources {
  /** Such as `2GB`; default a quarter of the machine's memory. */
  readonly memoryLimit?: string | undefined
  readonly threads?: number | undefined
  /** False: what memory does not hold fails, and no temporary file is made. */
  readonly spills?: boolean | undefined
}

/** DuckDB's client, loaded when a database is first opened. */
async function duckdb(): Promise<typeof import('@duckdb/node-api')> {
  isLoaded = true
  setAllocator(givesBack)
  return (await import('./engine.js')).engine
}
let isLoaded = false

/** Where the engine's allocator is told, once, before it is loaded. What the user says there counts. */
const setAllocator = (settings: string): void => void (process.env['DUCKDB_JE_MALLOC_CONF'] ??= settings)
/** What is free goes back to the system after half a second, not ten: an ingest's peak is a tenth lower. */
const givesBack = 'dirty_decay_ms:500,muzzy_decay_ms:0'

/**
 * From here on the engine gets its memory wiped, where its allocator can: a block that is spilled is written
 * whole, and its unused part holds what was in that memory before, such as a record with its prompt. It costs
 * a sixth of an ingest's time, so only runs that may spill ask for it. No use once the engine is loaded.
 */
export function wipeMemory(): void {
  if (!isLoaded) setAllocator(`${givesBack},zero:true`)
}

/** The size that `--memory-limit` says, or the default, bytes; undefined for what is no size. */
export function memoryBytes({ memoryLimit }: Resources): number | undefined {
  if (memoryLimit === undefined) return totalmem() / 4
  const [, size, unit = '', binary] = /^\s*(\d+(?:\.\d+)?)\s*([kmgt])(i?)b\s*$/i.exec(memoryLimit) ?? []
  if (size === undefined) return undefined
  return Number(size) * (binary ? 1024 : 1000) ** ('kmgt'.indexOf(unit.toLowerCase()) + 1)
}

/** Settings of every instance: offline, in UTC, bounded. */
function instanceOptions(resources: Resources): Record<string, string> {
  const options: Record<string, string> = {
    autoinstall_known_extensions: 'false',
    memory_limit:
      buffersOf(resources.memoryLimit) ?? `${Math.max(256, Math.floor(totalmem() / 4 / 1048576))}MiB`,
    temp_directory: resources.spills === false ? '' : spillFolder(),
  }
  if (resources.threads !== undefined) options['threads'] = String(resources.threads)
  return options
}

let spills = 0

/** A folder of its own for each instance: the engine takes away what it finds there. Empty: no spilling. */
function spillFolder(): string {
  try {
    return join(scratchFolder(), `spill-${++spills}`)
  } catch {
    // What fits into memory is answered without one.
    return ''
  }
}

/** Gives a database what a statement lacks, so that it can be run again. @param tries times that it was. @returns false where it cannot */
export type Lender = (
  missing: CallsElsewhere,
  params: Readonly<Record<string, SqlValue>>,
  tries: number,
) => Promise<boolean>

export class Database {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  #sealed = false

  readonly #resources: Resources
  #lend: Lender | undefined
  /** What is lent to one statement is lent to all: one after another asks for it. */
  #lending: Promise<unknown> = Promise.resolve()

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, resources: Resources) {
    this.#instance = instance
    this.#connection = connection
    this.#resources = resources
  }

  /**
   * Opens a file, or `:memory:`. Errors are DuckDB's own; `openStore` turns them into words for people.
   */
  static async open(path: string, mode: 'read' | 'write', resources: Resources = {}): Promise<Database> {
    keepFilesPrivate()
    sweepAbandoned()
    const { DuckDBInstance } = await duckdb()
    const options = instanceOptions(resources)
    if (mode === 'read') options['access_mode'] = 'READ_ONLY'
    // Rows wait in memory, uncompressed, until so many groups of 122,880 of them are written together.
    else options['write_buffer_row_group_count'] = '1'
    let instance: DuckDBInstance
    try {
      instance = await DuckDBInstance.create(path, options)
    } catch (error) {
      throw memoryLimitError(error, resources) ?? engineFault(error, resources) ?? error
    }
    const connection = await instance.connect()
    await connection.run(
      "SET autoload_known_extensions = false; SET allow_community_extensions = false; SET TimeZone = 'UTC'",
    )
    return new Database(instance, connection, resources)
  }

  /**
   * A database in memory that has one file attached and is sealed: no statement, view or function, wherever it
   * comes from, opens a file but those named, reaches the network or changes a setting. One that does not spill
   * opens no file at all any more.
   * @param reach absolute paths: files, or folders with all that is in them
   * @param attach is sealed but for the settings, and runs nothing of the file
   */
  static async openSealed(
    resources: Resources,
    reach: readonly string[],
    attach: (db: Database) => Promise<unknown>,
  ): Promise<Database> {
    const db = await Database.open(':memory:', 'write', resources)
    try {
      const list = `[${reach.map(quoteText).join(', ')}]`
      await db.run(`SET allowed_paths = ${list}; SET allowed_directories = ${list}`)
      await db.run('SET enable_external_access = false')
      await attach(db)
      // What is attached stays among the paths allowed: a COPY could replace it.
      if (resources.spills === false) await db.run("SET disabled_filesystems = 'LocalFileSystem'")
      await db.seal()
    } catch (error) {
      db.close()
      throw error
    }
    return db
  }

  /** Runs a query and returns all its rows. Parameters travel as values, or as literals that cannot act. */
  async query<R = ResultRow>(sql: string, params: Record<string, SqlValue> = {}): Promise<Result<R>> {
    const asked = statement(sql, params)
    const reader = await this.#answered(params, () => this.#connection.runAndReadAll(...asked))
    const types = reader.columnTypes().map(String)
    const columns = reader.columnNames().map((name, i) => ({ name, type: types[i] ?? '' }))
    const rows = reader.getRowsJson().map((row) => {
      const out: ResultRow = {}
      for (const [i, column] of columns.entries()) out[column.name] = plain(row[i] ?? null, column.type)
      return out
    })
    return { columns, rows: rows as R[] }
  }

  /** Runs a query that answers with exactly one row. */
  async one<R = ResultRow>(sql: string, params: Record<string, SqlValue> = {}): Promise<R> {
    const { rows } = await this.query<R>(sql, params)
    const row = rows[0]
    if (row === undefined) throw new Error(`no row from: ${sql.slice(0, 80)}`)
    return row
  }

  /** Runs statements for their effect and returns how many rows changed. */
  async run(sql: string, params: Record<string, SqlValue> = {}): Promise<number> {
    const asked = statement(sql, params)
    const result = await this.#answered(params, () => this.#connection.run(...asked))
    return result.rowsChanged
  }

  /** From here on a statement that needs calls which the store does not hold is run again with what is lent. */
  onElsewhere(lend: Lender): void {
    this.#lend = lend
  }

  /** The answer; where it needs calls that can be lent, with these. */
  async #answered<T>(params: Readonly<Record<string, SqlValue>>, ask: () => Promise<T>): Promise<T> {
    // At most what lies between its moments, then all there is.
    for (let tries = 0; ; tries++) {
      try {
        return await this.#told(ask())
      } catch (error) {
        if (!(error instanceof CallsElsewhere) || this.#lend === undefined || tries > 2) throw error
        const lent = this.#lending.then(() => this.#lend!(error, params, tries))
        this.#lending = lent.catch(() => undefined)
        if (!(await lent)) throw error
      }
    }
  }

  /** The answer, or what the machine lacks for it in words for people. */
  async #told<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw callsElsewhere(error) ?? withoutRate(error) ?? engineFault(error, this.#resources) ?? error
    }
  }

  /** Makes the statement that runs fail soon; nothing where none runs. */
  interrupt(): void {
    this.#connection.interrupt()
  }

  /** Rows of a query in batches, for answers that need not fit in memory. */
  async *stream(
    sql: string,
    params: Record<string, SqlValue> = {},
    onColumns?: (columns: Result['columns']) => void | Promise<void>,
  ): AsyncGenerator<ResultRow[]> {
    // What would fail in the middle of the rows fails before the first.
    if (this.#lend !== undefined) await this.one(`SELECT count(*) AS n FROM (${sql})`, params)
    const result = await this.#told(this.#connection.stream(sql, bindable(params)))
    const names = result.columnNames()
    const types = result.columnTypes().map(String)
    await onColumns?.(names.map((name, i) => ({ name, type: types[i] ?? '' })))
    const rows = result.yieldRowsJson()[Symbol.asyncIterator]()
    for (;;) {
      const next = await this.#told(rows.next())
      if (next.done === true) return
      yield next.value.map((row) =>
        Object.fromEntries(names.map((name, i) => [name, plain(row[i] ?? null, types[i] ?? '')])),
      )
    }
  }

  /** Parses statements and runs none. @throws DuckDB's own error, with the line, when they cannot be parsed */
  async parse(sql: string): Promise<void> {
    await this.#connection.extractStatements(sql)
  }

  /** Binds one SELECT, and does not run it. @throws DuckDB's own error: a column that is not there, say */
  async assertBinds(sql: string): Promise<void> {
    const { StatementType } = await duckdb()
    const statements = await this.#connection.extractStatements(sql)
    if (statements.count !== 1) throw new Error(`not one statement: ${sql.slice(0, 80)}`)
    const prepared = await statements.prepare(0)
    const { statementType: type } = prepared
    prepared.destroySync()
    if (type !== StatementType.SELECT) throw new Error(`not a SELECT: ${sql.slice(0, 80)}`)
  }

  /** Keeps the files of attached databases open until the end, also when a statement detaches them. */
  async hold(): Promise<void> {
    const holder = await this.#instance.connect()
    await holder.run('BEGIN')
    await holder.run('FROM store.main.meta')
  }

  /** From here on nothing in a statement can reach files, the network or the settings. */
  async seal(): Promise<void> {
    // A second time would change a setting that is locked.
    if (this.#sealed) return
    this.#sealed = true
    await this.#connection.run('SET enable_external_access = false; SET lock_configuration = true')
  }

  /** Runs work over a connection of its own: what is made there for it alone is gone after. */
  async beside<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const connection = await this.#instance.connect()
    try {
      await connection.run("SET TimeZone = 'UTC'")
      return await work(new Database(this.#instance, connection, this.#resources))
    } finally {
      connection.closeSync()
    }
  }

  /** From here on `progress` is kept while a statement runs. */
  async watchProgress(): Promise<void> {
    await this.#connection.run('SET enable_progress_bar = true')
    await this.#connection.run('SET enable_progress_bar_print = false')
  }

  /** How far the running statement is, 0 to 1; needs `watchProgress`. */
  get progress(): number {
    return Math.max(0, this.#connection.progress.percentage) / 100
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

/** What the client is given: the statement with its values in it where none can act, else both. */
function statement(
  sql: string,
  params: Record<string, SqlValue>,
): [sql: string, values?: Record<string, DuckDBValue>] {
  const values = bindable(params)
  if (values === undefined) return [sql]
  const whole = inlined(sql, params)
  return whole === undefined ? [sql, values] : [whole]
}

function bindable(params: Record<string, SqlValue>): Record<string, DuckDBValue> | undefined {
  return Object.keys(params).length === 0 ? undefined : params
}

/**
 * What of a limit on memory DuckDB may fill with its buffers. Beside them stand Node and what is no buffer: rows on
 * their way between operators, parsed documents, freed pages; about a quarter of the buffers more.
 */
function buffersOf(limit: string | undefined): string | undefined {
  const bytes = limit === undefined ? undefined : memoryBytes({ memoryLimit: limit })
  return bytes === undefined ? limit : `${Math.floor(bytes * 0.8)}B`
}

function memoryLimitError(error: unknown, resources: Resources): UserError | undefined {
  const message = error instanceof Error ? error.message : String(error)
  if (resources.memoryLimit === undefined || !/memory_limit|parse|memory/i.test(message)) return undefined
  return /unknown unit|memory_limit|parser error/i.test(message)
    ? new UserError(`--memory-limit ${resources.memoryLimit} is not a size`, {
        code: 'usage',
        hint: 'Write it as 512MB or 4GB.',
      })
    : undefined
}

/** One value of the client's JSON form as a plain value, by its SQL type. */
function plain(value: Json, type: string): Value {
  if (value === null) return null
  if (/^(U?BIGINT|U?HUGEINT)$/.test(type)) {
    const whole = BigInt(value as string)
    return whole >= -9007199254740991n && whole <= 9007199254740991n ? Number(whole) : whole
  }
  if (type.startsWith('TIMESTAMP')) return isoTime(value as string)
  if (type.startsWith('MAP(') && Array.isArray(value)) {
    const entries = value as { key: string; value: Json }[]
    const inner = type.slice(type.indexOf(', ') + 2, -1)
    return Object.fromEntries(entries.map((e) => [e.key, plain(e.value, inner)]))
  }
  return value
}

/** `2026-10-02 08:15:30.12` or `…+00` as `2026-10-02T08:15:30.12Z`. */
function isoTime(text: string): string {
  return `${text.replace(' ', 'T').replace(/\+00$/, '')}Z`
}

/** Makes the folder that a new store will live in. @throws UserError when that is not possible */
export function ensureFolder(path: string): void {
  try {
    asUserAllows(() => mkdirSync(path, { recursive: true }))
  } catch (error) {
    throw new UserError('the folder of the database cannot be made', {
      location: path,
      hint: 'Name another path with --db.',
      cause: error,
    })
  }
}
