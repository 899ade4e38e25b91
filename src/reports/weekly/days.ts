/** The cost of each day beside that of the same weekday before, and what has come in since the window ended. */
import { localDate } from '../../domain/time/periods.js'
import { dayMs } from '../../domain/time/zones.js'
import { relativeChange } from '../../domain/growth.js'
import type { Window } from '../../domain/scope.js'
import type { SummaryRow } from '../../metrics/summary.js'
import type { TrendRow } from '../../metrics/trend.js'
import { changeColumn, column, measureColumn } from '../columns.js'
import type { Cell, Column, Row, Section } from '../report.js'
import { trendSection, type Mark, type TrendAnswer } from '../trends/trend.js'
import { cellText } from './cell-text.js'

export const weekBeforeKeys = { cost: 'week_before_cost_usd', change: 'week_before_change' } as const

/** Costs of days or hours by the label of their bucket, seven local days earlier. */
export interface WeekBefore {
  readonly rows: readonly TrendRow[]
  /** Local date of the first call of all: nothing is known before it. */
  readonly firstDay: string | null
}

/**
 * The section of the trend, with the same weekday before where its buckets are days or hours.
 * @param answer of all calls
 */
export function daysSection(
  answer: TrendAnswer,
  marks: readonly Mark[],
  before: WeekBefore | undefined,
): Section {
  const section = trendSection(answer, `cost_by_${answer.every}`, marks)
  const columns = [...section.columns, dataOnly('mark', 'what stands out')]
  if (before === undefined) return { ...section, columns }
  const costs = new Map(before.rows.map((row) => [placeOf(row.bucket ?? ''), row.cost_usd ?? null]))
  const rows = section.rows.map((row) => {
    const label = cellText(row['bucket'])
    const cost = costBefore(label, costs, before.firstDay)
    const change = row['partial'] === true ? null : changeOf(row['cost_usd'], cost)
    return { ...row, [weekBeforeKeys.cost]: cost, [weekBeforeKeys.change]: change }
  })
  return { ...section, columns: [...columns, ...weekBeforeColumns], rows }
}

const dataOnly = (key: string, title: string): Column => ({ ...column(key, title, 'text'), dataOnly: true })

const weekBeforeColumns: readonly Column[] = [
  { ...column(weekBeforeKeys.cost, 'a week before', 'usd'), dataOnly: true },
  { ...changeColumn(weekBeforeKeys.change, 'change', 'cost_usd'), dataOnly: true },
]

/** Date and hour of the wall clock: an hour that comes twice is compared with the same hour twice. */
const placeOf = (label: string): string => label.slice(0, 13)

function costBefore(label: string, costs: ReadonlyMap<string, Cell>, firstDay: string | null): Cell {
  const day = new Date(Date.parse(`${label.slice(0, 10)}T00:00:00Z`) - 7 * dayMs).toISOString().slice(0, 10)
  if (firstDay === null || day <= firstDay) return costs.get(day + label.slice(10, 13)) ?? null
  // Within the log, a day without calls cost nothing.
  return costs.has(day + label.slice(10, 13)) ? (costs.get(day + label.slice(10, 13)) ?? null) : 0
}

function changeOf(now: Cell | undefined, then: Cell): number | null {
  const figure = (cell: Cell | undefined): string | number | bigint | null =>
    typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'bigint' ? cell : null
  return relativeChange(figure(now), figure(then))
}

/** Calls from the end of the window up to as-of: they are in none of the other figures. */
export interface SoFar {
  readonly window: Window
  readonly figures: SummaryRow
  readonly tz: string
}

/** Figures asked of them. */
export const soFarMeasures = ['calls', 'cost_usd', 'unpriced_calls'] as const

/** Said beside the days, for programs and for people. */
export function soFarSection({ window, figures, tz }: SoFar): Section {
  const row: Row = {
    since: window.since,
    until: window.until,
    cost_usd: figures.cost_usd ?? null,
    calls: figures.calls ?? null,
    unpriced_calls: figures.unpriced_calls ?? null,
  }
  const from = localDate(window.since ?? '', tz)
  return {
    id: 'so_far',
    title: 'Not over yet',
    columns: [
      column('since', 'since', 'time'),
      { ...column('until', 'until', 'time'), optional: 1 },
      measureColumn('cost_usd'),
      measureColumn('calls', 'always'),
      {
        ...measureColumn('unpriced_calls'),
        ...(Number(row['unpriced_calls']) > 0 ? {} : { dataOnly: true }),
      },
    ],
    rows: [row],
    notes: [`Calls from ${from} on are in none of the other figures.`],
  }
}
