/**
 * A pull: asks an engine for the cells of the hours that have changed there since the last one, or whose prices have
 * changed here, some hours at a time. Each batch is a transaction of its own: what was taken stays, whatever comes.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../../db/database.js'
import { scratchFolder } from '../../db/scratch.js'
import { openStoreBeforeWriting } from '../../db/store.js'
import { partsVersion } from '../../rollups/parts.js'
import type { HourRange } from '../calls-sql.js'
import type { KeptDays } from '../days/keep-days.js'
import { headerOf } from '../read-answer.js'
import type { Connection } from '../servers/connection.js'
import type { Taken } from '../take.js'
import { Asking, type AskRequest } from './asking.js'
import { pullDays } from './pull-days.js'

export interface PullRequest extends AskRequest {
  readonly hours: HourRange
  /** How much is asked for at once; an hour with more rows stands alone. */
  readonly limits?: { readonly hours: number; readonly rows: number }
  /** Told after each batch: hours that are done, of all. */
  readonly onBatch?: (done: number, total: number, rows: number) => void
}

export interface Pulled {
  readonly batches: readonly Taken[]
  /** Hours that are as they were. */
  readonly unchanged: number
  /** Days whose sketches and users came. */
  readonly days: number
  readonly daysLeftOut: KeptDays['leftOut']
  /** Bytes that the engine read; undefined where it does not say. */
  readonly scanned: number | undefined
}

let number = 0

const usualLimits = { hours: 240, rows: 5_000_000 }

/** A day into which calls come while it is asked is asked again. */
const mostTries = 3

/** @throws UserError */
export async function pullCells(request: PullRequest): Promise<Pulled> {
  const asking = new Asking(request)
  try {
    const all: Once[] = []
    let { hours } = request
    for (;;) {
      const once = await pullOnce(asking, { ...request, hours })
      all.push(once)
      const [first] = once.leftOut
      if (first === undefined || all.length === mostTries) break
      hours = within(request.hours, first.day, once.leftOut.at(-1)!.day)
    }
    return {
      batches: all.flatMap(({ batches }) => batches),
      unchanged: all[0]!.unchanged,
      days: all.reduce((sum, { days }) => sum + days, 0),
      daysLeftOut: all.at(-1)!.leftOut,
      scanned: asking.scanned,
    }
  } finally {
    asking.close()
  }
}

interface Once extends Pick<Pulled, 'batches' | 'unchanged' | 'days'> {
  readonly leftOut: Pulled['daysLeftOut']
}

async function pullOnce(asking: Asking, request: PullRequest): Promise<Once> {
  const prices = pricesOf(request)
  const [since, until] = request.hours
  // What the database has of the first and the last day belongs to what is counted of these days.
  const hours = [Math.floor(since / 24) * 24, Math.ceil(until / 24) * 24] as const
  const here = await storedHours({ ...request, hours }, prices)
  const found = await asking.fingerprints(hours)
  const there = new Map([...found].filter(([hour]) => (hour >= since && hour < until) || here.has(hour)))
  const changed = [...there].filter(([hour, mark]) => here.get(hour) !== mark).map(([hour]) => hour)
  const emptied = [...here.keys()].filter((hour) => !there.has(hour))
  const todo = [...changed, ...emptied].toSorted((a, b) => a - b)
  const batches: Taken[] = []
  const surveyed = withTheirDays(todo, here)
  const words = todo.length === 0 ? undefined : await asking.survey(surveyed)
  let done = 0
  for (const some of batchesOf(todo, there, request.limits ?? usualLimits)) {
    batches.push(await asking.cells(some, words!, prices))
    done += some.length
    request.onBatch?.(
      done,
      todo.length,
      batches.reduce((sum, one) => sum + one.rows, 0),
    )
  }
  const told = await pullDays(asking, { ...request, hours, prices, words, surveyed })
  return { batches, unchanged: there.size - changed.length, ...told }
}

/** Hours, and those that the database has of the same days. */
function withTheirDays(hours: readonly number[], here: ReadonlyMap<number, string>): readonly number[] {
  const days = new Set(hours.map((hour) => Math.floor(hour / 24)))
  const beside = [...here.keys()].filter((hour) => days.has(Math.floor(hour / 24)))
  return [...new Set([...hours, ...beside])].toSorted((a, b) => a - b)
}

/** The hours from one day to another, as far as they are asked for. */
function within([since, until]: HourRange, first: string, last: string): HourRange {
  const hour = (day: string): number => Date.parse(day) / 3_600_000
  return [Math.max(since, hour(first)), Math.min(until, hour(last) + 24)]
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
