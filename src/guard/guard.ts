/** One guard: what it asks the store, and what becomes of a call when the store does not answer. */
import { randomUUID } from 'node:crypto'
import { stretchMs } from '../domain/budgets/local-spans.js'
import type { ReservationAnswer, Settlement } from '../domain/budgets/reservations.js'
import { nanosHalfUp, type Nanos } from '../domain/costs/nanos.js'
import type { Decision, Reason, Reservation } from './answer.js'
import { downgradeReason, refusedVerdict, warningsOf, type Verdict } from './decision.js'
import type { GuardEvent } from './events.js'
import { planOf, type Plan, type PlannedOffer } from './plan.js'
import { amountOf, Prices } from './pricing.js'
import type { CallRequest, CallUse } from './request.js'
import { usageOf } from './usage.js'
import type { GuardSettings } from './settings.js'
import type { GuardStore, StoreNews } from './store.js'
import { Unsettled } from './unsettled.js'

/** A clock may be put right meanwhile; more often than that it is none. */
const mostTries = 4
/** How much later than it was sent a script may begin, beside the time-out, ms. */
const graceMs = 1000

export class CallGuard {
  readonly #settings: GuardSettings
  readonly #store: GuardStore
  readonly #prices: Prices
  readonly #tell: (event: GuardEvent) => void
  readonly #unsettled: Unsettled
  readonly #told = new Set<string>()

