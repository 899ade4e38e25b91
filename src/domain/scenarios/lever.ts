/** What a scenario changes, one kind each: read from a line such as `gpt-4o=gpt-4o-mini,share=80%,feature=search`. */
import type { Fraction } from '../costs/fraction.js'
import type { Filter } from '../scope.js'

/** Which calls a lever is about, and how it was typed. */
interface Said {
  readonly filters: readonly Filter[]
  /** Option and value: `--cache-hit 0.4`. */
  readonly said: string
}

/** The unit prices of a model become another. `model` may be a name, `provider/name`, `provider/*` or `*`. */
export interface PriceChange extends Said {
  readonly kind: 'price-change'
  readonly model: string
  /** 4/5 for -20 %. */
  readonly factor: Fraction
}

/** A share of the calls of a model goes to another. */
export interface Move extends Said {
  readonly kind: 'move'
  readonly from: string
  readonly to: string
  /** Null: the tier that the call has. */
  readonly tier: 'standard' | 'batch' | 'flex' | 'priority' | null
  readonly share: Fraction
}

/** The share of calls that a response cache answers. */
export interface CacheHit extends Said {
  readonly kind: 'cache-hit'
  readonly rate: Fraction
}

/** All counts of tokens of one side of a call, times a factor. */
export interface TokenChange extends Said {
  readonly kind: 'input-tokens' | 'output-tokens'
  readonly factor: Fraction
}

export interface Volume extends Said {
  readonly kind: 'volume'
  readonly factor: Fraction
}

/** Users more, who use what those of today use at the mean. */
export interface NewUsers extends Said {
  readonly kind: 'new-users'
  readonly users: bigint
  /** Of the file of user tiers; null for all. */
  readonly tier: string | null
}

/** Money beside the calls: a server, a tool. */
export interface Fixed extends Said {
  readonly kind: 'fixed'
  /** USD a month. */
  readonly perMonth: Fraction
}

export type Lever = PriceChange | Move | CacheHit | TokenChange | Volume | NewUsers | Fixed
export type LeverKind = Lever['kind']

export interface Scenario {
  readonly name: string
  readonly levers: readonly Lever[]
}
