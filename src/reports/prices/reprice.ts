/** What pricing the stored calls again changed. */
import type { Typed } from '../../domain/words/commands.js'
import { count } from '../../domain/words/wording.js'
import { noPeriod, priceDataLines, type PriceData } from './prices.js'
import type { Report, Row, Section } from '../report.js'

export interface Repricing {
  readonly rows: readonly Row[]
  readonly totals: Row
  /** Days whose calls were dropped. */
  readonly staying?: string | undefined
  readonly dryRun: boolean
  readonly typed: Typed
}

/** What repricing changed, or would change, by model. */
export function repriceReport(
  { rows, totals, staying, dryRun, typed }: Repricing,
  source: PriceData,
): Report {
  const changes = `${count(Number(totals['changed_calls']))} of ${count(Number(totals['calls']))} calls`
  const section: Section = {
    id: 'changes',
    title: dryRun ? 'What repricing would change' : 'What repricing changed',
    columns: [
      { key: 'provider', title: 'provider', kind: 'text', dimension: true },
      { key: 'model', title: 'model', kind: 'text', dimension: true },
      { key: 'calls', title: 'calls', kind: 'count', optional: 3 },
      { key: 'changed_calls', title: 'changed', kind: 'count' },
      { key: 'newly_priced_calls', title: 'newly priced', kind: 'count', optional: 1 },
      { key: 'no_longer_priced_calls', title: 'no longer priced', kind: 'count', optional: 2 },
      { key: 'old_cost_usd', title: 'cost before', kind: 'usd' },
      { key: 'new_cost_usd', title: 'cost after', kind: 'usd' },
      { key: 'difference_usd', title: 'difference', kind: 'usd' },
    ],
    rows,
    ...(rows.length > 0 ? { totals } : {}),
    empty: 'No cost changes.',
    notes:
      rows.length === 0
        ? []
        : [
            `${changes} ${dryRun ? 'would change' : 'changed'}.`,
            ...(dryRun ? [`Nothing was written; ${typed('llmcost reprice')} writes it.`] : []),
          ],
  }
  return {
    kind: 'reprice',
    title: 'Repricing',
    period: noPeriod,
    sections: [section],
    warnings:
      staying === undefined
        ? []
        : [`the calls of ${staying} were dropped when they were archived: their costs stay as they were`],
    footer: priceDataLines(source),
  }
}
