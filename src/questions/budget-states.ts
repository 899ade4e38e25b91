/** How budgets stand: one scan of the calls for all of them, then plain arithmetic on its days. */
import { coversExactly, type Budget } from '../domain/budgets/budget.js'
import { runningPeriod, type RunningPeriod } from '../domain/budgets/budget-period.js'
import { budgetState, type BudgetState, type DaySpend, type Outlook } from '../domain/budgets/budget-state.js'
import { localDate } from '../domain/time/periods.js'
import type { Filter, Scope } from '../domain/scope.js'
import { addDays, type DailyCost } from '../forecast/days.js'
import { dayReached, forecastCost, type Forecast } from '../forecast/forecast.js'
import { beginningOf, dailySeries, nowOf, type Now } from '../forecast/series.js'
import { budgetDays, type BudgetDayRow } from '../metrics/budgets/budgets.js'
import { budgetSection } from '../reports/budgets/budget.js'
import { budgetFindings } from '../reports/budgets/budget-findings.js'
import type { ReportPart } from '../reports/weekly/weekly.js'
import { ask, askAsOf, untoldSince, type Question } from './question.js'

export interface BudgetAnswer {
  readonly states: readonly BudgetState[]
  /** How the one closest to its end got there; none of a day, which is one point, nor without history. */
  readonly closest: BudgetPath | undefined
  /** Budgets that cover no call of the last 120 days: perhaps a filter is misspelt. */
  readonly unmatched: readonly Budget[]
  /** From the beginning of the longest running period up to as-of, with the filters of the question. */
  readonly scope: Scope
  /** Figures of all calls in it, whether a budget covers them or not. */
  readonly figures: {
    readonly calls: number
    readonly unpriced_calls: number
    readonly partly_priced_calls: number
  }
}

/** A budget, and the path of what it covers through its running period. */
interface BudgetPath {
  readonly budget: Budget
  readonly forecast: Forecast
}

/** Days that a forecast learns from. */
export const budgetHistoryDays = 120

/**
 * Budgets run at as-of, in the question's zone, over calls that pass its filters; its window is not used. Where only
 * sums are at hand, at the beginning of the running quarter-hour.
 */
export const askBudgets = (
  question: Pick<Question, 'db' | 'scope' | 'asOf' | 'history'>,
  budgets: readonly Budget[],
): Promise<BudgetAnswer> => askAsOf(question.asOf, (asOf) => budgetsAt({ ...question, asOf }, budgets))

async function budgetsAt(
  { db, scope: asked, asOf, history }: Pick<Question, 'db' | 'scope' | 'asOf' | 'history'>,
  budgets: readonly Budget[],
): Promise<BudgetAnswer> {
  const { tz, filters } = asked
  const now = nowOf(asOf, tz)
  const historySince = addDays(now.day, -budgetHistoryDays)
  const until = asOf.toISOString()
  const sets = new Map(budgets.map((budget) => [JSON.stringify(budget.filters), budget.filters]))
  const keys = [...sets.keys()]
  const rows = await ask(
    db,
    budgetDays({
      scope: { since: beginningOf(historySince, tz), until, filters, tz },
      filterSets: [...sets.values()],
      clockMs: now.clockMs,
    }),
  )
  const setOf = (budget: Budget): number => keys.indexOf(JSON.stringify(budget.filters))
  const found = budgets.map((budget) =>
    stateAndPath(budget, {
      rows,
      set: setOf(budget),
      asOf,
      now,
      historySince,
      firstTs: history.first_ts,
      tz,
    }),
  )
  const states = found.map(({ state }) => state)
  const since = states.map(({ period }) => period.since).toSorted()[0] ?? until
  const running = rows.filter(({ day }) => day >= localDate(since, tz))
  const sum = (key: keyof BudgetAnswer['figures']): number =>
    running.reduce((total, row) => total + Number(row[key]), 0)
  return {
    states,
    closest: closestOf(
      found.map(({ path }) => path),
      filters,
    ),
    unmatched: budgets.filter((budget) => rows.every((row) => Number(row[`calls_${setOf(budget)}`]) === 0)),
    scope: { since, until, filters, tz },
    figures: {
      calls: sum('calls'),
      unpriced_calls: sum('unpriced_calls'),
      partly_priced_calls: sum('partly_priced_calls'),
    },
  }
}

