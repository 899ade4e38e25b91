/** Where the month will end, and the worst of the budgets, on one line. Read from the sections of both. */
import { count, percent, usd } from '../../domain/words/wording.js'
import { dayWords, rangeUsd } from '../../domain/words/subjects.js'
import type { Cell, Row, Section } from '../report.js'
import { cellText } from './cell-text.js'

export interface Outlook {
  /** `September` */
  readonly month: string
  readonly soFarUsd: Cell
  readonly lowUsd: number
  readonly highUsd: number
  /** The tightest budget of the month and of these calls, USD. */
  readonly budgetUsd: Cell
}

/** Undefined where nothing is forecast. @param month in which as-of is */
export function outlookOf(section: Section | undefined, month: string): Outlook | undefined {
  const row = section?.rows[0]
  const [low, high] = [row?.['low_cost_usd'], row?.['high_cost_usd']]
  if (section === undefined || row === undefined || typeof low !== 'number' || typeof high !== 'number')
    return undefined
  return {
    month,
    soFarUsd: row['cost_so_far_usd'] ?? null,
    lowUsd: low,
    highUsd: high,
    budgetUsd: section.chart?.bound?.value ?? null,
  }
}

/** `September will end at $148–243 of $150.00` */
export function endWords({ month, lowUsd, highUsd, budgetUsd }: Outlook): string {
  const of = budgetUsd === null ? '' : ` of ${usdOf(budgetUsd)}`
  return `${month} will end at ${rangeUsd(lowUsd, highUsd)}${of}`
}

/** Whole dollars of a budget that is whole. */
const usdOf = (amount: Cell): string => usd(cellText(amount)).replace(/\.00$/, '')

/** `September: $129.82 so far, $148–243 at its end; budget monthly: 86.5% of $150 gone by 29 Sep` */
export function outlookLine(outlook: Outlook | undefined, budgets: readonly Row[]): string | undefined {
  const parts = [
    ...(outlook === undefined
      ? []
      : [
          `${outlook.month}: ${usd(outlook.soFarUsd as string)} so far, ${rangeUsd(outlook.lowUsd, outlook.highUsd)} at its end`,
        ]),
    ...budgetWords(budgets),
  ]
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** A local date, `29 Sep`. */
const dateWords = (date: string): string => dayWords(`${date}T00:00:00Z`, 'UTC')

const order = ['over', 'will_exceed', 'warning', 'unpriced', 'within']

function budgetWords(rows: readonly Row[]): string[] {
  const worst = rows.toSorted(
    (a, b) =>
      order.indexOf(cellText(a['status'])) - order.indexOf(cellText(b['status'])) ||
      Number(b['forecast_share'] ?? b['budget_share'] ?? 0) -
        Number(a['forecast_share'] ?? a['budget_share'] ?? 0),
  )
  const [first, ...rest] = worst
  if (first === undefined) return []
  // A rule that somebody wrote is named when it is broken, however many there are.
  const broken = rest.filter(({ status }) => status !== 'within')
  const within = rest.length - broken.length
  return [
    `budget ${cellText(first['budget'])}: ${stateWords(first)}`,
    ...broken.map((row) => `${cellText(row['budget'])}: ${stateWords(row)}`),
    ...(within === 0 ? [] : [`${count(within)} more within`]),
  ]
}

function stateWords(row: Row): string {
  const of = `${percent(row['budget_share'] as number)} of ${usdOf(row['budget_usd'] ?? null)}`
  switch (cellText(row['status'])) {
    case 'over':
      return `over, ${of}`
    case 'will_exceed': {
      const day = row['forecast_runs_out_on'] ?? row['runs_out_on']
      return typeof day === 'string' ? `${of}, gone by ${dateWords(day)}` : `${of}, will exceed`
    }
    case 'unpriced':
      return `none of its ${count(row['calls'] as number)} calls has a price`
    case 'warning':
      return `${of}, beyond ${percent(row['warn_level'] as number)}`
    default:
      return of
  }
}
