/** The whole answer of `llmcost budget`. */
import type { Budget } from '../../domain/budgets/budget.js'
import type { BudgetState } from '../../domain/budgets/budget-state.js'
import { localDate } from '../../domain/time/periods.js'
import type { Scope } from '../../domain/scope.js'
import { budgetSection } from './budget.js'
import type { Forecast } from '../../forecast/forecast.js'
import { budgetFindings } from './budget-findings.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Report } from '../report.js'
import { runningSum } from './running-sum.js'

interface BudgetAnswer {
  /** From the beginning of the longest running period up to as-of. */
  readonly scope: Scope
  readonly states: readonly BudgetState[]
  /** The one that is drawn: what it covers, through its running period. */
  readonly closest: { readonly budget: Budget; readonly forecast: Forecast } | undefined
  /** Budgets that cover no call of their history. */
  readonly unmatched: readonly Budget[]
  readonly doubts: Doubts
}

export function budgetReport(answer: BudgetAnswer): Report {
  const { scope, states, closest, doubts } = answer
  const section = budgetSection(states, scope.tz, doubts.typed)
  const chart = closest && runningSum(closest.forecast, closest.budget)
  const { columns, id, title } = section
  const nothing = doubts.history.last_ts === null
  const empty = emptyText(doubts)
  return {
    kind: 'budget',
    title: 'Budgets',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [nothing ? { id, title, columns, rows: [], empty } : { ...section, ...(chart && { chart }) }],
    findings: nothing ? [] : budgetFindings(states, scope.tz),
    warnings: [...warningsOf(doubts), ...(nothing ? [] : budgetWarnings(answer))],
    footer: footerOf(doubts.history),
  }
}

/** Nothing spent is no good news where nothing was logged. */
function budgetWarnings({ scope, states, unmatched, doubts }: BudgetAnswer): string[] {
  const { first_ts: first, last_ts: last } = doubts.history
  const { tz, until, filters } = scope
  if (first === null || last === null || until === null) return []
  const warnings: string[] = []
  const filtered = filters.map(({ dimension, operator, value }) => dimension + operator + value).join(', ')
  if (Number(doubts.calls) === 0) warnings.push(emptyText(doubts))
  else if (filtered !== '') warnings.push(`only calls with ${filtered} count here, whatever a budget covers`)
  const misses = unmatched.filter(({ filters }) => filters.length > 0)
  if (Number(doubts.calls) > 0 && misses.length > 0) {
    const names = misses.map(({ name }) => name).join(', ')
    warnings.push(`no call of the last months is covered by ${names}: check its filters`)
  }
  const [firstDay, lastDay] = [localDate(first, tz), localDate(last, tz)]
  const now = localDate(new Date(Date.parse(until) - 1).toISOString(), tz)
  if (Number(doubts.calls) > 0 && lastDay < now) {
    warnings.push(
      `the newest call is of ${lastDay}: days after it count as days without cost; try --as-of latest`,
    )
  }
  const cut = states.filter(({ period }) => firstDay > localDate(period.since, tz))
  if (cut.length > 0) {
    const names = cut.map(({ budget }) => budget.name).join(', ')
    const some = `the running period${cut.length === states.length ? '' : ` of ${names}`}`
    warnings.push(`the calls begin on ${firstDay}, within ${some}: what was spent before is not known`)
  }
  return warnings
}

/** What stands in the place of budgets when none is set. */
export function noBudgetReport(tz: string): Report {
  return {
    kind: 'budget',
    title: 'Budgets',
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'budgets',
        title: 'Budgets',
        columns: budgetSection([], tz, (command) => command).columns,
        rows: [],
        empty: 'No budget is set.',
        notes: [
          'for one answer: llmcost budget --budget 500, or --budget daily:20 --budget "monthly:200 feature=search"',
          'for good, in llmcost.config.json: "budgets": [{ "monthly": 500 }, { "weekly": 50, "feature": "search" }]',
        ],
      },
    ],
    findings: [],
    warnings: [],
  }
}
