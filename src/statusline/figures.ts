/** What the status line says at a moment, from the sums: session, today, week and month, each beside its budget. */
import { tightestBudget, type Budget, type BudgetPeriod } from '../domain/budgets/budget.js'
import { runningPeriod, type RunningPeriod } from '../domain/budgets/budget-period.js'
import { budgetState, type BudgetState } from '../domain/budgets/budget-state.js'
import { sumPicos, usdOf } from '../domain/costs/amount.js'
import type { AgentSession } from './agent-session.js'
import { quarterMs, type CallSum, type QuarterSum, type Sums, type SummedBudget } from './sums.js'

/** What a session costs, and by whose word. */
export interface SessionCost {
  /** database: of its calls there, as every answer counts them; agent: what the agent says of itself. */
  readonly from: 'database' | 'agent'
  /** USD; null where none of its calls has a price. */
  readonly costUsd: string | null
}

export interface PeriodCost extends CallSum {
  readonly period: RunningPeriod
  /** The tightest budget of all calls. */
  readonly budget: BudgetState | undefined
}

export interface LineFigures {
  readonly session: SessionCost | undefined
  readonly periods: Readonly<Record<BudgetPeriod, PeriodCost>>
  /** All budgets, in the order of the config file; those whose calls cannot be told are missing. */
  readonly budgets: readonly BudgetState[]
  readonly tz: string
  /** The end of what is counted, ISO 8601 UTC. */
  readonly until: string
  /** Since the figures were last known to be those of the store. */
  readonly ageMs: number
  /** The store was changed since by what did not make them anew. */
  readonly isBehind: boolean
}

/**
 * The session's calls count where the database has any of them, else what the agent says of itself: one or the
 * other, and neither is ever added to anything.
 */
export function sessionCost(session: AgentSession, sums: Sums | undefined): SessionCost | undefined {
  const kept = session.id === undefined ? undefined : sums?.sessions?.get(session.id)
  if (kept !== undefined) return { from: 'database', costUsd: kept.costUsd }
  return session.costUsd === undefined ? undefined : { from: 'agent', costUsd: session.costUsd }
}

/** Undefined where the sums begin too late for what runs at `now`: the clock was turned back. */
export function lineFigures(
  sums: Sums,
  session: AgentSession,
  { now, isBehind }: { readonly now: Date; readonly isBehind: boolean },
): LineFigures | undefined {
  const states = sums.budgets.flatMap((budget) => stateOf(budget, sums, now) ?? [])
  const all = sums.sets[0]
  const running = (period: BudgetPeriod): RunningPeriod => runningPeriod(period, now, sums.tz)
  const first = Math.min(...(['weekly', 'monthly'] as const).map((one) => Date.parse(running(one).since)))
  if (all === undefined || first < Date.parse(sums.since)) return undefined
  const costOf = (period: BudgetPeriod): PeriodCost => {
    const tightest = tightestBudget(sums.budgets, period, [])
    return {
      period: running(period),
      ...sumOf(within(all, running(period))),
      budget: states.find(({ budget }) => budget === tightest),
    }
  }
  return {
    session: sessionCost(session, sums),
    periods: { daily: costOf('daily'), weekly: costOf('weekly'), monthly: costOf('monthly') },
    budgets: states,
    tz: sums.tz,
    until: sums.until,
    ageMs: now.getTime() - Date.parse(sums.made),
    isBehind,
  }
}

/** Both ends are of quarter-hours: no zone begins its days between them. */
function within(set: readonly QuarterSum[], period: RunningPeriod): readonly QuarterSum[] {
  const since = Date.parse(period.since) / quarterMs
  const until = Date.parse(period.until) / quarterMs
  return set.filter(({ quarter }) => quarter >= since && quarter < until)
}

function sumOf(quarters: readonly QuarterSum[]): CallSum {
  const priced = quarters.flatMap(({ costUsd }) => costUsd ?? [])
  return {
    calls: quarters.reduce((sum, { calls }) => sum + calls, 0),
    unpricedCalls: quarters.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0),
    costUsd: priced.length === 0 && quarters.length > 0 ? null : usdOf(sumPicos(priced)),
  }
}

/** How a budget stands, less where it will end: that takes more than its calls. */
function stateOf(budget: SummedBudget, { sets, tz }: Sums, now: Date): BudgetState | undefined {
  const set = budget.set === null ? undefined : sets[budget.set]
  if (set === undefined) return undefined
  const period = runningPeriod(budget.period, now, tz)
  // What it asks of days is their sum: on which it was used up is not shown.
  const days = [{ day: period.since, ...sumOf(within(set, period)) }]
  return budgetState({ budget, period, asOf: now, days, outlook: null, isWhole: false })
}

/** The level of a budget that is reached, and whether it is over. */
export const standing = ({ level, status }: BudgetState): 'over' | 'level' | 'within' =>
  status === 'over' ? 'over' : level === null ? 'within' : 'level'

/** True for a budget of all calls, whose figure is that of its period. */
export const isOfAll = ({ filters }: Budget): boolean => filters.length === 0
