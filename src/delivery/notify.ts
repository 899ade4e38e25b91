/**
 * Tells channels of alerts: what is due is recorded under the store's lock, sent without it, and what came of
 * it recorded again. Two runs at once never send the same: the second finds the first one's record.
 */
import { alertKey, due } from './alerts/due.js'
import { loadLedger, record, recordResults } from './alerts/ledger.js'
import { observe } from './alerts/observe.js'
import type { Alert, Delivery } from './alerts/alert.js'
import type { Database } from '../db/database.js'
import type { ChannelConfig } from '../domain/rules/channels.js'
import type { FiredRule } from '../rules/fired.js'
import { failed, type AlertMessage, type Sent } from './channel.js'
import { leaseMs, standardLimits, type Limits } from './limits.js'
import { openChannel } from './registry.js'
import { Secrets, type Environment } from './secrets.js'

export interface NotifyRequest {
  readonly fired: readonly FiredRule[]
  /** Names of rules that were not judged, or not well: their alerts stay as they are. */
  readonly unjudged: readonly string[]
  /** The time of the check. */
  readonly at: Date
  readonly channels: readonly ChannelConfig[]
  readonly env: Environment
  /** Version of the program. */
  readonly version: string
  /** Runs work in one transaction, with the store attached for writing as `store`. */
  readonly writing: <T>(work: (db: Database) => Promise<T>) => Promise<T>
  readonly limits?: Limits
}

/** A message, and what came of it. */
export interface Told {
  readonly delivery: Delivery
  readonly alert: Alert
  readonly result: Sent
}

export interface Notified {
  readonly told: readonly Told[]
  /** Messages of runs that died, of which nobody knows whether they arrived: given up. */
  readonly unknown: readonly Pick<Told, 'delivery' | 'alert'>[]
  /** A later check had been recorded: this one told nothing. ISO 8601 UTC. */
  readonly overtakenBy: string | null
}

interface Plan {
  readonly alerts: readonly Alert[]
  readonly sending: readonly Delivery[]
  readonly unknown: readonly Delivery[]
}

/** @throws UserError when the store cannot be written; what fails at a channel is in the answer */
export async function notify(request: NotifyRequest): Promise<Notified> {
  const plan = await request.writing((db) => planned(db, request))
  if (typeof plan === 'string') return { told: [], unknown: [], overtakenBy: plan }
  const limits = request.limits ?? standardLimits(Date.now())
  const told: Told[] = []
  let recording = Promise.resolve()
  await Promise.all(
    request.channels.map(async (channel) => {
      const mine = plan.sending.filter(({ channel: name }) => name === channel.name)
      if (mine.length === 0) return
      const results = await sendAll(channel, mine, plan.alerts, request, limits)
      told.push(...results)
      // One after the other, each as soon as it is known: little is in doubt should this run be killed.
      recording = recording.then(() => request.writing((db) => recordResults(db, results.map(outcomeOf))))
      await recording
    }),
  )
  const order = plan.sending.map(({ id }) => id)
  return {
    told: told.toSorted((a, b) => order.indexOf(a.delivery.id) - order.indexOf(b.delivery.id)),
    unknown: plan.unknown.map((delivery) => ({ delivery, alert: alertOf(delivery, plan.alerts) })),
    overtakenBy: null,
  }
}

/** The plan as it stands in the store now; or the time of a later check, which has the last word. */
async function planned(
  db: Database,
  { fired, unjudged, at, channels }: NotifyRequest,
): Promise<Plan | string> {
  const wall = Date.now()
  const ledger = await loadLedger(db)
  const now = at.getTime()
  if (ledger.checkedAt !== null && ledger.checkedAt > now) return new Date(ledger.checkedAt).toISOString()
  const observed = observe(ledger.alerts, fired, now, ledger.nextId, new Set(unjudged))
  const seen = new Set(observed.map(({ id }) => id))
  const alerts = [...ledger.alerts.filter(({ id }) => !seen.has(id)), ...observed]
  const deliveries = due(alerts, ledger.deliveries, channels, { at: now, wall, leaseMs })
  await record(db, { alerts: observed, deliveries, at: now })
  return {
    alerts,
    sending: deliveries.filter(({ state }) => state === 'sending'),
    unknown: deliveries.filter(({ state }) => state === 'unknown'),
  }
}

function alertOf({ alertId }: Delivery, alerts: readonly Alert[]): Alert {
  const found = alerts.find(({ id }) => id === alertId)
  if (found === undefined) throw new Error(`no alert ${alertId}`)
  return found
}

/** One after the other. A channel that is down is not asked for each message anew. */
async function sendAll(
  config: ChannelConfig,
  deliveries: readonly Delivery[],
  alerts: readonly Alert[],
  { env, version, at }: NotifyRequest,
  limits: Limits,
): Promise<readonly Told[]> {
  const opened = await openChannel(config, { secrets: new Secrets(env), limits, version })
  const told: Told[] = []
  let down: string | undefined = 'error' in opened ? opened.error : undefined
  for (const delivery of deliveries) {
    const alert = alertOf(delivery, alerts)
    const late = Date.now() >= limits.deadline
    const result =
      down !== undefined || !('channel' in opened)
        ? failed(down ?? '')
        : late
          ? failed('was not tried: earlier messages took too long')
          : await opened.channel.send(messageOf(delivery, alert, at))
    if (!result.ok && !result.refused && !late) down ??= `was not tried again: ${result.error}`
    told.push({ delivery, alert, result })
  }
  return told
}

function messageOf(delivery: Delivery, alert: Alert, at: Date): AlertMessage {
  return {
    id: delivery.id,
    alertKey: alertKey(alert),
    event: delivery.event,
    alert: alert.id,
    rule: alert.rule,
    startedAt: new Date(alert.startedAt).toISOString(),
    endedAt: alert.endedAt === null ? null : new Date(alert.endedAt).toISOString(),
    at: at.toISOString(),
    repeat: delivery.doubtful,
  }
}

function outcomeOf({ delivery, result }: Told): Delivery {
  if (result.ok) return { ...delivery, state: 'sent', error: result.warning ?? null }
  return {
    ...delivery,
    state: 'failed',
    doubtful: delivery.doubtful || result.doubtful,
    error: result.error,
  }
}
