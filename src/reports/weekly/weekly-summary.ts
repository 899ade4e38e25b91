/** The first section of the weekly report: what it came to, and where the month will end. */
import { localDate } from '../../domain/time/periods.js'
import { fixed, readDecimal } from '../../domain/costs/decimal.js'
import type { Scope, Window } from '../../domain/scope.js'
import type { Decimal, Whole } from '../../metrics/query.js'
import type { SummaryRow } from '../../metrics/summary.js'
import { isSumOfParts } from '../breakdown.js'
import { changeColumn, column, measureColumn } from '../columns.js'
import type { HistoryRow } from '../../metrics/store/history.js'
import type { Cell, Column, Section } from '../report.js'

interface SummaryAnswer {
  readonly scope: Scope
  readonly before: Window | null
  readonly days: number | null
  readonly summary: readonly SummaryRow[]
  readonly doubts: { readonly history: HistoryRow }
}

type Fact = readonly [Column, Cell]

export function summarySection(answer: SummaryAnswer, current: SummaryRow): Section {
  const facts = [...costFacts(answer, current), ...paceFacts(answer, current)]
  return {
    id: 'summary',
    title: 'Summary',
    layout: 'facts',
    columns: facts.map(([fact]) => fact),
    rows: [Object.fromEntries(facts.map(([{ key }, value]) => [key, value]))],
  }
}

function costFacts(answer: SummaryAnswer, current: SummaryRow): Fact[] {
  const earlier = comparable(answer)
  const span = answer.days === null ? 'before' : `the ${daysText(answer.days)} before`
  const compared: Fact[] =
    answer.before === null
      ? []
      : [
          [
            changeColumn('cost_change', `change from ${span}`, 'cost_usd'),
            changeOf(current.cost_usd, earlier?.cost_usd),
          ],
          [column('before_cost_usd', `cost of ${span}`, 'usd'), beforeCost(answer)],
        ]
  const callChange: Fact[] =
    answer.before === null
      ? []
      : [[changeColumn('calls_change', 'change of calls', 'calls'), changeOf(current.calls, earlier?.calls)]]
  return [
    [measureColumn('cost_usd'), current.cost_usd ?? null],
    ...compared,
    [measureColumn('calls'), current.calls ?? null],
    ...callChange,
    ...(Number(current.unpriced_calls ?? 0) > 0
      ? [
          [
            { ...measureColumn('unpriced_calls', 'always'), title: 'calls without a price' },
            current.unpriced_calls ?? null,
          ] as const,
        ]
      : []),
    [measureColumn('input_tokens', 'always'), current.input_tokens ?? null],
    [measureColumn('output_tokens', 'always'), current.output_tokens ?? null],
    [
      {
        ...measureColumn('total_tokens', 'always'),
        ...(isSumOfParts(current) ? { dataOnly: true as const } : {}),
      },
      current.total_tokens ?? null,
    ],
    [
      { ...measureColumn('mean_cost_usd', 'always'), title: 'mean cost a call' },
      current.mean_cost_usd ?? null,
    ],
    ...(Number(current.users ?? 0) > 0
      ? [[measureColumn('users', 'always'), current.users ?? null] as const]
      : []),
    ...comparedWith.map((name): Fact => [{ ...measureColumn(name), dataOnly: true }, current[name] ?? null]),
  ]
}

/** What a later comparison with this report, saved as JSON, judges chance by. */
const comparedWith = ['priced_calls', 'max_cost_usd', 'stddev_cost_usd'] as const

const daysText = (days: number): string => (days === 1 ? 'day' : `${Number(days.toFixed(2))} days`)

/** The earlier window, where the calls reach back to its first day; a part of it would mislead. */
function comparable({ before, summary, scope, doubts }: SummaryAnswer): SummaryRow | undefined {
  const first = doubts.history.first_ts
  if (before?.since === null || before === null || first === null) return undefined
  if (localDate(before.since, scope.tz) < localDate(first, scope.tz)) return undefined
  return summary.find(({ is_current: isCurrent }) => !isCurrent)
}

function beforeCost({ summary }: SummaryAnswer): Cell {
  return summary.find(({ is_current: isCurrent }) => !isCurrent)?.cost_usd ?? null
}

type Figure = Whole | Decimal | null | undefined

/** Relative change; null where there is nothing to compare with. */
function changeOf(now: Figure, then: Figure): number | null {
  if (now === null || now === undefined || then === null || then === undefined || Number(then) === 0)
    return null
  return (Number(now) - Number(then)) / Number(then)
}

/** The same for every month, so that weeks compare. */
const paceDays = 30

function paceFacts({ days }: SummaryAnswer, current: SummaryRow): Fact[] {
  if (days === null || days < 1) return []
  // For programs: the plain pace; what the month will come to is the forecast's, which knows weekdays and growth.
  const pace = { ...column('pace_30_days_usd', '30 days at this pace', 'usd'), dataOnly: true as const }
  return [[pace, paceOf(current.cost_usd, days)]]
}

/** cost × 30 / days, an exact decimal to 12 places where the window is whole days. */
function paceOf(cost: Figure, days: number): Cell {
  const decimal = cost === null || cost === undefined ? undefined : readDecimal(cost)
  if (decimal === undefined) return null
  const scale = 1_000_000n
  const perDays = BigInt(Math.round(days * Number(scale)))
  // Six more places than are kept, so that cutting the division does not show.
  const digits = (decimal.digits * BigInt(paceDays) * scale * 1_000_000n) / perDays
  return fixed({ digits, places: decimal.places + 6 }, 12)
}
