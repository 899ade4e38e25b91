/** Where a period's cost will end: `llmcost forecast`, and the forecast in the report. */
import { monthWords } from '../../domain/time/months.js'
import { dayMs } from '../../domain/time/zones.js'
import type { Budget } from '../../domain/budgets/budget.js'
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import { localDate } from '../../domain/time/periods.js'
import { count, inWords, percent, usd, usdScale } from '../../domain/words/wording.js'
import type { DayRange, PeriodName } from '../../forecast/days.js'
import type { Forecast } from '../../forecast/forecast.js'
import type { GroupForecast } from '../../forecast/groups.js'
import type { Now } from '../../forecast/series.js'
import { addingUp } from './adding-up.js'
import { changeColumn, column, dimensionColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import { budgetTitle, runningSum } from './running-sum.js'
import type { Cell, Column, Period, Report, Row, Section } from '../report.js'

export interface ForecastAnswer {
  readonly name: PeriodName
  readonly now: Now
  readonly period: DayRange
  readonly before: DayRange
  /** Calls reach back to the first day of `before`. */
  readonly beforeWhole: boolean
  readonly total: GroupForecast
  readonly groups: readonly GroupForecast[]
  readonly by: readonly Dimension[]
  /** Of the whole period and all the calls that are forecast; undefined when there is none. */
  readonly budget: Budget | undefined
  /** About the calls that were read. */
  readonly doubts: Doubts
  /** The forecast days as instants. */
  readonly instants: Period
}

const othersLabel = '(others)'

export function forecastReport(answer: ForecastAnswer): Report {
  const title = `Forecast for ${periodTitle(answer.period, answer.name)}`
  const grouped = answer.by.length > 0
  const by = answer.by.map(dimensionNoun).join(' and ')
  return {
    kind: 'forecast',
    title: grouped ? `${title} by ${by}` : title,
    period: answer.instants,
    sections: [grouped ? groupsSection(answer, `${title} by ${by}`) : againstBudget(answer, title)],
    warnings: [...forecastWarnings(answer), ...warningsOf(answer.doubts)],
    data: { text: forecastSentence(answer), ...dataOf(answer.total.forecast) },
    footer: footerOf(answer.doubts.history),
  }
}

/** `October 2026`, `Q4 2026`, `the week from 2026-10-05`. */
export function periodTitle({ since }: DayRange, name: PeriodName): string {
  const [year = '', month = '1'] = since.split('-')
  if (name === 'week') return `the week from ${since}`
  if (name === 'quarter') return `Q${Math.ceil(Number(month) / 3)} ${year}`
  return monthWords(since)
}

/** `forecast for October 2026: $812.40, 80% between $760.10 and $880.00`; null where there is none. */
function forecastSentence(answer: Pick<ForecastAnswer, 'name' | 'period' | 'total'>): string | null {
  const { forecast } = answer.total
  if (forecast === null) return null
  const scale = usdScale([forecast.mean, forecast.low, forecast.high])
  const [mean, low, high] = [forecast.mean, forecast.low, forecast.high].map((value) => inWords(value, scale))
  return `forecast for ${periodTitle(answer.period, answer.name)}: ${mean}, 80% between ${low} and ${high}`
}

const days = ({ since, until }: DayRange): number => (Date.parse(until) - Date.parse(since)) / dayMs

/** The last week carried on: `last 7 days × 31/7`. */
export const naiveTitle = (length: number): string =>
  length === 7 ? 'last 7 days' : `last 7 days × ${length}/7`

/** The figures of a forecast: as facts, or as the columns of a table of groups. */
function columnsOf({ name, period, before, beforeWhole }: ForecastAnswer, facts: boolean): Column[] {
  const ends = facts ? ['low end (80%)', 'high end (80%)'] : ['80% from', 'to']
  const wide = (place: number): number | undefined => (facts ? undefined : place)
  // A part of the period before would mislead.
  const compared = (one: Column): Column => (beforeWhole ? one : { ...one, dataOnly: true })
  return [
    column('cost_so_far_usd', facts ? `cost since ${period.since}` : 'so far', 'usd'),
    column('forecast_cost_usd', facts ? `forecast for ${periodTitle(period, name)}` : 'forecast', 'usd'),
    column('low_cost_usd', ends[0]!, 'usd'),
    column('high_cost_usd', ends[1]!, 'usd'),
    compared(column('before_cost_usd', facts ? periodTitle(before, name) : `${name} before`, 'usd', wide(2))),
    compared(changeColumn('forecast_change', 'change', 'cost_usd', wide(1))),
    column('naive_cost_usd', naiveTitle(days(period)), 'usd', wide(4)),
    // Of the level that days to come start from, not of what past weeks came to: see `growth_rate`.
    changeColumn('weekly_growth', 'trend a week', 'cost_usd', wide(3)),
    column('learned_days', 'days learned from', 'count', wide(5)),
  ]
}

function figuresOf(group: GroupForecast, { beforeWhole }: Pick<ForecastAnswer, 'beforeWhole'>): Row {
  const { forecast } = group
  const before = beforeWhole ? group.beforeUsd : null
  const change =
    forecast === null || before === null || Number(before) === 0 ? null : forecast.mean / Number(before) - 1
  return {
    cost_so_far_usd: group.soFarUsd,
    forecast_cost_usd: forecast?.mean ?? null,
    low_cost_usd: forecast?.low ?? null,
    high_cost_usd: forecast?.high ?? null,
    before_cost_usd: before,
    forecast_change: change,
    naive_cost_usd: forecast?.naive ?? null,
    weekly_growth: forecast?.method === 'seasonal' ? forecast.weeklyGrowth : null,
    learned_days: forecast?.learnedDays ?? 0,
  }
}

/** The forecast of all calls as facts. @param title heading of the section */
export function forecastSection(answer: ForecastAnswer, title: string): Section {
  const gone = column('days_gone', `days gone of ${days(answer.period)}`, 'number')
  const columns = [...columnsOf(answer, true), gone]
  const head = { id: 'forecast', title, layout: 'facts' as const, columns }
  const { budget } = answer
  const { forecast } = answer.total
  if (forecast === null) return { ...head, rows: [], empty: nothing(answer) }
  const row = { ...figuresOf(answer.total, answer), days_gone: daysGone(answer) }
  return { ...head, rows: [row], notes: [methodNote(forecast)], chart: runningSum(forecast, budget) }
}

/** With the budget in words, for those who do not see the chart. */
function againstBudget(answer: ForecastAnswer, title: string): Section {
  const section = forecastSection(answer, title)
  const { budget, total } = answer
  if (budget === undefined || total.forecast === null) return section
  const share = percent(total.forecast.mean / Number(budget.usd))
  return {
    ...section,
    notes: [...(section.notes ?? []), `${budgetTitle(budget)}; the forecast is ${share} of it.`],
  }
}

function daysGone({ now, period }: ForecastAnswer): number {
  const whole = days({ since: period.since, until: now.day })
  return Number((whole + now.complete).toFixed(2))
}

function methodNote(forecast: Forecast): string {
  if (forecast.method === 'flat') {
    return 'Fewer than 7 whole days with a cost are known: their mean is carried on, and the interval is a guess.'
  }
  const learned = `level, growth and weekdays of the last ${count(forecast.learnedDays)} whole days`
  return `From ${learned}. In ten such forecasts, one should end below the low end and one above the high end.`
}

function groupsSection(answer: ForecastAnswer, title: string): Section {
  const columns = [...answer.by.map(dimensionColumn), ...columnsOf(answer, false)]
  const head = { id: 'forecast', title, columns }
  if (answer.total.forecast === null) return { ...head, rows: [], empty: nothing(answer) }
  const shown = addingUp(answer.groups.map(expectedOf), answer.total.forecast.mean)
  return {
    ...head,
    rows: answer.groups.map((group, i) => ({
      ...keysOf(group, answer.by),
      ...figuresOf(group, answer),
      forecast_cost_usd: shown[i]!,
    })),
    totals: figuresOf(answer.total, answer),
    notes: [
      'The total is forecast on its own; the groups add up to it, their intervals do not.',
      ...youngNote(answer),
    ],
  }
}

/** A group without a whole day to go by counts with what it has cost; one without a price is not known. */
function expectedOf({ forecast, soFarUsd }: GroupForecast): number | null {
  if (forecast !== null) return forecast.mean
  return soFarUsd === null ? null : Number(soFarUsd)
}

function keysOf(group: GroupForecast, by: readonly Dimension[]): Row {
  return Object.fromEntries(
    by.map(({ key }, i): [string, Cell] => [key, group.isOthers ? othersLabel : (group.keys[i] ?? null)]),
  )
}

/** Groups whose interval is a guess, by name. */
function youngNote({ groups }: ForecastAnswer): string[] {
  const young = groups.filter(({ forecast }) => forecast?.lowConfidence)
  if (young.length === 0) return []
  const names = young.slice(0, 3).map(({ keys, isOthers }) => (isOthers ? othersLabel : nameOf(keys)))
  const more = young.length > 3 ? ` and ${young.length - 3} more` : ''
  return [
    `Little history, under two weeks of whole days: ${names.join(', ')}${more}; their intervals are guesses.`,
  ]
}

const nameOf = (keys: GroupForecast['keys']): string => keys.map((key) => String(key ?? '(none)')).join(' / ')

function nothing({ doubts, total }: ForecastAnswer): string {
  if (total.calls === 0n) return emptyText(doubts)
  if (total.calls === total.unpricedCalls)
    return 'no call here has a price or a cost: there is nothing to go by'
  const soFar = total.soFarUsd === null ? '' : ` (${usd(total.soFarUsd)} so far)`
  return `no whole day with a cost is known yet${soFar}: too little to forecast from`
}

/** What is doubtful about the forecast itself. */
export function forecastWarnings({ now, period, total, doubts, instants }: ForecastAnswer): string[] {
  const { first_ts: first, last_ts: last } = doubts.history
  const { forecast } = total
  if (forecast === null || first === null || last === null) return []
  const warnings: string[] = []
  const [firstDay, lastDay] = [localDate(first, instants.tz), localDate(last, instants.tz)]
  const known = now.complete > 0 ? now.day : dayBefore(now.day)
  if (lastDay < known) {
    warnings.push(
      `the newest call is of ${lastDay}: the days after it count as without cost; --as-of latest forecasts from there`,
    )
  }
  if (firstDay > period.since) {
    warnings.push(`the calls begin on ${firstDay}: what this period cost before is not in its forecast`)
  }
  if (forecast.lowConfidence) {
    const learned = count(forecast.learnedDays)
    warnings.push(`too little history for a sound forecast: ${learned} whole days, of 14 at least`)
  }
  return warnings
}

const dayBefore = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - dayMs).toISOString().slice(0, 10)

/** For programs: the path day by day, and what was learned. */
function dataOf(forecast: Forecast | null): Readonly<Record<string, Cell>> {
  if (forecast === null) return { method: null, low_confidence: true, daily: [], weekday_factors: [] }
  return {
    method: forecast.method,
    low_confidence: forecast.lowConfidence,
    interval: 0.8,
    weekday_factors: forecast.weekdayFactors,
    daily: forecast.daily.map(({ day, cost, known, mean, low, high }) => ({
      day,
      is_known: known,
      cost_usd: cost,
      cumulative_cost_usd: mean,
      low_cumulative_cost_usd: low,
      high_cumulative_cost_usd: high,
    })),
  }
}
