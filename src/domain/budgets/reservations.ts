/**
 * How a guard counts: what was spent in each span, what calls under way have reserved, and whether another call still
 * fits. A call reserves what it may cost in every counter that it falls under, or in none; when it has ended, what it
 * cost takes the place of what it reserved. A reservation that nobody settles ends after a while; a settlement
 * that comes later still counts.
 */
import type { Nanos } from '../costs/nanos.js'

/** One sum that a call falls under: what a user spends in a day, or what a budget covers in its month. */
export interface Counter {
  readonly key: string
  /** Which of the offers fall under it. */
  readonly covers: readonly boolean[]
  /** What may be spent and reserved in all; null: it is only counted. */
  readonly limit: Nanos | null
  /** Beyond this the second offer is taken; null: never. */
  readonly downgradeAbove: Nanos | null
  /** When it may be forgotten, ms. */
  readonly expires: number
}

/** A way to make the call: as it was asked for, or on the model that it is sent to instead. */
export interface Offer {
  readonly amount: Nanos
  /** A cap on requests refuses it, whatever was spent. */
  readonly isRefused: boolean
}

export interface ReservationRequest {
  readonly id: string
  /** One or two. */
  readonly offers: readonly Offer[]
  readonly counters: readonly Counter[]
  /** How long it holds when nobody settles it, ms. */
  readonly lastsMs: number
}

/** What a counter said before the call was added. */
export interface Standing {
  readonly spent: Nanos
  readonly held: Nanos
}

export interface ReservationAnswer {
  readonly isAccepted: boolean
  /** Which of the offers was taken or refused. */
  readonly chosen: number
  /** By counter. */
  readonly standings: readonly Standing[]
}

export interface Settlement {
  readonly id: string
  /** What was reserved. */
  readonly amount: Nanos
  /** What it cost. */
  readonly cost: Nanos
  readonly counters: readonly Pick<Counter, 'key' | 'expires'>[]
}

/** Whether a counter lets another amount pass: up to its limit, and no nano-dollar beyond. */
const isWithin = ({ spent, held }: Standing, amount: Nanos, limit: Nanos | null): boolean =>
  limit === null || spent + held + amount <= limit

/** The rule by itself: which offer is taken, and whether it fits. */
function decide(
  offers: readonly Offer[],
  counters: readonly Counter[],
  standings: readonly Standing[],
): Pick<ReservationAnswer, 'isAccepted' | 'chosen'> {
  const first = offers[0]
  if (first === undefined) throw new Error('a call without an offer')
  const areAllWithin = (i: number, amount: Nanos, limit: (counter: Counter) => Nanos | null): boolean =>
    counters.every(
      (counter, n) => counter.covers[i] !== true || isWithin(standings[n]!, amount, limit(counter)),
    )
  const isDowngraded =
    offers.length > 1 && !areAllWithin(0, first.amount, ({ downgradeAbove }) => downgradeAbove)
  const chosen = isDowngraded ? 1 : 0
  const { amount, isRefused } = offers[chosen] ?? first
  return { chosen, isAccepted: !isRefused && areAllWithin(chosen, amount, ({ limit }) => limit) }
}

interface Sum {
  spent: Nanos
  held: Nanos
  expires: number
}

interface Held {
  readonly amount: Nanos
  readonly chosen: number
  readonly keys: readonly string[]
  readonly ends: number
}

/** How long it is remembered that a call was settled, so that it is not settled twice, ms. */
export const settledMs = 3_600_000

/** Counters and reservations of one process. Times are given, ms, and do not go back by much. */
export class Reservations {
  readonly #sums = new Map<string, Sum>()
  /** In the order in which they were made, which is that of their ends. */
  readonly #held = new Map<string, Held>()
  readonly #settled = new Map<string, number>()
  #cleanAt = 1000

  /** The same id again is the same reservation. */
  reserve({ id, offers, counters, lastsMs }: ReservationRequest, now: number): ReservationAnswer {
    this.#heal(now)
    const standings = counters.map(({ key }): Standing => {
      const { spent = 0n, held = 0n } = this.#sums.get(key) ?? {}
      return { spent, held }
    })
    const before = this.#held.get(id)
    if (before !== undefined) return { isAccepted: true, chosen: before.chosen, standings }
    // The call has ended already: a reservation that comes so late would hold for nobody.
    if (this.#settled.has(id)) return { isAccepted: true, chosen: 0, standings }
    const { isAccepted, chosen } = decide(offers, counters, standings)
    if (isAccepted) {
      const amount = offers[chosen]?.amount ?? 0n
      const covering = counters.filter(({ covers }) => covers[chosen])
      for (const counter of covering) this.#sum(counter).held += amount
      this.#held.set(id, { amount, chosen, keys: covering.map(({ key }) => key), ends: now + lastsMs })
    }
    return { isAccepted, chosen, standings }
  }

  /** A second settlement of a call changes nothing. */
  settle({ id, cost, counters }: Settlement, now: number): void {
    this.#heal(now)
    if (this.#settled.has(id)) return
    this.#settled.set(id, now + settledMs)
    this.#release(id)
    for (const counter of counters) this.#sum(counter).spent += cost
  }

  #sum({ key, expires }: Pick<Counter, 'key' | 'expires'>): Sum {
    const known = this.#sums.get(key)
    if (known !== undefined) return known
    const made = { spent: 0n, held: 0n, expires }
    this.#sums.set(key, made)
    return made
  }

  #release(id: string): void {
    const held = this.#held.get(id)
    if (held === undefined) return
    this.#held.delete(id)
    for (const key of held.keys) {
      const sum = this.#sums.get(key)
      if (sum !== undefined) sum.held -= held.amount
    }
  }

  /** Ends what nobody settled, and now and then forgets what is over. */
  #heal(now: number): void {
    for (const [id, { ends }] of this.#held) {
      if (ends > now) break
      this.#release(id)
    }
    for (const [id, until] of this.#settled) {
      if (until > now) break
      this.#settled.delete(id)
    }
    if (this.#sums.size < this.#cleanAt) return
    for (const [key, { expires, held }] of this.#sums)
      if (expires <= now && held === 0n) this.#sums.delete(key)
    this.#cleanAt = Math.max(1000, this.#sums.size * 2)
  }
}
