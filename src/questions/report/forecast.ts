/** Where a period will end, with its budget: for `forecast`, and a part of the report. */
import { tightestBudget, type Budget, type BudgetPeriod } from '../../domain/budgets/budget.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { PeriodName } from '../../forecast/days.js'
import { beginningOf } from '../../forecast/series.js'
import { forecastSection, forecastWarnings, type ForecastAnswer } from '../../reports/budgets/forecast.js'
import type { Doubts } from '../../reports/notes.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import { askForecast, type AskedForecast } from '../forecasting.js'
import { doubtsAbout, untoldSince, type Question } from '../question.js'

/** Groups forecast where nobody says how many. */
export const longestForecast = 10

export interface ForecastRequest {
  readonly period: PeriodName
  readonly by: readonly Dimension[]
  readonly top: number | undefined
  /** Those of `--budget`, else of the config file. */
  readonly budgets: readonly Budget[]
}

/** For the report: where the month of as-of will end, with what is doubtful about it as notes. */
export async function forecastPart(question: Question, budgets: readonly Budget[]): Promise<ReportPart> {
  const request = { period: 'month', by: [], top: undefined, budgets } as const
  const all = await forecastAnswer(question, request, question.asOf, null)
  const section = forecastSection(all, 'Forecast')
  const doubtful = forecastWarnings(all).map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`)
  return {
    sections: [{ ...section, notes: [...doubtful, ...(section.notes ?? [])] }],
    untold: all.doubts.leftOut ?? [],
  }
}

/** A quarter has no budget: three months may each keep to theirs however it ends. */
export const budgetPeriodOf: Readonly<Record<PeriodName, BudgetPeriod | undefined>> = {
  week: 'weekly',
  month: 'monthly',
  quarter: undefined,
}

/** The forecast of a period from the days before `now`, and the tightest budget that it is held against. */
export async function forecastAnswer(
  question: Question,
  { period, by, top, budgets }: ForecastRequest,
  now: Date,
  since: string | null,
): Promise<ForecastAnswer> {
  const { scope } = question
  const asked = await askForecast(question, { period, now, since, by, top: top ?? longestForecast })
  const instants = {
    since: beginningOf(asked.period.since, scope.tz),
    until: beginningOf(asked.period.until, scope.tz),
    tz: scope.tz,
  }
  const ofPeriod = budgetPeriodOf[period]
  const budget = ofPeriod && tightestBudget(budgets, ofPeriod, scope.filters)
  const doubts = await forecastDoubts(question, asked)
  const leftOut = untoldSince(now, asked.scope.until)
  return { ...asked, name: period, by, budget, instants, doubts: { ...doubts, leftOut } }
}

/** What is doubtful about the calls that a forecast was made from. */
export function forecastDoubts(question: Question, { scope, total }: AskedForecast): Promise<Doubts> {
  return doubtsAbout(
    { ...question, scope },
    {
      calls: total.calls,
      unpriced_calls: total.unpricedCalls,
      partly_priced_calls: total.partlyPricedCalls,
    },
  )
}
