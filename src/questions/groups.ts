/** Groups of calls with their figures, each from the smallest table that tells it. */
import type { Database } from '../db/database.js'
import { breakdown, type BreakdownRequest, type BreakdownRow } from '../metrics/breakdown.js'
import { isAdditive, isOfSketches } from '../metrics/figures.js'
import { chosen } from '../rollups/answering.js'
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
