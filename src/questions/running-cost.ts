/** What a person who watches wants to know: cost of today and of this hour, and what is dearest today. */
import type { Scope } from '../domain/scope.js'
import { dimensionOf } from '../domain/dimensions.js'
import { wordPeriod } from '../domain/time/periods.js'
import { hourMs, instantOf, localAt } from '../domain/time/zones.js'
import { breakdown } from '../metrics/breakdown.js'
import type { Decimal, Whole } from '../metrics/query.js'
import { ask, type Question } from './question.js'

export interface RunningCost {
  readonly today: { readonly cost_usd: Decimal | null; readonly calls: Whole }
  readonly hour: { readonly cost_usd: Decimal | null; readonly calls: Whole }
  /** The dearest feature or project of today; undefined where no call names one. */
  readonly dearest: { readonly name: string; readonly cost_usd: Decimal | null } | undefined
}

/** Of the day and the clock hour that the question's as-of is in, up to it. */
export async function askRunningCost({
  db,
  asOf,
  scope,
}: Pick<Question, 'db' | 'asOf' | 'scope'>): Promise<RunningCost> {
  const day = wordPeriod('today', asOf, scope.tz)!.from
  const hour = new Date(instantOf(Math.floor(localAt(asOf.getTime(), scope.tz) / hourMs) * hourMs, scope.tz))
  const from = (since: Date): Scope => ({ ...scope, since: since.toISOString(), until: asOf.toISOString() })
  const sumsOf = async (since: Date): Promise<RunningCost['today']> => {
    const rows = await ask(db, breakdown({ scope: from(since), by: [], measures: ['cost_usd', 'calls'] }))
    return { cost_usd: (rows[0]?.cost_usd ?? null) as Decimal | null, calls: (rows[0]?.calls ?? 0) as Whole }
  }
  const by = [dimensionOf('feature')]
  const groups = await ask(db, breakdown({ scope: from(day), by, measures: ['cost_usd'] }))
  const first = groups.find(({ is_total: isTotal }) => !isTotal)
  const name = first?.d0
  return {
    today: await sumsOf(day),
    hour: await sumsOf(hour),
    dearest:
      name === null || name === undefined
        ? undefined
        : { name: String(name), cost_usd: (first?.cost_usd ?? null) as Decimal | null },
  }
}
