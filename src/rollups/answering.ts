/** Which of its statements a question runs: the one over the calls, or the one over the store's cubes. */
import type { Database } from '../db/database.js'
import { hasElsewhere } from '../db/absent-calls.js'
import { noteOf, readCubeNote, readUserNote, sketchKey, type CubeNote, type UserNote } from './cube-note.js'
import { daysElsewhere, sameDay, toldDays } from './days-elsewhere.js'
import type { CubeStatement, SketchStatements } from './router.js'

type Params = CubeStatement['params']

/** What the store of an open database says of its cubes; a database is opened for one answer. */
const noted = new WeakMap<Database, Promise<CubeNote | undefined>>()

/** From here on all questions of this database are asked of the calls, where it holds them all. */
export async function answerFromCalls(db: Database): Promise<void> {
  if (!(await hasElsewhere(db))) noted.set(db, Promise.resolve(undefined))
}

/** From here on no question of this database is asked of sums: its calls are counted otherwise. */
export function answerFromCallsAlone(db: Database): void {
  noted.set(db, Promise.resolve(undefined))
  cellsBehind.delete(db)
}

/** Databases whose cells are counted as their calls are: they answer where these are not at hand. */
const cellsBehind = new WeakSet<Database>()

/** As answerFromCallsAlone, where cells that are counted alike stand in for calls that are not at hand. */
export function answerFromCallsOrCells(db: Database): void {
  answerFromCallsAlone(db)
  cellsBehind.add(db)
}

/** The statement over such cells; undefined where there are none, or they do not tell what is asked. */
export async function cellsInstead(db: Database, { fromCubes }: Routed): Promise<CubeStatement | undefined> {
  if (fromCubes === undefined || !cellsBehind.has(db)) return undefined
  const cubes = await readCubeNote(db, 'meta')
  const isTold = cubes !== undefined && fromCubes.labels.every((label) => !cubes.left.includes(label))
  return isTold ? fromCubes : undefined
}

/** What the store says of its cubes; undefined where it has none, or they are not to be asked. */
export function cubesOf(db: Database): Promise<CubeNote | undefined> {
  let note = noted.get(db)
  if (note === undefined) noted.set(db, (note = readCubeNote(db, 'meta')))
  return note
}

/** What the store says of its sketches; undefined where it has none. */
export const sketchesOf = (db: Database): Promise<CubeNote | undefined> => noteOf(db, 'meta', sketchKey)

/** What the store says of its sums by day and user; undefined where it has none. */
export const userNoteOf = (db: Database): Promise<UserNote | undefined> => readUserNote(db, 'meta')

/** Calls in scope from which on quantiles are read from sketches. */
export const usualSketchBound = 1_000_000

const sketchBounds = new WeakMap<Database, number>()

/** Quantiles of this database are read from sketches where more calls than that are in scope. */
export function setSketchBound(db: Database, calls: number): void {
  sketchBounds.set(db, calls)
}

interface Routed {
  readonly sql: string
  readonly params: Params
  readonly fromCubes?: CubeStatement | undefined
  readonly fromSketches?: SketchStatements | undefined
  readonly fromUsers?: { readonly sql: string; readonly params: Params } | undefined
}

/** The statement to run. */
export async function chosen(
  db: Database,
  query: Routed,
): Promise<{ readonly sql: string; readonly params: Params }> {
  const { fromCubes, fromSketches, fromUsers } = query
  if ((fromCubes ?? fromSketches ?? fromUsers) === undefined) return query
  const cubes = await cubesOf(db)
  if (cubes === undefined) return query
  const has = ({ labels }: CubeStatement): boolean => labels.every((label) => !cubes.left.includes(label))
  if (fromSketches !== undefined) {
    if (!has(fromSketches.extent) || !(await isTold(db, fromSketches))) return query
    const { overCells, overCalls } = fromSketches
    return overCells !== undefined && has(overCells) ? overCells : overCalls
  }
  if (fromUsers !== undefined) return (await hasUserDays(db)) ? fromUsers : query
  return fromCubes !== undefined && has(fromCubes) ? fromCubes : query
}

/** Whether there are sums by day and user of all calls of the store, wherever these are. */
async function hasUserDays(db: Database): Promise<boolean> {
  const note = await userNoteOf(db)
  if (note?.kept !== true) return false
  // Days of another owner have theirs, if these were added up before the calls left.
  const { lacking } = await db.one<{ lacking: boolean }>(
    `SELECT EXISTS (FROM ${daysElsewhere()} AS days ANTI JOIN (${toldDays('daily_users')}) AS users ON ${sameDay('days', 'users')}) AS lacking`,
  )
  return !lacking
}

/** Whether sketches have all calls in scope, and there are enough of them. */
async function isTold(db: Database, { label, extent }: SketchStatements): Promise<boolean> {
  const bound = sketchBounds.get(db) ?? usualSketchBound
  if (bound === Infinity) return false
  const sketches = await sketchesOf(db)
  if (sketches === undefined || sketches.left.some((one) => one === label)) return false
  const { sql, params } = extent
  const found = await db.one<{ calls: number | bigint; has_sums: boolean; is_whole: boolean }>(sql, params)
  // Of hours of which there are only sums, sketches are all that can be asked.
  return (Number(found.calls) > bound || found.has_sums) && found.is_whole
}
