/** A ceiling on the incidents of a week that people see: the rest is folded into a count. */
import type { Picos } from '../domain/costs/amount.js'

/** Incidents of one week, Monday to Sunday, that are told by themselves. */
export const weekCeiling = 3

/** Beyond so many times its bound a verdict is no surer: only dollars count on. */
const mostUnusual = 3

interface Foldable {
  /** Local hour of its first flag, see domain/time/hours.ts. */
  readonly hour: number
  readonly excess: Picos
  /** How far beyond its bound; null where there is no noise at all. */
  readonly strength: number | null
}

const dollars = ({ excess }: Foldable): number => Math.abs(Number(excess))
const weight = (one: Foldable): number => weightOf(dollars(one), one.strength)

/** Dollars, times how far beyond their bound they are: what is both dear and sure comes first. */
export const weightOf = (dollars: number, strength: number | null): number =>
  dollars * Math.min(strength ?? mostUnusual, mostUnusual)

/** The week of a local hour: Mondays since 1969-12-29. */
export const weekOf = (hour: number): number => Math.floor((hour / 24 + 3) / 7)

/** The first hour of a week. */
export const weekStart = (week: number): number => (week * 7 - 3) * 24

/**
 * Which are folded, in their order: of each week all but the dearest and the weightiest others. A week that is over
 * does not change any more.
 */
export function foldedOf(incidents: readonly Foldable[], ceiling: number = weekCeiling): boolean[] {
  const kept = new Set<Foldable>()
  for (const week of new Set(incidents.map(({ hour }) => weekOf(hour)))) {
    const own = incidents.filter(({ hour }) => weekOf(hour) === week)
    const [dearest, ...others] = own.toSorted((a, b) => dollars(b) - dollars(a) || a.hour - b.hour)
    const next = others.toSorted((a, b) => weight(b) - weight(a) || a.hour - b.hour)
    for (const one of [dearest, ...next].slice(0, ceiling)) if (one !== undefined) kept.add(one)
  }
  return incidents.map((one) => !kept.has(one))
}
