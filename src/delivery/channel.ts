/**
 * delivery: what leaves the machine, and only when it is asked for: alerts to channels, reports by mail. A new
 * channel is one file in channels/, one line in registry.ts, and its keys in domain/rules/channels.ts.
 *
 * This file says what a channel is.
 */
import type { ChannelConfig, ChannelKind } from '../domain/rules/channels.js'
import type { FiredRule } from '../rules/fired.js'
import type { Limits } from './limits.js'
import type { Secrets } from './secrets.js'

export type AlertEvent = 'start' | 'reminder' | 'end'

/** One message about one alert. */
export interface AlertMessage {
  /** The same for every attempt at this message, and for no other: receivers know a repeat by it. */
  readonly id: string
  /** The same for all messages of an alert from its start to its end. */
  readonly alertKey: string
  readonly event: AlertEvent
  /** Number of the alert, as `llmcost alerts` lists it. */
  readonly alert: number
  readonly rule: FiredRule
  /** When it was seen first, and when it had ended; ISO 8601 UTC. */
  readonly startedAt: string
  readonly endedAt: string | null
  /** The moment of the message, ISO 8601 UTC. */
  readonly at: string
  /** An earlier attempt may have arrived: what came of it is not known. */
  readonly repeat: boolean
}

/** What came of one message. */
export type Sent =
  | {
      readonly ok: true
      /** It arrived, but not for everyone. */
      readonly warning?: string
    }
  | {
      readonly ok: false
      /** What went wrong, for people; holds no secret. */
      readonly error: string
      /** The receiver may have taken it all the same. */
      readonly doubtful: boolean
      /** The receiver refused this very message; others may pass. */
      readonly refused: boolean
    }

/** Something that takes messages, its secrets in hand. */
export interface Channel {
  /** Where it leads, for people; holds no secret. */
  readonly target: string
  readonly send: (message: AlertMessage) => Promise<Sent>
  readonly probe: Probe
}

/** Shows that a message would arrive, as far as that can be shown without alarming anybody. */
export interface Probe {
  readonly run: () => Promise<Sent>
  /** What the receiver has done when it went well: `took a test message`. */
  readonly proof: string
}

export interface ChannelKit {
  readonly secrets: Secrets
  readonly limits: Limits
  /** Version of the program. */
  readonly version: string
}

export interface ChannelMaker {
  readonly kind: ChannelKind
  /** @throws MissingSecret when the environment lacks what it needs */
  readonly open: (config: ChannelConfig, kit: ChannelKit) => Channel
}

export const failed = (
  error: string,
  more: { readonly doubtful?: boolean; readonly refused?: boolean } = {},
): Sent => ({ ok: false, error, doubtful: more.doubtful ?? false, refused: more.refused ?? false })
