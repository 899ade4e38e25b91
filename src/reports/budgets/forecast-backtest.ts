/** How past forecasts would have done: `llmcost forecast --backtest`. */
import { count } from '../../domain/words/wording.js'
import type { Backtest, Trial } from '../../forecast/backtest.js'
import type { PeriodName } from '../../forecast/days.js'
import { column } from '../columns.js'
import { naiveTitle, periodTitle } from './forecast.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Period, Report, Section } from '../report.js'

interface BacktestAnswer {
  readonly name: PeriodName
  /** Length of the stretches that were forecast, days. */
  readonly length: number
  /** Days known before a forecast counts. */
  readonly leastKnown: number
  /** Whole days with calls or between them. */
  readonly wholeDays: number
  readonly found: Backtest
  readonly doubts: Doubts
  /** The days that were read. */
  readonly instants: Period
}

export function backtestReport(answer: BacktestAnswer): Report {
  const { found, doubts, name, instants } = answer
  const past = found.past.length > 0 ? [pastSection(answer)] : []
  return {
    kind: 'forecast_backtest',
    title: `Past forecasts of a ${name}`,
    period: instants,
    sections: [accuracySection(answer), ...past],
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}

function accuracySection({ found, name, length, leastKnown, wholeDays, doubts }: BacktestAnswer): Section {
  const made = found.accuracy.some(({ forecasts }) => forecasts > 0)
  const columns = [
    column('days_gone', `days gone of ${length}`, 'count'),
    column('forecasts', 'forecasts', 'count'),
    column('mean_error_rate', 'mean error', 'rate'),
    column('naive_mean_error_rate', naiveTitle(length), 'rate'),
    column('held_rate', 'within 80% interval', 'rate'),
  ]
  const rows = found.accuracy.map(({ days_gone, forecasts, error, naive_error, held_rate }) => ({
    days_gone,
    forecasts,
    mean_error_rate: error,
    naive_mean_error_rate: naive_error,
    held_rate,
  }))
  const head = { id: 'accuracy', title: `Every ${length} days in a row`, columns }
  if (!made) {
    const empty =
      Number(doubts.calls ?? 0) === 0
        ? emptyText(doubts)
        : `too little history: ${count(wholeDays)} whole days; forecasts of a ${name} are tried on ${length} days in a row, ${leastKnown} of them known`
    return { ...head, rows: [], empty }
  }
  return {
    ...head,
    rows,
    notes: [
      `Every ${length} days in a row are forecast from the days before alone and compared with what they cost. They overlap, so their errors are alike; 80% of outcomes should lie within the interval.`,
    ],
  }
}

function pastSection({ found, name }: BacktestAnswer): Section {
  return {
    id: 'past_periods',
    title: `Whole ${name}s, forecast at their middle`,
    columns: [
      column('period', name === 'week' ? 'week from' : name, 'text'),
      { ...column('since', 'since', 'text'), dataOnly: true },
      { ...column('days_gone', 'days gone', 'count'), dataOnly: true },
      column('forecast_cost_usd', 'forecast', 'usd'),
      column('low_cost_usd', '80% from', 'usd'),
      column('high_cost_usd', 'to', 'usd'),
      column('outcome_cost_usd', 'came to', 'usd'),
      column('forecast_error', 'off by', 'change'),
      column('held', 'within', 'boolean', 1),
      column('naive_cost_usd', 'last 7 days', 'usd', 3),
      column('naive_error', 'off by', 'change', 2),
    ],
    rows: found.past.map((one) => ({
      period: name === 'week' ? one.period.since : periodTitle(one.period, name),
      since: one.period.since,
      days_gone: one.days_gone,
      ...figuresOf(one),
    })),
  }
}

function figuresOf({ mean, low, high, naive, outcome }: Trial) {
  return {
    forecast_cost_usd: mean,
    low_cost_usd: low,
    high_cost_usd: high,
    outcome_cost_usd: outcome,
    forecast_error: mean / outcome - 1,
    held: outcome >= low && outcome <= high,
    naive_cost_usd: naive,
    naive_error: naive / outcome - 1,
  }
}
