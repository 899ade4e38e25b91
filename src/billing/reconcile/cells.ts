/** What is compared: what was billed and what was logged, by provider, day, model, kind of tokens and service tier. */
import type { Money } from '../../domain/costs/units.js'

/** Of what kind a row is: tokens, `all` where the whole is one amount, `other` for what no tokens are billed for. */
export type Kind = 'input' | 'cache_read' | 'cache_write' | 'cache_write_1h' | 'output' | 'all' | 'other'

export interface BilledRow {
  readonly provider: string
  /** Day in the biller's zone, or month where the bill is by months. */
  readonly bucket: string
  /** As `modelKey` makes it; null where the bill names none. */
  readonly model: string | null
  readonly kind: Kind
  readonly tier: string | null
  readonly region: string | null
  readonly project: string | null
  /** What else tells who: key, principal, workspace; by the name of the column. */
  readonly labels: Readonly<Record<string, string | null>>
  readonly category: string
  /** Null in usage exports, which state no money. */
  readonly cost: Money | null
  /** Null where the bill does not tell. */
  readonly tokens: bigint | null
  readonly charges: number
}

export interface LoggedRow {
  readonly provider: string
  /** Quarter-hours since 1970. */
  readonly quarter: number
  readonly bucket: string
  readonly model: string | null
  readonly kind: Kind
  readonly tier: string | null
  readonly project: string | null
  readonly cost: Money
  readonly tokens: bigint
  /** False where no price is known. */
  readonly priced: boolean
}

/** `amount × numerator / denominator`, rounded to the unit. */
export function share(amount: Money, numerator: bigint, denominator: bigint): Money {
  if (denominator === 0n) return 0n
  const product =
    amount * numerator * 2n + denominator * (amount * numerator < 0n === denominator < 0n ? 1n : -1n)
  return product / (denominator * 2n)
}

/** A sum of money as a double, for comparing ratios; never shown. */
export const about = (value: Money): number => Number(value) / 1e18

export const absolute = (value: Money): Money => (value < 0n ? -value : value)

export const sumOf = <T>(rows: readonly T[], of: (row: T) => bigint): bigint =>
  rows.reduce((sum, row) => sum + of(row), 0n)

/** Rows by a key, in the order of their first. */
export function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const name = key(row)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return groups
}
