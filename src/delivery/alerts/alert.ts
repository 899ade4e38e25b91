/**
 * alerts: what fired becomes an alert with a beginning and an end, and each channel is told once of both. Pure,
 * but for the ledger that keeps it in the store.
 *
 * This file says what an alert is, and what is known of the messages about it.
 */
import type { FiredRule } from '../../rules/fired.js'

/** From the check that saw it first to the one that saw it no more. Times in ms since the epoch. */
export interface Alert {
  /** For people: small numbers. */
  readonly id: number
  /** As it was seen last. */
  readonly rule: FiredRule
  readonly startedAt: number
  readonly seenAt: number
  readonly endedAt: number | null
  /** Somebody has it in hand: no reminders. */
  readonly acknowledgedAt: number | null
  /** Neither start nor reminder is told until then. */
  readonly snoozedUntil: number | null
}

export type DeliveryEvent = 'start' | 'reminder' | 'end'

/**
 * `sending`: a run has it in hand until `claimedUntil`; `sent`; `failed`: for the next run to try; `unknown`:
 * it may have arrived, and is not sent again; `dropped`: not worth sending any more.
 */
export type DeliveryState = 'sending' | 'sent' | 'failed' | 'unknown' | 'dropped'

/** One message about an alert to one channel. */
export interface Delivery {
  readonly id: string
  readonly alertId: number
  readonly channel: string
  readonly event: DeliveryEvent
  /** 0 for the start, then the reminders from 1 on; the end has none of its own and stands at 0. */
  readonly number: number
  readonly state: DeliveryState
  /** By the clock of the machine, not by --as-of. */
  readonly claimedUntil: number | null
  /** The check that tried it last: reminders count from here. */
  readonly at: number
  /** Runs that tried. */
  readonly attempts: number
  /** An attempt that is not known to have failed may have arrived. */
  readonly doubtful: boolean
  readonly error: string | null
}
