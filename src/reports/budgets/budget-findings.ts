/** What to look at among budgets, in words: those that are not simply within. */
import type { Budget, BudgetPeriod } from '../../domain/budgets/budget.js'
import type { BudgetState } from '../../domain/budgets/budget-state.js'
import { localDate } from '../../domain/time/periods.js'
import { count, percent, usd } from '../../domain/words/wording.js'
import { clockWords } from './budget.js'
import type { Finding } from '../report.js'

const periodNoun: Readonly<Record<BudgetPeriod, string>> = { daily: 'day', weekly: 'week', monthly: 'month' }

const severities = {
  warning: 'warning',
  will_exceed: 'warning',
  unpriced: 'warning',
  over: 'critical',
} as const

/** One for each budget that is not simply within. */
export function budgetFindings(states: readonly BudgetState[], tz: string): Finding[] {
  return states.flatMap((state): Finding[] => {
    if (state.status === 'within') return []
    return [
      {
        kind: `budget_${state.status}`,
        severity: severities[state.status],
        ...subject(state.budget),
        ...measured(state),
        text: `${state.budget.name}: ${sentence(state, tz)}`,
        touchedUsd: touched(state),
        isRule: true,
        details: {
          budget: state.budget.name,
          period: state.budget.period,
          since: state.period.since,
          until: state.period.until,
        },
      },
    ]
  })
}

/** What it covers, where that is one value of one dimension. */
function subject({ filters }: Budget): Pick<Finding, 'dimension' | 'value'> {
  const [only, ...more] = filters
  return only?.operator === '=' && more.length === 0
    ? { dimension: only.dimension, value: only.value }
    : { dimension: null, value: null }
}

function measured({
  status,
  budget,
  spentUsd,
  outlook,
  level,
}: BudgetState): Pick<Finding, 'measured' | 'bound'> {
  if (status === 'will_exceed') return { measured: outlook?.usd ?? null, bound: Number(budget.usd) }
  if (status === 'warning') return { measured: Number(spentUsd) / Number(budget.usd), bound: level }
  return { measured: spentUsd === null ? null : Number(spentUsd), bound: Number(budget.usd) }
}

/** What is, or will be, spent beyond it; nothing yet where a level is reached. */
function touched({ status, budget, spentUsd, outlook }: BudgetState): number | null {
  const end = status === 'will_exceed' ? outlook?.usd : spentUsd
  return end === null || end === undefined ? null : Math.max(0, Number(end) - Number(budget.usd))
}

function sentence(state: BudgetState, tz: string): string {
  const { budget, outlook } = state
  const noun = periodNoun[budget.period]
  if (state.status === 'unpriced')
    return `none of its ${count(state.calls)} calls has a price: its use is not known`
  const spent = `${usd(state.spentUsd)} of ${usd(budget.usd)} (${percent(state.spentShare)}) is spent with ${percent(state.periodShare)} of the ${noun} gone`
  if (state.status === 'over')
    return `${spent}${state.ranOutOn === null ? '' : `; used up on ${state.ranOutOn}`}`
  const end = outlook === null ? '' : `; forecast ${usd(outlook.usd)}${intervalOf(state)} for the ${noun}`
  return spent + end + usedUpWords(state, tz)
}

/** By the forecast, or by the pace where that stands in for it; a day's budget by its pace alone. */
function usedUpWords({ status, budget, outlook, runsOutAt }: BudgetState, tz: string): string {
  if (status !== 'will_exceed') return ''
  if (budget.period === 'daily') {
    return runsOutAt === null ? '' : `, used up ${clockWords(runsOutAt, tz)} at this pace`
  }
  const byPace = runsOutAt === null ? null : localDate(runsOutAt, tz)
  const day = outlook?.basis === 'history' ? outlook.runsOutOn : byPace
  return day === null || day === undefined ? '' : `, used up on ${day}`
}

function intervalOf({ outlook }: BudgetState): string {
  if (outlook === null || outlook.lowUsd === null || outlook.highUsd === null) return ''
  return ` (${usd(outlook.lowUsd)} to ${usd(outlook.highUsd)})`
}
