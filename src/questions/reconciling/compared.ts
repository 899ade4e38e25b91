/** The rows of the answer: both sides of each group beside each other. */
import { groupBy, sumOf, type BilledRow, type LoggedRow } from '../../billing/reconcile/cells.js'
import type { Money } from '../../domain/costs/units.js'

/** What may be grouped by. */
export const reconcileDimensions = ['day', 'provider', 'model', 'project'] as const
export type ReconcileDimension = (typeof reconcileDimensions)[number]

/** One group: both sides, and what only one of them has. */
export interface ReconciledRow {
  readonly labels: Readonly<Partial<Record<ReconcileDimension, string | null>>>
  readonly billed: Money
  readonly computed: Money
  /** Null where the bill does not tell tokens. */
  readonly billedTokens: bigint | null
  readonly tokens: bigint
}

/** What one side has of a group. */
export interface Compared extends Readonly<Record<ReconcileDimension, string | null>> {
  readonly billed: Money
  readonly computed: Money
  readonly billedTokens: bigint | null
  readonly tokens: bigint
}

/** Each row of either side as a row of both. */
export function comparedOf(
  provider: string,
  billed: readonly BilledRow[],
  logged: readonly LoggedRow[],
): Compared[] {
  const isUsage = (row: BilledRow): boolean => row.cost === null && row.tokens !== null
  const hasUsage = billed.some(isUsage)
  const none = { billed: 0n, computed: 0n, billedTokens: null, tokens: 0n }
  return [
    ...billed.map((row) => ({
      ...none,
      provider,
      day: row.bucket,
      model: row.model,
      project: row.project,
      billed: row.cost ?? 0n,
      billedTokens: hasUsage === isUsage(row) ? row.tokens : null,
    })),
    ...logged.map((row) => ({
      ...none,
      provider,
      day: row.bucket,
      model: row.model,
      project: row.project,
      computed: row.cost,
      tokens: row.tokens,
    })),
  ]
}

/** Rows added up by group, without groups of nothing, in the order of their labels. */
export function summedBy(rows: readonly Compared[], by: readonly ReconcileDimension[]): ReconciledRow[] {
  const groups = groupBy(rows, (row) => JSON.stringify(by.map((name) => row[name])))
  return [...groups]
    .map(([key, own]) => {
      const values = JSON.parse(key) as (string | null)[]
      const counts = own.flatMap(({ billedTokens }) => (billedTokens === null ? [] : [billedTokens]))
      return {
        labels: Object.fromEntries(by.map((name, i) => [name, values[i] ?? null])),
        billed: sumOf(own, (row) => row.billed),
        computed: sumOf(own, (row) => row.computed),
        billedTokens: counts.length === 0 ? null : sumOf(counts, (n) => n),
        tokens: sumOf(own, (row) => row.tokens),
      }
    })
    .filter(
      (row) =>
        row.billed !== 0n || row.computed !== 0n || row.tokens !== 0n || (row.billedTokens ?? 0n) !== 0n,
    )
    .toSorted((a, b) => compareLabels(a, b, by))
}

/** In the order of their labels; what has none stands last. */
function compareLabels(a: ReconciledRow, b: ReconciledRow, by: readonly ReconcileDimension[]): number {
  for (const name of by) {
    const [mine, theirs] = [a.labels[name] ?? '\uffff', b.labels[name] ?? '\uffff']
    if (mine !== theirs) return mine < theirs ? -1 : 1
  }
  return 0
}
