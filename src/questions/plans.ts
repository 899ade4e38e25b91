/** What plans cost and what their usage is worth, by month: two scans of the calls for all, then exact arithmetic. */
import { planMonths, type Plan, type PlanMonth } from '../domain/budgets/plan.js'
import { planState, type PlanState, type Reach } from '../domain/budgets/plan-state.js'
import type { Scope } from '../domain/scope.js'
import { instantFrom, localDate } from '../domain/time/periods.js'
import {
  planReach,
  planUsage,
  type CoveredCalls,
  type PlanReachRow,
  type PlanUsageRow,
} from '../metrics/budgets/plans.js'
import { ask, type Question } from './question.js'

/** Calls that two plans cover, and that count for the first. */
interface SharedCalls {
  readonly first: string
  readonly other: string
  readonly calls: number
}

interface PlansAnswer {
  readonly states: readonly PlanState[]
  readonly shared: readonly SharedCalls[]
  /** Plans whose filters no call passes. */
  readonly unmatched: readonly Plan[]
  /** From the oldest month up to as-of; with the filters of the plan where there is one. */
  readonly scope: Scope
  readonly calls: number
}

/** @param complete how many complete months, beside the running one */
export async function askPlans(
  { db, scope, asOf }: Pick<Question, 'db' | 'scope' | 'asOf'>,
  plans: readonly Plan[],
  complete: number,
): Promise<PlansAnswer> {
  const { tz } = scope
  const covered = plans.map((plan): CoveredCalls => ({
    filters: plan.filters,
    since: dayBegins(plan.since, tz),
    until: dayBegins(plan.until, tz),
  }))
  const months = plans.flatMap((plan, i) =>
    planMonths(plan.beginsOn, complete, asOf, tz).flatMap((month, j) => {
      const told = toldOf(month, covered[i]!, asOf)
      return told === undefined ? [] : [{ plan: i, month: j, of: month, told }]
    }),
  )
  const spans = months.map(({ plan, month, told }) => ({ plan, month, ...told }))
  const usage = spans.length === 0 ? [] : await ask(db, planUsage(covered, spans))
  const [reach] = await ask(db, planReach(covered, asOf.toISOString()))
  const states = months.map(({ plan: i, month: j, of, told }) => {
    const row = usage.find(({ plan, month }) => plan === i && month === j)
    return planState({ plan: plans[i]!, month: of, told, row, reach: reachOf(reach, i, tz), asOf, tz })
  })
  const since = spans.map(({ since: begins }) => begins).toSorted()[0] ?? asOf.toISOString()
  return {
    states,
    shared: sharedOf(plans, usage),
    unmatched: plans.filter((_, i) => reachOf(reach, i, tz) === null),
    scope: {
      ...scope,
      since,
      until: asOf.toISOString(),
      filters: plans.length === 1 ? plans[0]!.filters : [],
    },
    calls: usage.reduce((sum, { calls }) => sum + Number(calls), 0),
  }
}

/** Each pair of plans with calls that both cover. */
function sharedOf(plans: readonly Plan[], usage: readonly PlanUsageRow[]): SharedCalls[] {
  return plans.flatMap((first, i) =>
    plans.flatMap((other, j) => {
      const rows = usage.filter(({ plan }) => plan === i)
      const calls = rows.reduce((sum, row) => sum + Number(row[`also_${j}`] ?? 0), 0)
      return calls === 0 ? [] : [{ first: first.name, other: other.name, calls }]
    }),
  )
}

function dayBegins(day: string | undefined, tz: string): string | null {
  const at = day === undefined ? undefined : instantFrom(day, tz)
  return at === undefined ? null : new Date(at).toISOString()
}

/** undefined where the plan does not hold in the month. */
function toldOf(month: PlanMonth, { since, until }: CoveredCalls, asOf: Date): PlanState['told'] | undefined {
  const from = Math.max(month.since, since === null ? -Infinity : Date.parse(since))
  const to = Math.min(month.until, until === null ? Infinity : Date.parse(until), asOf.getTime())
  return from < to ? { since: new Date(from).toISOString(), until: new Date(to).toISOString() } : undefined
}

function reachOf(row: PlanReachRow | undefined, i: number, tz: string): Reach {
  const [first, last] = [row?.[`first_ts_${i}`] ?? null, row?.[`last_ts_${i}`] ?? null]
  return first === null || last === null ? null : { first: localDate(first, tz), last: localDate(last, tz) }
}
