/** What a run of ingest read of bills, which are no calls. */
import type { BillTotals } from '../../domain/costs/billed.js'
import type { Column, Section } from '../report.js'

/** Amounts are in the currency of their row. */
const columns: readonly Column[] = [
  { key: 'biller', title: 'biller', kind: 'text' },
  { key: 'source', title: 'read as', kind: 'text', optional: 2 },
  { key: 'kind', title: 'of', kind: 'text' },
  { key: 'charges', title: 'charges', kind: 'count', optional: 1 },
  { key: 'first_day', title: 'first day', kind: 'text' },
  { key: 'last_day', title: 'last day', kind: 'text' },
  // An amount without its currency would be another one.
  { key: 'currency', title: 'currency', kind: 'text' },
  { key: 'billed_cost', title: 'billed', kind: 'number', verbatim: true },
  { key: 'llm_cost', title: 'for models', kind: 'number', verbatim: true },
  { key: 'tokens', title: 'tokens', kind: 'count' },
]

/** A summary line for each biller of a run of ingest; nothing where no bill was read. */
export const billsSection = ({
  bills,
  dryRun,
}: {
  readonly bills: readonly BillTotals[]
  readonly dryRun: boolean
}): Section[] => billedSection(bills, dryRun ? 'What bills say' : 'What came in of bills')

/** A line for each biller, source, kind and currency; nothing where there is none. */
export function billedSection(bills: readonly BillTotals[], title: string): Section[] {
  if (bills.length === 0) return []
  return [
    {
      id: 'bills',
      title,
      columns,
      rows: bills.map((bill) => ({
        ...bill,
        billed_cost: shortened(bill.billed_cost),
        llm_cost: shortened(bill.llm_cost),
      })),
      notes: ['Bills are no calls: they stand beside them, for llmcost reconcile.'],
    },
  ]
}

/** An exact decimal without the zeros behind it. */
const shortened = (amount: string | null): string | null =>
  amount === null || !amount.includes('.') ? amount : amount.replace(/\.?0+$/, '')
