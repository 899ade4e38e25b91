/**
 * Keeps the cubes as the calls are. Whoever writes calls does it within `writeCalls` and says which rows it takes
 * out or changes; the hours of these, and of all rows that came, are added up anew in the same transaction.
 */
import type { Database } from '../db/database.js'
import type { ChangedHours, StoreOptions } from '../db/store-lock.js'
import { hourOf } from './hours.js'
import { writeStore } from '../db/store.js'
import { UserError } from '../errors.js'
import { hasElsewhere } from '../db/absent-calls.js'
import {
  cubeKey,
  noteOf,
  readCubeNote,
  writeNote,
  sketchKey,
  type CubeNote,
  readUserNote,
} from './cube-note.js'
import { changedDays } from './changed-days.js'
import { changedSpan, tellingSpan } from './changed-span.js'
import { freeLabels, hourlyLabelColumns, labels, labelValue, type Label } from './labels.js'
import {
  cellColumn,
  partNames,
  partOfCalls,
  partOfCells,
  partOfNone,
  rareColumnOf,
  rareColumns,
  type PartName,
} from './parts.js'
import { buildSketches, dropSketches, refreshSketches } from './sketch-upkeep.js'
import { buildUserDays, dropUserDays, refreshUserDays } from './user-upkeep.js'

export { deletePulled, deleteSource } from './pulled-hours.js'

/** Calls from which on a store has cubes: below, the calls themselves answer as fast, and writing pays nothing. */
const usualBound = 5_000_000

/** How many cells a cube of so many calls may have: a million, and from ten million calls on one for ten of them. */
const mostCells = (calls: number): number => Math.max(10_000_000, calls) / 10

interface Upkeep {
  /** What is noted of the cubes; undefined where there are none. */
  readonly note: CubeNote | undefined
  /** The last row before this transaction. */
  readonly lastRow: number
  /** The hours of what changes are noted: for cubes, or for who is told of the write. */
  readonly isNoted: boolean
}

const running = new WeakMap<Database, Upkeep>()

/** `writeStore` for work that writes calls. */
export function writeCalls<T>(
  db: Database,
  path: string,
  options: StoreOptions,
  work: () => Promise<T>,
): Promise<T> {
  const bound = boundOf(path, options)
  const isTold = options.written !== undefined && path !== ':memory:'
  let changed: ChangedHours | undefined
  const telling = tellingSpan(options, () => changed)
  return writeStore(db, path, telling, async () => {
    const begun = await begin(db, isTold)
    try {
      const result = await work()
      // Whoever began anew has forgotten what was noted before.
      if (isTold && running.get(db) === begun) changed = await changedSpan(db, begun.lastRow)
      await finish(db, bound)
      return result
    } finally {
      running.delete(db)
    }
  })
}

/** What is read for one answer has no use of cubes. */
function boundOf(path: string, { rollups = 'auto' }: StoreOptions): number {
  if (rollups === 'always') return 0
  return rollups === 'never' || path === ':memory:' ? Infinity : usualBound
}

async function begin(db: Database, isTold = false): Promise<Upkeep> {
  const note = await readCubeNote(db, 'store.main.meta')
  const isNoted = isTold || note !== undefined
  if (!isNoted) return began(db, { note, lastRow: -1, isNoted })
  const { last } = await db.one<{ last: number }>(
    'SELECT coalesce(max(rowid), -1) AS last FROM store.main.calls',
  )
  await db.run('CREATE OR REPLACE TEMP TABLE changed_hours (hour BIGINT)')
  return began(db, { note, lastRow: last, isNoted })
}

function began(db: Database, upkeep: Upkeep): Upkeep {
  running.set(db, upkeep)
  return upkeep
}

/**
 * Notes the hours of stored calls that are about to be taken out or changed.
 * @param rows rest of a statement after FROM, over `store.calls` or what has their `ts`
 */
export async function noteChanged(
  db: Database,
  rows: string,
  params: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  const upkeep = running.get(db)
  if (upkeep === undefined) throw new Error(`calls are written outside of writeCalls: ${rows.slice(0, 80)}`)
  if (!upkeep.isNoted) return
  await db.run(`INSERT INTO changed_hours SELECT DISTINCT ${hourOf('ts')} FROM ${rows}`, params)
}

