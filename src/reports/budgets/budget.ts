/** How each budget stands, as a table: `llmcost budget`, and a section of the report. */
import type { Budget } from '../../domain/budgets/budget.js'
import { budgetName } from '../../domain/budgets/budget-option.js'
import type { BudgetState, BudgetStatus } from '../../domain/budgets/budget-state.js'
import { localDate } from '../../domain/time/periods.js'
import type { Typed } from '../../domain/words/commands.js'
import { percent } from '../../domain/words/wording.js'
import { localAt } from '../../domain/time/zones.js'
import { column } from '../columns.js'
import type { Cell, Column, Row, Section } from '../report.js'

/** @param tz zone in which the periods begin */
export function budgetSection(states: readonly BudgetState[], tz: string, typed: Typed): Section {
  return {
    id: 'budgets',
    title: 'Budgets',
    columns: columnsFor(states),
    rows: states.map((state) => rowOf(state, tz)),
    shownRows: states.map((state) => ({
      ...rowOf(state, tz),
      runs_out_on: runsOutWords(state, tz),
      status: statusWords(state),
    })),
    notes: notesOn(states, typed),
  }
}

function columnsFor(states: readonly BudgetState[]): Column[] {
  const hidden = (one: Column, isHidden: boolean): Column => (isHidden ? { ...one, dataOnly: true } : one)
  const interval = states.some(({ outlook }) => outlook !== null && outlook.highUsd !== null)
  const ownNames = states.every(({ budget }) => budget.name === budgetName(budget.period, budget.filters))
  return [
    column('budget', 'budget', 'text'),
    hidden(column('period', 'period', 'text'), ownNames),
    hidden(column('covers', 'covers', 'text', 1), ownNames),
    { ...column('since', 'since', 'time'), dataOnly: true },
    { ...column('until', 'until', 'time'), dataOnly: true },
    column('cost_usd', 'spent', 'usd'),
    column('budget_usd', 'of', 'usd'),
    { ...column('budget_share', 'used', 'rate'), against: 'period_share' },
    column('period_share', 'gone', 'rate'),
    column('pace', 'pace', 'number', 2),
    column('mean_daily_cost_usd', 'a day', 'usd', 5),
    column('remaining_usd', 'left', 'usd', 4),
    column('forecast_cost_usd', 'forecast', 'usd'),
    hidden(column('forecast_low_cost_usd', 'low', 'usd', 7), !interval),
    hidden(column('forecast_high_cost_usd', 'high', 'usd', 6), !interval),
    { ...column('forecast_share', 'forecast of budget', 'rate'), dataOnly: true },
    { ...column('forecast_basis', 'forecast from', 'text'), dataOnly: true },
    hidden(
      column('runs_out_on', 'runs out', 'text', 1),
      states.every(({ ranOutOn, runsOutAt }) => ranOutOn === null && runsOutAt === null),
    ),
    { ...column('runs_out_at', 'runs out at', 'time'), dataOnly: true },
    hidden(
      column('forecast_runs_out_on', 'by forecast', 'text', 3),
      states.every(({ outlook }) => outlook === null || outlook.runsOutOn === null),
    ),
    { ...column('warn_level', 'level reached', 'rate'), dataOnly: true },
    { ...column('calls', 'calls', 'count'), dataOnly: true },
    hidden(
      column('unpriced_calls', 'unpriced', 'count', 1),
      states.every(({ unpricedCalls }) => unpricedCalls === 0),
    ),
    { ...column('status', 'status', 'status'), tones: tonesOf(states) },
  ]
}

function rowOf(state: BudgetState, tz: string): Row {
  const { budget, period, outlook } = state
  return {
    budget: budget.name,
    period: budget.period,
    covers: covers(budget),
    since: period.since,
    until: period.until,
    cost_usd: state.spentUsd,
    budget_usd: budget.usd,
    budget_share: state.spentShare,
    period_share: state.periodShare,
    pace: state.pace,
    mean_daily_cost_usd: state.meanDailyUsd,
    remaining_usd: state.remainingUsd,
    forecast_cost_usd: outlook?.usd ?? null,
    forecast_low_cost_usd: outlook?.lowUsd ?? null,
    forecast_high_cost_usd: outlook?.highUsd ?? null,
    forecast_share: outlook === null ? null : outlook.usd / Number(budget.usd),
    forecast_basis: outlook?.basis ?? null,
    runs_out_on: state.ranOutOn ?? (state.runsOutAt === null ? null : localDate(state.runsOutAt, tz)),
    runs_out_at: state.runsOutAt,
    forecast_runs_out_on: outlook?.runsOutOn ?? null,
    warn_level: state.level,
    calls: state.calls,
    unpriced_calls: state.unpricedCalls,
    status: state.status,
  }
}

function covers({ filters }: Budget): string {
  const texts = filters.map(({ dimension, operator, value }) => dimension + operator + value)
  return texts.length === 0 ? 'all calls' : texts.join(', ')
}

/** A date; of a day's budget, the time of the day. */
function runsOutWords(state: BudgetState, tz: string): Cell {
  if (state.ranOutOn !== null) return state.ranOutOn
  if (state.runsOutAt === null) return null
  return state.budget.period === 'daily' ? clockWords(state.runsOutAt, tz) : localDate(state.runsOutAt, tz)
}

/** The time of the day, `at 17:30`. */
export const clockWords = (instant: string, tz: string): string =>
  `at ${new Date(localAt(Date.parse(instant), tz)).toISOString().slice(11, 16)}`

function statusWords({ status, level }: BudgetState): string {
  switch (status) {
    case 'within':
      return 'within'
    case 'unpriced':
      return 'no price'
    case 'warning':
      return `at ${percent(level)}`
    case 'will_exceed':
      return 'will exceed'
    case 'over':
      return 'over'
  }
}

type Tones = NonNullable<Column['tones']>

const statusTones: Readonly<Record<BudgetStatus, Tones[string]>> = {
  within: 'good',
  unpriced: 'caution',
  warning: 'caution',
  will_exceed: 'caution',
  over: 'bad',
}

/** A level of all of the budget is as bad as over. */
function tonesOf(states: readonly BudgetState[]): Tones {
  return Object.fromEntries(
    states.map((state) => [
      statusWords(state),
      state.status === 'warning' && (state.level ?? 0) >= 1 ? 'bad' : statusTones[state.status],
    ]),
  )
}

function notesOn(states: readonly BudgetState[], typed: Typed): string[] {
  const bases = new Set(states.filter(({ calls }) => calls > 0).map(({ outlook }) => outlook?.basis))
  const bad = states.some(({ status }) => status !== 'within' && status !== 'unpriced')
  return [
    'used and gone: the share of the budget, and of its day, week or month; pace: one over the other',
    ...(states.some(({ runsOutAt, ranOutOn }) => runsOutAt !== null || ranOutOn !== null)
      ? ['runs out: at the present pace, or when it did; by forecast: as the forecast goes']
      : []),
    ...(bases.has('history')
      ? ['forecast: from the days before; the interval from low to high holds it four times in five']
      : []),
    ...(bases.has('pace') ? ['too little history to learn from: some forecasts are the present pace'] : []),
    ...(bad ? [`${typed('llmcost breakdown --since mtd --by feature,model')} shows where it goes`] : []),
  ]
}
