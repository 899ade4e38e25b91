/** Where a guard keeps its counters: in memory for one process, in Redis for many. */
import type { ReservationAnswer, ReservationRequest, Settlement } from '../domain/budgets/reservations.js'

/** Half-open, instants in ms of the store's clock. */
export interface TimeWindow {
  readonly since: number
  readonly until: number
  /** The moment that was given, where one may be. */
  readonly at?: number | undefined
}

/** What a store says beside its answer. */
export interface StoreNews {
  /** What its clock showed, ms since 1970. */
  readonly now: number
  /** It has lost what it knew since it was last asked: all counters began anew. */
  readonly hasForgotten: boolean
}

export interface GuardStore {
  /** Whether the moment of a call may be given, instead of being that of the clock. */
  readonly takesMoments: boolean
  /** What its clock shows, ms since 1970, as far as that is known here. */
  now(): number
  /**
   * Reserves in all counters or in none, in one step.
   * @param window when the counters are those of the moment: outside of it by the store's clock nothing is done
   * @returns stale where it is outside, and `now` tells the moment for another try
   */
  reserve(
    request: ReservationRequest,
    window: TimeWindow,
  ): Promise<(ReservationAnswer & StoreNews) | ({ readonly isStale: true } & StoreNews)>
  /** Puts what a call cost in the place of what it reserved; counts it alone where the reservation has ended. */
  settle(settlement: Settlement, at?: number): Promise<StoreNews>
}
