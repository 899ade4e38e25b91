/** Plans: subscriptions by which usage is paid, what they cover, and what a month of them comes to. */
import { picos, type Picos } from '../costs/amount.js'
import { readDecimal, rounded, fixed } from '../costs/decimal.js'
import { dayOf, monthOf } from '../time/calendar.js'
import { instantOf, localAt } from '../time/zones.js'
import type { Filter } from '../scope.js'

/** What happens beyond the included amount: it is billed at list price, or not served. */
export const overages = ['list', 'none'] as const
export type Overage = (typeof overages)[number]

/** What is included: usage worth so much at list price, or credits, each of which stands for so much of it. */
export type Included = { readonly usd: string } | { readonly credits: number; readonly creditUsd: string }

/** What is paid for what. */
export interface PlanTerms {
  readonly name: string
  /** USD a month, an exact decimal from 0 on. */
  readonly fee: string
  /** Absent: all usage. */
  readonly included?: Included & { readonly overage: Overage }
}

/** A subscription that somebody has. */
export interface Plan extends PlanTerms {
  /** Which calls it covers; none: all. */
  readonly filters: readonly Filter[]
  /** Day of the month on which its months begin, 1–28. */
  readonly beginsOn: number
  /** Local dates, half-open [since, until); absent: open. */
  readonly since?: string
  readonly until?: string
  /** Other plans to hold the same usage against. */
  readonly alternatives: readonly PlanTerms[]
}

/** A month of a plan; half-open, ms since 1970. */
export interface PlanMonth {
  /** `2026-10`, or the day on which it begins where that is not the first. */
  readonly label: string
  readonly since: number
  readonly until: number
}

/**
 * The last complete months of a plan and the running one, oldest first.
 * @param complete how many complete ones
 * @param tz zone in which days begin
 */
export function planMonths(beginsOn: number, complete: number, asOf: Date, tz: string): PlanMonth[] {
  const local = localAt(asOf.getTime(), tz)
  const begins = (months: number): number => dayOf(monthOf(local, months), beginsOn - 1)
  const running = begins(0) <= local ? 0 : -1
  return Array.from({ length: complete + 1 }, (_, i): PlanMonth => {
    const month = running - complete + i
    const day = new Date(begins(month)).toISOString().slice(0, 10)
    return {
      label: beginsOn === 1 ? day.slice(0, 7) : day,
      since: instantOf(begins(month), tz),
      until: instantOf(begins(month + 1), tz),
    }
  })
}

/** What a month's usage comes to under some terms. */
export interface PlanCost {
  /** Value at list price that the fee covers. */
  readonly covered: Picos
  /** Value beyond it. */
  readonly beyond: Picos
  /** What is billed for that. */
  readonly billedBeyond: Picos
  /** Fee and what is billed beyond; null where the plan serves no such usage. */
  readonly cost: Picos | null
}

/** @param value what the usage is worth at list price */
export function planCost(terms: PlanTerms, value: Picos): PlanCost {
  const fee = picos(terms.fee)
  const { included } = terms
  const most = included === undefined ? value : includedPicos(included)
  const covered = value < most ? value : most
  const beyond = value - covered
  const isBilled = included?.overage === 'list'
  return {
    covered,
    beyond,
    billedBeyond: isBilled ? beyond : 0n,
    cost: beyond === 0n ? fee : isBilled ? fee + beyond : null,
  }
}

/** The value at list price that is included; credits at their stated rate. */
const includedPicos = (included: Included): Picos =>
  'usd' in included ? picos(included.usd) : BigInt(included.credits) * picos(included.creditUsd)

/** a / b with six places, rounded half away from zero; null for no b. */
export function quotient(a: Picos, b: Picos): string | null {
  return b === 0n ? null : fixed({ digits: rounded(a * 1_000_000n, b), places: 6 }, 6)
}

/** 0 or an amount in USD, exact and short: a plan may be free. */
export const feeText = (text: string): string | undefined => {
  if (!new RegExp(feePattern).test(text)) return undefined
  const decimal = readDecimal(text)
  return (
    decimal &&
    fixed(decimal, Math.max(0, decimal.places))
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '')
  )
}

export const feePattern = String.raw`^\d{1,12}(\.\d{1,12})?$`
