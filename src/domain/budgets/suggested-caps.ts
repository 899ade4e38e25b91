/** Caps worked out from what users use and from what they pay. */
import { fixed, plain, type Decimal } from '../costs/decimal.js'
import { picos, shareOf, shortUsdOf, type Picos } from '../costs/amount.js'
import { dayMs } from '../time/zones.js'
import type { CapRules, OwnCaps } from './budget.js'
import { mergedCaps, type CapName } from './user-caps.js'
import type { UserTier } from './user-tier.js'

/** What is nearly never exceeded: a quantile of the spans of users in a tier. */
export interface Level {
  readonly cap: CapName
  readonly is_all: boolean
  /** null: users in no tier. */
  readonly tier: string | null
  /** USD, or tokens. */
  readonly level: string
}

/** A window at least so long stands for a month. */
export const leastMonthDays = 28

/**
 * Caps at the levels, rounded up to two digits: of each tier, and for all others those of the users in no tier, or of
 * all users where everybody is in one. A whole window's level becomes that of 30 days.
 * @param windowDays length of the window; below 28 no cap on a month follows
 */
export function capsFromUse(levels: readonly Level[], windowDays: number): CapRules {
  const fit = levels.filter(({ cap }) => cap !== 'monthly_usd' || windowDays >= leastMonthDays)
  const untiered = fit.filter((one) => !one.is_all && one.tier === null)
  const others = untiered.length > 0 ? untiered : fit.filter((one) => one.is_all)
  const tiers = new Set(fit.flatMap(({ tier }) => tier ?? []))
  const ofTiers = [...tiers].map((tier) => [
    tier,
    capsOf(
      fit.filter((one) => one.tier === tier),
      windowDays,
    ),
  ])
  return {
    ...(capsOf(others, windowDays) as CapRules),
    ...(ofTiers.length === 0 ? {} : { tiers: Object.fromEntries(ofTiers) as NonNullable<CapRules['tiers']> }),
  }
}

function capsOf(levels: readonly Level[], windowDays: number): OwnCaps {
  return Object.fromEntries(
    levels.map(({ cap, level }) => {
      if (cap === 'request_tokens')
        return [cap, Number(plain({ digits: roundedUp(picos(level)), places: 12 }))]
      const month = BigInt(Math.round(windowDays * dayMs))
      const scaled = (picos(level) * BigInt(30 * dayMs) + month - 1n) / month
      return [cap, shortUsdOf(roundedUp(cap === 'monthly_usd' ? scaled : picos(level)))]
    }),
  )
}

/** To two significant digits. */
function roundedUp(value: Picos): Picos {
  const step = stepOf(value)
  return ((value + step - 1n) / step) * step
}

const roundedDown = (value: Picos): Picos => (value / stepOf(value)) * stepOf(value)

const stepOf = (value: Picos): bigint => 10n ** BigInt(Math.max(0, value.toString().length - 2))

/**
 * A cap on the month of each tier that pays: a share of the mean of what is known of its users' monthly revenue,
 * rounded down to two digits.
 */
export function capsFromRevenue(tiers: readonly UserTier[], share: Decimal): CapRules {
  const known = new Map<string, Picos[]>()
  for (const { tier, monthlyRevenue } of tiers)
    if (monthlyRevenue !== null) known.set(tier, [...(known.get(tier) ?? []), picos(monthlyRevenue)])
  const caps = [...known].flatMap(([tier, amounts]) => {
    const mean = amounts.reduce((sum, one) => sum + one, 0n) / BigInt(amounts.length)
    const cap = roundedDown(shareOf(share, mean))
    return cap > 0n ? [[tier, { monthly_usd: shortUsdOf(cap) }] as const] : []
  })
  return caps.length === 0 ? {} : { tiers: Object.fromEntries(caps) }
}

/** `30%` */
export const shareWords = (share: Decimal): string =>
  `${plain({ digits: share.digits * 100n, places: share.places })}%`

/** Caps of both; of a month that of the second, where it has one. */
export const bothCaps = (use: CapRules, revenue: CapRules): CapRules => mergedCaps(use, revenue)

/** A share as `--revenue-share` gives it: `30%`, `30`; undefined for what is none above 0 and up to 100. */
export function readShare(text: string): Decimal | undefined {
  const [, whole = '', fraction = ''] = /^(\d{1,3})(?:\.(\d{1,6}))?\s*%?$/.exec(text.trim()) ?? []
  if (whole === '') return undefined
  const share = { digits: BigInt(whole + fraction), places: fraction.length + 2 }
  const isShare = share.digits > 0n && Number(fixed(share, 8)) <= 1
  return isShare ? share : undefined
}
