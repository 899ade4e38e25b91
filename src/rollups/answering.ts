/** Which of its statements a question runs: the one over the calls, or the one over the store's cubes. */
import type { Database } from '../db/database.js'
import { hasElsewhere } from '../db/absent-calls.js'
import { readCubeNote, type CubeNote } from './cube-note.js'
import type { CubeStatement } from './router.js'

type Params = CubeStatement['params']

/** What the store of an open database says of its cubes; a database is opened for one answer. */
const noted = new WeakMap<Database, Promise<CubeNote | undefined>>()

/** From here on all questions of this database are asked of the calls, where it holds them all. */
export async function answerFromCalls(db: Database): Promise<void> {
  if (!(await hasElsewhere(db))) noted.set(db, Promise.resolve(undefined))
}

/** What the store says of its cubes; undefined where it has none, or they are not to be asked. */
export function cubesOf(db: Database): Promise<CubeNote | undefined> {
  let note = noted.get(db)
  if (note === undefined) noted.set(db, (note = readCubeNote(db, 'meta')))
  return note
}

/** The statement to run. */
export async function chosen(
  db: Database,
  query: { readonly sql: string; readonly params: Params; readonly fromCubes?: CubeStatement | undefined },
): Promise<{ readonly sql: string; readonly params: Params }> {
  const { fromCubes } = query
  if (fromCubes === undefined) return query
  const cubes = await cubesOf(db)
  return cubes !== undefined && fromCubes.labels.every((label) => !cubes.left.includes(label))
    ? fromCubes
    : query
}
