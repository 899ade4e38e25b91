/** What scenarios come to: exact fractions, by the month. */
import type { Fraction } from '../costs/fraction.js'
import type { Lever, Scenario } from './lever.js'

export interface Outcome {
  readonly calls: Fraction
  /** USD, with what is fixed. */
  readonly cost: Fraction
  readonly fixed: Fraction
}

/** One lever of a scenario, and what it does. */
export interface LeverEffect {
  readonly lever: Lever
  /** Today's month with this lever alone, USD. */
  readonly alone: Fraction
  /** The scenario's month with this lever at half its strength, USD. */
  readonly atHalf: Fraction
  /** Calls of a month that it touches; null for fixed money. */
  readonly touched: Fraction | null
}

/** Calls that a move cannot price, and that are left as they are. */
export interface UnknownMove {
  readonly said: string
  readonly to: string
  readonly calls: bigint
  /** What they cost today, USD, in parts. */
  readonly usd: readonly (string | null)[]
}

export interface ScenarioAnswer {
  readonly scenario: Scenario
  readonly outcome: Outcome
  readonly effects: readonly LeverEffect[]
  /** Times today's volume at which it costs what today's way does; null where that says nothing. */
  readonly breakEven: Fraction | null
  readonly unknown: readonly UnknownMove[]
  /** Calls whose tokens change, but not their cost: they have no list price. */
  readonly unchanged: bigint
  /** Levers that touch no call. */
  readonly idle: readonly Lever[]
  /** Cache levers of calls that do not say whether the response cache answered. */
  readonly unlogged: readonly Lever[]
}

export interface SimulationAnswer {
  readonly today: Outcome
  readonly scenarios: readonly ScenarioAnswer[]
  /** In the window. */
  readonly calls: bigint
  readonly unpricedCalls: bigint
  /** Calls that count at what their log reported. */
  readonly reportedCalls: bigint
}
