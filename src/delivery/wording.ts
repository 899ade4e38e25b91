/** An alert in words, the same on every channel; each escapes them in its own way. */
import { duration } from '../domain/time/duration.js'
import type { AlertMessage } from './channel.js'
import { withoutHidden } from '../domain/words/hidden.js'
import { capital, utcMinute } from '../domain/words/wording.js'

export interface Words {
  /** `Critical`, `Still critical`, `Over`. */
  readonly lead: string
  /** The sentence of the rule. */
  readonly text: string
  readonly facts: readonly { readonly label: string; readonly value: string }[]
  /** What is doubtful about the message itself. */
  readonly note: string | undefined
}

/** One line without control, format or private signs, and of bounded length: it may come from a log. */
export function plainLine(text: string, most = 1000): string {
  const line = withoutHidden(text).replaceAll(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : line
}

/** What a probe says where nothing but a message can be sent. */
export const testWords = 'llmcost doctor: a test, nothing is wrong.'
/** What it has shown. */
export const testProof = 'took a test message'

export function wordsOf(message: AlertMessage): Words {
  const { rule, event, startedAt, endedAt, at, alert } = message
  const severity = rule.severity
  const about = rule.dimension === null ? [] : [{ label: rule.dimension, value: rule.value ?? '(none)' }]
  const facts = [
    { label: 'Rule', value: rule.rule },
    { label: 'Severity', value: severity },
    ...about,
    ...(rule.measured === null ? [] : [{ label: 'Measured', value: figure(rule.measured) }]),
    ...(rule.bound === null ? [] : [{ label: 'Bound', value: figure(rule.bound) }]),
    { label: 'Since', value: minutes(rule.since) },
    ...(event === 'start' ? [] : [{ label: 'Told first', value: minutes(startedAt) }]),
    ...(event === 'end' ? [{ label: 'Over', value: `${minutes(endedAt ?? at)}${lasted(message)}` }] : []),
    { label: 'Alert', value: String(alert) },
  ]
  return {
    lead: { start: capital(severity), reminder: `Still ${severity}`, end: 'Over' }[event],
    text: plainLine(rule.text),
    facts: facts.map(({ label, value }) => ({ label: plainLine(label, 100), value: plainLine(value, 300) })),
    note: message.repeat
      ? 'Perhaps a repeat: it is not known whether an earlier attempt at this message arrived.'
      : undefined,
  }
}

/** Exact digits without zeros that say nothing. */
const figure = (value: string | number): string =>
  String(value).replace(/^(-?\d+)(?:\.0+|(\.\d*?[1-9])0+)$/, '$1$2')

/** `2026-10-02 08:15 UTC`; as it is when it is no time. */
function minutes(iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : utcMinute(new Date(time).toISOString())
}

function lasted({ startedAt, endedAt, at }: AlertMessage): string {
  const span = Date.parse(endedAt ?? at) - Date.parse(startedAt)
  return span > 0 ? `, after ${duration(span)}` : ''
}
