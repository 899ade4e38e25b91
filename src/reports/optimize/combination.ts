/** Several strategies one after another on the same calls: what each still saves, and what is left of the cost. */
import { picos, sumPicos, usdOf } from '../../domain/costs/amount.js'
import { usd } from '../../domain/words/wording.js'
import type { CombinedRow } from '../../optimize/combined.js'
import { column, dataColumn } from '../columns.js'
import type { Column, Section } from '../report.js'
import { confidenceOf, costShare, monthlyUsd, savingOf, type Gained, type Measured } from './gain-rows.js'

export interface Combination extends Measured {
  /** In the order in which they are applied. */
  readonly steps: readonly Gained[]
  readonly row: CombinedRow
  readonly isPlan: boolean
}

const columns: readonly Column[] = [
  column('step', 'step', 'count'),
  column('strategy', 'strategy', 'text'),
  column('effort', 'effort', 'text', 3),
  column('confidence', 'confidence', 'text', 2),
  column('alone_monthly_saving_usd', 'alone, a month', 'usd', 4),
  column('monthly_saving_usd', 'saves a month', 'usd'),
  column('monthly_cost_usd', 'cost a month after', 'usd'),
  dataColumn('saving_usd', 'saved in the window', 'usd'),
  dataColumn('saved_calls', 'calls', 'count'),
]

export function combinationSection({ steps, row, isPlan, measured, month }: Combination): Section {
  const cost = picos(measured.cost_usd ?? '0')
  let left = cost
  const rows = steps.map((one, i) => {
    const saving = picos(row[`step_${i}_usd`] ?? '0')
    left -= saving
    return {
      step: i + 1,
      strategy: one.strategy.id,
      effort: one.strategy.effort,
      confidence: confidenceOf(one, month).level,
      alone_monthly_saving_usd: monthlyUsd(savingOf(one), month),
      monthly_saving_usd: monthlyUsd(saving, month),
      monthly_cost_usd: monthlyUsd(left, month),
      saving_usd: usdOf(saving),
      saved_calls: row[`step_${i}_calls`] ?? 0,
    }
  })
  const saving = sumPicos([row.saving_usd])
  return {
    id: isPlan ? 'plan' : 'combined',
    title: isPlan ? 'What to do first' : 'All of them, one after another',
    columns,
    rows,
    totals: {
      monthly_saving_usd: monthlyUsd(saving, month),
      monthly_cost_usd: monthlyUsd(cost - saving, month),
      saving_usd: usdOf(saving),
      saved_calls: row.saved_calls,
    },
    notes: [
      `today ${usd(monthlyUsd(cost, month))} a month; each takes its share of what those before it left of a call, so nothing is counted twice`,
      ...(isPlan ? ['the least effort first, then what saves most'] : []),
      ...shareNote(costShare(saving, measured)),
    ],
  }
}

const shareNote = (share: number | null): string[] =>
  share === null ? [] : [`together ${(share * 100).toFixed(1)}% of all cost`]
