/**
 * How a budget stands in its running period: what is spent, how fast, where the period will end. Money is
 * added up and compared exactly; shares, pace and forecasts are estimates and doubles.
 */
import { againstShare, type Picos, picos, sumPicos, usdOf } from '../costs/amount.js'
import type { Budget, BudgetPeriod } from './budget.js'
import type { RunningPeriod } from './budget-period.js'
import { readDecimal } from '../costs/decimal.js'
import { dayMs, hourMs } from '../time/zones.js'

/** What the calls of one local day cost that a budget covers. */
export interface DaySpend {
  /** `2026-10-02` */
  readonly day: string
  readonly calls: number
  readonly unpricedCalls: number
  /** Exact; null when no call has a price. */
  readonly costUsd: string | null
}

/** Where a period will end. */
export interface Outlook {
  readonly usd: number
  /** The 80 % interval; null where none is known. */
  readonly lowUsd: number | null
  readonly highUsd: number | null
  /** The local day by whose end the budget will be used up; null when the period ends before. */
  readonly runsOutOn: string | null
  /** history: learned from the days before. pace: the period goes on as it went so far. */
  readonly basis: 'history' | 'pace'
}

/** From the best to the worst; `--fail-on` cuts this order. */
export const budgetStatuses = ['within', 'unpriced', 'warning', 'will_exceed', 'over'] as const
export type BudgetStatus = (typeof budgetStatuses)[number]

export interface BudgetState {
  readonly budget: Budget
  readonly period: RunningPeriod
  readonly calls: number
  readonly unpricedCalls: number
  /** Exact; 0 without a call, null when none of the calls has a price. */
  readonly spentUsd: string | null
  /** Exact; below 0 when more than the budget is spent. */
  readonly remainingUsd: string | null
  readonly spentShare: number | null
  /** Part of the period that has gone, 0–1. */
  readonly periodShare: number
  /** spentShare / periodShare: above 1, the budget is used up before the period ends. */
  readonly pace: number | null
  /** USD a day of 24 hours, over the part of the period that has gone. */
  readonly meanDailyUsd: number | null
  /** The highest level of `warnAt` that is reached. */
  readonly level: number | null
  readonly outlook: Outlook | null
  /** When the budget is used up at the present pace, ISO 8601 UTC; null when not in this period, or it is. */
  readonly runsOutAt: string | null
  /** The local day on which it was used up. */
  readonly ranOutOn: string | null
  readonly status: BudgetStatus
}

export interface BudgetQuestion {
  readonly budget: Budget
  readonly period: RunningPeriod
  readonly asOf: Date
  /** Days of the period in their order; those without calls may be missing. */
  readonly days: readonly DaySpend[]
  /** Learned from days before; null: none known, the pace stands in for it. */
  readonly outlook: Outlook | null
  /** The calls reach back to the first day of the period; else the pace foretells nothing. */
  readonly isWhole: boolean
}

export function budgetState({ budget, period, asOf, days, outlook, isWhole }: BudgetQuestion): BudgetState {
  const spent = spentIn(days)
  const limit = picos(budget.usd)
  const [since, until] = [Date.parse(period.since), Date.parse(period.until)]
  const gone = asOf.getTime() - since
  const periodShare = gone / (until - since)
  const spentShare = spent === null ? null : Number(usdOf(spent)) / Number(budget.usd)
  const pace = spentShare === null || gone <= 0 ? null : spentShare / periodShare
  const state = {
    spent,
    limit,
    level: spent === null ? null : levelReached(spent, budget),
    outlook:
      outlook ?? (spent === null || !isWhole ? null : paceOutlook(budget.period, spent, gone, periodShare)),
  }
  const usedUp = spent !== null && spent >= limit
  const end = pace === null || pace <= 1 || usedUp ? null : since + Math.floor((until - since) / pace)
  return {
    budget,
    period,
    calls: days.reduce((sum, { calls }) => sum + calls, 0),
    unpricedCalls: days.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0),
    spentUsd: spent === null ? null : usdOf(spent),
    remainingUsd: spent === null ? null : usdOf(limit - spent),
    spentShare,
    periodShare,
    pace,
    meanDailyUsd: spent === null || gone <= 0 ? null : (Number(usdOf(spent)) * dayMs) / gone,
    level: state.level,
    outlook: state.outlook,
    runsOutAt: end === null ? null : new Date(end).toISOString(),
    ranOutOn: usedUp ? dayUsedUp(days, limit) : null,
    status: statusOf(state),
  }
}

/** USD × 10^12; null when there are calls and none has a price. */
function spentIn(days: readonly DaySpend[]): Picos | null {
  const priced = days.flatMap(({ costUsd }) => costUsd ?? [])
  if (priced.length === 0 && days.some(({ calls }) => calls > 0)) return null
  return sumPicos(priced)
}

/** A level is reached at exactly its share, too. */
function levelReached(spent: Picos, { usd, warnAt }: Budget): number | null {
  const reached = warnAt.filter((level) => {
    const share = readDecimal(level)
    return share !== undefined && againstShare(spent, share, picos(usd)) >= 0n
  })
  return reached.length === 0 ? null : Math.max(...reached)
}

/** With less than this gone, one call would decide where the period ends. */
const leastGone: Readonly<Record<BudgetPeriod, number>> = { daily: hourMs, weekly: dayMs, monthly: dayMs }

function paceOutlook(period: BudgetPeriod, spent: Picos, gone: number, share: number): Outlook | null {
  if (gone < leastGone[period]) return null
  return { usd: Number(usdOf(spent)) / share, lowUsd: null, highUsd: null, runsOutOn: null, basis: 'pace' }
}

function dayUsedUp(days: readonly DaySpend[], limit: Picos): string | null {
  let sum = 0n
  for (const { day, costUsd } of days) {
    sum += costUsd === null ? 0n : picos(costUsd)
    if (sum >= limit) return day
  }
  return null
}

interface Standing {
  readonly spent: Picos | null
  readonly limit: Picos
  readonly level: number | null
  readonly outlook: Outlook | null
}

/** All of it is a level like any other: over is more than the budget. */
function statusOf({ spent, limit, level, outlook }: Standing): BudgetStatus {
  if (spent !== null && spent > limit) return 'over'
  if (outlook !== null && outlook.usd > Number(usdOf(limit))) return 'will_exceed'
  if (spent === null) return 'unpriced'
  return level === null ? 'within' : 'warning'
}