/** Of the budgets all of whose calls pass the filters of the question. */
function closestOf(
  paths: readonly (BudgetPath | undefined)[],
  filters: readonly Filter[],
): BudgetPath | undefined {
  const share = ({ budget, forecast }: BudgetPath): number => forecast.mean / Number(budget.usd)
  const drawn = paths.flatMap((path) => (path === undefined || path.budget.period === 'daily' ? [] : [path]))
  return drawn
    .filter(({ budget }) => coversExactly(budget, [...budget.filters, ...filters]))
    .toSorted((a, b) => share(b) - share(a))[0]
}

/** What the report shows and says of budgets, as they stand at as-of, whatever its window. */
export async function budgetPart(
  question: Pick<Question, 'db' | 'scope' | 'asOf' | 'history' | 'typed'>,
  budgets: readonly Budget[],
): Promise<ReportPart> {
  if (budgets.length === 0) return { sections: [] }
  const { states, scope } = await askBudgets(question, budgets)
  const { tz } = question.scope
  return {
    sections: [budgetSection(states, tz, question.typed)],
    findings: budgetFindings(states, tz),
    untold: untoldSince(question.asOf, scope.until),
  }
}

interface Found {
  readonly rows: readonly BudgetDayRow[]
  /** Number of the budget's filter set. */
  readonly set: number
  readonly asOf: Date
  readonly now: Now
  readonly historySince: string
  /** Of the oldest call of all, ISO 8601 UTC. */
  readonly firstTs: string | null
  readonly tz: string
  /** False: where the period will end is not asked, which is most of the work. */
  readonly forecasts?: boolean
}

/** How one budget stands, from the days of the calls that it covers. */
export const stateOf = (budget: Budget, found: Found): BudgetState => stateAndPath(budget, found).state

function stateAndPath(
  budget: Budget,
  found: Found,
): { readonly state: BudgetState; readonly path: BudgetPath | undefined } {
  const { rows, set, asOf, now, historySince, firstTs, tz, forecasts = true } = found
  const period = runningPeriod(budget.period, asOf, tz)
  const began = localDate(period.since, tz)
  const days = rows
    .filter(({ day }) => day >= began)
    .map((row): DaySpend => ({
      day: row.day,
      calls: Number(row[`calls_${set}`]),
      unpricedCalls: Number(row[`unpriced_calls_${set}`]),
      costUsd: row[`cost_usd_${set}`] ?? null,
    }))
  const series = dailySeries(
    rows.map((row) => ({
      day: row.day,
      cost_usd: row[`cost_usd_${set}`] ?? null,
      cost_by_now_usd: row[`cost_by_now_usd_${set}`] ?? null,
    })),
    historySince,
    now,
  )
  const isWhole = firstTs !== null && localDate(firstTs, tz) <= began
  const forecast = forecasts ? forecastOf(period, series, tz) : null
  const outlook = forecast === null ? null : outlookOf(budget, forecast)
  return {
    state: budgetState({ budget, period, asOf, days, isWhole, outlook }),
    path: forecast === null ? undefined : { budget, forecast },
  }
}

/** null with no whole day to learn from, or none with a cost. */
function forecastOf(
  { since, until }: RunningPeriod,
  series: readonly DailyCost[],
  tz: string,
): Forecast | null {
  const forecast = forecastCost(series, { since: localDate(since, tz), until: localDate(until, tz) })
  return forecast === null || forecast.learnedDays === 0 ? null : forecast
}

function outlookOf(budget: Budget, forecast: Forecast): Outlook {
  return {
    usd: forecast.mean,
    lowUsd: forecast.low,
    highUsd: forecast.high,
    runsOutOn: dayReached(forecast, Number(budget.usd)).mean,
    basis: 'history',
  }
}
