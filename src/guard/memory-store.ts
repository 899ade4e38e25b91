/** Counters in the memory of this process: they are its own, and end with it. */
import { Reservations } from '../domain/budgets/reservations.js'
import type { GuardStore } from './store.js'

/** @param clock ms since 1970 */
export function memoryStore(clock: () => number = Date.now): GuardStore {
  const reservations = new Reservations()
  return {
    takesMoments: true,
    now: clock,
    reserve: async (request, { since, until, at }) => {
      const now = at ?? clock()
      if (now < since || now >= until) return { isStale: true, now, hasForgotten: false }
      return { ...reservations.reserve(request, now), now, hasForgotten: false }
    },
    settle: async (settlement, at) => {
      const now = at ?? clock()
      reservations.settle(settlement, now)
      return { now, hasForgotten: false }
    },
  }
}
