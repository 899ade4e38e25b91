/** The caps that hold for each user, from those of all, of the tiers and of single users. */
import { UserError } from '../../errors.js'
import type { CapRules, OwnCaps, UserCaps } from './budget.js'
import { capBuckets, capNames, ownOf, type CapName } from './user-caps.js'
import type { UserTier } from './user-tier.js'

/** A user whose caps are not those of all. */
export interface OwnLimits {
  readonly userId: string
  readonly caps: UserCaps
}

export interface CapLimits {
  /** Of every user that `own` does not name. */
  readonly all: UserCaps
  readonly own: readonly OwnLimits[]
}

/**
 * A user's own cap goes before his tier's, and that before the one of all; null lifts it.
 * @throws UserError (usage) where tiers have caps and nothing says who is in which
 */
export function capLimits(rules: CapRules, tiers: readonly UserTier[] | undefined): CapLimits {
  const { tiers: ofTiers = {}, users: ofUsers = {}, ...all } = rules
  if (Object.keys(ofTiers).length > 0 && tiers === undefined) {
    throw new UserError('caps by tier need a file that says which tier a user is in', {
      code: 'usage',
      hint: 'Name a CSV file of user_id,tier with --tiers, or as user_tiers in the config file.',
    })
  }
  const inTier = new Map((tiers ?? []).map(({ userId, tier }) => [userId, tier]))
  const named = new Set([
    ...[...inTier].filter(([, tier]) => ownOf(ofTiers, tier) !== undefined).map(([userId]) => userId),
    ...Object.keys(ofUsers),
  ])
  const own = [...named].map((userId) => {
    return { userId, caps: capsOf(rules, userId, inTier.get(userId)) }
  })
  return { all, own }
}

/** The caps of one user: his own go before those of the tier, and these before those of all. */
export function capsOf(rules: CapRules, userId: string, tier: string | undefined): UserCaps {
  const { tiers, users, ...all } = rules
  const ofTier = tier === undefined ? undefined : ownOf(tiers, tier)
  return over(all, { ...ofTier, ...ownOf(users, userId) })
}

/** Tiers with caps that no user of the file is in: most likely misspelt. */
export function idleTiers(rules: CapRules, tiers: readonly UserTier[] | undefined): readonly string[] {
  const known = new Set((tiers ?? []).map(({ tier }) => tier))
  return Object.keys(rules.tiers ?? {}).filter((tier) => !known.has(tier))
}

function over(all: UserCaps, own: OwnCaps): UserCaps {
  const entries = Object.entries({ ...all, ...own }).filter(([, value]) => value !== null)
  return Object.fromEntries(entries) as UserCaps
}

/** The caps that hold for anybody, in the order in which they are looked at. */
export const capsSet = ({ all, own }: CapLimits): readonly CapName[] =>
  capNames.filter((name) => [all, ...own.map(({ caps }) => caps)].some((caps) => caps[name] !== undefined))

/** Those over a span alone: none of a request. */
export function spanLimits({ all, own }: CapLimits): CapLimits {
  const spansOf = (caps: UserCaps): UserCaps =>
    Object.fromEntries(Object.entries(caps).filter(([name]) => Object.hasOwn(capBuckets, name)))
  return { all: spansOf(all), own: own.map(({ userId, caps }) => ({ userId, caps: spansOf(caps) })) }
}

/** The same for everybody. */
export const sameForAll = (all: UserCaps): CapLimits => ({ all, own: [] })
