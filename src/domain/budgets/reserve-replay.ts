/**
 * What a guard would have refused of the calls of one user, by the guard's own arithmetic: a call reserves when it
 * begins, and is settled when it ends.
 */
import { picos } from '../costs/amount.js'
import { nanosDown, nanosHalfUp, nanosUp, type Nanos } from '../costs/nanos.js'
import { Reservations, type Counter, type Settlement } from './reservations.js'

/** A call that is gone through again. Times in ms. */
export interface PastCall<Cap extends string> {
  readonly began: number
  readonly ended: number
  /** USD: what it cost, and what it may have cost at most. */
  readonly cost: string
  readonly most: string
  /** The spans that it falls into, in the order in which caps are looked at; null: none. */
  readonly spans: readonly { readonly cap: Cap; readonly number: string; readonly limit: string | null }[]
}

interface Ending {
  readonly at: number
  readonly settlement: Settlement
}

/** The calls of one user, one after the other as they began. */
export class ReserveReplay<Cap extends string> {
  readonly #reservations = new Reservations()
  readonly #lastsMs: number
  /** Calls under way, the first to end first. */
  #endings: Ending[] = []
  #calls = 0

  /** @param lastsMs how long a reservation holds that nobody settles */
  constructor(lastsMs: number) {
    this.#lastsMs = lastsMs
  }

  /** The cap that refuses the call; undefined where it is let through. */
  refusedBy({ began, ended, cost, most, spans }: PastCall<Cap>): Cap | undefined {
    this.#settleUpTo(began)
    const id = String(this.#calls++)
    const amount = nanosUp(picos(most))
    const capped = spans.flatMap(({ cap, number, limit }) =>
      limit === null ? [] : [{ cap, counter: counterOf(`${cap} ${number}`, nanosDown(picos(limit))) }],
    )
    const counters = capped.map(({ counter }) => counter)
    const request = { id, offers: [{ amount, isRefused: false }], counters, lastsMs: this.#lastsMs }
    const { isAccepted, standings } = this.#reservations.reserve(request, began)
    if (!isAccepted) {
      const full = standings.findIndex(
        ({ spent, held }, i) => spent + held + amount > (counters[i]?.limit ?? 0n),
      )
      return capped[full]?.cap
    }
    this.#ends({ at: ended, settlement: { id, amount, cost: nanosHalfUp(picos(cost)), counters } })
    return undefined
  }

  #ends(ending: Ending): void {
    const after = this.#endings.findLastIndex(({ at }) => at <= ending.at)
    this.#endings.splice(after + 1, 0, ending)
  }

  #settleUpTo(now: number): void {
    const over = this.#endings.findIndex(({ at }) => at > now)
    const ended = this.#endings.splice(0, over < 0 ? this.#endings.length : over)
    for (const { at, settlement } of ended) this.#reservations.settle(settlement, at)
  }
}

const counterOf = (key: string, limit: Nanos): Counter => ({
  key,
  covers: [true],
  limit,
  downgradeAbove: null,
  expires: Infinity,
})
