/** Groups of calls with their figures, each from the smallest table that tells it. */
import type { Database } from '../db/database.js'
import { breakdown, type BreakdownRequest, type BreakdownRow } from '../metrics/breakdown.js'
import { isAdditive, isOfSketches } from '../metrics/figures.js'
import { chosen } from '../rollups/answering.js'
import { hasSumsAlone } from '../errors.js'
import type { MeasureName } from '../metrics/measures/registry.js'
import { ask } from './question.js'

/**
 * The rows of a breakdown. Where the store's sums and sketches tell some figures and only the calls the others, these
 * are asked apart: the calls are read for few figures then, and both answers have the same groups in the same order.
 */
export async function askGroups(db: Database, request: BreakdownRequest): Promise<readonly BreakdownRow[]> {
  const whole = breakdown(request)
  const told = request.measures.filter((name) => isAdditive(name) || isOfSketches(name))
  const others = request.measures.filter((name) => !told.includes(name))
  if (told.length === 0 || others.length === 0) return ask(db, whole)
  const small = breakdown({ ...request, measures: told })
  // Its sort may need the calls, or a label that the sums lack.
  if ((await chosen(db, small)) === small || (await chosen(db, whole)) === whole.fromUsers)
    return ask(db, whole)
  const rows = await ask(db, small)
  const rest = await ask(db, breakdown({ ...request, measures: others }))
  if (rows.length !== rest.length) throw new Error('two answers about the same groups differ in their number')
  return rows.map((row, i) => ({ ...rest[i], ...row }))
}

/** Groups, and which figures are not among theirs: only calls tell them, and these are not at hand. */
export interface ToldGroups {
  readonly rows: readonly BreakdownRow[]
  readonly untold: readonly MeasureName[]
}

/**
 * The rows of a breakdown, as far as sums and sketches tell them where there is nothing else.
 * @param spared figures that may be left out
 */
export async function askGroupsAsTold(
  db: Database,
  request: BreakdownRequest,
  isSpared: (name: MeasureName) => boolean,
): Promise<ToldGroups> {
  const tried = [
    () => true,
    (name: MeasureName) => isAdditive(name) || isOfSketches(name),
    isAdditive,
    // Of another cost than the usual, sums tell no single call's.
    (name: MeasureName) => isAdditive(name) && name !== 'max_cost_usd' && name !== 'stddev_cost_usd',
  ]
  for (const [i, isTold] of tried.entries()) {
    const measures = request.measures.filter((name) => isTold(name) || !isSpared(name))
    try {
      const rows = await askGroups(db, { ...request, measures })
      return { rows, untold: request.measures.filter((name) => !measures.includes(name)) }
    } catch (error) {
      if (!hasSumsAlone(error) || i === tried.length - 1) throw error
    }
  }
  throw new Error('one of them answers or fails')
}

/** What is asked beside the answer itself; left out and named where it would need calls that are not at hand. */
export async function whereTold<T>(asked: Promise<T>, name: string, left: string[], without: T): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (!hasSumsAlone(error)) throw error
    left.push(name)
    return without
  }
}
