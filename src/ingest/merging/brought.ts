/** What there is to tell of the calls that a run brings. */
import { countedByList, loggedCostsSql, type LoggedCostRow } from '../../domain/costs/logged-costs.js'
import { count } from '../../domain/words/wording.js'
import type { Database } from '../../db/database.js'
import { stagedFacts } from '../staged-facts.js'
import type { Brought, UnpricedModel } from '../summary.js'

interface Told {
  readonly brought: Brought
  readonly unpricedModels: readonly UnpricedModel[]
  /** Models whose logged costs differ from those that count. */
  readonly loggedCosts: readonly LoggedCostRow[]
  /** Sentences on them. */
  readonly words: readonly string[]
}

/** @param calls FROM item */
export async function broughtBy(db: Database, calls: string): Promise<Told> {
  const { figures, words } = await broughtFigures(db, calls)
  return {
    brought: figures,
    unpricedModels: await unpricedModels(db, calls),
    loggedCosts: await loggedCosts(db, calls),
    words,
  }
}

async function loggedCosts(db: Database, calls: string): Promise<readonly LoggedCostRow[]> {
  if ((await stagedFacts(db)).costs === 0) return []
  const { rows } = await db.query<LoggedCostRow>(loggedCostsSql(calls, countedByList, 'cost_usd', 'model'))
  return rows
}

/** SQL: true for a call that was made, of which the log tells neither tokens nor a cost. */
const isUncounted =
  "(coalesce(input_tokens, output_tokens, total_tokens) IS NULL AND reported_cost_usd IS NULL AND status IS DISTINCT FROM 'error' AND cache_hit IS NOT TRUE)"

/** The calls together, and a sentence on those of which nothing was counted. */
async function broughtFigures(
  db: Database,
  calls: string,
): Promise<{ readonly figures: Brought; readonly words: readonly string[] }> {
  const { uncounted, ...figures } = await db.one<Brought & { uncounted: number } & Record<string, unknown>>(
    `SELECT count(*) AS calls, min(ts) AS first_ts, max(ts) AS last_ts, sum(cost_usd) AS cost_usd,
    count(*) FILTER (cost_usd IS NULL) AS unpriced_calls, count(*) FILTER (${isUncounted}) AS uncounted FROM ${calls}`,
  )
  const words =
    uncounted === 0
      ? []
      : [
          `${count(uncounted)} ${uncounted === 1 ? 'call was made whose tokens the log does not say: it counts as a call' : 'calls were made whose tokens the log does not say: they count as calls'} without a price`,
        ]
  return { figures, words }
}

/** The models of the calls that have no cost once they are priced, the most used first. */
async function unpricedModels(db: Database, calls: string): Promise<readonly UnpricedModel[]> {
  const { rows } = await db.query<UnpricedModel>(`SELECT provider, model, count(*) AS calls FROM ${calls}
    WHERE cost_usd IS NULL AND NOT ${isUncounted} GROUP BY ALL ORDER BY calls DESC, provider NULLS LAST, model NULLS LAST`)
  return rows
}
