/** How a month of a plan stands: what its usage is worth, and which terms would have been the cheapest. */
import { picos, type Picos } from '../costs/amount.js'
import { localDate } from '../time/periods.js'
import { planCost, type Plan, type PlanCost, type PlanMonth, type PlanTerms } from './plan.js'

/** Why a month says nothing of which plan would have been cheaper. */
export type Unjudged =
  | { readonly kind: 'running' | 'no_calls' | 'beyond' }
  /** The log begins or ends within the month, or the plan does: the local date. */
  | { readonly kind: 'log_begins' | 'log_ends' | 'plan_begins' | 'plan_ends'; readonly day: string }
  | { readonly kind: 'unpriced' | 'partly_priced'; readonly calls: number }

/** The same usage under other terms. */
interface PlanOption {
  readonly terms: PlanTerms
  readonly cost: PlanCost
}

export interface PlanState {
  readonly plan: Plan
  readonly month: PlanMonth
  /** What of the month is told: within the plan's days, up to as-of; ISO 8601 UTC. */
  readonly told: { readonly since: string; readonly until: string }
  readonly calls: number
  readonly unpriced: number
  readonly partlyPriced: number
  /** At list price; null where no call has a price. */
  readonly value: Picos | null
  /** Under the plan's own terms; null without a value. */
  readonly cost: PlanCost | null
  /** The plan's alternatives, and no plan at all, in this order. */
  readonly options: readonly PlanOption[]
  /** Empty: the options are held against the plan. */
  readonly unjudged: readonly Unjudged[]
}

/** What usage costs without a plan: its list price. */
const noPlan: PlanTerms = { name: '(no plan)', fee: '0', included: { usd: '0', overage: 'list' } }

/** What the log says of a month. */
interface MonthUsage {
  readonly calls: number | bigint
  readonly unpriced_calls: number | bigint
  readonly partly_priced_calls: number | bigint
  readonly value_usd: string | null
}

/** Local dates of the first and last call that pass the plan's filters; null where there is none. */
export type Reach = { readonly first: string; readonly last: string } | null

interface Found {
  readonly plan: Plan
  readonly month: PlanMonth
  readonly told: PlanState['told']
  readonly row: MonthUsage | undefined
  readonly reach: Reach
  readonly asOf: Date
  readonly tz: string
}

export function planState(found: Found): PlanState {
  const { plan, month, told, row, tz } = found
  const days = { first: localDate(told.since, tz), last: lastDay(told.until, tz) }
  const value = row === undefined || row.value_usd === null ? null : picos(row.value_usd)
  const cost = value === null ? null : planCost(plan, value)
  return {
    plan,
    month,
    told,
    calls: Number(row?.calls ?? 0),
    unpriced: Number(row?.unpriced_calls ?? 0),
    partlyPriced: Number(row?.partly_priced_calls ?? 0),
    value,
    cost,
    options:
      value === null
        ? []
        : [...plan.alternatives, noPlan].map((terms) => ({ terms, cost: planCost(terms, value) })),
    unjudged: unjudgedOf(found, days, cost),
  }
}

/** Local date of the last moment before an instant. */
const lastDay = (until: string, tz: string): string =>
  localDate(new Date(Date.parse(until) - 1).toISOString(), tz)

function unjudgedOf(
  { month, told, row, reach, asOf, tz }: Found,
  days: { readonly first: string; readonly last: string },
  cost: PlanCost | null,
): Unjudged[] {
  const isRunning = month.until > asOf.getTime()
  const begins = localDate(new Date(month.since).toISOString(), tz)
  const ends = lastDay(new Date(month.until).toISOString(), tz)
  const reasons: Unjudged[] = []
  if (isRunning) reasons.push({ kind: 'running' })
  if (days.first > begins) reasons.push({ kind: 'plan_begins', day: days.first })
  if (days.last < ends && !isRunning) reasons.push({ kind: 'plan_ends', day: days.last })
  // Not used, or not logged: nothing tells.
  if (row === undefined || reach === null) return [...reasons, { kind: 'no_calls' }]
  if (reach.first > days.first) reasons.push({ kind: 'log_begins', day: reach.first })
  if (reach.last < lastDay(told.until, tz) && !isRunning) reasons.push({ kind: 'log_ends', day: reach.last })
  const [unpriced, partly] = [Number(row.unpriced_calls), Number(row.partly_priced_calls)]
  if (unpriced > 0) reasons.push({ kind: 'unpriced', calls: unpriced })
  if (partly > 0) reasons.push({ kind: 'partly_priced', calls: partly })
  if (cost !== null && cost.cost === null) reasons.push({ kind: 'beyond' })
  return reasons
}