/** Takes stored calls out. @param where condition, over `store.calls` */
export async function deleteCalls(
  db: Database,
  where: string,
  params: Readonly<Record<string, string | number>> = {},
): Promise<number> {
  await noteChanged(db, `store.calls WHERE ${where}`, params)
  return db.run(`DELETE FROM store.calls WHERE ${where}`, params)
}

/** Makes cells and sketches of all calls now, where the store has none yet: for who changes the owner of hours. */
export async function ensureCells(db: Database): Promise<void> {
  const upkeep = running.get(db)
  if (upkeep === undefined) throw new Error('cells are made outside of writeCalls')
  const { note } = upkeep
  const hasSketches = (await noteOf(db, 'store.main.meta', sketchKey)) !== undefined
  const hasUsers = (await readUserNote(db, 'store.main.meta')) !== undefined
  if (note !== undefined && hasSketches && hasUsers) return
  if (note === undefined) await build(db)
  else {
    if (!hasSketches) await buildSketches(db, note.left)
    if (!hasUsers) await buildUserDays(db)
  }
  await begin(db)
}

async function finish(db: Database, bound: number): Promise<void> {
  const { note, lastRow } = running.get(db)!
  // Cells of hours whose calls are elsewhere come with those of all others: a question reads one or the other.
  if (await hasElsewhere(db)) {
    await (note === undefined ? build(db) : refresh(db, note, lastRow))
    return assertOneOwner(db)
  }
  if (bound === Infinity) return note === undefined ? undefined : drop(db)
  if (note !== undefined) return refresh(db, note, lastRow)
  if (bound > 0) {
    const { n } = await db.one<{ n: number }>('SELECT count(*) AS n FROM store.main.calls')
    if (n < bound) return
  }
  await build(db)
}

/** @throws UserError where an hour has cells of two owners: its calls would count twice */
async function assertOneOwner(db: Database): Promise<void> {
  const { hour } = await db.one<{ hour: string | null }>(
    `SELECT min(make_timestamp(hour * 3600000000)) AS hour FROM (
      SELECT ${hourOf('ts')} AS hour FROM store.main.hourly_labels GROUP BY 1 HAVING min(owner) <> max(owner))`,
  )
  if (hour === null) return
  throw new UserError(`the calls of ${hour} are held elsewhere and would count twice: nothing was changed`, {
    hint: 'llmcost status shows where the calls of which hours are.',
  })
}

async function drop(db: Database): Promise<void> {
  await db.run('DELETE FROM store.main.hourly_labels')
  await db.run(`DELETE FROM store.main.meta WHERE key = '${cubeKey}'`)
  await dropSketches(db)
  await dropUserDays(db)
}

/** SQL: cells that can be added up anew. */
const own = "owner = 'calls'"

const nothingLeft: CubeNote = { left: [] }

async function build(db: Database): Promise<void> {
  await db.run(`DELETE FROM store.main.hourly_labels WHERE ${own}`)
  await insertCells(db, 'store.main.calls', nothingLeft)
  const { left } = await keepSmall(db, nothingLeft)
  await buildSketches(db, left)
  await buildUserDays(db)
}

async function refresh(db: Database, note: CubeNote, lastRow: number): Promise<void> {
  const days = await changedDays(db, lastRow)
  if (days === undefined) return
  await db.run(
    `INSERT INTO changed_hours SELECT DISTINCT ${hourOf('ts')} FROM store.main.calls WHERE rowid > $last`,
    { last: lastRow },
  )
  const span = await db.one<{ first: number; last: number }>(
    'SELECT min(hour) AS first, max(hour) AS last FROM changed_hours',
  )
  // The span alone lets the engine pass over most of a large store.
  const within = `ts >= make_timestamp(${span.first} * 3600000000) AND ts < make_timestamp((${span.last} + 1) * 3600000000)
    AND ${hourOf('ts')} IN (SELECT hour FROM changed_hours)`
  await db.run(`DELETE FROM store.main.hourly_labels WHERE ${own} AND ${within}`)
  await insertCells(db, `(SELECT * FROM store.main.calls WHERE ${within})`, note)
  const { left } = await keepSmall(db, note)
  await refreshSketches(db, days, left)
  await refreshUserDays(db, days)
}

