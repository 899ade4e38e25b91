/** Asks what estimates of the calls in scope would leave out. */
import { multipliers, type MultipliersRow } from '../../metrics/simulation/multipliers.js'
import type { PriceBook } from '../../pricing/book.js'
import { resolveTargets, type StoredModel } from '../../pricing/what-if/targets.js'
import { modelsOf, whatIfQuery } from '../../pricing/what-if/what-if-sql.js'
import { usualGapMs } from '../report/failures.js'
import { ask, type Question } from '../question.js'

export async function askMultipliers(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  book: PriceBook,
): Promise<MultipliersRow> {
  const models = await ask<StoredModel>(db, { sql: modelsOf('calls'), params: {} })
  const { params } = resolveTargets(book, [{ provider: null, model: null, tier: null }], 'call', models)
  const query = multipliers({
    scope,
    gapMs: usualGapMs,
    whatIf: (calls) => whatIfQuery(calls, ['variant', 'source', 'call_id']),
    params: { ...params },
  })
  const [row] = await ask(db, query)
  if (row === undefined) throw new Error('no figures of the calls in scope')
  return row
}
