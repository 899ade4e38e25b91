/**
 * A world for the tests of alerts: checks that may die before anything is recorded, before their messages leave,
 * or before what came of them is recorded; acknowledgements; snoozes; and what has arrived.
 */
import type { Alert, Delivery } from '../../src/delivery/alerts/alert.js'
import { due } from '../../src/delivery/alerts/due.js'
import { observe } from '../../src/delivery/alerts/observe.js'
import type { ChannelConfig } from '../../src/domain/rules/channels.js'
import type { FiredRule } from '../../src/rules/fired.js'

export const minute = 60_000
export const leaseMs = 2 * minute
const remindMs = 60 * minute
const chat: ChannelConfig = { name: 'chat', kind: 'slack', severity: 'info', remindMs, to: [] }
const pager: ChannelConfig = {
  ...chat,
  name: 'pager',
  kind: 'pagerduty',
  severity: 'critical',
  remindMs: null,
}
export const channels = [chat, pager]
export const keys = ['a', 'b', 'c'] as const
export type Key = (typeof keys)[number]

export const ruleOf = (key: Key): FiredRule => ({
  key,
  rule: key,
  kind: 'cost',
  severity: key === 'a' ? 'critical' : 'warning',
  dimension: null,
  value: null,
  measured: 1,
  bound: 0,
  since: '2026-10-01T00:00:00.000Z',
  text: key,
})

export type Death = 'none' | 'before' | 'unsent' | 'unrecorded'
export type Step =
  | {
      readonly do: 'check'
      readonly fired: readonly Key[]
      readonly dies: Death
      readonly down: readonly string[]
    }
  | { readonly do: 'ack' | 'snooze'; readonly key: Key; readonly minutes: number }
export type Timed = Step & { readonly after: number }

export interface Arrived {
  readonly id: string
  readonly at: number
  readonly channel: string
  readonly event: string
  readonly alertId: number
  readonly repeat: boolean
}

export class World {
  at = 0
  nextId = 1
  /** Messages of the last check as they were recorded before they left, and those whose fate was. */
  planned: readonly Delivery[] = []
  readonly results = new Set<string>()
  alerts: Alert[] = []
  deliveries: Delivery[] = []
  readonly arrived: Arrived[] = []
  /** Messages that left and of which nothing was recorded. */
  readonly inDoubt = new Set<string>()

  run(step: Timed): void {
    this.at += step.after * minute
    if (step.do === 'check') this.check(step)
    else this.change(step.do, step.key, step.minutes)
  }

  change(what: 'ack' | 'snooze', key: Key, minutes: number): void {
    const alert = this.alerts.findLast(({ rule }) => rule.key === key)
    if (alert === undefined || (what === 'ack' && alert.endedAt !== null)) return
    const changed: Alert =
      what === 'ack'
        ? { ...alert, acknowledgedAt: this.at }
        : { ...alert, snoozedUntil: this.at + minutes * minute }
    this.alerts = this.alerts.map((one) => (one.id === alert.id ? changed : one))
  }

  check({ fired, dies, down }: Extract<Step, { do: 'check' }>): void {
    const observed = observe(this.alerts, fired.map(ruleOf), this.at, this.nextId)
    const all = [...this.alerts.filter(({ id }) => !observed.some((one) => one.id === id)), ...observed]
    const messages = due(all, this.deliveries, channels, { at: this.at, wall: this.at, leaseMs })
    if (dies === 'before') return
    this.nextId = Math.max(this.nextId, ...all.map(({ id }) => id + 1))
    this.alerts = all
    this.planned = messages
    this.put(messages)
    if (dies === 'unsent') return
    for (const message of messages) {
      if (message.state !== 'sending') continue
      const fails = down.includes(message.channel)
      if (!fails) this.arrived.push({ ...message, at: this.at, repeat: message.doubtful })
      if (dies === 'unrecorded') this.inDoubt.add(message.id)
      else {
        this.results.add(message.id)
        this.put([{ ...message, state: fails ? 'failed' : 'sent', claimedUntil: null }])
      }
    }
  }

  put(messages: readonly Delivery[]): void {
    const ids = new Set(messages.map(({ id }) => id))
    this.deliveries = [...this.deliveries.filter(({ id }) => !ids.has(id)), ...messages]
  }

  of(alertId: number, channel: string, event: string): Arrived[] {
    return this.arrived.filter(
      (one) => one.alertId === alertId && one.channel === channel && one.event === event,
    )
  }
}
