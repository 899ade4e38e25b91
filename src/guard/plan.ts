/** What a call asks the store for: the ways to make it with their amounts, and the counters that it falls under. */
import { capBuckets, capNames, isTokens, type CapName } from '../domain/budgets/user-caps.js'
import type { UserCaps } from '../domain/budgets/budget.js'
import { localSpan } from '../domain/budgets/local-spans.js'
import type { Counter, Offer } from '../domain/budgets/reservations.js'
import { picos, type Picos } from '../domain/costs/amount.js'
import { nanosDown, nanosUp, type Nanos } from '../domain/costs/nanos.js'
import { passes } from '../domain/budgets/filter-match.js'
import type { Prices } from './pricing.js'
import type { CallRequest } from './request.js'
import { countOf, labelsOf, usageOf } from './usage.js'
import type { GuardedBudget, GuardSettings } from './settings.js'

/** A way to make the call. */
export interface PlannedOffer extends Offer {
  readonly model: string
  readonly provider: string | undefined
  readonly isUnpriced: boolean
  /** The cap on requests that it is over, or that it has no price and may not go without. */
  readonly refusedBy: CapName | 'unpriced' | null
}

/** A counter, and what it is of. */
export interface PlannedCounter extends Counter {
  readonly cap?: CapName
  readonly budget?: GuardedBudget
  /** When its hour, day, week or month is over, ms. */
  readonly until: number
}

export interface Plan {
  readonly offers: readonly PlannedOffer[]
  readonly counters: readonly PlannedCounter[]
}

/** A settlement may come as late as that after its span, ms. */
const lateMs = 2 * 86_400_000

/**
 * @param now ms
 * @throws TypeError for a request that is none
 */
export function planOf(request: CallRequest, settings: GuardSettings, prices: Prices, now: number): Plan {
  const { user, tier, model } = request
  if (typeof model !== 'string' || model === '') throw new TypeError('check needs the name of a model')
  const caps = user === undefined || user === null || user === '' ? {} : settings.capsOf(user, tier)
  const labels = labelsOf(request)
  const to = routeOf(request, settings, labels.get('feature'))
  const asked = to === undefined ? [model] : [model, to]
  const offers = asked.map((one) => offerOf(one, request, { caps, settings, prices, now }))
  const counters = [
    ...(user ? userCounters(user, caps, settings, now) : []),
    ...settings.budgets.map((budget) => budgetCounter(budget, { labels, offers, settings, now })),
  ].map((counter) => ({ ...counter, covers: counter.covers.slice(0, offers.length) }))
  return { offers, counters: counters.filter(({ covers }) => covers.some(Boolean)) }
}

/** The model that stands in for it, where the table has one. */
function routeOf(
  { model }: CallRequest,
  { guard }: GuardSettings,
  feature: string | undefined,
): string | undefined {
  const route = guard.routes.find(
    (one) => one.model === model && (one.feature === undefined || one.feature === feature),
  )
  return route?.to
}

interface OfferFacts {
  readonly caps: UserCaps
  readonly settings: GuardSettings
  readonly prices: Prices
  readonly now: number
}

function offerOf(
  model: string,
  request: CallRequest,
  { caps, settings, prices, now }: OfferFacts,
): PlannedOffer {
  const { provider, inputTokens, maxOutputTokens } = request
  const input = countOf(inputTokens, 'inputTokens')
  const output = countOf(maxOutputTokens ?? settings.guard.output_tokens, 'maxOutputTokens')
  const usage = { ...usageOf(request), input_tokens: input, output_tokens: output }
  const most = prices.most(provider, model, usage, new Date(now))
  const overCap = requestCap(caps, { input, output, most })
  const refusedBy =
    overCap ?? (most === undefined && settings.guard.unpriced === 'block' ? ('unpriced' as const) : null)
  return {
    model,
    provider: prices.provider(provider, model),
    amount: nanosUp(most ?? 0n),
    isUnpriced: most === undefined,
    refusedBy,
    isRefused: refusedBy !== null,
  }
}

interface RequestUse {
  readonly input: number
  readonly output: number
  readonly most: Picos | undefined
}

/** The first cap on requests that a call could go over. */
function requestCap(caps: UserCaps, { input, output, most = 0n }: RequestUse): CapName | null {
  const uses = {
    request_tokens: input + output,
    request_input_tokens: input,
    request_output_tokens: output,
  }
  const isOver = (cap: CapName): boolean => {
    const limit = caps[cap]
    if (limit === undefined || capBuckets[cap] !== undefined) return false
    return isTokens(cap) ? uses[cap as keyof typeof uses] > Number(limit) : most > picos(limit)
  }
  return capNames.find(isOver) ?? null
}

function userCounters(
  user: string,
  caps: UserCaps,
  { tz, guard }: GuardSettings,
  now: number,
): readonly PlannedCounter[] {
  return capNames.flatMap((cap): PlannedCounter[] => {
    const kind = capBuckets[cap]
    const limit = caps[cap]
    if (kind === undefined || limit === undefined) return []
    const { begins, until } = localSpan(kind, now, tz)
    return [
      {
        key: `user:${kind}:${begins}:${user}`,
        covers: [true, true],
        limit: nanosDown(picos(limit)),
        downgradeAbove: null,
        expires: until + guard.reservation + lateMs,
        until,
        cap,
      },
    ]
  })
}

interface BudgetFacts {
  readonly labels: ReadonlyMap<string, string>
  readonly offers: readonly PlannedOffer[]
  readonly settings: GuardSettings
  readonly now: number
}

const periodKinds = { daily: 'day', weekly: 'week', monthly: 'month' } as const

/** Calls of critical features count, and no budget stops them. */
function budgetCounter(
  budget: GuardedBudget,
  { labels, offers, settings: { tz, guard }, now }: BudgetFacts,
): PlannedCounter {
  const { filters, period, name } = budget.budget
  const kind = periodKinds[period]
  const { begins, until } = localSpan(kind, now, tz)
  const isCritical = guard.critical_features.some((one) => one === labels.get('feature'))
  const level = (above: Nanos | null): Nanos | null => (isCritical ? null : above)
  return {
    key: `budget:${kind}:${begins}:${name}`,
    covers: offers.map(({ model, provider }) =>
      passes(
        filters,
        new Map([...labels, ['model', model], ['request_model', model], ...provided(provider)]),
      ),
    ),
    limit: level(budget.blockAbove),
    downgradeAbove: level(budget.downgradeAbove),
    expires: until + guard.reservation + lateMs,
    until,
    budget,
  }
}

const provided = (provider: string | undefined): [string, string][] =>
  provider === undefined ? [] : [['provider', provider]]
