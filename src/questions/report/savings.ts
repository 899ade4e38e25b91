/**
 * The changes that would have saved most: a part of the report for those who ask for it, as it takes longer than all
 * others together on a large log.
 */
import { picos } from '../../domain/costs/amount.js'
import { readAssumptions } from '../../optimize/assumptions.js'
import { strategies } from '../../optimize/registry.js'
import { bySaving, changeRow } from '../../reports/optimize/gain-rows.js'
import { changesSection, nothing } from '../../reports/optimize/optimize.js'
import type { Cell } from '../../reports/report.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import { askingsOf, askOptimized } from '../optimizing.js'
import type { Question } from '../question.js'

const shown = 3

/** What needs prices of other models is left to `optimize`, which asks for the candidates. */
const own = strategies.filter(({ usesPrices, isView }) => usesPrices !== true && isView !== true)

export async function savingsPart(question: Question): Promise<ReportPart> {
  const askings = askingsOf(own, readAssumptions(own, []))
  const { outcomes, month } = await askOptimized(question, askings, shown)
  const amount = (cell: Cell | undefined): bigint => (typeof cell === 'string' ? picos(cell) : 0n)
  const rows = bySaving(outcomes)
    .flatMap((one) => one.segments.map((segment) => changeRow(one, segment, month)))
    .toSorted((a, b) => (amount(a['saving_usd']) < amount(b['saving_usd']) ? 1 : -1))
    .slice(0, shown)
  const section = {
    ...changesSection(rows),
    id: 'savings',
    title: 'What would have saved most',
    empty: nothing,
    notes: [`a month is ${month.words}`, 'llmcost optimize tells of all, and of other models and batches'],
  }
  return { sections: [section] }
}
