/** The statements of one pull, and their answers. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../../db/database.js'
import { scratchFolder } from '../../db/scratch.js'
import type { CostBasis } from '../../domain/costs/basis.js'
import { hourMicros, type HourRange } from '../calls-sql.js'
import { dayColumns } from '../days/days-sql.js'
import type { KeptDays } from '../days/keep-days.js'
import { readAnswer } from '../read-answer.js'
import { resolved, surveyRows, type Resolved } from '../resolve.js'
import type { Connection } from '../servers/connection.js'
import {
  cubeColumns,
  cubeStatement,
  dayStatement,
  fingerprintColumns,
  fingerprintStatement,
  surveyColumns,
  surveyStatement,
} from '../statements.js'
import type { ForeignTable } from '../table.js'
import { takeAnswer, takeDays, type TakeRequest, type Taken } from '../take.js'

export interface AskRequest extends Omit<TakeRequest, 'answer' | 'asked' | 'options' | 'prices'> {
  readonly connection: Connection
  readonly table: ForeignTable
  readonly basis: CostBasis
}

let number = 0

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

export class Asking {
  readonly #request: AskRequest
  #db: Database | undefined
  scanned: number | undefined

  constructor(request: AskRequest) {
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

  /** What each hour is there. */
  async fingerprints(hours: HourRange): Promise<ReadonlyMap<number, string>> {
    const { connection, table } = this.#request
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
    const options = JSON.stringify(table)
    // The store is attached to the database that holds the answer, and each batch has its own.
    return takeAnswer(await this.#answers(), {
      ...this.#taking(),
      answer: 'answer',
      options,
      prices,
      asked: todo,
    })
  }

  /** Sketches and users of the days of these hours, which are all that the database has of them from here. */
  async days(hours: readonly number[], words: Resolved): Promise<KeptDays> {
    const { connection, table, basis } = this.#request
    const query = { dialect: connection.dialect, table, hours: rangesOf(hours) }
    await this.#ask(dayStatement(query, words, basis), 'answer', dayColumns)
    return takeDays(await this.#answers(), { ...this.#taking(), answer: 'answer' })
  }

  /** What is asked, without what only asking needs. */
  #taking(): Omit<TakeRequest, 'answer' | 'asked' | 'options' | 'prices'> {
    const { source, replace, now, dbPath, store, version, book } = this.#request
    return { source, replace, now, dbPath, store, version, book }
  }
}
