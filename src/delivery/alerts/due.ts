/**
 * Which messages are due, so that each channel hears of an alert once when it begins, once when it ends, and
 * at its interval in between; after a crash, too.
 *
 * A message is recorded as `sending` before it leaves and as `sent` after. A run that dies in between leaves
 * one that may or may not have arrived: when its lease is over it is sent once more, marked as perhaps a
 * repeat and under the same id, by which PagerDuty, signed webhooks and mail know a repeat. If that run dies
 * too, it is left as `unknown`.
 */
import { dayMs } from '../../domain/time/zones.js'
import { createHash } from 'node:crypto'
import type { ChannelConfig } from '../../domain/rules/channels.js'
import { atLeast } from '../../domain/rules/severity.js'
import type { Alert, Delivery, DeliveryEvent } from './alert.js'

export interface Clock {
  /** The time of the check, ms: what reminders and snoozes count by. */
  readonly at: number
  /** The clock of the machine, ms: what leases count by. */
  readonly wall: number
  readonly leaseMs: number
}

/** After so long an end that could not be told is history. */
const endTriedForMs = 14 * dayMs

/** All messages to record as being sent or of a fate unknown, in the order in which they are to leave. */
export function due(
  alerts: readonly Alert[],
  deliveries: readonly Delivery[],
  channels: readonly ChannelConfig[],
  clock: Clock,
): readonly Delivery[] {
  return alerts
    .toSorted((a, b) => a.id - b.id)
    .flatMap((alert) =>
      channels.flatMap((channel) => {
        const past = deliveries.filter((one) => one.alertId === alert.id && one.channel === channel.name)
        return alert.endedAt === null
          ? whileOpen(alert, channel, past, clock)
          : afterEnd(alert, alert.endedAt, channel, past, clock)
      }),
    )
}

const inHand = ({ state, claimedUntil }: Delivery, { wall }: Clock): boolean =>
  state === 'sending' && claimedUntil !== null && claimedUntil > wall

/** It arrived, or may have. */
const told = ({ state, doubtful }: Delivery): boolean =>
  state === 'sent' || state === 'unknown' || state === 'sending' || (state === 'failed' && doubtful)

function whileOpen(
  alert: Alert,
  channel: ChannelConfig,
  past: readonly Delivery[],
  clock: Clock,
): readonly Delivery[] {
  const last = past.toSorted((a, b) => a.number - b.number).at(-1)
  if (last !== undefined && inHand(last, clock)) return []
  const { at } = clock
  // Nobody knows whether it still holds: this check could not say.
  if (alert.seenAt !== at) return []
  const muted = alert.acknowledgedAt !== null || (alert.snoozedUntil ?? 0) > at
  if (last?.state === 'sending') {
    if (last.doubtful) return [ofUnknownFate(last)]
    return muted ? [] : [claimed({ ...last, doubtful: true }, clock)]
  }
  if (muted) return []
  if (last?.state === 'failed') return [claimed(last, clock)]
  if (last === undefined) {
    return atLeast(alert.rule.severity, channel.severity)
      ? [claimed(fresh(alert, channel, 'start', 0, at), clock)]
      : []
  }
  const again = channel.remindMs !== null && at - last.at >= channel.remindMs
  return again ? [claimed(fresh(alert, channel, 'reminder', last.number + 1, at), clock)] : []
}

function afterEnd(
  alert: Alert,
  endedAt: number,
  channel: ChannelConfig,
  past: readonly Delivery[],
  clock: Clock,
): readonly Delivery[] {
  const before = past.filter(({ event }) => event !== 'end')
  // Another run is telling of it right now: the end comes after that.
  if (past.some((one) => inHand(one, clock))) return []
  const ended = before.flatMap((one): Delivery[] => {
    if (one.state === 'failed') return [{ ...one, state: one.doubtful ? 'unknown' : 'dropped' }]
    return one.state === 'sending' ? [ofUnknownFate(one)] : []
  })
  if (!before.some(told)) return ended
  const end = past.find(({ event }) => event === 'end')
  const late = clock.at - endedAt > endTriedForMs
  if (end === undefined)
    return late ? ended : [...ended, claimed(fresh(alert, channel, 'end', 0, clock.at), clock)]
  if (end.state === 'failed') {
    return [...ended, late ? { ...end, state: 'dropped' } : claimed(end, clock)]
  }
  if (end.state !== 'sending') return ended
  return [...ended, end.doubtful || late ? ofUnknownFate(end) : claimed({ ...end, doubtful: true }, clock)]
}

const ofUnknownFate = (one: Delivery): Delivery => ({ ...one, state: 'unknown', claimedUntil: null })

const claimed = (one: Delivery, { at, wall, leaseMs }: Clock): Delivery => ({
  ...one,
  state: 'sending',
  at,
  claimedUntil: wall + leaseMs,
  attempts: one.attempts + 1,
})

function fresh(
  alert: Alert,
  { name }: ChannelConfig,
  event: DeliveryEvent,
  number: number,
  at: number,
): Delivery {
  return {
    id: digest([alertKey(alert), name, event, number]),
    alertId: alert.id,
    channel: name,
    event,
    number,
    state: 'sending',
    claimedUntil: null,
    at,
    attempts: 0,
    doubtful: false,
    error: null,
  }
}

/** The same for all messages of an alert, and for no other alert. */
export const alertKey = ({ rule, startedAt }: Alert): string => digest([rule.key, startedAt])

const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
