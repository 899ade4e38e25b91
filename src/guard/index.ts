/**
 * guard: what applications load as `llmcost/guard`. Before a call it says whether the call may be made, by the caps of
 * users and the budgets of the config that the program reports by; after it, what the call cost is counted. A call
 * reserves what it may cost at most, so that calls at the same time do not go beyond a cap together. Counters are
 * in the memory of the process, or in Redis for many.
 */
import { warnProcess, type GuardEvent } from './events.js'
import type { BudgetWarning, Decision, Reason, Reservation } from './answer.js'
import { CallGuard } from './guard.js'
import { memoryStore } from './memory-store.js'
import { redisStore, type RedisClient, type RedisStoreOptions } from './redis-store.js'
import type { CallLabels, CallRequest, CallUse, GuardConfigObject } from './request.js'
import { readSettings } from './settings.js'
import type { GuardStore } from './store.js'

export { memoryStore, redisStore }
export type {
  BudgetWarning,
  CallLabels,
  CallRequest,
  CallUse,
  Decision,
  GuardConfigObject,
  GuardEvent,
  GuardStore,
  Reason,
  RedisClient,
  RedisStoreOptions,
  Reservation,
}

export interface GuardOptions {
  /** Path of the config file (YAML or JSON), or the same keys as an object. */
  readonly config: string | GuardConfigObject
  /** Where it counts; by default in memory. */
  readonly store?: GuardStore
  /** Is told of budgets that reach a level, of a store that does not answer, and the like; by default the process warns. */
  readonly onEvent?: (event: GuardEvent) => void
}

export interface Guard {
  /**
   * Asks for a call before it is made, and reserves what it may cost. Never fails for want of the store.
   * @throws TypeError for a request that is none: no model, a count that is no count
   */
  readonly check: (request: CallRequest) => Promise<Decision>
  /**
   * Counts what a call cost in the place of what it reserved: by its usage, or its cost. Without either it counts as
   * reserved. A second time changes nothing. Where the store does not answer, it is tried again until it does.
   * @throws TypeError for a count or a cost that is none
   */
  readonly settle: (reservation: Reservation, use?: CallUse) => Promise<void>
  /** Gives back what was reserved for a call that cost nothing, as it was never made or was refused. */
  readonly release: (reservation: Reservation, at?: Date) => Promise<void>
  /** Resolves when the store knows of all calls that were settled. @throws Error while it does not answer */
  readonly flush: () => Promise<void>
  /** Ends trying. The client of Redis is the application's to close. */
  readonly close: () => void
}

/**
 * Reads the config and the prices; no call waits for them later.
 * @throws UserError (`message`, `location`, `hint`) for a config that is not right
 */
export async function createGuard({ config, store = memoryStore(), onEvent }: GuardOptions): Promise<Guard> {
  const guard = new CallGuard(await readSettings(config), store, onEvent ?? warnProcess())
  return {
    check: (request) => guard.check(request),
    settle: (reservation, use = {}) => guard.settle(reservation, use),
    release: (reservation, at) => guard.release(reservation, at),
    flush: () => guard.flush(),
    close: () => guard.close(),
  }
}
