/** What a guard says of a call: let through or not, why, and when to ask again. */
import { capPlaces, capWords, type CapName } from '../domain/budgets/user-caps.js'
import type { ReservationAnswer, Standing } from '../domain/budgets/reservations.js'
import { shortUsdOf } from '../domain/costs/amount.js'
import { usdOfNanos, type Nanos } from '../domain/costs/nanos.js'
import { usd } from '../domain/words/wording.js'
import type { BudgetWarning, Reason } from './answer.js'
import type { Plan, PlannedCounter, PlannedOffer } from './plan.js'

/** Why a call is refused. */
export interface Verdict {
  readonly reason: Reason
  /** Whole seconds; null where waiting does not help. */
  readonly retryAfterSeconds: number | null
}

/** Of an accepted call: why it goes to another model; null where it does not. */
export function downgradeReason(
  { offers, counters }: Plan,
  { chosen, standings }: ReservationAnswer,
): Reason | null {
  const [first, second] = offers
  if (chosen === 0 || first === undefined || second === undefined) return null
  const i = counters.findIndex(
    ({ covers, downgradeAbove }, n) =>
      covers[0] === true && isAbove(standings[n], first.amount, downgradeAbove),
  )
  const counter = counters[i]
  if (counter === undefined) return null
  const by = { action: 'downgrade', level: counter.downgradeAbove, to: second.model } as const
  return spanReason(counter, standings[i], by)
}

/** Of a refused call: the first that refuses it, in the order of caps, then of budgets. */
export function refusedVerdict(
  { offers, counters }: Plan,
  { chosen, standings }: ReservationAnswer,
  now: number,
): Verdict {
  const offer = offers[chosen]!
  if (offer.refusedBy !== null)
    return { reason: requestReason(offer, offer.refusedBy), retryAfterSeconds: null }
  const blocking = counters.flatMap((counter, n) =>
    counter.covers[chosen] === true && isAbove(standings[n], offer.amount, counter.limit)
      ? [{ counter, standing: standings[n]! }]
      : [],
  )
  const [first] = blocking
  if (first === undefined) throw new Error('a call was refused that nothing refuses')
  const waits = blocking.map(({ counter, standing }) => waitFor(counter, standing, offer.amount, now))
  return {
    reason: spanReason(first.counter, first.standing, { action: 'block', level: first.counter.limit }),
    retryAfterSeconds: waits.some((wait) => wait === null)
      ? null
      : Math.max(...waits.map((wait) => wait ?? 0)),
  }
}

const isAbove = (standing: Standing | undefined, amount: Nanos, level: Nanos | null): boolean =>
  standing !== undefined && level !== null && standing.spent + standing.held + amount > level

/** Until calls under way have ended, or the span is over; null: it would not fit into an empty one. */
function waitFor(
  { limit, until }: PlannedCounter,
  { spent }: Standing,
  amount: Nanos,
  now: number,
): number | null {
  if (limit === null || amount > limit) return null
  return spent + amount <= limit ? 1 : Math.max(1, Math.ceil((until - now) / 1000))
}

const periodWords = { daily: 'a day', weekly: 'a week', monthly: 'a month' } as const

function spanReason(
  { cap, budget }: PlannedCounter,
  standing: Standing = { spent: 0n, held: 0n },
  {
    action,
    level,
    to,
  }: { readonly action: Reason['action']; readonly level: Nanos | null; readonly to?: string },
): Reason {
  const name = cap ?? budget?.budget.name ?? ''
  const span = cap === undefined ? periodWords[budget?.budget.period ?? 'monthly'] : capWords[cap]
  const [spent, held, limit] = [standing.spent, standing.held, level ?? 0n].map((one) => usdOfNanos(one))
  const ending = action === 'block' ? 'this call could go beyond it' : `this call goes to ${to}`
  return {
    kind: cap === undefined ? 'budget' : 'cap',
    name,
    action,
    message: `${name}: ${usd(spent ?? '0')} of ${usd(limit ?? '0')} ${span} is spent and ${usd(held ?? '0')} reserved; ${ending}`,
    ...(spent === undefined ? {} : { spentUsd: spent }),
    ...(held === undefined ? {} : { heldUsd: held }),
    ...(limit === undefined ? {} : { limitUsd: limit }),
  }
}

function requestReason({ model, amount }: PlannedOffer, by: CapName | 'unpriced'): Reason {
  if (by === 'unpriced')
    return { kind: 'unpriced', name: model, action: 'block', message: `no price is known for ${model}` }
  const most = by === 'request_usd' ? ` (${usd(shortUsdOf(amount * 1000n))} at most)` : ''
  return {
    kind: 'cap',
    name: by,
    action: 'block',
    message: `${by}: the call is over the cap on ${capPlaces[by]}${most}`,
  }
}

/** Levels of budgets that a call under way has reached, each with a key of its own. */
export function warningsOf(
  { counters, offers }: Plan,
  { chosen, standings }: ReservationAnswer,
): { readonly key: string; readonly warning: BudgetWarning }[] {
  return counters.flatMap(({ key, budget, covers }, n) => {
    const standing = standings[n]
    if (budget === undefined || standing === undefined || covers[chosen] !== true) return []
    const used = standing.spent + standing.held + (offers[chosen]?.amount ?? 0n)
    const reached = budget.warnAt.findLast(({ level }) => used >= level)
    if (reached === undefined) return []
    const warning: BudgetWarning = {
      kind: 'budget',
      budget: budget.budget.name,
      level: reached.share,
      spentUsd: usdOfNanos(standing.spent),
      heldUsd: usdOfNanos(standing.held + (offers[chosen]?.amount ?? 0n)),
      limitUsd: usdOfNanos(budget.limit),
    }
    return [{ key: `${key} ${reached.share}`, warning }]
  })
}
