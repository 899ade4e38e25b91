/** What a period costs, day by day, drawn against its budget. */
import type { Budget } from '../../domain/budgets/budget.js'
import { usd } from '../../domain/words/wording.js'
import type { Forecast } from '../../forecast/forecast.js'
import { column } from '../columns.js'
import type { Chart } from '../report.js'

/**
 * The sum so far, as far as it is known, and from there the path of the forecast.
 * @param budget of exactly this period and these calls
 */
export function runningSum({ daily }: Pick<Forecast, 'daily'>, budget: Budget | undefined): Chart {
  const last = daily.findLastIndex(({ known }) => known)
  return {
    kind: 'area',
    x: 'day',
    y: 'so_far_usd',
    expected: 'forecast_usd',
    low: 'low_usd',
    high: 'high_usd',
    ...(budget && { bound: { value: budget.usd, title: budgetTitle(budget) } }),
    columns: [
      column('day', 'day', 'text'),
      column('so_far_usd', 'cost so far', 'usd'),
      column('forecast_usd', 'forecast', 'usd'),
      column('low_usd', 'low end (80%)', 'usd'),
      column('high_usd', 'high end (80%)', 'usd'),
    ],
    points: daily.map(({ day, known, mean, low, high }, i) => ({
      day,
      so_far_usd: known ? mean : null,
      ...(i < last ? {} : { forecast_usd: mean, low_usd: low, high_usd: high }),
    })),
  }
}

/** `Budget monthly: $150.00` */
export const budgetTitle = ({ name, usd: limit }: Budget): string => `Budget ${name}: ${usd(limit)}`
