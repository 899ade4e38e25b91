/** What was agreed with a provider: `contracts` of the config. */
import { dayMs } from '../time/zones.js'
import { moneyOf, type Money } from './units.js'

/** How long a fixed amount is for: a UTC day, a calendar month, or all of the term. */
export const contractPeriods = ['day', 'month', 'term'] as const
export type ContractPeriod = (typeof contractPeriods)[number]

export interface ContractTerm {
  /** As calls name it. */
  readonly provider: string
  /** Models by name, `*` for any text; absent: all. */
  readonly model?: string
  /** First day, ISO 8601 UTC midnight; absent: since ever. */
  readonly since?: string
  /** First day that it holds no more; absent: for good. */
  readonly until?: string
  /** Share of the list price that is paid, an exact decimal of up to 6 places: `0.88`. */
  readonly factor: string
  readonly fixed?: FixedAmount
}

/** What is paid for a period, whatever calls there are; a term with one has a beginning. */
export interface FixedAmount {
  /** `committed`: paid at least, and what calls cost counts towards it; `provisioned`: for throughput, calls share it by list cost. */
  readonly kind: 'committed' | 'provisioned'
  /** USD a period, exact decimal. */
  readonly usd: string
  readonly per: ContractPeriod
}

/** A span of a term with the amount that is for it. */
export interface ContractSpan {
  /** Half-open, ms since 1970. */
  readonly from: number
  readonly to: number
  readonly amount: Money
  /** Its end is behind us: what it leaves unused is known. */
  readonly isOver: boolean
}

/**
 * The spans of a term's fixed amount; one that the term cuts, or that is not over as of a moment, has the part of its
 * days.
 * @param asOf ms since 1970; a day counts from its beginning
 */
export function contractSpans({ since, until, fixed }: ContractTerm, asOf: number): readonly ContractSpan[] {
  if (since === undefined || fixed === undefined) return []
  const amount = moneyOf(fixed.usd)
  const term = { from: Date.parse(since), to: until === undefined ? Infinity : Date.parse(until) }
  const due = Math.min(term.to, Math.ceil(asOf / dayMs) * dayMs)
  const spans: ContractSpan[] = []
  for (let from = term.from; from < due;) {
    const whole = periodAround(from, fixed.per, term)
    const to = Math.min(whole.to, due)
    const [days, all] = [BigInt((to - from) / dayMs), BigInt((whole.to - whole.from) / dayMs)]
    // Half up.
    const part = (amount * days * 2n + all) / (all * 2n)
    spans.push({ from, to, amount: part, isOver: to <= asOf && to === Math.min(whole.to, term.to) })
    from = to
  }
  return spans
}

interface Span {
  readonly from: number
  readonly to: number
}

function periodAround(at: number, per: ContractPeriod, term: Span): Span {
  if (per === 'day') return { from: at, to: at + dayMs }
  if (per === 'term') return term
  const date = new Date(at)
  const month = (more: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + more, 1)
  return { from: month(0), to: month(1) }
}
