/** Why a bill and the calls differ. */
import type { Money } from '../../domain/costs/units.js'

export const causeIds = [
  'taxes',
  'credits',
  'other_charges',
  'day_zone',
  'cached_not_logged',
  'tier_not_logged',
  'logs_missing',
  'calls_not_billed',
  'contract',
  'wrong_price',
  'region_multiplier',
  'no_price',
  'rounding',
  'unexplained',
] as const

export type CauseId = (typeof causeIds)[number]

/** Each cause in words, for people. */
export const causeWords: Readonly<Record<CauseId, string>> = {
  taxes: 'taxes',
  credits: 'credits, refunds and adjustments',
  other_charges: 'charges that no tokens are billed for',
  day_zone: 'the day is cut in another zone',
  cached_not_logged: 'cached tokens are not logged as such',
  tier_not_logged: 'batch or another service tier is not logged',
  logs_missing: 'tokens were billed that no log shows',
  calls_not_billed: 'calls were logged that no bill shows',
  contract: 'a discount (or surcharge) by contract on all models',
  wrong_price: 'the price in use is not the one that was billed',
  region_multiplier: 'a multiplier of the region',
  no_price: 'no price is known of the model',
  rounding: 'rounding',
  unexplained: '(unexplained)',
}

/** One part of the difference. The parts of an answer add up to it. */
export interface Part {
  readonly provider: string
  /** Null: of all models. */
  readonly model: string | null
  readonly amount: Money
  /** The cause; undefined where several fit. */
  readonly cause?: CauseId
  /** Where several causes fit: each would make the whole amount. */
  readonly fits?: readonly CauseId[]
  /** What shows it, in a few words. */
  readonly evidence: string
  /** Where several fit: what would tell them apart. */
  readonly decides?: string
  /** Billed over computed, where it is constant. */
  readonly ratio?: number
}
