/** What a guard answers and tells: shapes alone. */

/** What a call holds of caps and budgets until it is settled. Plain values: another process may settle it. */
export interface Reservation {
  readonly id: string
  readonly provider: string | null
  readonly model: string
  /** When it was made, ms since 1970. */
  readonly at: number
  /** Nano-dollars, as text. */
  readonly amount: string
  readonly counters: readonly { readonly key: string; readonly expires: number }[]
}

interface Allowed {
  readonly allowed: true
  /** Why it goes to another model; null where it does not. */
  readonly reason: Reason | null
  readonly retryAfterSeconds: null
  /** The model to call. */
  readonly model: string
  /** To be settled when the call has ended. */
  readonly reservation: Reservation
}

interface Refused {
  readonly allowed: false
  readonly reason: Reason
  /** Whole seconds; null where waiting does not help. */
  readonly retryAfterSeconds: number | null
  /** The model that it is refused for. */
  readonly model: string
  readonly reservation: null
}

export type Decision = Allowed | Refused

/** Why a call is refused, or is sent to another model. */
export interface Reason {
  /** A cap of the user, a budget, a model without a price, or the store that does not answer. */
  readonly kind: 'cap' | 'budget' | 'unpriced' | 'store'
  /** The cap (daily_usd …), the budget's name, the model, or empty. */
  readonly name: string
  readonly action: 'block' | 'downgrade'
  /** One sentence for logs. */
  readonly message: string
  /** Of an hour, day, week or month, USD: what is spent, what calls under way hold, and the level. */
  readonly spentUsd?: string
  readonly heldUsd?: string
  readonly limitUsd?: string
}

/** A level of `warn_at` that a budget has reached. */
export interface BudgetWarning {
  readonly kind: 'budget'
  readonly budget: string
  /** A share of the budget: 0.8. */
  readonly level: number
  readonly spentUsd: string
  readonly heldUsd: string
  readonly limitUsd: string
}
