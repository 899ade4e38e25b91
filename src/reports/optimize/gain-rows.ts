/** What came of strategies, as rows and in words. */
import { picos, usdOf, type Picos } from '../../domain/costs/amount.js'
import { rounded } from '../../domain/costs/decimal.js'
import type { Fraction } from '../../domain/costs/fraction.js'
import { percent, usd } from '../../domain/words/wording.js'
import type { GainRow } from '../../optimize/gains.js'
import type { CoverageRow } from '../../optimize/kept-calls.js'
import type { Level, Need, Strategy } from '../../optimize/strategy.js'
import type { Values } from '../../optimize/assumptions.js'
import { nameOf } from '../sentences.js'
import type { Cell, Row } from '../report.js'

/** As `questions/optimizing.ts` answers. */
export interface Gained {
  readonly strategy: Strategy
  readonly values: Values
  readonly lacks: readonly Need[]
  readonly coverage: number
  readonly total?: GainRow | undefined
  readonly segments: readonly GainRow[]
}

/** What makes a month of the window. */
export interface Month {
  readonly factor: Fraction
  readonly words: string
  readonly days: number
  readonly warnings: readonly string[]
}

export interface Measured {
  readonly measured: CoverageRow
  readonly month: Month
}

export const levels = ['low', 'medium', 'high'] as const

/** Fewer days than this say little of a month. */
const enoughDays = 7
/** Below this share of calls with the fields, the others may be of another kind. */
const enoughCalls = 0.9

/** How sure a saving is: less so over few days, and where many calls lack a field. */
export function confidenceOf(
  { strategy, coverage }: Gained,
  { days }: Month,
): { level: Level; why: string[] } {
  const why: string[] = []
  if (days < enoughDays) why.push(`fewer than ${enoughDays} days of calls`)
  if (coverage < enoughCalls) why.push(`${percent(coverage)} of the calls have what it needs`)
  const at = Math.max(0, levels.indexOf(strategy.confidence) - why.length)
  return { level: levels[at] ?? 'low', why }
}

export const savingOf = ({ total }: Gained): Picos => (total === undefined ? 0n : picos(total.saving_usd))

/** Those that save something, the most first; of equal ones the first asked. */
export const bySaving = (gained: readonly Gained[]): Gained[] =>
  gained
    .filter((one) => savingOf(one) > 0n)
    .toSorted((a, b) => (savingOf(a) === savingOf(b) ? 0 : savingOf(a) > savingOf(b) ? -1 : 1))

export const monthlyUsd = (amount: Picos, { factor }: Month): string =>
  usdOf(rounded(amount * factor.n, factor.d))

/** A share of the cost of all calls in scope; null where nothing has a cost. */
export function costShare(saving: Picos, { cost_usd: cost }: CoverageRow): number | null {
  return cost === null || picos(cost) === 0n ? null : Number(saving) / Number(picos(cost))
}

export function strategyRow(one: Gained, { measured, month }: Measured): Row {
  const saving = savingOf(one)
  const { level, why } = confidenceOf(one, month)
  return {
    strategy: one.strategy.id,
    title: one.strategy.title,
    monthly_saving_usd: monthlyUsd(saving, month),
    saving_usd: usdOf(saving),
    cost_share: costShare(saving, measured),
    saved_calls: one.total?.saved_calls ?? 0,
    considered_calls: one.total?.considered_calls ?? 0,
    confidence: level,
    confidence_reasons: why,
    effort: one.strategy.effort,
    risk: one.strategy.risk,
    assumptions: assumed(one),
  }
}

/** What was assumed, by name, as it is typed. */
const assumed = ({ values }: Gained): Readonly<Record<string, Cell>> =>
  Object.fromEntries([...values].map(([name, { text }]) => [name, text]))

/** `feature search, model gpt-4o` */
const segmentName = ({ by }: Strategy, row: GainRow): string =>
  by.map((column, i) => `${column.replace(/_id$/, '')} ${nameOf(row[`d${i}`] ?? null)}`).join(', ')

const blank = { feature: null, model: null, user_id: null, operation: null, environment: null }

export function changeRow({ strategy, values }: Gained, row: GainRow, month: Month): Row {
  const saving = picos(row.saving_usd)
  const amount = monthlyUsd(saving, month)
  const change = strategy.change(row, (name) => values.get(name)!)
  return {
    text: `${usd(amount)} a month, ${segmentName(strategy, row)}: ${change}`,
    strategy: strategy.id,
    ...blank,
    ...Object.fromEntries(strategy.by.map((column, i) => [column, row[`d${i}`] ?? null])),
    monthly_saving_usd: amount,
    saving_usd: row.saving_usd,
    cost_usd: row.cost_usd,
    saved_calls: row.saved_calls,
    considered_calls: row.considered_calls,
    change,
    risk: strategy.risk,
    figures: row.figures === null ? {} : { ...row.figures },
  }
}

/** `prompt_hash is not logged: log a hash of …` */
export const lackWords = ({ field, how }: Need): string => `${field} is not logged: ${how}`
