/** What a guard tells beside its answers. */
import type { BudgetWarning } from './answer.js'

export type GuardEvent =
  /** A budget has reached a level of its `warn_at`; once a period, level and process. */
  | BudgetWarning
  /** The store failed, or did not answer in time: the call went by `on_store_failure`. */
  | { readonly kind: 'store_failed'; readonly error: Error }
  /** The store has lost what it knew, as a Redis does that keeps nothing on disk and is restarted. */
  | { readonly kind: 'store_forgot' }
  /** A model without a price was let through: what it costs is not counted until it is settled with a cost. */
  | { readonly kind: 'unpriced'; readonly model: string }
  /** What so many calls cost was never told to the store: it was away for an hour, or too many waited. */
  | { readonly kind: 'settlements_lost'; readonly calls: number }

/** A process warns of each kind once a minute at most. */
const quietMs = 60_000

const words = (event: GuardEvent): string => {
  switch (event.kind) {
    case 'budget':
      return `budget ${event.budget} has reached ${Math.round(event.level * 100)}%`
    case 'store_failed':
      return `the store of the guard does not answer: ${event.error.message}`
    case 'store_forgot':
      return 'the store of the guard has lost what was spent: all counters begin anew'
    case 'unpriced':
      return `no price is known for ${event.model}: the guard does not count its calls`
    case 'settlements_lost':
      return `the store of the guard was not told what ${event.calls} calls cost`
  }
}

/** Where nobody listens, the process is warned. */
export function warnProcess(): (event: GuardEvent) => void {
  const last = new Map<GuardEvent['kind'], number>()
  return (event) => {
    const now = Date.now()
    if (now - (last.get(event.kind) ?? -Infinity) < quietMs) return
    last.set(event.kind, now)
    process.emitWarning(`llmcost: ${words(event)}`)
  }
}