/** Adds up the cells of some calls. @param calls FROM item of `store.calls`, or some of them */
async function insertCells(db: Database, calls: string, { left }: CubeNote): Promise<void> {
  // An aggregate of a column that is NULL throughout costs as much as any other.
  const found = await db.one<Readonly<Record<string, number>>>(
    `SELECT ${rareColumns.map((name) => `count(${name}) AS ${name}`).join(', ')} FROM ${calls}`,
  )
  const isAbsent = (name: PartName): boolean => found[rareColumnOf(name) ?? ''] === 0
  const gone = new Set<string>(left)
  const aggregates = partNames.filter((name) => !isAbsent(name))
  const absent = partNames.filter(isAbsent)
  await db.run(`INSERT INTO store.main.hourly_labels BY NAME
    SELECT *, 'calls' AS owner${absent.map((name) => `, ${partOfNone(name)} AS ${cellColumn(name)}`).join('')} FROM (
      SELECT make_timestamp(epoch_us(ts) // 900000000 * 900000000) AS ts,
        ${labels.map((label) => `${labelValue(label, gone)} AS ${label}`).join(', ')},
        ${aggregates.map((name) => `${partOfCalls(name)} AS ${cellColumn(name)}`).join(', ')}
      FROM ${calls} GROUP BY ALL)`)
}

/**
 * Where there are too many cells, free labels leave: the one with the most values first, until there are few
 * enough, or none is left. What stays of the cube is added up from itself. Cells of hours whose calls are elsewhere
 * keep all labels: they could not be had again.
 */
export async function keepSmall(db: Database, note: CubeNote, allowed = mostCells): Promise<CubeNote> {
  const left = [...note.left]
  for (;;) {
    const { cells, rows } = await db.one<{ cells: number; rows: number }>(
      `SELECT count(*) AS cells, coalesce(sum(${cellColumn('rows')}), 0) AS rows FROM store.main.hourly_labels WHERE ${own}`,
    )
    const most = cells > allowed(rows) ? await mostValues(db, left) : undefined
    if (most === undefined) break
    left.push(most)
    await fold(db, most)
  }
  const kept = { left }
  await writeNote(db, cubeKey, kept)
  return kept
}

/** The free label with the most values, or the first of them that has as many; undefined where none has two. */
async function mostValues(db: Database, left: readonly Label[]): Promise<Label | undefined> {
  const candidates = freeLabels.filter((label) => !left.includes(label))
  if (candidates.length === 0) return undefined
  const counts = await db.one<Record<Label, number>>(
    `SELECT ${candidates.map((label) => `count(DISTINCT ${label}) AS ${label}`).join(', ')} FROM store.main.hourly_labels WHERE ${own}`,
  )
  const [most] = candidates.toSorted((a, b) => counts[b] - counts[a])
  return most !== undefined && counts[most] > 1 ? most : undefined
}

/** Takes a label out of the cube. */
async function fold(db: Database, label: Label): Promise<void> {
  const columns = hourlyLabelColumns.map(({ name }) => name)
  const gone = new Set([label])
  const folded = columns.map((name) => {
    const part = partNames.find((one) => cellColumn(one) === name)
    if (part !== undefined) return `${partOfCells(part)} AS ${name}`
    return name === label ? `${labelValue(label, gone)} AS ${name}` : name
  })
  await db.run(
    `CREATE OR REPLACE TEMP TABLE folded_cells AS SELECT ${folded.join(', ')} FROM store.main.hourly_labels WHERE ${own} GROUP BY ALL`,
  )
  await db.run(`DELETE FROM store.main.hourly_labels WHERE ${own}`)
  await db.run('INSERT INTO store.main.hourly_labels BY NAME FROM folded_cells')
  await db.run('DROP TABLE folded_cells')
}
