/** The calendar period of a budget that is running at a moment: a local day, ISO week or month. */
import type { BudgetPeriod } from './budget.js'
import { dayOf, monthOf, weekOf } from '../time/calendar.js'
import { dayMs, instantOf, localAt } from '../time/zones.js'

/** Half-open [since, until), instants as ISO 8601 UTC. */
export interface RunningPeriod {
  readonly since: string
  readonly until: string
}

/** @param tz zone in which days begin */
export function runningPeriod(period: BudgetPeriod, asOf: Date, tz: string): RunningPeriod {
  const [from, to] = localEnds(period, localAt(asOf.getTime(), tz))
  const iso = (local: number): string => new Date(instantOf(local, tz)).toISOString()
  return { since: iso(from), until: iso(to) }
}

function localEnds(period: BudgetPeriod, local: number): readonly [number, number] {
  switch (period) {
    case 'daily':
      return [dayOf(local), dayOf(local) + dayMs]
    case 'weekly':
      return [weekOf(local), weekOf(local) + 7 * dayMs]
    case 'monthly':
      return [monthOf(local), monthOf(local, 1)]
  }
}
