/** Which findings the first page of the report has room for, and in which order. Pure. */
import { gravestFirst } from '../../domain/rules/severity.js'
import type { Finding } from '../report.js'

/** Of all cost: what is worth less is not news. */
const leastShare = 0.01

/** What a finding must be worth to be told, USD: the bound, or 1 % of the cost of the period where that is more. */
export const leastWorth = (bound: number, periodUsd: number): number =>
  Math.max(bound, leastShare * periodUsd)

/** Something that ranks by its dollars. */
export type Ranked = Pick<Finding, 'touchedUsd' | 'isRule' | 'mayBeChance' | 'severity'>

export interface Ranking<T> {
  /** In order of dollars; rules of the user's own are among them whatever they are worth. */
  readonly shown: readonly T[]
  /** Real ones for which there was no room, or that are worth too little. */
  readonly left: readonly T[]
}

/**
 * The findings worth most, at most so many; a rule that the user wrote is never dropped, and takes the place of one
 * that is worth less. What may be chance is no finding. What is critical is told however little it is worth; what has
 * no dollars at all comes last.
 */
export function ranked<T extends Ranked>(findings: readonly T[], most: number, leastUsd: number): Ranking<T> {
  const real = findings.filter(({ mayBeChance }) => mayBeChance !== true)
  const sorted = real.toSorted((a, b) => worth(b) - worth(a) || gravestFirst(a, b))
  const rules = sorted.filter(({ isRule }) => isRule === true)
  const others = sorted.filter((one) => one.isRule !== true && isTold(one, leastUsd))
  const kept = new Set([...rules, ...others.slice(0, Math.max(0, most - rules.length))])
  return { shown: sorted.filter((one) => kept.has(one)), left: sorted.filter((one) => !kept.has(one)) }
}

const worth = ({ touchedUsd }: Ranked): number => touchedUsd ?? 0

const isTold = (one: Ranked, leastUsd: number): boolean =>
  worth(one) >= leastUsd || (one.severity === 'critical' && worth(one) > 0)