  constructor(settings: GuardSettings, store: GuardStore, tell: (event: GuardEvent) => void) {
    this.#settings = settings
    this.#store = store
    this.#prices = new Prices(settings.book, settings.costBasis)
    this.#tell = tell
    this.#unsettled = new Unsettled(
      (settlement, at) => this.#inTime(store.settle(settlement, at)),
      (calls) => tell({ kind: 'settlements_lost', calls }),
    )
  }

  async check(request: CallRequest): Promise<Decision> {
    const id = randomUUID()
    const moment = this.#momentOf(request.at)
    for (let tries = 1; ; tries++) {
      const now = moment ?? this.#store.now()
      const plan = planOf(request, this.#settings, this.#prices, now)
      const found = await this.#ask(id, plan, { now, moment })
      if (found !== 'stale') return found
      if (tries >= mostTries)
        return this.#withoutStore(id, plan, now, new Error('the clock of the store jumps'))
    }
  }

  async settle(reservation: Reservation, use: CallUse): Promise<void> {
    const amount = BigInt(reservation.amount)
    await this.#settle(reservation, this.#costOf(reservation, use) ?? amount, use.at)
  }

  async release(reservation: Reservation, at?: Date): Promise<void> {
    await this.#settle(reservation, 0n, at)
  }

  /** Tells the store what it could not be told before. */
  async flush(): Promise<void> {
    await this.#unsettled.send()
    if (this.#unsettled.size > 0)
      throw new Error(`${this.#unsettled.size} calls are not settled: the store does not answer`)
  }

  close(): void {
    this.#unsettled.stop()
  }

  async #ask(
    id: string,
    plan: Plan,
    { now, moment }: { readonly now: number; readonly moment: number | undefined },
  ): Promise<Decision | 'stale'> {
    const { offers, counters } = plan
    const lastsMs = this.#settings.guard.reservation
    // Nothing is counted, and so nothing is asked.
    if (counters.length === 0) {
      const [offer] = offers
      const answer = { isAccepted: offer?.isRefused === false, chosen: 0, standings: [] }
      return this.#decided(id, plan, answer, now)
    }
    const since = Math.floor(now / stretchMs) * stretchMs
    const latest = now + this.#settings.guard.store_timeout + graceMs
    const window = { since, until: Math.min(since + stretchMs, latest), at: moment }
    try {
      const answer = await this.#inTime(this.#store.reserve({ id, offers, counters, lastsMs }, window))
      this.#heard(answer)
      if ('isStale' in answer) return 'stale'
      return this.#decided(id, plan, answer, answer.now)
    } catch (error) {
      return this.#withoutStore(id, plan, now, error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** @throws TypeError for a moment that is none, or that the store does not take */
  #momentOf(at: Date | undefined): number | undefined {
    if (at === undefined || at === null) return undefined
    if (!this.#store.takesMoments)
      throw new TypeError('at goes with a store in memory: Redis has a clock of its own')
    if (!(at instanceof Date) || Number.isNaN(at.getTime())) throw new TypeError('at must be a Date')
    return at.getTime()
  }

  #decided(id: string, plan: Plan, answer: ReservationAnswer, now: number): Decision {
    const offer = plan.offers[answer.chosen]!
    if (!answer.isAccepted) return refusal(offer, refusedVerdict(plan, answer, now))
    if (offer.isUnpriced) this.#once(`unpriced ${offer.model}`, { kind: 'unpriced', model: offer.model })
    for (const { key, warning } of warningsOf(plan, answer)) this.#once(key, warning)
    return {
      allowed: true,
      reason: downgradeReason(plan, answer),
      retryAfterSeconds: null,
      model: offer.model,
      reservation: reservationOf(id, plan, answer.chosen, now),
    }
  }

  /** As `on_store_failure` says. What the store may yet do is undone, or put right, when the call is settled. */
  #withoutStore(id: string, plan: Plan, now: number, error: Error): Decision {
    this.#tell({ kind: 'store_failed', error })
    const offer = plan.offers[0]!
    const reservation = reservationOf(id, plan, 0, now)
    if (offer.refusedBy !== null)
      return refusal(offer, refusedVerdict(plan, { isAccepted: false, chosen: 0, standings: [] }, now))
    const reason: Reason = {
      kind: 'store',
      name: '',
      action: 'block',
      message: `the store of the guard does not answer: ${error.message}`,
    }
    if (this.#settings.guard.on_store_failure === 'open')
      return { allowed: true, reason: null, retryAfterSeconds: null, model: offer.model, reservation }
    this.#unsettled.add(settlementOf(reservation, 0n), now)
    return refusal(offer, { reason, retryAfterSeconds: 1 })
  }

  /** undefined where nothing is known of it. */
  #costOf({ provider, model, at }: Reservation, use: CallUse): Nanos | undefined {
    if (use.costUsd !== undefined && use.costUsd !== null)
      return nanosHalfUp(amountOf(use.costUsd, 'costUsd'))
    const models = use.model === undefined || use.model === null ? [model] : [use.model, model]
    const facts = { usage: usageOf(use), use, at: new Date(at) }
    const cost = this.#prices.cost(provider ?? undefined, models, facts)
    return cost === undefined ? undefined : nanosHalfUp(cost)
  }

  async #settle(reservation: Reservation, cost: Nanos, ended: Date | undefined): Promise<void> {
    const at = this.#momentOf(ended)
    if (reservation.counters.length === 0) return
    const settlement = settlementOf(reservation, cost)
    try {
      this.#heard(await this.#inTime(this.#store.settle(settlement, at)))
    } catch (error) {
      this.#unsettled.add(settlement, at)
      this.#tell({ kind: 'store_failed', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  #heard({ hasForgotten }: StoreNews): void {
    if (hasForgotten) this.#tell({ kind: 'store_forgot' })
    if (this.#unsettled.size > 0) void this.#unsettled.send()
  }

  #once(key: string, event: GuardEvent): void {
    if (this.#told.has(key)) return
    if (this.#told.size >= 10_000) this.#told.clear()
    this.#told.add(key)
    this.#tell(event)
  }

  /** A store that hangs is one that fails. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const ms = this.#settings.guard.store_timeout
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

const refusal = ({ model }: PlannedOffer, verdict: Verdict): Decision => ({
  allowed: false,
  ...verdict,
  model,
  reservation: null,
})

function reservationOf(id: string, { offers, counters }: Plan, chosen: number, now: number): Reservation {
  const { provider = null, model, amount } = offers[chosen]!
  return {
    id,
    provider,
    model,
    at: now,
    amount: String(amount),
    counters: counters.filter(({ covers }) => covers[chosen]).map(({ key, expires }) => ({ key, expires })),
  }
}

const settlementOf = ({ id, amount, counters }: Reservation, cost: Nanos): Settlement => ({
  id,
  amount: BigInt(amount),
  cost,
  counters,
})
